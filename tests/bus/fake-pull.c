/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake-pull.c: pulls of the fake engine. A reference that begins with
 *   slow    runs until it is cancelled, and shows layers
 *   denied  fails, as a registry refuses
 *   full    is refused at once
 * All else is done in the next turn of the loop, with a warning; with policy `never` only what is here.
 */
#include <stdio.h>
#include "base/str.h"
#include "fake-engine.h"

PullPolicy pull_policy_from_string(const char *s) {
        static const char *const names[_PULL_POLICY_MAX] = { "always", "missing", "never",
                "newer" };

        for (int i = 0; i < _PULL_POLICY_MAX; i++)
                if (streq(names[i], s))
                        return (PullPolicy) i;
        return _PULL_POLICY_INVALID;
}

const OperationLayer *operation_layers(const Operation *o, size_t *ret_n) {
        *ret_n = o->has_layers ? FAKE_LAYERS : 0;
        return o->layers;
}

const char *operation_layer_state_to_string(OperationLayerState state) {
        static const char *const names[_OPERATION_LAYER_STATE_MAX] = { "waiting", "fetching",
                "done", "exists" };

        return names[state];
}

const char *operation_digest(const Operation *o) {
        return o->has_layers ? o->layers[0].digest : "";
}

char *const *operation_warnings(const Operation *o) {
        return o->warnings;
}

bool operation_unchanged(const Operation *o) {
        return o->unchanged;
}

static void show_layers(Operation *o) {
        o->has_layers = true;
        for (size_t i = 0; i < FAKE_LAYERS; i++) {
                OperationLayer *l = &o->layers[i];

                memset(l->digest, 'a' + (int) i, sizeof(l->digest) - 1);
                l->total = 100;
                l->done = 10 * i;
                l->state = i == 0 ? OPERATION_LAYER_WAITING : OPERATION_LAYER_FETCHING;
        }
        o->manager->observer->operation_changed(
                        o, OPERATION_CHANGED_PROGRESS, o->manager->userdata);
}

int manager_pull_image(Manager *m, const PullRequest *request, uid_t owner, Operation **ret,
                Failure *reterr) {
        _cleanup_failure_ Failure failure = {};
        const char *reference = request->reference;
        Image *i = NULL;
        Operation *o;
        int r;

        if (startswith(reference, "full"))
                return fail(reterr, FAILURE_LIMIT_REACHED, 0, "8 operations are under way");
        if (strlen(reference) >= ID_MAX)
                return fail(reterr, FAILURE_INVALID_REFERENCE, 0, "'%s' is not a reference",
                                reference);
        if (request->policy == PULL_NEVER && manager_find_image(m, reference, &i, reterr) < 0)
                return -ENOENT;
        r = fake_operation_new(m, "pull", owner, &o);
        if (r < 0)
                return r;
        close_fd(request->credentials_fd);
        *ret = o;
        if (i) {
                (void) snprintf(o->result, sizeof(o->result), "%s", reference);
                o->unchanged = true;
        }
        show_layers(o);
        if (startswith(reference, "slow"))
                return 0;
        if (startswith(reference, "denied"))
                (void) fail(&failure, FAILURE_REGISTRY_DENIED, 0, "The registry refused '%s'",
                                reference);
        else
                (void) snprintf(o->result, sizeof(o->result), "%s", reference);
        if (strv_push(&o->warnings, "an old \xff thing") < 0)
                return -ENOMEM;
        return fake_operation_later(o, failure_is_set(&failure) ? &failure : NULL);
}
