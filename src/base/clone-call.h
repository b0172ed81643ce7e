/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/clone-call.h: clone3() of a child that calls a function on a stack of its own, which no C library offers. Without
 * one, a child that shares our memory would write over the frames that we come back to. Knows no purpose.
 */
#pragma once
#include <stdint.h>

/* As linux/sched.h has it, whose header clashes with the libraries' own. */
typedef struct CloneArgs {
        uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
                        set_tid_size, cgroup;
} CloneArgs;

/** CLONE_CALL_SHARES - does a child with CLONE_VM share our memory? On other architectures it gets a copy. */
#if defined(__x86_64__) || defined(__aarch64__)
#define CLONE_CALL_SHARES 1
#else
#define CLONE_CALL_SHARES 0
#endif

/**
 * clone_call() - the child calls @fn with @arg and ends with what it returns
 * @args: its stack must be given, 16-byte aligned at its end. Changed where CLONE_CALL_SHARES is 0.
 *
 * Return: the child's pid, or negative errno. Source: clone3(2)
 */
long clone_call(CloneArgs *args, int (*fn)(void *), void *arg);
