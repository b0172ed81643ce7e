/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/seccomp-calls.h: numbers of system calls that a libseccomp of Debian 12 or 13 may not know by name. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct SeccompCall {
        const char *name;
        uint32_t number; /* everywhere, since Linux numbers its calls alike (but on mips, which has an offset, and alpha) */
        const char *arch; /* libseccomp's word: there only; NULL: everywhere */
} SeccompCall;

/** seccomp_call_find() - by name; NULL: it is none of the newest. */
const SeccompCall *seccomp_call_find(const char *name);
