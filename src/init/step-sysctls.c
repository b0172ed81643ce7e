/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/step-sysctls.c: what the container's namespaces let be set. /proc/sys shows each process its own namespaces, so the
 * host's serves, which is there before the container's is mounted and made read-only.
 *
 * Those of the network are written by the container's root: the kernel lets whoever has CAP_NET_ADMIN there, and what is the
 * whole machine's stays out of reach. Those of the IPC namespace belong to the host's root before Linux 6.10, and to the
 * container's since; so they are tried as both, and the daemon hands over no others (see model/confinement.c).
 */
#include <fcntl.h>
#include <string.h>
#include "init/steps.h"
#include "init/sys.h"

#define NETWORK_PREFIX "net."
#define PATH_PREFIX "/proc/sys/"

static bool is_network(const char *assignment) {
        return strncmp(assignment, NETWORK_PREFIX, strlen(NETWORK_PREFIX)) == 0;
}

static int write_sysctl(Child *c, const char *assignment) {
        const char *value = strchr(assignment, '=');
        char path[sizeof(PATH_PREFIX) + 1024] = PATH_PREFIX;
        size_t used = strlen(PATH_PREFIX), n = value ? (size_t) (value - assignment) : 0;
        int fd, r;

        child_detail(c, assignment);
        if (n == 0 || used + n >= sizeof(path))
                return -EINVAL;
        for (size_t i = 0; i < n; i++)
                path[used++] = assignment[i] == '.' ? '/' : assignment[i];
        path[used] = '\0';

        fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return -errno;
        r = write(fd, value + 1, strlen(value + 1)) < 0 ? -errno : 0;
        (void) close(fd); /* written, or refused */
        return r;
}

int step_sysctls_of_host(Child *c) {
        for (const char **s = c->plan->sysctls; *s; s++) {
                int r = is_network(*s) ? 0 : write_sysctl(c, *s);

                if (r == -EACCES || r == -EPERM)
                        c->sysctls_late = true;
                else if (r < 0)
                        return r;
        }
        return 0;
}

int step_sysctls(Child *c) {
        for (const char **s = c->plan->sysctls; *s; s++) {
                int r = is_network(*s) || c->sysctls_late ? write_sysctl(c, *s) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}
