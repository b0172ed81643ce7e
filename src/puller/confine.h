/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/confine.h: a role takes away from itself all that it does not need, before it reads the first foreign byte.
 * Knows the kernel's means; which role needs what is in the role's file.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "model/failure.h"

/* What may be done below the root directory. */
typedef enum ConfineAccess {
        CONFINE_READ,   /* open and list */
        CONFINE_DELETE, /* list, delete, move within */
        CONFINE_FILL,   /* all but sockets, devices and executing */
} ConfineAccess;

typedef struct ConfineProfile {
        int root_fd;          /* becomes "/"; borrowed. All other directories are out of reach */
        ConfineAccess access;
        uint64_t capabilities; /* those kept, a bit each, in the present user namespace */
        uint64_t memory_bytes; /* address space; 0: as it is */
        uint64_t cpu_seconds;  /* 0: as it is */
        pid_t parent;         /* who it was when the role began: its end is ours; 0: we outlive it */
} ConfineProfile;

/**
 * confine_begin() - first of all: close every fd but standard ones and @keep, make the process undumpable, without new privileges
 * @keep: fds to stay; negative ones are skipped
 *
 * Standard fds that are closed are opened as /dev/null, so that no file is taken for one.
 *
 * Return: 0, or what fail() gives.
 */
int confine_begin(const int *keep, size_t n_keep, Failure *reterr);

/**
 * confine_finish() - last before the work: root directory, capabilities, resource limits, landlock, system calls
 *
 * Landlock is used where the kernel has it (version 2 and above): it is the second wall behind chroot(2), which cannot
 * be left without CAP_SYS_CHROOT and a directory fd. The system call filter is an allow list; all else gives ENOSYS.
 *
 * Return: 0, or what fail() gives.
 * Source: landlock(7), seccomp(2), capabilities(7), chroot(2)
 */
int confine_finish(const ConfineProfile *profile, Failure *reterr);

/** confine_system_calls() - the filter of @access (confine-calls.c). Return: 0 or negative errno. */
int confine_system_calls(ConfineAccess access);
