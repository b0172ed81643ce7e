/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/confine.h: a role takes away from itself all that it does not need, before it reads the first foreign byte.
 * Knows the kernel's means; which role needs what is in the role's file.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "model/failure.h"

/* What may be done below the root directory. */
typedef enum ConfineAccess {
        CONFINE_LIST,   /* list: no file is opened */
        CONFINE_READ,   /* open and list */
        CONFINE_RECEIVE, /* nothing is opened: fds come over a socket */
        CONFINE_LOOK,    /* open, list, links and extended attributes */
        CONFINE_DELETE, /* list, delete, move within */
        CONFINE_FILL,   /* all but sockets, devices and executing */
        CONFINE_NETWORK, /* open what `readable` names, and connections of TCP and UDP to others; threads */
} ConfineAccess;

typedef struct ConfineProfile {
        int root_fd;          /* becomes "/"; borrowed. All other directories are out of reach. -EBADF: none: only landlock holds */
        const char *const *readable; /* ended by NULL; paths of files and of trees, links are followed; those that are not there are skipped */
        ConfineAccess access;
        int received_fd; /* fds that come may be read below it; 0: none may. Borrowed */
        uint64_t capabilities; /* those kept, a bit each, in the present user namespace */
        uint64_t memory_bytes; /* address space; 0: as it is */
        uint64_t cpu_seconds;  /* 0: as it is */
        bool no_new_code;      /* nothing more is mapped to be executed: what is loaded is all there is */
        pid_t parent;         /* who it was when the role began: its end is ours; 0: we outlive it */
} ConfineProfile;

#define CONFINE_KEPT_MAX 160U /* fds of confine_begin() */

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

/**
 * confine_user() - become a user who owns nothing; between confine_begin() and confine_finish()
 * @names: ended by NULL; the first that /etc/passwd knows; without one of them the overflow id, 65534
 *
 * All capabilities go, those of the bounding set, too. Asks no name service: it is a system user, and the file is at hand.
 *
 * Return: 0, or what fail() gives.
 */
int confine_user(const char *const *names, Failure *reterr);

/** confine_system_calls() - the filter of @access (confine-calls.c). Return: 0 or negative errno. */
int confine_system_calls(ConfineAccess access);
int confine_code(void); /* of `no_new_code`; the same */
