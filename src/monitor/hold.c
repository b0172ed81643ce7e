/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor/hold.c: the main process of pocketdocker-containers.service. It keeps the delegated
 * cgroup alive while daemons come and go: it moves itself to `hold/` (inner nodes hold no process),
 * enables the controllers, writes where the tree is to RUN_ROOT/cgroup and sleeps. Knows no
 * container.
 */
#include "monitor/hold.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/str.h"

#define RUN_DIR "/run/pocketdocker"

/* One datagram to $NOTIFY_SOCKET. Source: sd_notify(3), "Notes": the protocol is stable. */
static int notify(const char *text) {
        const char *path = getenv("NOTIFY_SOCKET");
        struct sockaddr_un sa = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = -EBADF;
        size_t n;

        if (isempty(path))
                return 0;
        n = strlen(path);
        if (n >= sizeof(sa.sun_path))
                return -ENAMETOOLONG;
        memcpy(sa.sun_path, path, n);
        if (sa.sun_path[0] == '@')
                sa.sun_path[0] = '\0';

        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        if (sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *) &sa,
                            (socklen_t) (offsetof(struct sockaddr_un, sun_path) + n)) < 0)
                return -errno;
        return 0;
}

/* Our path in the unified hierarchy, without a trailing "/hold". */
static int own_cgroup(char *ret, size_t size) {
        _cleanup_free_ char *text = NULL;
        char *line, *end;
        int r;

        r = read_file("/proc/self/cgroup", 64 * 1024, &text, NULL);
        if (r < 0)
                return r;
        line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
        if (!line)
                return -ENOENT;
        line = strchr(line, ':') + 2;
        end = line + strcspn(line, "\n");
        *end = '\0';
        if (end - line > 5 && streq(end - 5, "/hold"))
                end[-5] = '\0';
        if (strlen(line) >= size)
                return -ENAMETOOLONG;
        memcpy(ret, line, strlen(line) + 1);
        return 0;
}

static int enable_controllers(int dir_fd) {
        _cleanup_free_ char *list = NULL;
        size_t size;
        char *save = NULL;
        int r;

        r = read_file_at(dir_fd, "cgroup.controllers", 4096, &list, &size);
        if (r < 0)
                return r;
        for (char *name = strtok_r(list, " \n", &save); name; name = strtok_r(NULL, " \n", &save)) {
                char word[64];

                (void) snprintf(word, sizeof(word), "+%s", name);
                (void) write_existing_at(dir_fd, "cgroup.subtree_control",
                                word); /* one that cannot be had is missing, which the daemon
                                          reports when it is asked for */
        }
        return 0;
}

static int set_up(void) {
        _cleanup_close_ int dir_fd = -EBADF, run_fd = -EBADF;
        char path[4096], full[4200];
        int r;

        r = own_cgroup(path, sizeof(path));
        if (r < 0)
                return r;
        (void) snprintf(full, sizeof(full), "/sys/fs/cgroup%s", path);
        dir_fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir_fd < 0)
                return -errno;
        if (mkdirat(dir_fd, "hold", 0755) < 0 && errno != EEXIST)
                return -errno;
        r = write_existing_at(dir_fd, "hold/cgroup.procs", "0");
        if (r < 0)
                return r;
        r = enable_controllers(dir_fd);
        if (r < 0)
                return r;

        if (mkdir(RUN_DIR, 0700) < 0 && errno != EEXIST)
                return -errno;
        run_fd = open(RUN_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (run_fd < 0)
                return -errno;
        (void) snprintf(full, sizeof(full), "%s\n", path);
        return write_file_at(run_fd, "cgroup", full, strlen(full), 0600, 0);
}

int hold_run(void) {
        sigset_t set;
        int r, signal;

        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGTERM);
        (void) sigaddset(&set, SIGINT);
        (void) sigprocmask(SIG_BLOCK, &set, NULL); /* cannot fail with a valid set */

        r = set_up();
        if (r < 0) {
                (void) fprintf(stderr,
                                "pocketdocker-monitor: cannot set up the containers' cgroup: %s\n",
                                strerror(-r));
                return EXIT_FAILURE;
        }
        r = notify("READY=1\nSTATUS=Holding the containers' cgroup");
        if (r < 0) {
                (void) fprintf(stderr,
                                "pocketdocker-monitor: cannot notify the service manager: %s\n",
                                strerror(-r));
                return EXIT_FAILURE;
        }
        (void) sigwait(&set, &signal); /* any of the two ends it */
        return EXIT_SUCCESS;
}
