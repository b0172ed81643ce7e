/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/seccomp-filter.h: a profile as the program that the kernel runs at each system call. Knows libseccomp; loads nothing. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "model/seccomp-profile.h"

#define SECCOMP_FILTER_BYTES_MAX (32U * 1024) /* the kernel's BPF_MAXINSNS instructions of 8 bytes */

typedef struct SeccompFilter {
        unsigned n_ref;
        size_t size; /* bytes of `program`, a multiple of 8 */
        uint64_t program[]; /* struct sock_filter[] */
} SeccompFilter;

/**
 * seccomp_filter_compile() - for this machine's architecture and kernel
 * @capabilities: the bounding set of what will run under it: some rules depend on it
 * @ret: owned by the caller; seccomp_filter_unref()
 *
 * Takes some milliseconds: not for the loop. May be called from any thread, one at a time.
 *
 * A call that neither libseccomp nor seccomp-calls.c knows is left out: no kernel of its time has it. The
 * calls of a kernel newer than the profile give ENOSYS, not what the profile says of all others, so that programs take the older way; as runc has it.
 *
 * Return: 0, FAILURE_NO_MEMORY, FAILURE_LIMIT_REACHED (too long for the kernel), FAILURE_UNSUPPORTED, FAILURE_INVALID_SPEC.
 * Source: seccomp_rule_add(3), seccomp_attr_set(3), seccomp(2)
 */
int seccomp_filter_compile(const SeccompProfile *p, uint64_t capabilities, SeccompFilter **ret,
                Failure *reterr);

/** seccomp_filter_ref(), seccomp_filter_unref() - shared by all containers whose profile and capabilities are alike; of the loop's thread. */
SeccompFilter *seccomp_filter_ref(SeccompFilter *f);
SeccompFilter *seccomp_filter_unref(SeccompFilter *f);
DEFINE_CLEANUP(SeccompFilter *, seccomp_filter_unref);
