/* SPDX-License-Identifier: Apache-2.0 */
/* init/plan-fd.h: the fds that a plan names, by what they are for. On the wire: append only. */
#pragma once

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
        PLAN_FD_JOIN_NET,    /* pidfds of other containers' first processes, whose namespaces are joined; RUN only, as all JOIN */
        PLAN_FD_JOIN_IPC,
        PLAN_FD_JOIN_UTS,
        PLAN_FD_JOIN_PID,
        PLAN_FD_JOIN_USER,   /* its maps are there: uid_maps and gid_maps only tell them */
        PLAN_FD_USERNS,      /* a ready user namespace with the container's maps, nobody's before; only with PLAN_FD_NETNS; RUN only */
        _PLAN_FD_MAX,
} PlanFd;
