/* SPDX-License-Identifier: Apache-2.0 */
/* model/confinement-json.c: see confinement-json.h. A contract with every later version: members are added, never changed. */
#include "model/confinement-json.h"
#include "base/str.h"
#include "model/json.h"
#include "model/limits.h"

#define PATHS_BYTES_MAX (MASK_PATHS_MAX * PATH_BYTES_MAX)

static bool is_default(const Confinement *c) {
        return strv_length(c->cap_add) == 0 && strv_length(c->cap_drop) == 0 && !c->seccomp &&
               !c->new_privileges && !c->no_new_privileges && strv_length(c->mask) == 0 &&
               strv_length(c->unmask) == 0 && strv_length(c->sysctls) == 0 && c->shm_size == 0;
}

int confinement_to_json(const Confinement *c, json_t *spec) {
        json_t *j;

        if (is_default(c))
                return 0;
        j = json_object();
        if (json_put_new(spec, "confinement", j) < 0 ||
                        json_put_strv(j, "cap_add", c->cap_add) < 0 ||
                        json_put_strv(j, "cap_drop", c->cap_drop) < 0 ||
                        json_put_string(j, "seccomp", c->seccomp) < 0 ||
                        json_put_bool(j, "new_privileges", c->new_privileges) < 0 ||
                        json_put_bool(j, "no_new_privileges", c->no_new_privileges) < 0 ||
                        json_put_strv(j, "mask", c->mask) < 0 ||
                        json_put_strv(j, "unmask", c->unmask) < 0 ||
                        json_put_strv(j, "sysctl", c->sysctls) < 0 ||
                        json_put_u64(j, "shm_size", c->shm_size) < 0)
                return -ENOMEM;
        return 0;
}

int confinement_from_json(const json_t *spec, Confinement *ret) {
        const json_t *j = NULL;
        int r;

        r = json_read_object(spec, "confinement", &j);
        if (r <= 0)
                return r;
        r = json_read_strv(j, "cap_add", CAPABILITY_OPTIONS_MAX, 64 * CAPABILITY_OPTIONS_MAX,
                        &ret->cap_add);
        if (r >= 0)
                r = json_read_strv(j, "cap_drop", CAPABILITY_OPTIONS_MAX,
                                64 * CAPABILITY_OPTIONS_MAX, &ret->cap_drop);
        if (r >= 0)
                r = json_read_string(j, "seccomp", SECCOMP_PROFILE_BYTES_MAX + 1, &ret->seccomp);
        if (r >= 0)
                r = json_read_bool(j, "new_privileges", &ret->new_privileges);
        if (r >= 0)
                r = json_read_bool(j, "no_new_privileges", &ret->no_new_privileges);
        if (r >= 0)
                r = json_read_strv(j, "mask", MASK_PATHS_MAX, PATHS_BYTES_MAX, &ret->mask);
        if (r >= 0)
                r = json_read_strv(j, "unmask", MASK_PATHS_MAX, PATHS_BYTES_MAX, &ret->unmask);
        if (r >= 0)
                r = json_read_strv(j, "sysctl", SYSCTLS_MAX, SYSCTLS_MAX * SYSCTL_BYTES_MAX,
                                &ret->sysctls);
        if (r >= 0)
                r = json_read_u64(j, "shm_size", &ret->shm_size);
        return r < 0 ? r : 0;
}
