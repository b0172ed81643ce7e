/* SPDX-License-Identifier: Apache-2.0 */
/* puller/role-main.c: which role a worker was started for. Two joined by a pipe are two runs: each has its own rights. */
#include <stdio.h>
#include <stdlib.h>
#include "base/str.h"
#include "puller/roles.h"

int role_main(const Role *roles, int argc, char **argv) {
        const char *path = argc > 0 ? argv[0] : "", *slash = strrchr(path, '/'),
                   *name = slash ? slash + 1 : path;

        if (argc == 2 && streq(argv[1], "--version")) {
                printf("%s " POCKETDOCKER_VERSION "\n", name);
                return EXIT_SUCCESS;
        }
        for (const Role *role = roles; argc > 1 && role->name; role++)
                if (streq(argv[1], role->name))
                        return role->run(argc - 1, argv + 1);

        fprintf(stderr, "%s is started by pocketdockerd: %s ", name, name);
        for (const Role *role = roles; role->name; role++)
                fprintf(stderr, "%s%s", role == roles ? "" : "|", role->name);
        fputs(" --…-fd N …\n", stderr);
        return EXIT_FAILURE;
}
