/* SPDX-License-Identifier: Apache-2.0 */
/* puller/copy-place.c: see copy-place.h. Every walk is one openat2() that the kernel keeps inside the root. */
#include "puller/copy-place.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"

#define LINKS_MAX 40
#define WALK_RETRIES 4096 /* a rename anywhere on the host makes the kernel refuse a walk through `..` once */

static int walk(int root_fd, const char *path) {
        struct open_how how = {
                .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
        };

        for (unsigned i = 0; i < WALK_RETRIES; i++) {
                int fd = (int) syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

                if (fd >= 0)
                        return fd;
                if (errno != EAGAIN && errno != EINTR)
                        return -errno;
        }
        return -EAGAIN;
}

/* Takes slashes off the end, so that the last component is one. Return: were there any? */
static bool strip_slashes(char *path) {
        size_t n = strlen(path), end = n;

        while (end > 0 && path[end - 1] == '/')
                end--;
        path[end] = '\0';
        return end < n;
}

static bool is_dots(const char *name) {
        return streq(name, "") || streq(name, ".") || streq(name, "..");
}

/* Cuts @path into its last component and what is before it. */
static const char *split(char *path, const char **ret_parent) {
        char *slash = strrchr(path, '/');

        if (!slash) {
                *ret_parent = ".";
                return path;
        }
        *slash = '\0';
        *ret_parent = slash == path ? "/" : path;
        return slash + 1;
}

/* Puts a link's target for the path that it was. Return: 0, -ENAMETOOLONG, or what reading it gives. */
static int follow_link(
                int dir_fd, const char *parent, const char *name, char path[static PATH_MAX]) {
        char target[PATH_MAX], whole[2 * PATH_MAX + 2];
        ssize_t n;

        n = readlinkat(dir_fd, name, target, sizeof(target) - 1);
        if (n < 0)
                return -errno;
        target[n] = '\0';
        (void) snprintf(whole, sizeof(whole), "%s%s%s", target[0] == '/' ? "" : parent,
                        target[0] == '/' ? "" : "/", target); /* fits */
        if (strlen(whole) >= PATH_MAX)
                return -ENAMETOOLONG;
        memcpy(path, whole, strlen(whole) + 1);
        return 0;
}

/* Return: 1: found, or not there; 0: it was a link, and @path is what it says; or negative errno. */
static int look(int root_fd, char path[static PATH_MAX], bool follow, CopyPlace *p) {
        char copy[PATH_MAX];
        const char *parent, *name;
        int r;

        p->wants_dir = strip_slashes(path) || p->wants_dir;
        memcpy(copy, path, strlen(path) + 1);
        name = split(copy, &parent);
        if (strlen(name) > NAME_MAX)
                return -ENAMETOOLONG;
        p->dir_fd = close_fd(p->dir_fd);
        if (is_dots(name)) {
                p->wants_dir = p->exists = true;
                strcpy(p->name, ".");
                r = p->dir_fd = walk(root_fd, *path ? path : "/");
                if (r >= 0)
                        r = fstatat(p->dir_fd, "", &p->st, AT_EMPTY_PATH) < 0 ? -errno : 1;
                return r;
        }
        r = p->dir_fd = walk(root_fd, parent);
        if (r < 0)
                return r;
        memcpy(p->name, name, strlen(name) + 1);
        p->exists = fstatat(p->dir_fd, name, &p->st, AT_SYMLINK_NOFOLLOW) >= 0;
        if (!p->exists)
                return errno == ENOENT ? 1 : -errno;
        if (!S_ISLNK(p->st.st_mode) || (!follow && !p->wants_dir))
                return 1;
        return follow_link(p->dir_fd, parent, name, path);
}

static int fail_place(const char *path, int error, Failure *reterr) {
        switch (error) {
        case -ENOENT:
                return fail(reterr, FAILURE_INVALID_ARGS, error,
                                "There is no '%.256s' in the container", path);
        case -ENOTDIR:
                return fail(reterr, FAILURE_INVALID_ARGS, error,
                                "'%.256s' leads through what is no directory", path);
        case -ELOOP:
                return fail(reterr, FAILURE_INVALID_ARGS, error,
                                "'%.256s' leads through too many links", path);
        case -ENAMETOOLONG:
                return fail(reterr, FAILURE_INVALID_ARGS, error, "The path '%.64s…' is too long",
                                path);
        }
        return fail_errno(reterr, error, "Failed to find '%.256s' in the container", path);
}

static void name_as(const char *path, CopyPlace *p) {
        char copy[PATH_MAX];
        const char *parent, *name;

        memcpy(copy, path, strlen(path) + 1);
        (void) strip_slashes(copy); /* one at the end changes no name */
        name = split(copy, &parent);
        if (is_dots(name) || strlen(name) > NAME_MAX)
                name = ".";
        memcpy(p->as, name, strlen(name) + 1);
}

int copy_place_find(int root_fd, const char *path, bool follow, CopyPlace *ret, Failure *reterr) {
        CopyPlace p = { .dir_fd = -EBADF };
        char whole[PATH_MAX];
        bool linked = false;
        int r = 0;

        if (strlen(path) >= sizeof(whole))
                return fail_place(path, -ENAMETOOLONG, reterr);
        memcpy(whole, path, strlen(path) + 1);
        name_as(path, &p);
        for (int i = 0; r == 0 && i <= LINKS_MAX; i++) {
                r = i < LINKS_MAX ? look(root_fd, whole, follow, &p) : -ELOOP;
                linked = linked || r == 0;
        }
        if (r > 0 && p.exists && p.wants_dir && !S_ISDIR(p.st.st_mode))
                r = -ENOTDIR;
        if (r > 0 && !p.exists && linked)
                r = fail(reterr, FAILURE_INVALID_ARGS, ENOENT,
                                "'%.256s' is a link that leads nowhere", path);
        else if (r < 0)
                r = fail_place(path, r, reterr);
        if (r < 0) {
                copy_place_done(&p);
                return r;
        }
        *ret = p;
        return 0;
}

void copy_place_done(CopyPlace *p) {
        p->dir_fd = close_fd(p->dir_fd);
}
