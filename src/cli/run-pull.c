/* SPDX-License-Identifier: Apache-2.0 */
/* cli/run-pull.c: see run-pull.h. */
#include "cli/run-pull.h"
#include "base/str.h"
#include "cli/pull.h"
#include "model/image-ref.h"

static const char *policy_of(const Arguments *args) {
        return arguments_string(args, "pull") ?: "missing";
}

static int pull(Client *c, const Arguments *args, const char *image, Failure *reterr) {
        _cleanup_(pull_outcome_done) PullOutcome outcome = {};

        return pull_image(c,
                        &(PullArgs) {
                                        .reference = image,
                                        .platform = arguments_string(args, "platform"),
                                        .policy = policy_of(args),
                                        .out = arguments_switch(args, "quiet", false) ? NULL
                                                                                      : stderr,
                        },
                        &outcome, reterr);
}

/* An id, or what may be the beginning of one: those are here or nowhere. */
static bool is_pullable(const char *image) {
        _cleanup_(image_ref_freep) ImageRef *ref = NULL;

        return image_ref_parse(image, &ref, NULL) >= 0 && !ref->id;
}

int run_pull_first(Client *c, const Arguments *args, const char *image, Failure *reterr) {
        static const char *const known[] = { "always", "missing", "never", "newer" };
        const char *policy = policy_of(args);
        bool valid = false;

        for (size_t i = 0; i < ELEMENTSOF(known); i++)
                valid = valid || streq(policy, known[i]);
        if (!valid)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%s' of '--pull' is none of always, missing, never and newer",
                                policy);
        if (!arguments_given(args, "platform") &&
                        (streq(policy, "missing") || streq(policy, "never")))
                return 0; /* the service tells what is missing */
        return is_pullable(image) ? pull(c, args, image, reterr) : 0;
}

int run_pull_missing(Client *c, const Arguments *args, const char *image, Failure *reterr) {
        _cleanup_failure_ Failure failure = {};

        if (!streq(policy_of(args), "missing") || !is_pullable(image))
                return 0;
        if (pull(c, args, image, &failure) >= 0) {
                failure_done(reterr);
                return 1;
        }
        return fail(reterr, failure.code, failure.errnum,
                        "No such image: '%s', and it cannot be pulled: %s", image,
                        failure_message(&failure));
}
