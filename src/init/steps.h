/* SPDX-License-Identifier: Apache-2.0 */
/* init/steps.h: what the child does between clone3 and execve. Allocates nothing, logs nothing: it
 * reports and ends. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "init/plan.h"
#include "init/user-db.h"

/* What the child holds. Everything it may touch was opened before it was made. */
typedef struct Child {
        Plan *plan;
        bool waits;  /* for the monitor, which has something to do that it cannot do before we are */
        int sync_fd; /* to the monitor: a failure, or the terminal; its end of file is a successful
                        execve */
        int lifeline_fd;                /* read end; readable or hung up once the monitor is gone */
        int layer_fds[PLAN_LAYERS_MAX]; /* detached, idmapped mounts, top first */
        int upper_fd;                   /* the same of the state directory */
        int shm_fd;                     /* the same of another container's /dev/shm; -EBADF: none */
        int devices_fd;                 /* the plan's devices, by their numbers; -EBADF: none */
        int proc_fd;                    /* the host's /proc, where the plan binds it; else -EBADF */
        const int *mount_fds; /* of each of the plan's mounts that is a PLAN_MOUNT_FD: detached */
        int stdio_fds[3];               /* -EBADF: /dev/null */
        int root_fd;                    /* the container's root, once mounted */
        int terminal_fd;                /* the slave, once opened */
        bool sysctls_late; /* the host's root may not write those of the IPC namespace */
        bool user_known; /* looked up already, for the sake of a mount */
        uid_t uid;       /* found by the user step */
        gid_t gid;
        gid_t groups[1 + USER_GROUPS_MAX + PLAN_GROUPS_MAX]; /* supplementary ones */
        size_t n_groups;
        char home[4096];  /* "HOME=…" */
        char detail[256]; /* what the failing step was at */
} Child;

/* What the child tells the monitor on sync_fd before it attaches a caller's mount; one byte is the answer: it is
 * mapped to this user. */
typedef struct ChildUser {
        uid_t uid;
        gid_t gid;
} ChildUser;

/** child_run() - all steps, then execve; reports the first failure on sync_fd. Does not return. */
void child_run(Child *c) __attribute__((__noreturn__));

/** child_detail() - note the object at hand for a failure's report; cut to its room. */
void child_detail(Child *c, const char *what);

/** open_null() - /dev/null, as the container has it. Return: an fd or negative errno. */
int open_null(void);

/** child_find_user() - look the user up below root_fd (or `/`), once. Return: as a step. */
int child_find_user(Child *c);

/** open_in_root() - @path below the container's root. Return: an fd or negative errno. */
int open_in_root(Child *c, const char *path, uint64_t flags, uint64_t mode);

/** attach_volume() - the volume of the plan's mount @i onto @target_fd, filled first if it is new; takes its fd over. */
int attach_volume(Child *c, size_t i, int target_fd);

/** copy_tree() - what is in @from into @to, and its own owner, mode and times. Return: 0 or negative errno with child_detail() said. */
int copy_tree(Child *c, int from_fd, int to_fd);

/* The steps. Return: 0, or negative errno with child_detail() said. */
int step_namespaces(Child *c);
int step_sysctls_of_host(Child *c); /* while we have the host's ids still */
int step_sysctls(Child *c);
int step_root(Child *c);
int step_mounts(Child *c);
int step_devices(Child *c);
int step_terminal(Child *c);
int step_pivot_root(Child *c);
int step_hostname(Child *c);
int step_network(Child *c);
int step_ulimits(Child *c);
int step_user(Child *c);
int step_read_only_root(Child *c);
int step_seccomp_privileged(Child *c); /* the filter of one that may gain privileges, while we may
                                          still load it */
int step_credentials(Child *c);
int step_seccomp(Child *c);
int step_working_dir(Child *c);
int step_execve(Child *c);

/** bind_node() - a node at @source, onto @target in the container. Return: 0 or negative errno. */
int bind_node(Child *c, int source_dir, const char *source, const char *target);

/** bind_host_devices() - the host's, but for those that are the container's own. Return: 0 or negative errno. */
int bind_host_devices(Child *c);

/** step_console() - the terminal as /dev/console. Return: 0 or negative errno. */
int step_console(Child *c);

/** loopback_up() - of the network namespace that we are in. Return: 0 or negative errno. */
int loopback_up(void);

/* Sends a few bytes with an fd. Return: 0 or negative errno. */
int send_fd(int socket_fd, const void *data, size_t size, int fd);
