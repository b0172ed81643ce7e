/* SPDX-License-Identifier: Apache-2.0 */
/* engine/unpack-args.c: see unpack-args.h. */
#include "engine/unpack-args.h"
#include <inttypes.h>
#include <stdio.h>
#include "base/str.h"

#define NUMBER_MAX 24U

static int push_number(char ***argv, const char *option, uint64_t value) {
        char text[NUMBER_MAX];

        (void) snprintf(text, sizeof(text), "%" PRIu64, value); /* fits */
        return strv_push_option(argv, option, text);
}

int unpack_args(const EngineConfig *c, const UnpackArgs *args, char ***ret) {
        _cleanup_strv_free_ char **argv = NULL;
        int r;

        r = strv_push(&argv, "unpack");
        if (r >= 0)
                r = push_number(&argv, "--archive-fd", 3);
        if (r >= 0)
                r = push_number(&argv, "--staging-fd", 4);
        if (r >= 0)
                r = push_number(&argv, "--limit-bytes", MIN2(args->bytes_left, c->layer_bytes_max));
        if (r >= 0)
                r = push_number(&argv, "--limit-entries", c->entries_max);
        if (r >= 0)
                r = push_number(&argv, "--limit-ratio", c->ratio_max);
        if (r >= 0)
                r = push_number(&argv, "--limit-depth", c->path_depth_max);
        if (r >= 0)
                r = strv_push_option(&argv, "--name", args->name);
        if (r >= 0)
                r = strv_push_option(&argv, "--message", args->message);
        if (r >= 0 && !isempty(args->diff_id)) {
                r = strv_push(&argv, "--layer");
                if (r >= 0)
                        r = strv_push_option(&argv, "--diff-id", args->diff_id);
        }
        if (r >= 0)
                *ret = TAKE_PTR(argv);
        return r;
}
