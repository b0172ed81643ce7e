/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/json.h: reading and making JSON documents with bounds, over jansson. Each reader leaves *@ret as it is when the
 * member is absent or null.
 */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/cleanup.h"

#define _cleanup_json_ _cleanup_(json_decrefp) /* of jansson */

/* Return of all: 1 read, 0 absent, -EBADMSG (another type, or over a bound), -ENOMEM. What *@ret held is freed. */
int json_read_string(const json_t *object, const char *key, size_t max_bytes, char **ret);
int json_read_strv(const json_t *object, const char *key, size_t max_entries, size_t max_bytes,
                char ***ret);
int json_read_bool(const json_t *object, const char *key, bool *ret);
int json_read_u64(const json_t *object, const char *key, uint64_t *ret); /* -1 is UINT64_MAX */
int json_read_u32(const json_t *object, const char *key, uint32_t *ret);
int json_read_object(const json_t *object, const char *key, const json_t **ret); /* borrowed */

/** json_read_map() - an object of strings as KEY=VALUE, sorted; json_read_keys() - the keys of an object, sorted. */
int json_read_map(const json_t *object, const char *key, size_t max_entries, size_t max_bytes,
                char ***ret);
int json_read_keys(const json_t *object, const char *key, size_t max_entries, size_t max_bytes,
                char ***ret);

/* Setting: NULL, empty lists and false are left out. Return: 0 or -ENOMEM. */
int json_put_string(json_t *object, const char *key, const char *value);
int json_put_strv(json_t *object, const char *key, char *const *l);
int json_put_map(json_t *object, const char *key, char *const *l);  /* KEY=VALUE as an object */
int json_put_keys(json_t *object, const char *key, char *const *l); /* each as the name of an empty object */
int json_put_bool(json_t *object, const char *key, bool value);
int json_put_u64(json_t *object, const char *key, uint64_t value);
int json_put_new(json_t *object, const char *key, json_t *value); /* takes @value, NULL is -ENOMEM */

/** json_print() - compact, keys sorted; malloc()ed. Return: 0 or -ENOMEM. */
int json_print(const json_t *j, char **ret);
