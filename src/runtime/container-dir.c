/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/container-dir.c: see container-dir.h. */
#include "runtime/container-dir.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/fd.h"
#include "base/str.h"
#include "model/names.h"
#include "monitor/exit-record.h"

#define UPPER_NAME "upper"
#define WORK_NAME "work"
#define TRASH_NAME_MAX 80U

int container_tree_open(int state_dir_fd, int run_dir_fd, ContainerTree *ret, Failure *reterr) {
        ContainerTree t = CONTAINER_TREE_CLOSED;
        int r;

        r = t.containers_fd = mkdir_open_at(state_dir_fd, STATE_DIR_CONTAINERS, 0700);
        if (r >= 0)
                r = t.logs_fd = mkdir_open_at(state_dir_fd, STATE_DIR_LOGS, 0700);
        if (r >= 0)
                r = t.trash_fd = mkdir_open_at(state_dir_fd, STATE_DIR_TRASH, 0700);
        if (r >= 0)
                r = t.run_fd = mkdir_open_at(run_dir_fd, RUN_DIR_CONTAINERS, 0700);
        if (r < 0) {
                container_tree_close(&t);
                return fail_errno(reterr, r, "Failed to open the containers' directories");
        }
        *ret = t;
        return 0;
}

void container_tree_close(ContainerTree *t) {
        t->containers_fd = close_fd(t->containers_fd);
        t->logs_fd = close_fd(t->logs_fd);
        t->trash_fd = close_fd(t->trash_fd);
        t->run_fd = close_fd(t->run_fd);
}

/* A directory of the foreign range's root. One that a crash left half-made is set right. */
static int make_foreign(int dir_fd, const char *name) {
        if (mkdirat(dir_fd, name, 0755) < 0 && errno != EEXIST)
                return -errno;
        if (fchownat(dir_fd, name, FOREIGN_ID_BASE, FOREIGN_ID_BASE, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return 0;
}

/* One that is whole is left alone: its owner and mode may be the workload's own doing. */
static int make_layers(int dir_fd) {
        struct stat st;
        int r;

        if (fstatat(dir_fd, WORK_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_uid != 0)
                return 0;
        r = make_foreign(dir_fd, UPPER_NAME);
        return r < 0 ? r : make_foreign(dir_fd, WORK_NAME);
}

static int make_record(int dir_fd) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int r;

        fd = openat(dir_fd, EXIT_RECORD_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_size < (off_t) sizeof(ExitRecord)) {
                r = posix_fallocate(fd, 0, sizeof(ExitRecord));
                if (r != 0)
                        return -r;
        }
        return TAKE_FD(fd);
}

int container_dir_make(const ContainerTree *t, const char *id, bool log, ContainerDir *ret) {
        ContainerDir d = CONTAINER_DIR_CLOSED;
        int r;

        r = d.state_fd = mkdir_open_at(t->containers_fd, id, 0711); /* the container's root walks through it */
        if (r >= 0)
                r = make_layers(d.state_fd);
        if (r >= 0)
                r = d.record_fd = make_record(d.state_fd);
        if (r >= 0 && log)
                r = d.log_fd = mkdir_open_at(t->logs_fd, id, 0700);
        if (r >= 0)
                r = d.run_fd = mkdir_open_at(t->run_fd, id, 0700);
        if (r < 0) {
                container_dir_close(&d);
                return r;
        }
        *ret = d;
        return 0;
}

int container_dir_mark(const ContainerTree *t, const char *id) {
        return mkdirat(t->run_fd, id, 0700 | S_ISVTX) < 0 ? -errno : 0;
}

int container_dir_unmark(const ContainerDir *d) {
        return fchmod(d->run_fd, 0700) < 0 ? -errno : 0;
}

void container_dir_remove(const ContainerTree *t, const char *id) {
        _cleanup_close_ int dir_fd = open_dir_at(t->containers_fd, id);

        if (dir_fd >= 0) {
                (void) unlinkat(dir_fd, UPPER_NAME, AT_REMOVEDIR);
                (void) unlinkat(dir_fd, WORK_NAME, AT_REMOVEDIR);
                (void) unlinkat(dir_fd, EXIT_RECORD_FILE, 0);
        }
        (void) unlinkat(t->containers_fd, id, AT_REMOVEDIR);
        (void) unlinkat(t->logs_fd, id, AT_REMOVEDIR);
        container_dir_clear_run(t, id);
}

void container_dir_reuse(const ContainerDir *d) {
        _cleanup_close_ int fd = -EBADF;

        /* overlayfs has a directory of the same name in the one that it is given. */
        fd = open_beneath(d->state_fd, WORK_NAME "/" WORK_NAME "/incompat/volatile",
                        O_RDONLY | O_DIRECTORY, 0);
        if (fd < 0)
                return;
        /* What stays is told by the mount. */
        (void) unlinkat(fd, "dirty", 0);
        (void) unlinkat(fd, "../volatile", AT_REMOVEDIR);
}

void container_dir_close(ContainerDir *d) {
        d->state_fd = close_fd(d->state_fd);
        d->record_fd = close_fd(d->record_fd);
        d->log_fd = close_fd(d->log_fd);
        d->run_fd = close_fd(d->run_fd);
}

int container_dir_open_record(const ContainerTree *t, const char *id) {
        _cleanup_close_ int dir_fd = -EBADF;
        int fd;

        dir_fd = open_dir_at(t->containers_fd, id);
        if (dir_fd < 0)
                return dir_fd;
        fd = openat(dir_fd, EXIT_RECORD_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        return fd < 0 ? -errno : fd;
}

int container_dir_open_upper(const ContainerTree *t, const char *id) {
        _cleanup_close_ int dir_fd = -EBADF;
        int fd;

        dir_fd = open_dir_at(t->containers_fd, id);
        if (dir_fd < 0)
                return dir_fd;
        fd = openat(dir_fd, "upper", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int container_dir_open_run(const ContainerTree *t, const char *id) {
        return open_dir_at(t->run_fd, id);
}

int container_tree_list(int dir_fd, char ***ret) {
        _cleanup_closedir_ DIR *dir = NULL;
        _cleanup_strv_free_ char **names = NULL;
        struct dirent *e;
        int fd, r;

        fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        dir = fdopendir(fd);
        if (!dir) {
                r = -errno;
                close_fd(fd);
                return r;
        }
        for (errno = 0; (e = readdir(dir)); errno = 0) {
                if (streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                r = strv_push(&names, e->d_name);
                if (r < 0)
                        return r;
        }
        if (errno > 0)
                return -errno;
        *ret = TAKE_PTR(names);
        return 0;
}

void container_dir_clear_run(const ContainerTree *t, const char *id) {
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_close_ int dir_fd = -EBADF;

        dir_fd = open_dir_at(t->run_fd, id);
        if (dir_fd < 0)
                return;
        if (unlinkat(dir_fd, RUN_FILE_CONTROL, 0) < 0 && errno != ENOENT)
                return; /* the next start sweeps it */
        if (unlinkat(t->run_fd, id, AT_REMOVEDIR) == 0 || container_tree_list(dir_fd, &names) < 0)
                return;
        STRV_FOREACH(name, names)
                (void) unlinkat(dir_fd, *name, 0); /* as above */
        (void) unlinkat(t->run_fd, id, AT_REMOVEDIR);
}

static int trash_one(const ContainerTree *t, int dir_fd, const char *id, char kind, char ***names) {
        char name[TRASH_NAME_MAX];

        (void) snprintf(name, sizeof(name), "%c-%s", kind, id);
        if (renameat(dir_fd, id, t->trash_fd, name) < 0)
                return errno == ENOENT ? 0 : -errno;
        return strv_push(names, name);
}

int container_dir_trash(const ContainerTree *t, const char *id, char ***names) {
        int r;

        container_dir_clear_run(t, id);
        r = trash_one(t, t->logs_fd, id, 'l', names);
        return r < 0 ? r : trash_one(t, t->containers_fd, id, 'c', names);
}
