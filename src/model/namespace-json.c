/* SPDX-License-Identifier: Apache-2.0 */
/* model/namespace-json.c: see namespace-json.h. A contract with every later version: members are added, never changed. */
#include "model/namespace-json.h"
#include "base/str.h"
#include "model/limits.h"

#define WORD_MAX 32U

static bool is_default(const NamespaceModes *m) {
        for (size_t i = 0; i < ELEMENTSOF(m->texts); i++)
                if (m->texts[i])
                        return false;
        return !m->userns && !m->privileged && !m->devices && !m->device_rules && !m->group_add;
}

int namespace_modes_to_json(const NamespaceModes *m, json_t *spec) {
        json_t *j;

        if (is_default(m))
                return 0;
        j = json_object(); /* the document's from here on */
        if (json_put_new(spec, "namespaces", j) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(m->texts); i++)
                if (json_put_string(j, namespace_kind_to_key((NamespaceKind) i), m->texts[i]) < 0)
                        return -ENOMEM;
        if (json_put_string(j, "userns", m->userns) < 0 ||
                        json_put_bool(j, "privileged", m->privileged) < 0 ||
                        json_put_strv(j, "devices", m->devices) < 0 ||
                        json_put_strv(j, "device_rules", m->device_rules) < 0 ||
                        json_put_strv(j, "group_add", m->group_add) < 0)
                return -ENOMEM;
        return 0;
}

int namespace_modes_from_json(const json_t *spec, NamespaceModes *ret) {
        const json_t *j = NULL;
        int r;

        r = json_read_object(spec, "namespaces", &j);
        if (r <= 0)
                return r;
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(ret->texts); i++)
                r = json_read_string(j, namespace_kind_to_key((NamespaceKind) i), REFERENCE_MAX,
                                &ret->texts[i]);
        if (r >= 0)
                r = json_read_string(j, "userns", WORD_MAX, &ret->userns);
        if (r >= 0)
                r = json_read_bool(j, "privileged", &ret->privileged);
        if (r >= 0)
                r = json_read_strv(j, "devices", DEVICES_ADDED_MAX, DEVICES_ADDED_BYTES_MAX,
                                &ret->devices);
        if (r >= 0)
                r = json_read_strv(j, "device_rules", DEVICES_ADDED_MAX, DEVICES_ADDED_BYTES_MAX,
                                &ret->device_rules);
        if (r >= 0)
                r = json_read_strv(j, "group_add", GROUPS_ADDED_MAX,
                                GROUPS_ADDED_MAX * USER_BYTES_MAX, &ret->group_add);
        return r < 0 ? r : 0;
}
