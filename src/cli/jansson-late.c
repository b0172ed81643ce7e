/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/jansson-late.c: jansson's functions under their own names, loaded when the first one is called.
 *
 * Each library that a program is linked with costs a quarter of a millisecond at every start, and `run` is measured in
 * those. Only `inspect`, `info`, --format, logins and pulls need JSON. A program that defines a name itself needs no library for it, so
 * nobody who calls jansson has to know; the prototypes are checked by the compiler against jansson.h.
 */
#include <jansson.h>
#include "cli/late.h"

/* The ABI that jansson.h describes. */
#define LATE_LIBRARY "libjansson.so.4"

LATE(json_t *, json_object, (void), ())
LATE(json_t *, json_array, (void), ())
LATE(json_t *, json_string, (const char *value), (value))
LATE(json_t *, json_string_nocheck, (const char *value), (value))
LATE(json_t *, json_stringn_nocheck, (const char *value, size_t len), (value, len))
LATE(const char *, json_string_value, (const json_t *string), (string))
LATE(size_t, json_string_length, (const json_t *string), (string))
LATE(json_t *, json_integer, (json_int_t value), (value))
LATE(json_int_t, json_integer_value, (const json_t *integer), (integer))
LATE(double, json_real_value, (const json_t *real), (real))
LATE(double, json_number_value, (const json_t *json), (json))
LATE(json_t *, json_true, (void), ())
LATE(json_t *, json_false, (void), ())
LATE(json_t *, json_null, (void), ())
LATE(void, json_delete, (json_t *json), (json))
LATE(size_t, json_object_size, (const json_t *object), (object))
LATE(json_t *, json_object_get, (const json_t *object, const char *key), (object, key))
LATE(int, json_object_set_new_nocheck, (json_t * object, const char *key, json_t *value),
                (object, key, value))
LATE(int, json_object_set_new, (json_t * object, const char *key, json_t *value),
                (object, key, value))
LATE(int, json_object_setn_new,
                (json_t * object, const char *key, size_t key_len, json_t *value),
                (object, key, key_len, value))
LATE(int, json_object_del, (json_t * object, const char *key), (object, key))
LATE(void *, json_object_key_to_iter, (const char *key), (key))
LATE(void *, json_object_iter, (json_t *object), (object))
LATE(void *, json_object_iter_next, (json_t *object, void *iter), (object, iter))
LATE(const char *, json_object_iter_key, (void *iter), (iter))
LATE(json_t *, json_object_iter_value, (void *iter), (iter))
LATE(size_t, json_array_size, (const json_t *array), (array))
LATE(json_t *, json_array_get, (const json_t *array, size_t index), (array, index))
LATE(int, json_array_append_new, (json_t *array, json_t *value), (array, value))
LATE(int, json_equal, (const json_t *value1, const json_t *value2), (value1, value2))
LATE(json_t *, json_loads, (const char *input, size_t flags, json_error_t *error),
                (input, flags, error))
LATE(char *, json_dumps, (const json_t *json, size_t flags), (json, flags))
