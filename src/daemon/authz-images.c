/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/authz-images.c: see authz-images.h. Knows whose a tag is by the engine's word. */
#include "daemon/authz-images.h"
#include "daemon/bus-failure.h"
#include "model/names.h"

int authz_tag(sd_bus_message *m, const char *verb, const char *reference, const char *own_action,
                bool *ret_may_take, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        uid_t uid, owner = 0;
        bool anothers;
        int r;

        r = callers_uid(m, &uid);
        if (r < 0)
                return r;

        r = manager_tag_owner(manager_of(m), reference, &owner, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        anothers = r > 0 && owner != uid;
        *ret_may_take = anothers || uid == 0;
        return authz_check(m,
                        &(AuthzRequest){
                                        .action = anothers ? POLKIT_ACTION_MANAGE_IMAGES
                                                           : own_action,
                                        .verb = verb,
                                        .image = reference,
                                        .owner = anothers ? owner : uid,
                        },
                        error);
}

int authz_removal(
                sd_bus_message *m, const char *verb, const char *reference, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        uid_t uid, owner;
        int r;

        r = callers_uid(m, &uid);
        if (r < 0)
                return r;

        r = manager_removal_owner(manager_of(m), reference, uid, &owner, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        return authz_check(m,
                        &(AuthzRequest){
                                        .action = r > 0 ? POLKIT_ACTION_MANAGE_IMAGES
                                                        : POLKIT_ACTION_MANAGE_OWN,
                                        .verb = verb,
                                        .image = reference,
                                        .owner = owner,
                        },
                        error);
}

int authz_image(sd_bus_message *m, const Image *i, const char *verb, sd_bus_error *error) {
        char *const *tags = image_tags(i);
        uid_t uid;
        int r;

        r = callers_uid(m, &uid);
        if (r < 0)
                return r;
        if (image_is_owned_by(i, uid))
                return 1;

        return authz_check(m,
                        &(AuthzRequest){
                                        .action = POLKIT_ACTION_INSPECT,
                                        .verb = verb,
                                        .image = tags && tags[0] ? tags[0] : image_id(i),
                                        .owner = (uid_t) -1, /* several may have tags of it */
                        },
                        error);
}
