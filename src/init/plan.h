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
#include "init/plan-parts.h"
#include "init/plan-step.h"

#define PLAN_MAGIC "PDPLAN\0"
#define PLAN_VERSION 1U
#define PLAN_BYTES_MAX (4U * 1024 * 1024)
#define PLAN_LIST_MAX 4096U  /* entries of argv or of envp */
#define PLAN_MOUNTS_MAX 256U
#define PLAN_LAYERS_MAX 128U
#define PLAN_ULIMITS_MAX 16U
#define PLAN_ID_MAPS_MAX 16U

typedef enum PlanKind {
        PLAN_RUN,  /* make a container */
        PLAN_EXEC, /* join one */
        _PLAN_KIND_MAX,
} PlanKind;

/* What an inherited fd is for. Numbers start at 3 (the plan itself); one that is absent is -EBADF. */
typedef enum PlanFd {
        PLAN_FD_CONTROL,     /* SOCK_SEQPACKET, connected to the daemon that started us */
        PLAN_FD_LISTEN,      /* SOCK_SEQPACKET, listening: later daemons; RUN only */
        PLAN_FD_CGROUP,      /* directory of the payload cgroup, for CLONE_INTO_CGROUP; none that saw cgroup.kill: Linux 6.18 kills what is cloned into it */
        PLAN_FD_LOG_DIR,     /* logs/ID/, or absent (driver none); RUN only */
        PLAN_FD_EXIT_RECORD, /* O_RDWR, allocated; see monitor/exit-record.h */
        PLAN_FD_STATE_DIR,   /* containers/ID/ with `upper` and `work`, mode 0711 (the child is nobody there); RUN only */
        PLAN_FD_TARGET,      /* pidfd of the container's first process; EXEC only */
        PLAN_FD_STDIN,       /* EXEC without terminal: the command's own end; absent: /dev/null */
        PLAN_FD_STDOUT,
        PLAN_FD_STDERR,
        PLAN_FD_TERMINAL,    /* EXEC with a terminal: our end of the client's input pipe … */
        PLAN_FD_TERMINAL_OUT, /* … and of its output pipe */
        PLAN_FD_USERNS_STORAGE, /* a user namespace whose map shifts the stored ids to the container's; absent: the monitor makes it */
        PLAN_FD_NETNS,       /* a ready network namespace (loopback up), owned by the container's user namespace; absent: made by clone3 */
        PLAN_FD_OWN_CGROUP,  /* fresh, for the command alone: a reaper of ours stays in PLAN_FD_CGROUP, and whatever the command leaves ends with it; EXEC without terminal only */
        _PLAN_FD_MAX,
} PlanFd;

typedef enum PlanFlag {
        PLAN_FLAG_TERMINAL = 1 << 0,
        PLAN_FLAG_STDIN = 1 << 1,          /* keep standard input open (`-i`); else /dev/null */
        PLAN_FLAG_INIT = 1 << 2,           /* stay as a reaping first process, the workload as its child */
        PLAN_FLAG_READ_ONLY = 1 << 3,      /* root read-only */
        PLAN_FLAG_NO_NEW_PRIVS = 1 << 4,
        PLAN_FLAG_LOOPBACK = 1 << 5,       /* bring `lo` up */
        PLAN_FLAG_HOST_NETWORK = 1 << 6,   /* no network namespace: /sys is a bind of the host's, not a mount */
        PLAN_FLAG_VOLATILE = 1 << 7,       /* the upper directory need not survive: overlay `volatile` */
} PlanFlag;

/* A decoded plan. Every pointer points into the mapping it was decoded from, or to an array that plan_done() frees. */
typedef struct Plan {
        PlanKind kind;
        uint64_t flags;        /* PlanFlag */
        uint64_t namespaces;   /* CLONE_NEW… to make (RUN) or to join (EXEC) */
        int fds[_PLAN_FD_MAX]; /* -EBADF: absent */
        int layer_fds[PLAN_LAYERS_MAX]; /* directories of the layers' roots, top first; RUN only */
        size_t n_layers;
        PlanIdMap uid_maps[PLAN_ID_MAPS_MAX], gid_maps[PLAN_ID_MAPS_MAX]; /* of the container's user namespace */
        size_t n_uid_maps, n_gid_maps;
        PlanIdMap storage_map; /* inside: first stored id (2147352576), outside: first id of the container; count 0: no idmap */

        const char *id;        /* 64 hex digits */
        const char *hostname;
        const char **argv;     /* NULL-terminated; at least one entry */
        const char **envp;     /* NULL-terminated; HOME is added by the child when absent, from passwd */
        const char *working_dir; /* absolute inside; made if absent (RUN) */
        const char *user;      /* USER[:GROUP]; "" is 0:0; looked up in /etc/passwd and /etc/group inside */

        PlanMount *mounts; /* in order, after the root's overlay */
        size_t n_mounts;
        PlanUlimit ulimits[PLAN_ULIMITS_MAX];
        size_t n_ulimits;

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
