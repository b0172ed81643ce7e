/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/files-main.c: pocketdocker-files: the worker that deletes trees and reads logs. Static and without a library but
 * C's: it runs at the end of each container and for each `logs`, where loading what archives take would be most of its
 * work.
 */
#include "base/str.h"
#include "puller/roles.h"

#if defined(__SANITIZE_ADDRESS__)
/* The search for leaks at the end needs /proc, which a confined worker cannot see; the unit tests have it. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
        return "detect_leaks=0";
}
#endif

static const Role roles[] = {
        { "remove", role_remove },
        { "readlog", role_readlog },
        {},
};

int main(int argc, char **argv) {
        return role_main(roles, argc, argv);
}
