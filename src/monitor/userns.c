/* SPDX-License-Identifier: Apache-2.0 */
/* monitor/userns.c: see userns.h. */
#include "monitor/userns.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/fd.h"
#include "init/plan.h"

#define HELPER_STACK_BYTES 16384

int userns_write_map(pid_t pid, const char *file, const PlanIdMap *maps, size_t n) {
        char path[64], text[PLAN_ID_MAPS_MAX * 34];
        size_t used = 0;
        int fd, r;

        (void) snprintf(path, sizeof(path), "/proc/%d/%s", (int) pid, file);
        for (size_t i = 0; i < n; i++)
                used += (size_t) snprintf(text + used, sizeof(text) - used, "%u %u %u\n",
                                maps[i].inside, maps[i].outside, maps[i].count);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = write(fd, text, used) < 0 ? -errno : 0;
        close_fd(fd);
        return r;
}

int namespace_open(pid_t pid, const char *name) {
        char path[64];
        int fd;

        (void) snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int) pid, name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int sleeper(void *unused) {
        for (;;)
                (void) syscall(SYS_ppoll, NULL, 0, NULL, NULL,
                                0); /* ends by the SIGKILL of userns_new() */
        return 0;
}

/* A user namespace is held by a process while its map is written: one that shares our memory is the
 * cheapest. */
int userns_new(const PlanIdMap *uid_maps, size_t n_uid_maps, const PlanIdMap *gid_maps,
                size_t n_gid_maps, int *ret_netns_fd) {
        static char stack[HELPER_STACK_BYTES] __attribute__((__aligned__(16)));
        int flags = CLONE_VM | CLONE_NEWUSER | (ret_netns_fd ? CLONE_NEWNET : 0) | SIGCHLD;
        pid_t pid;
        int net_fd = -EBADF, r;

        pid = clone(sleeper, stack + sizeof(stack), flags, NULL);
        if (pid < 0)
                return -errno;
        r = userns_write_map(pid, "uid_map", uid_maps, n_uid_maps);
        if (r >= 0)
                r = userns_write_map(pid, "gid_map", gid_maps, n_gid_maps);
        if (r >= 0 && ret_netns_fd)
                r = net_fd = namespace_open(pid, "net");
        if (r >= 0)
                r = namespace_open(pid, "user");
        if (r < 0)
                close_fd(net_fd);
        else if (ret_netns_fd)
                *ret_netns_fd = net_fd;
        (void) kill(pid, SIGKILL); /* our own child, not reaped yet: the number is its */
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
        return r;
}
