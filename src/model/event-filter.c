/* SPDX-License-Identifier: Apache-2.0 */
/* model/event-filter.c: lists of values by key. */
#include "model/event-filter.h"
#include <string.h>
#include "base/str.h"
#include "model/event.h"
#include "model/id.h"
#include "model/image-ref.h"
#include "model/limits.h"

typedef enum FilterKey {
        FILTER_CONTAINER,
        FILTER_EVENT,
        FILTER_IMAGE,
        FILTER_TYPE,
        FILTER_VOLUME,
        _FILTER_KEY_MAX,
} FilterKey;

static const char *const keys[_FILTER_KEY_MAX] = {
        [FILTER_CONTAINER] = "container",
        [FILTER_EVENT] = "event",
        [FILTER_IMAGE] = "image",
        [FILTER_TYPE] = "type",
        [FILTER_VOLUME] = "volume",
};

struct EventFilter {
        char **values[_FILTER_KEY_MAX]; /* owned; images normalized, but for what is an id */
        size_t n_values;
};

int event_filter_new(EventFilter **ret) {
        *ret = calloc(1, sizeof(EventFilter));
        return *ret ? 0 : -ENOMEM;
}

EventFilter *event_filter_free(EventFilter *f) {
        for (int i = 0; f && i < _FILTER_KEY_MAX; i++)
                strv_free(f->values[i]);
        free(f);
        return NULL;
}

static bool is_action(const char *word) {
        size_t n = strcspn(word, ":"); /* "health_status: healthy" */

        for (int i = 0; i < _EVENT_ACTION_MAX; i++) {
                const char *known = event_action_to_string((EventAction) i);

                if (strlen(known) == n && strncmp(known, word, n) == 0)
                        return word[n] == '\0' || i == EVENT_HEALTH_STATUS;
        }
        return false;
}

static int normalize(const char *reference, char **ret, Failure *reterr) {
        _cleanup_(image_ref_freep) ImageRef *ref = NULL;
        int r;

        r = image_ref_parse(reference, &ref, reterr);
        return r < 0 ? r : image_ref_normalized(ref, ret);
}

/* @ret: what to keep, owned by the caller. */
static int check_value(FilterKey key, const char *value, char **ret, Failure *reterr) {
        const char *expected = NULL;

        if (key == FILTER_IMAGE && !id_is_prefix(value))
                return normalize(value, ret, reterr);
        if (key == FILTER_TYPE && event_kind_from_string(value) < 0)
                expected = "container, image or volume";
        else if (key == FILTER_EVENT && !is_action(value))
                expected = "an event such as start, die or health_status";
        else if (value[0] == '\0')
                expected = "a name or an id";
        if (expected)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The value '%.64s' of the filter '%s' is not %s", value, keys[key],
                                expected);
        return str_printf(ret, "%s", value);
}

int event_filter_add(EventFilter *f, const char *filter, Failure *reterr) {
        size_t n = strcspn(filter, "=");
        char *kept;
        int r;

        if (filter[n] != '=' || n == 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The filter '%.64s' is not of the form KEY=VALUE", filter);
        if (n == strlen("label") && strncmp(filter, "label", n) == 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "There is no filter 'label': everybody may see events, so they "
                                "have no labels");
        for (int i = 0; i < _FILTER_KEY_MAX; i++) {
                if (strlen(keys[i]) != n || strncmp(keys[i], filter, n) != 0)
                        continue;
                if (f->n_values >= FILTER_VALUES_MAX)
                        return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                        "There are more than %u filters", FILTER_VALUES_MAX);
                r = check_value((FilterKey) i, filter + n + 1, &kept, reterr);
                if (r >= 0)
                        r = strv_consume(&f->values[i], kept);
                if (r == -ENOMEM)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
                f->n_values += r >= 0;
                return r;
        }
        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "There is no filter '%.*s'",
                        (int) MIN2(n, (size_t) 64), filter);
}

static bool image_matches(const EventSubject *s, const char *wanted) {
        _cleanup_free_ char *given = NULL, *normalized = NULL;
        const char *reference = streq(s->kind, "image") ? s->name : s->image;

        if (id_is_prefix(wanted) && streq(s->kind, "image") && startswith(s->id, wanted))
                return true;
        /* What reads as an id may be a name as well. Out of memory shows one event less. */
        return !isempty(reference) && normalize(reference, &given, NULL) >= 0 &&
               normalize(wanted, &normalized, NULL) >= 0 && streq(given, normalized);
}

static bool value_matches(FilterKey key, const EventSubject *s, const char *value) {
        const char *rest;

        switch (key) {
        case FILTER_CONTAINER:
                return streq(s->kind, "container") &&
                       (streq(s->name, value) || (id_is_prefix(value) && startswith(s->id, value)));
        case FILTER_EVENT:
                rest = startswith(value, s->action);
                if (!rest || (*rest != '\0' && *rest != ':'))
                        return false;
                if (*rest == '\0')
                        return true;
                return s->health && streq(rest + 1 + strspn(rest + 1, " "), s->health);
        case FILTER_IMAGE:
                return image_matches(s, value);
        case FILTER_VOLUME:
                return streq(s->kind, "volume") && streq(s->name, value);
        default:
                return streq(s->kind, value);
        }
}

bool event_filter_matches(const EventFilter *f, const EventSubject *s) {
        for (int i = 0; i < _FILTER_KEY_MAX; i++) {
                bool any = strv_length(f->values[i]) == 0;

                STRV_FOREACH (v, f->values[i])
                        any = any || value_matches((FilterKey) i, s, *v);
                if (!any)
                        return false;
        }
        return true;
}
