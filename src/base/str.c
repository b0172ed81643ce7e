/* SPDX-License-Identifier: Apache-2.0 */
/* base/str.c: strings, string lists, a growing buffer. Knows nothing of containers; builds with musl. */
#include "base/str.h"
#include <stdio.h>

bool streq_ptr(const char *a, const char *b) {
        if (!a || !b)
                return a == b;
        return strcmp(a, b) == 0;
}

const char *startswith(const char *s, const char *prefix) {
        size_t n = strlen(prefix);

        return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

const char *endswith(const char *s, const char *suffix) {
        size_t n = strlen(s), m = strlen(suffix);

        return n >= m && memcmp(s + n - m, suffix, m) == 0 ? s + n - m : NULL;
}

int free_and_strdup(char **p, const char *s) {
        char *copy = NULL;

        if (s) {
                copy = strdup(s);
                if (!copy)
                        return -ENOMEM;
        }

        free(*p); /* after the copy: @s may be a part of it */
        *p = copy;
        return 0;
}

int str_printf(char **ret, const char *format, ...) {
        va_list ap;
        char *s;
        int r;

        va_start(ap, format);
        r = vasprintf(&s, format, ap);
        va_end(ap);
        if (r < 0)
                return -ENOMEM;

        *ret = s;
        return 0;
}

/* Source: RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF */
size_t utf8_length(const char *s) {
        const uint8_t *p = (const uint8_t *) s;
        size_t n;

        if (p[0] == '\0')
                return 0;
        if (p[0] < 0x80)
                return 1;
        if (p[0] < 0xc2 || p[0] > 0xf4)
                return 0;

        n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
        for (size_t i = 1; i < n; i++)
                if ((p[i] & 0xc0) != 0x80)
                        return 0;
        if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
                        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
                return 0;
        return n;
}

bool utf8_is_valid(const char *s) {
        while (*s != '\0') {
                size_t n = utf8_length(s);

                if (n == 0)
                        return false;
                s += n;
        }
        return true;
}

void text_clean(char *s) {
        while (*s != '\0') {
                size_t n = utf8_length(s);

                /* U+0080 to U+009F are controls, too. */
                if (n == 0 || (n == 1 && ((uint8_t) *s < ' ' || *s == 0x7f)) ||
                                (n == 2 && (uint8_t) s[0] == 0xc2 && (uint8_t) s[1] < 0xa0)) {
                        *s++ = '?';
                        continue;
                }
                s += n;
        }
}

void hex_encode(const void *data, size_t size, char *ret) {
        static const char digits[] = "0123456789abcdef";
        const uint8_t *p = data;

        for (size_t i = 0; i < size; i++) {
                ret[2 * i] = digits[p[i] >> 4];
                ret[2 * i + 1] = digits[p[i] & 15];
        }
        ret[2 * size] = '\0';
}

static int unhex(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return -EINVAL;
}

int hex_decode(const char *hex, void *ret, size_t size) {
        uint8_t *p = ret;

        if (strlen(hex) != 2 * size)
                return -EINVAL;

        for (size_t i = 0; i < 2 * size; i++)
                if (unhex(hex[i]) < 0)
                        return -EINVAL;

        for (size_t i = 0; i < size; i++)
                p[i] = (uint8_t) (unhex(hex[2 * i]) << 4 | unhex(hex[2 * i + 1]));
        return 0;
}

char **strv_free(char **l) {
        for (char **s = l; s && *s; s++)
                free(*s);
        free(l);
        return NULL;
}

size_t strv_length(char *const *l) {
        size_t n = 0;

        while (l && l[n])
                n++;
        return n;
}

bool strv_contains(char *const *l, const char *s) {
        STRV_FOREACH (i, l)
                if (streq(*i, s))
                        return true;
        return false;
}

bool strv_equal(char *const *a, char *const *b) {
        size_t n = strv_length(a);

        if (n != strv_length(b))
                return false;

        for (size_t i = 0; i < n; i++)
                if (!streq(a[i], b[i]))
                        return false;
        return true;
}

static int compare_strings(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

void strv_sort(char **l) {
        if (l)
                qsort(l, strv_length(l), sizeof(*l), compare_strings);
}

int strv_copy(char *const *l, char ***ret) {
        _cleanup_strv_free_ char **copy = NULL;
        size_t n = strv_length(l);

        if (n > 0) {
                copy = calloc(n + 1, sizeof(*copy));
                if (!copy)
                        return -ENOMEM;

                for (size_t i = 0; i < n; i++) {
                        copy[i] = strdup(l[i]);
                        if (!copy[i])
                                return -ENOMEM;
                }
        }

        *ret = TAKE_PTR(copy);
        return 0;
}

int strv_push_option(char ***l, const char *option, const char *value) {
        int r;

        if (isempty(value))
                return 0;
        r = strv_push(l, option);
        return r < 0 ? r : strv_push(l, value);
}

int strv_consume(char ***l, char *s) {
        size_t n = strv_length(*l);
        char **bigger;

        bigger = realloc(*l, (n + 2) * sizeof(*bigger));
        if (!bigger) {
                free(s);
                return -ENOMEM;
        }
        *l = bigger;

        (*l)[n] = s;
        (*l)[n + 1] = NULL;
        return 0;
}

int strv_push(char ***l, const char *s) {
        char *copy;

        copy = strdup(s);
        if (!copy)
                return -ENOMEM;
        return strv_consume(l, copy);
}

size_t strv_remove(char **l, const char *s) {
        char **to = l;
        size_t n = 0;

        for (char **from = l; from && *from; from++)
                if (streq(*from, s)) {
                        free(*from);
                        n++;
                } else
                        *to++ = *from;
        if (to)
                *to = NULL;
        return n;
}

int strv_split(const char *s, char separator, char ***ret) {
        _cleanup_strv_free_ char **l = NULL;
        int r;

        while (*s != '\0') {
                const char *end = strchrnul(s, separator);
                char *field;

                field = strndup(s, (size_t) (end - s));
                if (!field)
                        return -ENOMEM;
                r = strv_consume(&l, field);
                if (r < 0)
                        return r;

                if (*end == '\0')
                        break;
                s = end + 1;
                if (*s == '\0') {
                        r = strv_push(&l, "");
                        if (r < 0)
                                return r;
                }
        }

        *ret = TAKE_PTR(l);
        return 0;
}

int strv_join(char *const *l, const char *separator, char **ret) {
        _cleanup_strbuf_ StrBuf b = {};

        STRV_FOREACH (s, l) {
                if (s != l)
                        (void) strbuf_puts(&b, separator); /* the first failure sticks */
                (void) strbuf_puts(&b, *s);
        }
        return strbuf_steal(&b, ret, NULL);
}

const char *strv_env_get(char *const *l, const char *key) {
        size_t n = strlen(key);

        STRV_FOREACH (s, l)
                if (strncmp(*s, key, n) == 0 && (*s)[n] == '=')
                        return *s + n + 1;
        return NULL;
}

int strv_env_set(char ***l, const char *assignment) {
        size_t n = strcspn(assignment, "=");

        for (char **s = *l; s && *s; s++)
                if (strncmp(*s, assignment, n) == 0 && (*s)[n] == '=')
                        return free_and_strdup(s, assignment);
        return strv_push(l, assignment);
}

void strbuf_done(StrBuf *b) {
        free(b->data);
        *b = (StrBuf) { .max_bytes = b->max_bytes };
}

/* Room for @size more bytes and a NUL. */
static int strbuf_reserve(StrBuf *b, size_t size) {
        size_t need, want;
        char *data;

        if (b->error < 0)
                return b->error;
        if (__builtin_add_overflow(b->size, size, &need) || need >= SIZE_MAX / 2 ||
            (b->max_bytes > 0 && need > b->max_bytes))
                return b->error = -E2BIG;
        if (need < b->allocated)
                return 0;

        want = MAX2((size_t) 64, 2 * b->allocated);
        if (want <= need)
                want = need + 1;
        data = realloc(b->data, want);
        if (!data)
                return b->error = -ENOMEM;

        b->data = data;
        b->allocated = want;
        return 0;
}

int strbuf_append(StrBuf *b, const void *data, size_t size) {
        int r;

        r = strbuf_reserve(b, size);
        if (r < 0)
                return r;

        if (size > 0)
                memcpy(b->data + b->size, data, size);
        b->size += size;
        b->data[b->size] = '\0';
        return 0;
}

int strbuf_puts(StrBuf *b, const char *s) {
        return strbuf_append(b, s, strlen(s));
}

int strbuf_putc(StrBuf *b, char c) {
        return strbuf_append(b, &c, 1);
}

int strbuf_printf(StrBuf *b, const char *format, ...) {
        va_list ap;
        int n, r;

        va_start(ap, format);
        n = vsnprintf(NULL, 0, format, ap);
        va_end(ap);
        if (n < 0)
                return b->error = b->error < 0 ? b->error : -ENOMEM;

        r = strbuf_reserve(b, (size_t) n);
        if (r < 0)
                return r;

        va_start(ap, format);
        (void) vsnprintf(b->data + b->size, (size_t) n + 1, format, ap); /* the length is known from above */
        va_end(ap);
        b->size += (size_t) n;
        return 0;
}

int strbuf_steal(StrBuf *b, char **ret, size_t *ret_size) {
        int r;

        r = strbuf_append(b, "", 0);
        if (r < 0)
                return r;

        if (ret_size)
                *ret_size = b->size;
        *ret = TAKE_PTR(b->data);
        strbuf_done(b);
        return 0;
}
