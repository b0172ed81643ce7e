/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/list-calls.c: reads filters, asks model/ what fits, appends it. */
#include "daemon/list-calls.h"
#include <unistd.h>
#include "base/str.h"
#include "daemon/authz.h"
#include "daemon/bus-failure.h"
#include "daemon/dict-read.h"
#include "daemon/objects.h"
#include "model/container-filter.h"
#include "model/image-filter.h"
#include "model/limits.h"

#define LIST_ENTRY_BYTES 1024U /* at least what stands in each entry beside the lists */
#define LIST_STRING_BYTES 16U  /* length, end and padding; a label has two */

static const char *const container_keys[] = {
        "id",
        "name",
        "label",
        "status",
        "ancestor",
        "exited",
        "before",
        "since",
        "health",
        "network",
};

typedef struct ContainerQuery {
        ContainerFilter *filter; /* owned */
        bool running;
        uint32_t limit;
} ContainerQuery;

static void container_query_done(ContainerQuery *q) {
        container_filter_free(q->filter);
}

/* An image goes by its id as well, or a container made by another of its names would not be found. */
static int add_ancestor_id(
                ContainerQuery *q, Manager *manager, const char *reference, Failure *reterr) {
        Image *i;

        if (manager_find_image(manager, reference, &i, NULL) < 0)
                return 0; /* gone, while containers may still bear its name */
        return container_filter_add(q->filter, "ancestor", image_id(i), reterr);
}

static int add_container_values(ContainerQuery *q, Manager *manager, const char *key,
                char *const *values, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        int r;

        STRV_FOREACH(value, values) {
                r = container_filter_add(q->filter, key, *value, &failure);
                if (r >= 0 && streq(key, "ancestor"))
                        r = add_ancestor_id(q, manager, *value, &failure);
                if (r < 0)
                        return bus_failure_set(error, r, &failure);
        }
        return 0;
}

static int lookup_created(
                const char *name, void *userdata, uint64_t *ret_created_usec, Failure *reterr) {
        Container *c;
        int r;

        r = manager_find_container(userdata, name, &c, reterr);
        if (r < 0)
                return r;
        *ret_created_usec = container_created_usec(c);
        return 0;
}

static int read_container_query(sd_bus_message *m, ContainerQuery *q, sd_bus_error *error) {
        char **values[ELEMENTSOF(container_keys)] = {};
        DictField fields[ELEMENTSOF(container_keys) + 2];
        _cleanup_failure_ Failure failure = {};
        size_t n = ELEMENTSOF(container_keys);
        int r;

        for (size_t i = 0; i < n; i++)
                fields[i] = (DictField){ container_keys[i], DICT_STRINGS, &values[i] };
        fields[n] = (DictField){ "running", DICT_BOOL, &q->running };
        fields[n + 1] = (DictField){ "limit", DICT_U32, &q->limit };

        r = dict_read_filter(m, fields, ELEMENTSOF(fields), error);
        if (r >= 0)
                r = container_filter_new(&q->filter);
        for (size_t i = 0; i < n && r >= 0; i++)
                r = add_container_values(q, manager_of(m), container_keys[i], values[i], error);
        for (size_t i = 0; i < n; i++)
                strv_free(values[i]);
        if (r < 0)
                return r;

        r = container_filter_resolve(q->filter, lookup_created, manager_of(m), &failure);
        return r < 0 ? bus_failure_set(error, r, &failure) : 0;
}

/* By what the caller may not see no container is found: else he could guess it. */
static bool container_fits(const ContainerQuery *q, const Container *c, bool all) {
        const ContainerSpec *spec = container_spec(c);

        if (q->running && container_state(c) != CONTAINER_RUNNING &&
                        container_state(c) != CONTAINER_PAUSED)
                return false;

        return container_filter_matches(
                        q->filter, &(FilterSubject){
                                                   .id = container_id(c),
                                                   .name = container_name(c),
                                                   .image = container_image(c),
                                                   .image_id = container_image_id(c),
                                                   .network = spec->network,
                                                   .labels = spec->labels,
                                                   .concealed = !all,
                                                   .state = container_state(c),
                                                   .health = container_health(c),
                                                   .exit_code = container_exit_code(c),
                                                   .has_ended = container_finished_usec(c) > 0,
                                                   .created_usec = container_created_usec(c),
                                   });
}

/* A caller may own more than one message can carry; the bus would end our connection over it, not his. */
static int charge_list(uint64_t *bytes, char *const *a, char *const *b, sd_bus_error *error) {
        *bytes += LIST_ENTRY_BYTES;
        STRV_FOREACH(s, a)
                *bytes += strlen(*s) + LIST_STRING_BYTES;
        STRV_FOREACH(s, b)
                *bytes += strlen(*s) + LIST_STRING_BYTES;
        if (*bytes <= LIST_BYTES_MAX)
                return 0;
        return sd_bus_error_setf(error, failure_to_bus_name(FAILURE_LIMIT_REACHED),
                        "The list is longer than %llu bytes: narrow it by a filter or a limit",
                        LIST_BYTES_MAX);
}

static int append_containers(sd_bus_message *reply, Manager *manager, const ContainerQuery *q,
                uid_t uid, sd_bus_error *error) {
        const ContainerSpec *spec;
        uint64_t bytes = 0;
        Container *c = NULL;
        uint32_t n = 0;
        bool all;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "(oa{sv})");
        if (r < 0)
                return r;

        while (n < q->limit && (c = manager_next_container(manager, c))) {
                all = uid == 0 || uid == geteuid() || uid == container_owner(c);
                if (!container_fits(q, c, all))
                        continue;
                spec = container_spec(c);
                r = charge_list(&bytes, all ? spec->argv : NULL, all ? spec->labels : NULL, error);
                if (r < 0)
                        return r;

                r = container_append(reply, c, all);
                if (r < 0)
                        return r;
                n++;
        }
        return sd_bus_message_close_container(reply);
}

int manager_method_list_containers(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_(container_query_done) ContainerQuery q = { .limit = UINT32_MAX };
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        uid_t uid;
        int r;

        r = callers_uid(m, &uid);
        if (r < 0)
                return r;

        r = read_container_query(m, &q, error);
        if (r < 0)
                return r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = append_containers(reply, manager_of(m), &q, uid, error);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

static int lookup_image(const char *reference, void *userdata, uint64_t *ret_created_usec,
                Failure *reterr) {
        Image *i;
        int r;

        r = manager_find_image(userdata, reference, &i, reterr);
        if (r < 0)
                return r;
        *ret_created_usec = image_created_usec(i);
        return 0;
}

static int read_image_filter(sd_bus_message *m, ImageFilter *filter, sd_bus_error *error) {
        const DictField fields[] = {
                { "reference", DICT_STRINGS, &filter->references },
                { "label", DICT_STRINGS, &filter->labels },
                { "label!", DICT_STRINGS, &filter->not_labels },
                { "before", DICT_STRINGS, &filter->before },
                { "since", DICT_STRINGS, &filter->since },
                { "dangling", DICT_TRISTATE, &filter->dangling },
        };
        _cleanup_failure_ Failure failure = {};
        int r;

        r = dict_read_filter(m, fields, ELEMENTSOF(fields), error);
        if (r < 0)
                return r;

        r = image_filter_resolve(filter, lookup_image, manager_of(m), &failure);
        return r < 0 ? bus_failure_set(error, r, &failure) : 0;
}

static int append_images(sd_bus_message *reply, Manager *manager, const ImageFilter *filter,
                sd_bus_error *error) {
        uint64_t bytes = 0;
        Image *i = NULL;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "(oa{sv})");
        if (r < 0)
                return r;

        while ((i = manager_next_image(manager, i))) {
                const ImageConfig *config = image_config(i);
                ImageSubject subject = {
                        .tags = image_tags(i),
                        .digests = image_digests(i),
                        .labels = config ? config->labels : NULL,
                        .created_usec = image_created_usec(i),
                };

                if (!image_filter_matches(filter, &subject))
                        continue;
                r = charge_list(&bytes, subject.tags, subject.digests, error);
                if (r < 0)
                        return r;

                r = image_append(reply, manager, i, filter);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(reply);
}

int manager_method_list_images(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_(image_filter_done) ImageFilter filter = IMAGE_FILTER_INIT;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = read_image_filter(m, &filter, error);
        if (r < 0)
                return r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = append_images(reply, manager_of(m), &filter, error);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}
