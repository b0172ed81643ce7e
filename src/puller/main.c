/* SPDX-License-Identifier: Apache-2.0 */
/* puller/main.c: pocketdocker-pull: the worker that reads archives and speaks with registries, with the libraries that takes. */
#include "base/sanitizer.h"
#include "base/str.h"
#include "puller/roles.h"

/* The search for leaks at the end needs /proc, which a confined worker cannot see; the unit tests have it. */
SANITIZER_DEFAULTS("detect_leaks=0");

static const Role roles[] = {
        { "copy-from", role_copy_from },
        { "copy-to", role_copy_to },
        { "export", role_export },
        { "fetch", role_fetch },
        { "load", role_load },
        { "save", role_save },
        { "unpack", role_unpack },
        {},
};

int main(int argc, char **argv) {
        return role_main(roles, argc, argv);
}
