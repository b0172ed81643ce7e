/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/files-main.c: pocketdocker-files: the worker that deletes and measures trees and reads logs. Static and without a library but
 * C's: it runs at the end of each container and for each `logs`, where loading what archives take would be most of its
 * work.
 */
#include "base/sanitizer.h"
#include "base/str.h"
#include "puller/roles.h"

/* As in pocketdocker-pull. */
SANITIZER_DEFAULTS("detect_leaks=0");

static const Role roles[] = {
        { "remove", role_remove },
        { "measure", role_measure },
        { "readlog", role_readlog },
        {},
};

int main(int argc, char **argv) {
        return role_main(roles, argc, argv);
}
