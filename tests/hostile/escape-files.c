/* SPDX-License-Identifier: Apache-2.0 */
/* tests/hostile/escape-files.c: out by what can be opened. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "escape.h"

/* What a caller's stream may be. */
static bool is_stream(const struct stat *st) {
        return S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode) || S_ISCHR(st->st_mode);
}

/* CVE-2016-9962 (fds left open for a moment), CVE-2024-21626 (a working directory through one of them). */
int escape_fds(char **arguments) {
        char cwd[PATH_MAX];
        struct stat st;

        for (int fd = 0; fd < 1024; fd++) {
                if (fstat(fd, &st) < 0)
                        continue;
                printf("fd %d: mode %o\n", fd, st.st_mode);
                if (fd > 2 || !is_stream(&st))
                        return escaped("fd %d is open", fd);
        }
        if (!getcwd(cwd, sizeof(cwd)))
                return escaped("the working directory is nowhere: %s", strerror(errno));
        printf("cwd: %s\n", cwd);
        return cwd[0] == '/' ? held() : escaped("the working directory is outside");
}

static bool can_open(const char *path) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                return false;
        close(fd);
        return true;
}

/* From a directory: its name may be a link of /proc to one that is elsewhere. */
static bool walk_up(const char *from, const char *file) {
        char path[2 * PATH_MAX];
        size_t n = (size_t) snprintf(path, sizeof(path), "%s", from);

        for (int i = 0; i < 40 && n + strlen(file) + 4 < sizeof(path); i++) {
                (void) snprintf(path + n, sizeof(path) - n, "%s", file);
                if (can_open(path)) {
                        printf("%s\n", path);
                        return true;
                }
                n += (size_t) snprintf(path + n, sizeof(path) - n, "/..");
        }
        return false;
}

/* All that /proc has links to: of every process that can be seen. */
static bool walk_links(const char *file) {
        static const char *const links[] = { "cwd", "root", "exe" };
        DIR *d = opendir("/proc");
        char path[PATH_MAX];
        struct dirent *e;

        while (d && (e = readdir(d))) {
                if (e->d_name[0] < '0' || e->d_name[0] > '9')
                        continue;
                for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
                        (void) snprintf(path, sizeof(path), "/proc/%.16s/%s", e->d_name, links[i]);
                        if (walk_up(path, file))
                                return true;
                }
                for (int fd = 0; fd < 64; fd++) {
                        (void) snprintf(path, sizeof(path), "/proc/%.16s/fd/%d", e->d_name, fd);
                        if (walk_up(path, file))
                                return true;
                }
        }
        if (d)
                closedir(d);
        return false;
}

int escape_walk(char **arguments) {
        static const char *const from[] = { "", ".", "/", "/proc", "/sys", "/dev", "/dev/fd",
                "/tmp" };

        for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++)
                if (walk_up(from[i], arguments[0]))
                        return escaped("a file of the host is there");
        return walk_links(arguments[0]) ? escaped("a file of the host is there, by /proc") : held();
}

/* As old as chroot: a root below the directory that one holds on to. */
int escape_chroot(char **arguments) {
        int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        (void) mkdir("/tmp/below", 0755);
        if (!told("chroot", chroot("/tmp/below")))
                return held();
        if (fd < 0 || fchdir(fd) < 0)
                return 2;
        for (int i = 0; i < 64; i++)
                if (chdir("..") < 0)
                        break;
        return can_open(arguments[0] + 1) ? escaped("a file of the host is there") : held();
}

/* "shocker": CAP_DAC_READ_SEARCH, once it was given, opens whatever inode one names. */
int escape_handle(char **arguments) {
        static const char *const mounts[] = { "/", "/etc", "/proc", "/dev", "/tmp", "/etc/hosts" };
        union {
                struct file_handle h;
                char room[sizeof(struct file_handle) + 8];
        } u = { .h = { .handle_bytes = 8,
                                .handle_type = 1 } }; /* an inode's number and generation */
        const unsigned root[2] = { 2, 0 };            /* ext4's root */

        memcpy(u.h.f_handle, root, sizeof(root));
        for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
                int fd = open(mounts[i], O_RDONLY | O_CLOEXEC);

                if (fd >= 0 && told(mounts[i], open_by_handle_at(fd, &u.h, O_RDONLY)))
                        return escaped("a handle was opened");
                if (fd >= 0)
                        close(fd);
        }
        return held();
}

int escape_mknod(char **arguments) {
        static const struct {
                const char *what;
                mode_t kind;
                unsigned major, minor;
        } nodes[] = {
                { "sda", S_IFBLK, 8, 0 },
                { "vda", S_IFBLK, 254, 0 },
                { "vdb", S_IFBLK, 253, 0 },
                { "nvme", S_IFBLK, 259, 0 },
                { "loop", S_IFBLK, 7, 0 },
                { "mem", S_IFCHR, 1, 1 },
                { "kmsg", S_IFCHR, 1, 11 },
                { "console", S_IFCHR, 5, 1 },
                { "tun", S_IFCHR, 10, 200 },
                { "fuse", S_IFCHR, 10, 229 },
        };
        static const char *const places[] = { "/tmp/node", "/dev/node", "/dev/shm/node", "/node" };

        for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
                for (size_t k = 0; k < sizeof(places) / sizeof(places[0]); k++) {
                        int fd;

                        if (!told(nodes[i].what, mknod(places[k], nodes[i].kind | 0600,
                                                                 makedev(nodes[i].major,
                                                                                 nodes[i].minor))))
                                continue;
                        fd = open(places[k], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
                        if (fd >= 0 || errno == ENXIO) /* nobody serves it, but the kernel asked */
                                return escaped("%s is open", nodes[i].what);
                        (void) told("open", fd);
                        (void) unlink(places[k]);
                }
        return held();
}

/* For a mount whose target another container looks up meanwhile: a directory and a link change places. */
int escape_swap(char **arguments) {
        unsigned long turns = 0;

        puts("swapping");
        for (; access("/stop", F_OK) < 0; turns++)
                if (renameat2(AT_FDCWD, arguments[0], AT_FDCWD, arguments[1], RENAME_EXCHANGE) < 0)
                        return told("renameat2", -1) ? 0 : 2;
        printf("%lu turns\n", turns);
        return held();
}
