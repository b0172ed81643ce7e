/* SPDX-License-Identifier: Apache-2.0 */
/* init/step-system.c: namespaces to join, hostname, loopback, terminal, limits, filter. */
#include <net/if.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include "init/steps.h"
#include "init/sys.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

/* The pid namespace was joined by the monitor, for its children. */
int step_namespaces(Child *c) {
        child_detail(c, "namespaces");
        if (setns(c->plan->fds[PLAN_FD_TARGET],
                            (int) (c->plan->namespaces & ~(uint64_t) CLONE_NEWPID)) < 0)
                return -errno;
        return 0;
}

int step_hostname(Child *c) {
        const char *name = c->plan->hostname;

        if (!name || !(c->plan->namespaces & CLONE_NEWUTS))
                return 0;
        child_detail(c, name);
        return sethostname(name, strlen(name)) < 0 ? -errno : 0;
}

int loopback_up(void) {
        struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
        int fd, r;

        fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        r = ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
        (void) close(fd); /* carried one request */
        return r;
}

int step_network(Child *c) {
        if (!(c->plan->flags & PLAN_FLAG_LOOPBACK))
                return 0;
        child_detail(c, "lo");
        return loopback_up();
}

/* The pair comes from the container's own devpts, so that ttyname() works inside; the master goes
 * to the monitor. */
int step_terminal(Child *c) {
        struct winsize size = {.ws_row = c->plan->rows, .ws_col = c->plan->columns};
        const char *path = c->plan->kind == PLAN_RUN ? "dev/pts/ptmx" : "/dev/pts/ptmx";
        int master, unlock = 0, r;

        if (!(c->plan->flags & PLAN_FLAG_TERMINAL))
                return 0;
        child_detail(c, "/dev/pts/ptmx");
        master = sys_openat2(c->plan->kind == PLAN_RUN ? c->root_fd : AT_FDCWD, path,
                        O_RDWR | O_NOCTTY | O_CLOEXEC, 0,
                        PD_RESOLVE_NO_MAGICLINKS |
                                        (c->plan->kind == PLAN_RUN ? PD_RESOLVE_IN_ROOT : 0));
        if (master < 0)
                return master;

        r = ioctl(master, TIOCSPTLCK, &unlock) < 0 ? -errno : 0;
        if (r >= 0 && size.ws_row > 0 && ioctl(master, TIOCSWINSZ, &size) < 0)
                r = -errno;
        if (r >= 0) {
                c->terminal_fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
                r = c->terminal_fd < 0 ? -errno : send_fd(c->sync_fd, "t", 1, master);
        }
        if (r >= 0 && c->plan->kind == PLAN_RUN)
                r = step_console(c);
        (void) close(master); /* the monitor has it */
        return r;
}

int step_ulimits(Child *c) {
        for (size_t i = 0; i < c->plan->n_ulimits; i++) {
                const PlanUlimit *u = &c->plan->ulimits[i];
                struct rlimit limit = {
                                .rlim_cur = u->soft == UINT64_MAX ? RLIM_INFINITY : u->soft,
                                .rlim_max = u->hard == UINT64_MAX ? RLIM_INFINITY : u->hard,
                };

                child_detail(c, "limit");
                if (setrlimit((int) u->resource, &limit) < 0)
                        return -errno;
        }
        return 0;
}

static int load_filter(Child *c) {
        struct sock_fprog program = {
                        .len = (unsigned short) (c->plan->seccomp_len / sizeof(struct sock_filter)),
                        .filter = (struct sock_filter *)
                                                  c->plan->seccomp, /* the kernel only reads it */
        };

        if (!c->plan->seccomp)
                return 0;
        child_detail(c, "filter");
        return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}

int step_seccomp_privileged(Child *c) {
        return c->plan->flags & PLAN_FLAG_NO_NEW_PRIVS ? 0 : load_filter(c);
}

int step_seccomp(Child *c) {
        if (!(c->plan->flags & PLAN_FLAG_NO_NEW_PRIVS))
                return 0;
        child_detail(c, "no_new_privs");
        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : load_filter(c);
}
