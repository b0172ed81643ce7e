/* SPDX-License-Identifier: Apache-2.0 */
/* model/container-filter.c: filters as lists of values by key. */
#include "model/container-filter.h"
#include "base/parse.h"
#include "base/str.h"
#include "model/id.h"
#include "model/image-ref.h"
#include "model/limits.h"

typedef enum FilterKey {
        FILTER_ANCESTOR,
        FILTER_BEFORE,
        FILTER_EXITED,
        FILTER_HEALTH,
        FILTER_ID,
        FILTER_LABEL,
        FILTER_NAME,
        FILTER_NETWORK,
        FILTER_SINCE,
        FILTER_STATUS,
        _FILTER_KEY_MAX,
} FilterKey;

struct ContainerFilter {
        char **values[_FILTER_KEY_MAX]; /* owned, as they were given, but ancestor: normalized */
        size_t n_values;
        uint64_t before_usec, since_usec; /* set by container_filter_resolve() */
};

int container_filter_new(ContainerFilter **ret) {
        ContainerFilter *f;

        f = calloc(1, sizeof(*f));
        if (!f)
                return -ENOMEM;
        f->before_usec = UINT64_MAX;
        *ret = f;
        return 0;
}

ContainerFilter *container_filter_free(ContainerFilter *f) {
        if (!f)
                return NULL;

        for (size_t i = 0; i < _FILTER_KEY_MAX; i++)
                strv_free(f->values[i]);
        free(f);
        return NULL;
}

/* Is the value one that can ever match? @ret: what to keep, owned by the caller. */
static int check_value(FilterKey key, const char *value, char **ret, Failure *reterr) {
        _cleanup_(image_ref_freep) ImageRef *ref = NULL;
        const char *expected = NULL;
        uint32_t code;
        int r;

        switch (key) {
        case FILTER_ANCESTOR:
                r = image_ref_parse(value, &ref, reterr);
                if (r < 0)
                        return r;
                /* A short id reads as a name as well: both ways are tried on matching. */
                return id_is_prefix(value) ? str_printf(ret, "%s", value)
                                           : image_ref_normalized(ref, ret);
        case FILTER_EXITED:
                if (parse_u32(value, &code) < 0 || code > 255)
                        expected = "an exit code";
                break;
        case FILTER_HEALTH:
                if (container_health_from_string(value) < 0)
                        expected = "one of none, starting, healthy, unhealthy";
                break;
        case FILTER_ID:
                if (!id_is_prefix(value))
                        expected = "an id";
                break;
        case FILTER_STATUS:
                if (container_state_from_string(value) < 0)
                        expected = "one of created, running, paused, restarting, exited, dead";
                break;
        default:
                if (value[0] == '\0')
                        expected = "a value";
        }

        if (expected)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The filter value '%.64s' is not %s", value, expected);
        return str_printf(ret, "%s", value);
}

int container_filter_add(ContainerFilter *f, const char *key, const char *value, Failure *reterr) {
        static const char *const keys[_FILTER_KEY_MAX] = {
                [FILTER_ANCESTOR] = "ancestor",
                [FILTER_BEFORE] = "before",
                [FILTER_EXITED] = "exited",
                [FILTER_HEALTH] = "health",
                [FILTER_ID] = "id",
                [FILTER_LABEL] = "label",
                [FILTER_NAME] = "name",
                [FILTER_NETWORK] = "network",
                [FILTER_SINCE] = "since",
                [FILTER_STATUS] = "status",
        };
        char *kept;
        int r;

        for (int i = 0; i < _FILTER_KEY_MAX; i++) {
                if (!streq(keys[i], key))
                        continue;
                if (f->n_values >= FILTER_VALUES_MAX)
                        return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                        "There are more than %u filters", FILTER_VALUES_MAX);
                r = check_value((FilterKey) i, value, &kept, reterr);
                if (r >= 0)
                        r = strv_consume(&f->values[i], kept);
                if (r == -ENOMEM)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
                if (r < 0)
                        return r;
                f->n_values++;
                return 0;
        }
        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "There is no filter '%.64s'", key);
}

int container_filter_resolve(
                ContainerFilter *f, FilterLookup lookup, void *userdata, Failure *reterr) {
        uint64_t created_usec;
        int r;

        STRV_FOREACH (s, f->values[FILTER_BEFORE]) {
                r = lookup(*s, userdata, &created_usec, reterr);
                if (r < 0)
                        return r;
                f->before_usec = MIN2(f->before_usec, created_usec);
        }
        STRV_FOREACH (s, f->values[FILTER_SINCE]) {
                r = lookup(*s, userdata, &created_usec, reterr);
                if (r < 0)
                        return r;
                f->since_usec = MAX2(f->since_usec, created_usec);
        }
        return 0;
}

/* "web" anywhere, "^web" at the beginning, "web$" at the end; Docker's leading slash is no part of a name here. */
static bool name_matches(const char *name, const char *pattern) {
        bool begin = pattern[0] == '^', end;
        size_t n, size = strlen(name);

        if (begin)
                pattern++;
        if (pattern[0] == '/')
                pattern++;
        n = strlen(pattern);
        end = n > 0 && pattern[n - 1] == '$';
        if (end)
                n--;

        if (n > size)
                return false;
        if (begin && end)
                return n == size && memcmp(name, pattern, n) == 0;
        if (begin)
                return memcmp(name, pattern, n) == 0;
        if (end)
                return memcmp(name + size - n, pattern, n) == 0;
        return memmem(name, size, pattern, n);
}

static bool label_matches(char *const *labels, const char *wanted) {
        size_t n = strcspn(wanted, "=");

        STRV_FOREACH (s, labels) {
                size_t size = strcspn(*s, "=");

                if (size == n && strncmp(*s, wanted, n) == 0 &&
                                (wanted[n] == '\0' || streq(*s + n, wanted + n)))
                        return true;
        }
        return false;
}

static bool ancestor_matches(const FilterSubject *s, const char *wanted) {
        _cleanup_(image_ref_freep) ImageRef *ref = NULL, *wanted_ref = NULL;
        _cleanup_free_ char *image = NULL, *normalized = NULL;

        if (id_is_prefix(wanted) && startswith(strempty(s->image_id), wanted))
                return true;

        /* Out of memory shows one container less: nothing else depends on it. */
        if (image_ref_parse(strempty(s->image), &ref, NULL) < 0 ||
                        image_ref_normalized(ref, &image) < 0 ||
                        image_ref_parse(wanted, &wanted_ref, NULL) < 0 ||
                        image_ref_normalized(wanted_ref, &normalized) < 0)
                return false;
        return streq(image, normalized);
}

static bool value_matches(FilterKey key, const FilterSubject *s, const char *value) {
        uint32_t code = 0;

        switch (key) {
        case FILTER_ANCESTOR:
                return ancestor_matches(s, value);
        case FILTER_EXITED:
                (void) parse_u32(value, &code); /* checked when it was added */
                return s->has_ended && s->state != CONTAINER_RUNNING &&
                       s->state != CONTAINER_PAUSED && s->exit_code == (int) code;
        case FILTER_HEALTH:
                return s->health == container_health_from_string(value);
        case FILTER_ID:
                return startswith(s->id, value);
        case FILTER_LABEL:
                return !s->concealed && label_matches(s->labels, value);
        case FILTER_NAME:
                return name_matches(s->name, value);
        case FILTER_NETWORK:
                return !s->concealed && streq(isempty(s->network) ? "default" : s->network, value);
        case FILTER_STATUS:
                return s->state == container_state_from_string(value);
        default:
                return true; /* times are looked at once, for all values */
        }
}

static bool key_matches(const ContainerFilter *f, FilterKey key, const FilterSubject *s) {
        bool all = key == FILTER_LABEL;

        STRV_FOREACH (v, f->values[key])
                if (value_matches(key, s, *v) != all)
                        return !all;
        return all || strv_length(f->values[key]) == 0;
}

bool container_filter_matches(const ContainerFilter *f, const FilterSubject *s) {
        for (int i = 0; i < _FILTER_KEY_MAX; i++)
                if (!key_matches(f, (FilterKey) i, s))
                        return false;

        if (strv_length(f->values[FILTER_BEFORE]) > 0 && s->created_usec >= f->before_usec)
                return false;
        return strv_length(f->values[FILTER_SINCE]) == 0 || s->created_usec > f->since_usec;
}
