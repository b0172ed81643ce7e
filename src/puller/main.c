/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/main.c: the worker that touches what strangers made: archives, trees, output. One role a run, named by the first
 * argument; roles.h says what each is given. Two of them joined by a pipe are two runs: each has its own rights.
 */
#include <stdio.h>
#include <stdlib.h>
#include "base/str.h"
#include "puller/roles.h"

#if defined(__SANITIZE_ADDRESS__)
/* The search for leaks at the end needs /proc, which a confined worker cannot see; the unit tests have it. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
        return "detect_leaks=0";
}
#endif

typedef struct Role {
        const char *name;
        RoleFn run;
} Role;

static const Role roles[] = {
        { "unpack", role_unpack },
        { "remove", role_remove },
        { "readlog", role_readlog },
};

int main(int argc, char **argv) {
        if (argc == 2 && streq(argv[1], "--version")) {
                puts("pocketdocker-pull " POCKETDOCKER_VERSION);
                return EXIT_SUCCESS;
        }
        for (size_t i = 0; argc > 1 && i < ELEMENTSOF(roles); i++)
                if (streq(argv[1], roles[i].name))
                        return roles[i].run(argc - 1, argv + 1);

        fprintf(stderr, "pocketdocker-pull is started by pocketdockerd: pocketdocker-pull "
                        "unpack|remove|readlog --…-fd N …\n");
        return EXIT_FAILURE;
}
