/* SPDX-License-Identifier: Apache-2.0 */
/* base/str.h: strings, string lists, a growing buffer. Knows nothing of containers. */
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/macro.h"

#define streq(a, b) (strcmp((a), (b)) == 0)

/** streq_ptr() - equal, where NULL equals NULL alone. */
bool streq_ptr(const char *a, const char *b);

static inline const char *strempty(const char *s) {
        return s ? s : "";
}

static inline bool isempty(const char *s) {
        return !s || *s == '\0';
}

/** startswith() - what follows @prefix in @s, or NULL; endswith() - where @suffix begins in @s, or NULL. */
const char *startswith(const char *s, const char *prefix);
const char *endswith(const char *s, const char *suffix);

/** free_and_strdup() - replace *@p by a copy of @s (NULL: NULL). Return: 0 or -ENOMEM, then *@p is as before. */
int free_and_strdup(char **p, const char *s);

/** str_printf() - asprintf() with an errno. @ret: owned by the caller. Return: 0 or -ENOMEM. */
int str_printf(char **ret, const char *format, ...) __attribute__((__format__(__printf__, 2, 3)));

/** utf8_length() - bytes of the character at @s, 1 to 4; 0: no valid one (or the end). utf8_is_valid() - a whole text. */
size_t utf8_length(const char *s);
bool utf8_is_valid(const char *s);

/** text_clean() - control characters and bytes that are not UTF-8 become `?`, in place: fit for a message or a terminal. */
void text_clean(char *s);

/** hex_encode() - 2 * @size lower-case digits and a NUL into @ret. */
void hex_encode(const void *data, size_t size, char *ret);

/** hex_decode() - exactly 2 * @size lower-case digits of @hex into @ret. Return: 0, or -EINVAL (length or digit). */
int hex_decode(const char *hex, void *ret, size_t size);

/* String lists: NULL-terminated arrays; a NULL list is an empty one. */
char **strv_free(char **l);
DEFINE_CLEANUP(char **, strv_free);
#define _cleanup_strv_free_ _cleanup_(strv_freep)

size_t strv_length(char *const *l);
bool strv_contains(char *const *l, const char *s);
bool strv_equal(char *const *a, char *const *b);
void strv_sort(char **l); /* by strcmp() */

/** strv_copy() - @ret: owned by the caller; NULL for an empty list. Return: 0 or -ENOMEM. */
int strv_copy(char *const *l, char ***ret);

/** strv_push() - append a copy of @s; strv_consume() - append @s itself, freed on failure. Return: 0 or -ENOMEM. */
int strv_push(char ***l, const char *s);
int strv_consume(char ***l, char *s);

/** strv_push_option() - @option and its @value, unless that is NULL or "". Return: 0 or -ENOMEM. */
int strv_push_option(char ***l, const char *option, const char *value);

/** strv_remove() - take away (and free) every entry equal to @s. Return: how many. */
size_t strv_remove(char **l, const char *s);

/** strv_split() - cut @s at each @separator; empty fields stay, "" gives an empty list. Return: 0 or -ENOMEM. */
int strv_split(const char *s, char separator, char ***ret);

/** strv_join() - @ret: malloc()ed; "" for an empty list. Return: 0 or -ENOMEM. */
int strv_join(char *const *l, const char *separator, char **ret);

/** strv_env_get() - the value of KEY in a list of KEY=VALUE, borrowed, or NULL. strv_env_set() - replace or append "KEY=VALUE". */
const char *strv_env_get(char *const *l, const char *key);
int strv_env_set(char ***l, const char *assignment);

#define STRV_FOREACH(s, l) for (char *const *s = (l); s && *s; s++)

/*
 * A buffer that grows up to a bound. Zero-initialised is empty with no bound; set max_bytes before the first append.
 * The first failure sticks, so that a run of appends is checked once, at the end.
 */
typedef struct StrBuf {
        char *data;       /* owned; NUL-terminated once anything was appended */
        size_t size;      /* bytes without the NUL */
        size_t allocated;
        size_t max_bytes; /* 0: no bound */
        int error;        /* 0, -ENOMEM, or -E2BIG: over max_bytes */
} StrBuf;

void strbuf_done(StrBuf *b);
int strbuf_append(StrBuf *b, const void *data, size_t size);
int strbuf_puts(StrBuf *b, const char *s);
int strbuf_putc(StrBuf *b, char c);
int strbuf_printf(StrBuf *b, const char *format, ...) __attribute__((__format__(__printf__, 2, 3)));

/** strbuf_steal() - the bytes, NUL-terminated ("" if nothing was appended), owned by the caller; empties the buffer. Return: 0 or the sticking error. */
int strbuf_steal(StrBuf *b, char **ret, size_t *ret_size);
#define _cleanup_strbuf_ _cleanup_(strbuf_done)
