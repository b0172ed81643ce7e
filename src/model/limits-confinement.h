/* SPDX-License-Identifier: Apache-2.0 */
/* model/limits-confinement.h: the bounds of what options say about capabilities, system calls, paths and sysctls. */
#pragma once

#define CAPABILITY_OPTIONS_MAX 64U   /* of cap-add, and of cap-drop */
#define SECURITY_OPTS_MAX 64U
#define MASK_PATHS_MAX 64U           /* of all mask=, and of all unmask= */
#define SYSCTLS_MAX 64U
#define SYSCTL_BYTES_MAX 1024U       /* one KEY=VALUE */
#define SECCOMP_PROFILE_BYTES_MAX (256U * 1024)
#define SECCOMP_RULES_MAX 4096U      /* of one profile */
#define SECCOMP_NAMES_MAX 16384U     /* of all rules together */
#define SECCOMP_ARGS_NAMES_MAX 256U  /* of those that look at arguments: they take the time of compiling */
#define SECCOMP_CONDITIONS_MAX 32U   /* rules of one call with conditions beyond one "equal": it grows by their fourth power */
#define SHM_SIZE_DEFAULT (64ULL * 1024 * 1024)
#define SHM_SIZE_MAX (1ULL << 50)
