/* SPDX-License-Identifier: Apache-2.0 */
/* puller/role-options.c: the arguments of a role. Knows no role. */
#include "puller/role-options.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "base/fd.h"
#include "base/parse.h"
#include "base/str.h"

static int refuse(const char *role, const char *what, const char *option) {
        fprintf(stderr, "pocketdocker-%s: %s '%s'\n", role, what, option);
        return -EINVAL;
}

static int parse_value(const RoleOption *option, const char *text) {
        uint32_t fd;

        switch (option->kind) {
        case ROLE_OPTION_FD:
                if (parse_u32(text, &fd) < 0 || fd > INT_MAX || !fd_is_open((int) fd))
                        return -EBADF;
                *(int *) option->value = (int) fd;
                return 0;
        case ROLE_OPTION_NUMBER:
                return parse_u64(text, option->value);
        case ROLE_OPTION_STRING:
                *(const char **) option->value = text;
                return 0;
        case ROLE_OPTION_SWITCH:
                *(bool *) option->value = true;
                return 0;
        }
        return -EINVAL;
}

int role_options_parse(const RoleOption *options, int argc, char **argv) {
        uint32_t seen = 0;
        int i = 1;

        while (i < argc && startswith(argv[i], "--")) {
                const RoleOption *option = options;
                const char *text = NULL;

                while (option->name && !streq(option->name, argv[i]))
                        option++;
                if (!option->name)
                        return refuse(argv[0], "there is no option", argv[i]);
                i++;
                if (option->kind != ROLE_OPTION_SWITCH) {
                        if (i == argc)
                                return refuse(argv[0], "there is no value for", option->name);
                        text = argv[i++];
                }
                if (parse_value(option, text) < 0)
                        return refuse(argv[0], "there is a bad value for", option->name);
                if (option->given)
                        *option->given = true;
                seen |= 1U << (option - options);
        }

        for (const RoleOption *option = options; option->name; option++)
                if (option->required && (seen & 1U << (option - options)) == 0)
                        return refuse(argv[0], "needs the option", option->name);
        return i;
}
