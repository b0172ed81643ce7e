/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/plan.h: all that is decided about one start, written by the daemon, read by the monitor and by what runs between
 * clone3 and execve. Knows the wire form; performs nothing.
 *
 * Wire form, version 1, little endian, in a sealed memfd: a header {magic "PDPLAN\0\0", u32 version, u32 length of all},
 * then fields {u16 tag, u16 reserved 0, u32 length, bytes, padding to 8}. A field with an unknown tag is skipped, so a
 * new daemon may tell an old monitor more than it understands; what an old monitor must not ignore raises the version.
 * Strings are NUL-terminated inside their field. A list is its field repeated, in order.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "init/plan-fd.h"
#include "init/plan-parts.h"
#include "init/plan-step.h"

#define PLAN_MAGIC "PDPLAN\0"
#define PLAN_VERSION 1U
#define PLAN_BYTES_MAX (4U * 1024 * 1024)
#define PLAN_LIST_MAX 4096U  /* entries of argv or of envp */
#define PLAN_MOUNTS_MAX 256U
#define PLAN_SYSCTLS_MAX 64U
#define PLAN_LAYERS_MAX 128U
#define PLAN_ULIMITS_MAX 16U
#define PLAN_ID_MAPS_MAX 16U
#define PLAN_GROUPS_MAX 32U
#define PLAN_DEVICES_MAX 64U

typedef enum PlanKind {
        PLAN_RUN,  /* make a container */
        PLAN_EXEC, /* join one */
        _PLAN_KIND_MAX,
} PlanKind;

typedef enum PlanFlag {
        PLAN_FLAG_TERMINAL = 1 << 0,
        PLAN_FLAG_STDIN = 1 << 1,          /* keep standard input open (`-i`); else /dev/null */
        PLAN_FLAG_INIT = 1 << 2,           /* stay as a reaping first process, the workload as its child */
        PLAN_FLAG_READ_ONLY = 1 << 3,      /* root read-only */
        PLAN_FLAG_NO_NEW_PRIVS = 1 << 4,
        PLAN_FLAG_LOOPBACK = 1 << 5,       /* bring `lo` up */
        PLAN_FLAG_HOST_NETWORK = 1 << 6,   /* no network namespace: /sys is a bind of the host's, not a mount */
        PLAN_FLAG_VOLATILE = 1 << 7,       /* the upper directory need not survive: overlay `volatile` */
        PLAN_FLAG_HOST_DEVICES = 1 << 8,   /* all devices of the host are bound in, with the owners they have */
} PlanFlag;

/* A decoded plan. Pointers point into the mapping it was decoded from, or to arrays that plan_done() frees. */
typedef struct Plan {
        PlanKind kind;
        uint64_t flags;        /* PlanFlag */
        uint64_t namespaces;   /* CLONE_NEW… to make (RUN) or to join (EXEC) */
        int fds[_PLAN_FD_MAX]; /* -EBADF: absent */
        int layer_fds[PLAN_LAYERS_MAX]; /* directories of the layers' roots, top first; RUN only */
        size_t n_layers;
        PlanIdMap uid_maps[PLAN_ID_MAPS_MAX], gid_maps[PLAN_ID_MAPS_MAX]; /* of the container's user namespace */
        size_t n_uid_maps, n_gid_maps;
        /* Inside: first stored id (2147352576), outside: first id of the container; count 0: no idmap. Where uid_maps or
         * gid_maps have several pieces, these are shifted by its `inside` instead. */
        PlanIdMap storage_map;

        const char *id;        /* 64 hex digits */
        const char *hostname;
        const char **argv;     /* NULL-terminated; at least one entry */
        const char **envp;     /* NULL-terminated; HOME is added by the child when absent, from passwd */
        const char *working_dir; /* absolute inside; made if absent (RUN) */
        const char *user;      /* USER[:GROUP]; "" is 0:0; looked up in /etc/passwd and /etc/group inside */

        const char *groups[PLAN_GROUPS_MAX]; /* added to the user's: names or numbers, looked up likewise */
        size_t n_groups;

        PlanMount *mounts; /* in order, after the root's overlay */
        size_t n_mounts;
        PlanDevice devices[PLAN_DEVICES_MAX]; /* RUN only */
        size_t n_devices;
        PlanUlimit ulimits[PLAN_ULIMITS_MAX];
        size_t n_ulimits;
        const char **sysctls;  /* KEY=VALUE, NULL-terminated; written in the namespaces that are made; RUN only */

        uint64_t capabilities; /* bounding, permitted, effective; inheritable and ambient stay empty. Dropped from a non-root user's effective and permitted sets */
        const void *seccomp;   /* struct sock_filter[], compiled; NULL: no filter */
        size_t seccomp_len;    /* bytes, a multiple of 8, at most 32 KiB */
        int32_t oom_score_adj; /* of the payload */
        uint16_t rows, columns; /* of the terminal; 0: unset */

        uint64_t log_max_size;  /* bytes a file; UINT64_MAX: no rotation */
        uint32_t log_max_files; /* at least 1 */
        uint8_t boot_id[16];    /* of the host now; goes into the exit record */
} Plan;

/**
 * plan_encode() - the wire form of a plan
 * @ret: malloc()ed, owned by the caller; @ret_size its bytes, at most PLAN_BYTES_MAX
 *
 * Return: 0, -ENOMEM, -E2BIG (over PLAN_BYTES_MAX or over a list's bound), -EINVAL (a list over its array).
 */
int plan_encode(const Plan *plan, void **ret, size_t *ret_size);

/**
 * plan_decode() - read the wire form
 * @data: must outlive the plan; not changed
 *
 * Nothing in the data is believed: lengths, counts, NULs and enum values are checked.
 *
 * Return: 0, -ENOMEM, -EBADMSG (not a plan, or damaged), -EPROTO (a version above PLAN_VERSION).
 */
int plan_decode(const void *data, size_t size, Plan *ret);

/** plan_init(), plan_done() - an empty plan (fds -EBADF); free its arrays. */
void plan_init(Plan *plan);
void plan_done(Plan *plan);
