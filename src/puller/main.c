/* SPDX-License-Identifier: Apache-2.0 */
/* puller/main.c: pocketdocker-pull: the worker that reads archives, with the libraries that takes. */
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
        { "unpack", role_unpack },
        {},
};

int main(int argc, char **argv) {
        return role_main(roles, argc, argv);
}
