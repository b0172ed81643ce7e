/* SPDX-License-Identifier: Apache-2.0 */
/* model/json.c: JSON with bounds. jansson holds text without NULs and in UTF-8 only, and so do we. */
#include "model/json.h"
#include "base/str.h"

/* Return: 1 and *@ret there, 0 absent or null. */
static int json_member(const json_t *object, const char *key, const json_t **ret) {
        const json_t *j = json_object_get(object, key);

        if (!j || json_is_null(j))
                return 0;
        *ret = j;
        return 1;
}

int json_read_string(const json_t *object, const char *key, size_t max_bytes, char **ret) {
        const json_t *j;
        int r;

        r = json_member(object, key, &j);
        if (r <= 0)
                return r;
        if (!json_is_string(j) || json_string_length(j) >= max_bytes)
                return -EBADMSG;

        r = free_and_strdup(ret, json_string_value(j));
        return r < 0 ? r : 1;
}

int json_read_strv(const json_t *object, const char *key, size_t max_entries, size_t max_bytes,
                char ***ret) {
        _cleanup_strv_free_ char **l = NULL;
        size_t bytes = 0, n;
        const json_t *j;
        int r;

        r = json_member(object, key, &j);
        if (r <= 0)
                return r;
        n = json_array_size(j);
        if (!json_is_array(j) || n > max_entries)
                return -EBADMSG;

        l = calloc(n + 1, sizeof(*l));
        if (!l)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                const json_t *entry = json_array_get(j, i);

                if (!json_is_string(entry))
                        return -EBADMSG;
                bytes += json_string_length(entry) + 1;
                if (bytes > max_bytes)
                        return -EBADMSG;
                l[i] = strdup(json_string_value(entry));
                if (!l[i])
                        return -ENOMEM;
        }

        strv_free(*ret);
        *ret = n > 0 ? TAKE_PTR(l) : NULL;
        return 1;
}

int json_read_bool(const json_t *object, const char *key, bool *ret) {
        const json_t *j;
        int r;

        r = json_member(object, key, &j);
        if (r <= 0)
                return r;
        if (!json_is_boolean(j))
                return -EBADMSG;

        *ret = json_is_true(j);
        return 1;
}

int json_read_u64(const json_t *object, const char *key, uint64_t *ret) {
        const json_t *j;
        json_int_t value;
        int r;

        r = json_member(object, key, &j);
        if (r <= 0)
                return r;
        value = json_integer_value(j);
        if (!json_is_integer(j) || value < -1)
                return -EBADMSG;

        *ret = value == -1 ? UINT64_MAX : (uint64_t) value;
        return 1;
}

int json_read_u32(const json_t *object, const char *key, uint32_t *ret) {
        uint64_t value = 0;
        int r;

        r = json_read_u64(object, key, &value);
        if (r <= 0)
                return r;
        if (value > UINT32_MAX)
                return -EBADMSG;

        *ret = (uint32_t) value;
        return 1;
}

int json_read_object(const json_t *object, const char *key, const json_t **ret) {
        const json_t *j;
        int r;

        r = json_member(object, key, &j);
        if (r <= 0)
                return r;
        if (!json_is_object(j))
                return -EBADMSG;

        *ret = j;
        return 1;
}

/* The members of an object as text: KEY=VALUE, or KEY alone. */
static int json_read_members(const json_t *object, const char *key, bool with_values,
                size_t max_entries, size_t max_bytes, char ***ret) {
        _cleanup_strv_free_ char **l = NULL;
        size_t bytes = 0, n = 0;
        const json_t *j = NULL;
        const char *name;
        json_t *value;
        int r;

        r = json_read_object(object, key, &j);
        if (r <= 0)
                return r;
        if (json_object_size(j) > max_entries)
                return -EBADMSG;

        l = calloc(json_object_size(j) + 1, sizeof(*l));
        if (!l)
                return -ENOMEM;
        json_object_foreach ((json_t *) j, name, value) {
                if (with_values && (!json_is_string(value) || strchr(name, '=')))
                        return -EBADMSG;
                if (name[0] == '\0')
                        return -EBADMSG;
                bytes += strlen(name) + (with_values ? json_string_length(value) + 1 : 0) + 1;
                if (bytes > max_bytes)
                        return -EBADMSG;
                r = with_values ? str_printf(l + n, "%s=%s", name, json_string_value(value))
                                : free_and_strdup(l + n, name);
                if (r < 0)
                        return r;
                n++;
        }

        strv_sort(l);
        strv_free(*ret);
        *ret = n > 0 ? TAKE_PTR(l) : NULL;
        return 1;
}

int json_read_map(const json_t *object, const char *key, size_t max_entries, size_t max_bytes,
                char ***ret) {
        return json_read_members(object, key, true, max_entries, max_bytes, ret);
}

int json_read_keys(const json_t *object, const char *key, size_t max_entries, size_t max_bytes,
                char ***ret) {
        return json_read_members(object, key, false, max_entries, max_bytes, ret);
}

int json_put_new(json_t *object, const char *key, json_t *value) {
        /* json_object_set_new() gives @value back to nobody: it is freed also on failure. */
        return value && json_object_set_new(object, key, value) == 0 ? 0 : -ENOMEM;
}

int json_put_string(json_t *object, const char *key, const char *value) {
        return value ? json_put_new(object, key, json_string(value)) : 0;
}

int json_put_strv(json_t *object, const char *key, char *const *l) {
        _cleanup_json_ json_t *array = NULL;

        if (strv_length(l) == 0)
                return 0;

        array = json_array();
        STRV_FOREACH (s, l)
                if (json_array_append_new(array, json_string(*s)) < 0)
                        return -ENOMEM;
        return json_put_new(object, key, TAKE_PTR(array));
}

int json_put_map(json_t *object, const char *key, char *const *l) {
        _cleanup_json_ json_t *map = NULL;

        if (strv_length(l) == 0)
                return 0;

        map = json_object();
        STRV_FOREACH (s, l) {
                size_t n = strcspn(*s, "=");
                const char *value = (*s)[n] == '=' ? *s + n + 1 : "";

                if (json_object_setn_new(map, *s, n, json_string(value)) < 0)
                        return -ENOMEM;
        }
        return json_put_new(object, key, TAKE_PTR(map));
}

int json_put_keys(json_t *object, const char *key, char *const *l) {
        _cleanup_json_ json_t *map = NULL;

        if (strv_length(l) == 0)
                return 0;

        map = json_object();
        STRV_FOREACH (s, l)
                if (json_object_set_new(map, *s, json_object()) < 0)
                        return -ENOMEM;
        return json_put_new(object, key, TAKE_PTR(map));
}

int json_put_bool(json_t *object, const char *key, bool value) {
        return value ? json_put_new(object, key, json_true()) : 0;
}

int json_put_u64(json_t *object, const char *key, uint64_t value) {
        /* Above INT64_MAX there is only "no bound". */
        return json_put_new(object, key, json_integer(value > INT64_MAX ? -1 : (json_int_t) value));
}

int json_print(const json_t *j, char **ret) {
        char *text;

        text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
        if (!text)
                return -ENOMEM;
        *ret = text;
        return 0;
}
