/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/step-devices.c: all devices of the host, for a container that is to have them. The child still sees the host's /dev.
 * Links are not followed: what they lead to has a name of its own.
 */
#include <string.h>
#include <sys/stat.h>
#include "init/steps.h"
#include "init/sys.h"

#define DEPTH_MAX 4U
#define PATH_BYTES 512U

/* Source: getdents(2) */
typedef struct Entry {
        uint64_t inode;
        int64_t offset;
        uint16_t length;
        uint8_t type;
        char name[];
} Entry;

/* The container has its own of these, or they show what its own would. */
static bool is_own(const char *path) {
        static const char *const own[] = { "/dev/console", "/dev/core", "/dev/fd", "/dev/full",
                "/dev/mqueue", "/dev/null", "/dev/ptmx", "/dev/pts", "/dev/random", "/dev/shm",
                "/dev/stderr", "/dev/stdin", "/dev/stdout", "/dev/tty", "/dev/urandom",
                "/dev/zero" };

        for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
                if (strcmp(own[i], path) == 0)
                        return true;
        return false;
}

static int bind_directory(Child *c, char path[static PATH_BYTES], unsigned depth);

static int bind_entry(Child *c, char path[static PATH_BYTES], mode_t mode, unsigned depth) {
        int r;

        if (is_own(path))
                return 0;
        if (S_ISDIR(mode))
                return depth < DEPTH_MAX ? bind_directory(c, path, depth + 1) : 0;
        if (!S_ISCHR(mode) && !S_ISBLK(mode))
                return 0;
        r = bind_node(c, AT_FDCWD, path, path);
        return r == -ENOENT ? 0 : r; /* unplugged meanwhile */
}

static int bind_directory(Child *c, char path[static PATH_BYTES], unsigned depth) {
        char buffer[2048] __attribute__((__aligned__(8)));
        size_t length = strlen(path);
        int fd, r = 0;

        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        while (r >= 0) {
                long n = syscall(SYS_getdents64, fd, buffer, sizeof(buffer));

                if (n <= 0) {
                        r = n < 0 ? -errno : 0;
                        break;
                }
                for (long at = 0; r >= 0 && at < n;) {
                        const Entry *e = (const Entry *) (const void *) (buffer + at);
                        size_t size = strlen(e->name);

                        at += e->length;
                        if (strcmp(e->name, ".") == 0 || strcmp(e->name, "..") == 0 ||
                                        length + 1 + size >= PATH_BYTES)
                                continue;
                        path[length] = '/';
                        memcpy(path + length + 1, e->name, size + 1);
                        r = bind_entry(c, path, (mode_t) e->type << 12, depth); /* DT_… to S_IF… */
                        path[length] = '\0';
                }
        }
        (void) close(fd); /* only read */
        return r;
}

int bind_host_devices(Child *c) {
        char path[PATH_BYTES] = "/dev";

        return bind_directory(c, path, 0);
}
