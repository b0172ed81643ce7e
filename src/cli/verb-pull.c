/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verb-pull.c: pull: how far it is, and the digest at the end, in Docker's words. */
#include <stdio.h>
#include "base/str.h"
#include "cli/pull.h"
#include "cli/verbs.h"
#include "model/digest.h"
#include "model/image-ref.h"

static void print_outcome(const PullOutcome *o, const char *typed, bool quiet) {
        if (quiet) {
                if (image_ref_is_url(o->reference))
                        printf(DIGEST_PREFIX "%s\n", o->id);
                else
                        puts(o->reference);
                return;
        }
        if (o->digest)
                printf("Digest: %s\n", o->digest);
        printf("Status: %s for %s\n",
                        o->unchanged ? "Image is up to date" : "Downloaded newer image", typed);
        if (image_ref_is_url(o->reference))
                printf(DIGEST_PREFIX "%s\n", o->id);
        else
                puts(o->reference);
}

int verb_pull(Client *c, const Arguments *args, Failure *reterr) {
        bool quiet = arguments_switch(args, "quiet", false);
        _cleanup_(pull_outcome_done) PullOutcome outcome = {};
        int r;

        r = pull_image(c,
                        &(PullArgs) {
                                        .reference = args->operands[0],
                                        .platform = arguments_string(args, "platform"),
                                        .policy = arguments_string(args, "policy"),
                                        .sha256 = arguments_string(args, "sha256"),
                                        .out = quiet ? NULL : stdout,
                        },
                        &outcome, reterr);
        if (r < 0)
                return r;
        print_outcome(&outcome, args->operands[0], quiet);
        return 0;
}
