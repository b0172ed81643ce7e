/* SPDX-License-Identifier: Apache-2.0 */
/* puller/role-options.h: the arguments of a role, as its parent gives them. Knows no role. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef enum RoleOptionKind {
        ROLE_OPTION_FD,     /* int: an open fd, otherwise -EBADF */
        ROLE_OPTION_NUMBER, /* uint64_t */
        ROLE_OPTION_STRING, /* const char *, borrowed from argv */
        ROLE_OPTION_SWITCH, /* bool */
} RoleOptionKind;

typedef struct RoleOption {
        const char *name; /* with its dashes */
        RoleOptionKind kind;
        bool required;
        void *value;      /* where it goes; as it was if not given */
        bool *given;      /* may be NULL */
} RoleOption;

/**
 * role_options_parse() - read `--name VALUE` and switches up to the first argument that is none
 * @options: ended by one without a name
 *
 * What is wrong is said on stderr: only a mistake of ours brings it there.
 *
 * Return: the index in @argv of the first argument that is left, or -EINVAL.
 */
int role_options_parse(const RoleOption *options, int argc, char **argv);
