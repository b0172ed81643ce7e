/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/cgroup.c: see cgroup.h. */
#include "runtime/cgroup.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include "base/fd.h"
#include "base/parse.h"
#include "base/str.h"
#include "base/usec.h"
#include "model/names.h"
#include "runtime/cgroup-limits.h"
#include "runtime/cgroup-delegate.h"

#define MOUNTS_BYTES_MAX (4U * 1024 * 1024)
#define OWNER_NAME_MAX sizeof("u4294967295")
#define BASE_TRIES_MAX 16

static bool is_cgroup2(const char *path) {
        struct statfs st;

        return statfs(path, &st) == 0 && st.f_type == CGROUP2_SUPER_MAGIC;
}

/* The first cgroup2 mount that can be reached, wherever it is ("/sys/fs/cgroup/unified" on hybrid
 * machines): another mount may cover one. */
static int find_mount(char **ret) {
        _cleanup_free_ char *text = NULL;
        char *save = NULL;
        int r;

        r = read_file("/proc/self/mountinfo", MOUNTS_BYTES_MAX, &text, NULL);
        if (r < 0)
                return r;
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                char root[4096], target[4096];
                const char *type = strstr(line, " - ");

                if (!type || !startswith(type + 3, "cgroup2 "))
                        continue;
                if (sscanf(line, "%*s %*s %*s %4095s %4095s", root, target) == 2 &&
                                is_cgroup2(target))
                        return free_and_strdup(ret, target);
        }
        return -ENOENT;
}

static int read_unit_path(int run_dir_fd, char **ret) {
        char *text;
        int r;

        r = read_file_at(run_dir_fd, RUN_FILE_CGROUP, 4096, &text, NULL);
        if (r < 0)
                return r;
        text[strcspn(text, "\n")] = '\0';
        *ret = text;
        return 0;
}

static int own_path(char **ret) {
        _cleanup_free_ char *text = NULL;
        char *line;
        int r;

        r = read_file("/proc/self/cgroup", 64U * 1024, &text, NULL);
        if (r < 0)
                return r;
        line = strncmp(text, "0::", 3) == 0 ? text + 3 : strstr(text, "\n0::");
        if (!line)
                return -ENOENT;
        if (line != text + 3)
                line += 4;
        line[strcspn(line, "\n")] = '\0';
        return free_and_strdup(ret, line);
}

/* What is there is turned on for the children: at once, or each by itself where one is refused, which counts as missing. */
static void enable_controllers(int dir_fd) {
        _cleanup_strbuf_ StrBuf all = {};
        _cleanup_free_ char *list = NULL;
        char *save = NULL;

        if (cgroup_read_line(dir_fd, "cgroup.controllers", &list) < 0 || *list == '\0')
                return;
        for (char *name = strtok_r(list, " ", &save); name; name = strtok_r(NULL, " ", &save))
                (void) strbuf_printf(&all, "%s+%s", all.size > 0 ? " " : "", name);
        if (all.error < 0 || write_existing_at(dir_fd, "cgroup.subtree_control", all.data) >= 0)
                return; /* without memory there are fewer: asking for their limits says so */
        for (char *word = strtok_r(all.data, " ", &save); word; word = strtok_r(NULL, " ", &save))
                (void) write_existing_at(dir_fd, "cgroup.subtree_control", word); /* as above */
}

static int read_controllers(CgroupTree *t) {
        _cleanup_strbuf_ StrBuf enable = {};
        _cleanup_free_ char *list = NULL;
        char *save = NULL;
        int r;

        r = read_file_at(t->base_fd, "cgroup.subtree_control", 4096, &list, NULL);
        if (r < 0)
                return r;
        for (char *name = strtok_r(list, " \n", &save); name; name = strtok_r(NULL, " \n", &save)) {
                r = strv_push(&t->controllers, name);
                if (r >= 0)
                        r = strbuf_printf(&enable, "%s+%s", enable.size > 0 ? " " : "", name);
                if (r < 0)
                        return r;
        }
        return t->controllers ? free_and_strdup(&t->enable, enable.data) : 0;
}

/* The usual case is known without a look. */
static void enable_all(const CgroupTree *t, int dir_fd) {
        if (write_existing_at(dir_fd, "cgroup.subtree_control", t->enable) < 0)
                enable_controllers(dir_fd);
}

const char *cgroup_tree_missing_reason(const char *controller) {
        _cleanup_close_ int mount_fd = -EBADF;
        _cleanup_free_ char *mount = NULL;

        if (find_mount(&mount) >= 0)
                mount_fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return cgroup_missing_reason(mount_fd, controller);
}

/* A directory of the tree that is an owner's. */
static bool parse_owner(const char *name, uint32_t *ret) {
        return name[0] == CGROUP_OWNER_PREFIX[0] && parse_u32(name + 1, ret) >= 0;
}

static void set_up_owner(int owner_fd, uint32_t owner) {
        enable_controllers(owner_fd);
        if (owner != 0)
                cgroup_cap_owner(owner_fd);
}

/* What an older daemon has made has what this one would give it. */
static void set_up_owners(const CgroupTree *t) {
        _cleanup_closedir_ DIR *dir = NULL;
        uint32_t owner;
        int fd;

        fd = open_dir_at(t->base_fd, ".");
        if (fd < 0)
                return;
        dir = fdopendir(fd);
        if (!dir) {
                close_fd(fd);
                return;
        }
        for (struct dirent *e; (e = readdir(dir));) {
                _cleanup_close_ int owner_fd = -EBADF;

                if (e->d_type != DT_DIR || !parse_owner(e->d_name, &owner))
                        continue;
                owner_fd = open_dir_at(t->base_fd, e->d_name);
                if (owner_fd >= 0)
                        set_up_owner(owner_fd, owner);
        }
}

/*
 * With @own the tree is made, and locked: state directories of one path may lie in two file systems, in two mount namespaces
 * or one mounted over the other, whose locks know nothing of each other, and each one's daemon would sweep away what the
 * other has. Who had it may remove it just before it lets go, then it is made again.
 */
static int open_base(const char *path, bool own, int *ret, Failure *reterr) {
        struct stat held, there;

        for (int tries = 0; tries < BASE_TRIES_MAX; tries++) {
                _cleanup_close_ int fd = -EBADF;

                if (own && mkdir(path, 0755) < 0 && errno != EEXIST)
                        return fail(reterr, FAILURE_NOT_AVAILABLE, errno,
                                        "Cannot make the cgroup '%s': %s", path, strerror(errno));
                fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
                if (fd < 0 && own && errno == ENOENT)
                        continue;
                if (fd < 0)
                        return fail(reterr, FAILURE_NOT_AVAILABLE, errno,
                                        "Cannot open the cgroup '%s': %s", path, strerror(errno));
                if (own && flock(fd, LOCK_EX | LOCK_NB) < 0)
                        break;
                if (!own || (fstat(fd, &held) >= 0 && stat(path, &there) >= 0 &&
                                            held.st_ino == there.st_ino)) {
                        *ret = TAKE_FD(fd);
                        return 0;
                }
        }
        return fail(reterr, FAILURE_NOT_AVAILABLE, EBUSY,
                        "Another daemon uses the cgroup '%s', for a directory of the same name",
                        path);
}

int cgroup_tree_open(int run_dir_fd, const char *hash, CgroupTree *ret, Failure *reterr) {
        _cleanup_free_ char *mount = NULL, *full = NULL, *parent = NULL;
        CgroupTree t = { .base_fd = -EBADF };
        int r;

        r = find_mount(&mount);
        if (r < 0)
                return fail(reterr, FAILURE_NOT_AVAILABLE, r, "No cgroup2 file system is mounted");
        if (hash) {
                r = own_path(&parent); /* only to say so early when /proc is not what it should be
                                        */
                if (r >= 0)
                        r = str_printf(&t.path, "/" CGROUP_EMBEDDED_PREFIX "%s", hash);
        } else {
                r = read_unit_path(run_dir_fd, &t.path);
                if (r < 0)
                        return fail(reterr, FAILURE_NOT_AVAILABLE, r,
                                        "The unit 'pocketdocker-containers.service' does not run");
        }
        if (r >= 0)
                r = str_printf(&full, "%s%s", mount, t.path);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to find the containers' cgroup");

        r = open_base(full, hash != NULL, &t.base_fd, reterr);
        if (r >= 0) {
                enable_controllers(t.base_fd);
                r = read_controllers(&t);
                if (r < 0)
                        r = fail_errno(reterr, r, "Failed to read the controllers of '%s'", full);
        }
        if (r < 0) {
                cgroup_tree_done(&t, false);
                return r;
        }
        if (t.controllers)
                set_up_owners(&t);
        *ret = t;
        return 0;
}

void cgroup_tree_done(CgroupTree *t, bool remove) {
        if (remove && t->path) {
                _cleanup_free_ char *mount = NULL, *full = NULL;

                cgroup_remove_owners(t);
                if (find_mount(&mount) >= 0 && str_printf(&full, "%s%s", mount, t->path) >= 0)
                        (void) rmdir(full); /* one that is in use stays */
        }
        t->base_fd = close_fd(t->base_fd);
        free(t->path);
        t->path = NULL;
        t->controllers = strv_free(t->controllers);
        free(t->enable);
        t->enable = NULL;
}

/* @make: true in: make it; true out: it was not there before. */
static int make_or_open(int dir_fd, const char *name, bool *make) {
        int fd;

        if (*make && mkdirat(dir_fd, name, 0755) < 0) {
                if (errno != EEXIST)
                        return -errno;
                *make = false;
        }
        fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        return fd < 0 ? -errno : fd;
}

static int get(const CgroupTree *t, uint32_t owner, const char *id, bool make, Cgroup *ret) {
        _cleanup_close_ int owner_fd = -EBADF;
        bool new_owner = make, new_dir = make, new_monitor = make, new_payload = make;
        char name[OWNER_NAME_MAX];
        Cgroup c = CGROUP_CLOSED;
        int r;

        (void) snprintf(name, sizeof(name), CGROUP_OWNER_PREFIX "%u", owner);
        r = owner_fd = make_or_open(t->base_fd, name, &new_owner);
        if (r < 0)
                return r;
        if (new_owner && t->controllers)
                set_up_owner(owner_fd, owner);
        r = c.dir_fd = make_or_open(owner_fd, id, &new_dir);
        if (r >= 0 && new_dir && t->controllers)
                enable_all(t, c.dir_fd);
        if (r >= 0)
                r = c.monitor_fd = make_or_open(c.dir_fd, CGROUP_MONITOR, &new_monitor);
        /*
         * The last run's, whose processes are all gone, though its monitor may not be. It may be frozen, and since
         * Linux 6.14 what is cloned into a cgroup that was killed once is killed as well.
         */
        if (r >= 0 && make && !new_dir) {
                cgroup_remove_below(c.dir_fd, CGROUP_PAYLOAD);
                (void) unlinkat(c.dir_fd, CGROUP_PAYLOAD, AT_REMOVEDIR); /* one that is busy is used again */
        }
        if (r >= 0)
                r = c.payload_fd = make_or_open(c.dir_fd, CGROUP_PAYLOAD, &new_payload);
        if (r >= 0 && make && !new_payload)
                r = cgroup_freeze(c.payload_fd, false);
        if (r < 0) {
                cgroup_close(&c);
                return r;
        }
        c.payload_is_new = new_payload;
        *ret = c;
        return 0;
}

int cgroup_make(const CgroupTree *t, uint32_t owner, const char *id, Cgroup *ret) {
        return get(t, owner, id, true, ret);
}

int cgroup_open(const CgroupTree *t, uint32_t owner, const char *id, Cgroup *ret) {
        return get(t, owner, id, false, ret);
}

void cgroup_close(Cgroup *c) {
        c->dir_fd = close_fd(c->dir_fd);
        c->monitor_fd = close_fd(c->monitor_fd);
        c->payload_fd = close_fd(c->payload_fd);
}

int cgroup_kill(int dir_fd) {
        return write_existing_at(dir_fd, "cgroup.kill", "1");
}

int cgroup_freeze(int dir_fd, bool freeze) {
        return write_existing_at(dir_fd, "cgroup.freeze", freeze ? "1" : "0");
}

static int events_say(int dir_fd, const char *what) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = read_file_at(dir_fd, "cgroup.events", 4096, &text, NULL);
        if (r < 0)
                return r;
        return strstr(text, what) != NULL;
}

int cgroup_is_frozen(int dir_fd) {
        return events_say(dir_fd, "frozen 1");
}

int cgroup_is_populated(int dir_fd) {
        return events_say(dir_fd, "populated 1");
}

int cgroup_wait_empty(int dir_fd, int timeout_ms) {
        _cleanup_close_ int events_fd = -EBADF;
        usec_t deadline = now_monotonic() + (usec_t) timeout_ms * USEC_PER_MSEC;

        events_fd = openat(dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
        if (events_fd < 0)
                return -errno;
        for (;;) {
                struct pollfd p = { .fd = events_fd, .events = POLLPRI };
                usec_t now = now_monotonic();
                char drop[256];
                int r;

                (void) pread(events_fd, drop, sizeof(drop), 0); /* re-arms the file */
                r = cgroup_is_populated(dir_fd);
                if (r <= 0)
                        return r < 0 ? r : 1;
                if (now >= deadline)
                        return 0;
                if (poll(&p, 1, (int) ((deadline - now) / USEC_PER_MSEC) + 1) < 0 && errno != EINTR)
                        return -errno;
        }
}

static int remove_leaf(int dir_fd, const char *name) {
        if (unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
                return -errno;
        return 0;
}

/* For when no more file descriptors can be had: it takes none. The monitor's first: while that runs nothing is removed. */
static int remove_by_path(const CgroupTree *t, uint32_t owner, const char *id) {
        static const char *const parts[] = { "/" CGROUP_MONITOR, "/" CGROUP_PAYLOAD, "" };

        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                char path[NAME_MAX];
                int r;

                (void) snprintf(path, sizeof(path), CGROUP_OWNER_PREFIX "%u/%s%s", owner, id,
                                parts[i]); /* fits */
                r = remove_leaf(t->base_fd, path);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int remove_whole(const CgroupTree *t, uint32_t owner, const char *id) {
        _cleanup_close_ int owner_fd = -EBADF, dir_fd = -EBADF;
        char name[OWNER_NAME_MAX];
        bool no = false;
        int r;

        (void) snprintf(name, sizeof(name), CGROUP_OWNER_PREFIX "%u", owner);
        owner_fd = make_or_open(t->base_fd, name, &no);
        if (owner_fd == -ENOENT)
                return 0;
        if (owner_fd < 0)
                return owner_fd;
        dir_fd = make_or_open(owner_fd, id, &no);
        if (dir_fd == -ENOENT)
                return 0;
        if (dir_fd < 0)
                return dir_fd;

        /* All of it or nothing: what is still busy is opened, killed and waited for as a whole. */
        r = cgroup_is_populated(dir_fd);
        if (r > 0)
                return -EBUSY;

        cgroup_remove_below(dir_fd, CGROUP_PAYLOAD);
        r = remove_leaf(dir_fd, CGROUP_PAYLOAD);
        if (r >= 0)
                r = remove_leaf(dir_fd, CGROUP_MONITOR);
        if (r >= 0)
                r = remove_leaf(owner_fd, id);
        return r;
}

int cgroup_remove(const CgroupTree *t, uint32_t owner, const char *id) {
        int r;

        r = remove_whole(t, owner, id);
        return r == -EMFILE || r == -ENFILE ? remove_by_path(t, owner, id) : r;
}

void cgroup_remove_owners(const CgroupTree *t) {
        _cleanup_closedir_ DIR *dir = NULL;
        uint32_t owner;
        int fd;

        fd = open_dir_at(t->base_fd, ".");
        if (fd < 0)
                return;
        dir = fdopendir(fd);
        if (!dir) {
                close_fd(fd);
                return;
        }
        for (struct dirent *e; (e = readdir(dir));)
                if (e->d_type == DT_DIR && parse_owner(e->d_name, &owner))
                        (void) unlinkat(t->base_fd, e->d_name,
                                        AT_REMOVEDIR); /* stays while the owner has containers */
}

static int each_of_owner(const CgroupTree *t, const char *name, CgroupFn fn, void *userdata) {
        _cleanup_closedir_ DIR *dir = NULL;
        uint32_t owner;
        struct dirent *e;
        int fd;

        if (!parse_owner(name, &owner))
                return 0;
        fd = open_dir_at(t->base_fd, name);
        if (fd < 0)
                return fd;
        dir = fdopendir(fd);
        if (!dir) {
                close_fd(fd);
                return -ENOMEM;
        }
        while ((e = readdir(dir)))
                if (e->d_type == DT_DIR && e->d_name[0] != '.')
                        fn(owner, e->d_name, userdata);
        return 0;
}

int cgroup_each(const CgroupTree *t, CgroupFn fn, void *userdata) {
        _cleanup_closedir_ DIR *dir = NULL;
        struct dirent *e;
        int fd, r = 0;

        fd = open_dir_at(t->base_fd, ".");
        if (fd < 0)
                return fd;
        dir = fdopendir(fd);
        if (!dir) {
                close_fd(fd);
                return -ENOMEM;
        }
        while (r >= 0 && (e = readdir(dir)))
                if (e->d_type == DT_DIR)
                        r = each_of_owner(t, e->d_name, fn, userdata);
        return r;
}

int cgroup_payload_path(const CgroupTree *t, uint32_t owner, const char *id, char **ret) {
        return str_printf(
                        ret, "%s/" CGROUP_OWNER_PREFIX "%u/%s/" CGROUP_PAYLOAD, t->path, owner, id);
}
