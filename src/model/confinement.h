/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/confinement.h: what a container may, as asked for: capabilities, system calls, paths of the kernel's, sysctls,
 * shared memory. Zero-initialised is the default: Docker's fourteen capabilities and its filter, no new privileges.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "model/failure.h"
#include "model/weakening.h"

#define SECCOMP_UNCONFINED "unconfined"
#define UNMASK_ALL "ALL"

/* All pointers are owned, lists NULL-terminated. */
typedef struct Confinement {
        char **cap_add, **cap_drop; /* "CAP_NET_RAW" or "ALL" */
        char *seccomp;              /* NULL: the default; "unconfined"; else the JSON text of a profile */
        bool new_privileges;        /* setuid programs and file capabilities count … */
        bool no_new_privileges;     /* … or do not, even where `privileged` would let them */
        char **mask;                /* absolute paths, hidden beside the usual ones */
        char **unmask;              /* patterns as of glob(7), or "ALL": neither hidden nor read-only */
        char **sysctls;             /* KEY=VALUE, dots in the key */
        uint64_t shm_size;          /* bytes; 0: 64 MiB */
} Confinement;

void confinement_done(Confinement *c);

/** confinement_check() - bounds, names, paths. @own_network, @own_ipc: are the sysctls the container's? Return: 0 or what fail() gives. */
int confinement_check(const Confinement *c, bool own_network, bool own_ipc, Failure *reterr);

/**
 * confinement_capabilities() - the set that it comes to
 *
 * As Docker: all for @privileged; ALL added, without what is dropped by name; else ALL dropped leaves what is added; else the default without
 * what is dropped, and then what is added.
 */
uint64_t confinement_capabilities(const Confinement *c, bool privileged);

/** confinement_unmasks() - is a path of the usual masked or read-only ones left as it is? */
bool confinement_unmasks(const Confinement *c, const char *path);

/** confinement_masked(), confinement_read_only() - the usual paths, NULL-terminated. Source: OCI runtime-spec, Docker's defaults */
const char *const *confinement_masked(void);
const char *const *confinement_read_only(void);

/** confinement_sysctl_is_network() - is it of the network namespace? */
bool confinement_sysctl_is_network(const char *assignment);

/** confinement_weakening() - adds the options that do: cap-add beyond the default, seccomp, unmask, no-new-privileges. */
void confinement_weakening(const Confinement *c, Weakening *w);

/** confinement_security_opts() - as Docker shows them. @ret: owned by the caller. Return: 0 or -ENOMEM. */
int confinement_security_opts(const Confinement *c, char ***ret);
