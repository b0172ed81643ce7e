/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/step-mounts.c: the container's tree. Everything is mounted in the child's own mount
 * namespace, so that it goes with the last process. Names inside the image are hostile: each target
 * is opened below the new root (RESOLVE_IN_ROOT), and the mount is moved onto that fd, never onto a
 * name.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "init/steps.h"
#include "init/sys.h"

#define STAGING                                                                                    \
        "/proc" /* covered in our namespace only; the host's own tree has no better place that     \
                   always exists */

static unsigned attributes_of(uint64_t flags) {
        return (flags & MS_RDONLY ? PD_ATTR_RDONLY : 0) | (flags & MS_NOSUID ? PD_ATTR_NOSUID : 0) |
               (flags & MS_NODEV ? PD_ATTR_NODEV : 0) | (flags & MS_NOEXEC ? PD_ATTR_NOEXEC : 0) |
               (flags & MS_NOATIME ? PD_ATTR_NOATIME : 0) |
               (flags & MS_STRICTATIME ? PD_ATTR_STRICTATIME : 0);
}

/* Feeds "size=64m,mode=755" to a new file system, option by option. */
static int configure(int fs_fd, const char *data) {
        char option[512];

        while (data && *data) {
                size_t n = strcspn(data, ",");
                char *equals;
                int r;

                if (n >= sizeof(option))
                        return -EINVAL;
                memcpy(option, data, n);
                option[n] = '\0';
                data += n + (data[n] == ',');
                if (n == 0)
                        continue;

                equals = strchr(option, '=');
                if (equals)
                        *equals = '\0';
                r = equals ? sys_fsconfig(fs_fd, PD_FSCONFIG_SET_STRING, option, equals + 1)
                           : sys_fsconfig(fs_fd, PD_FSCONFIG_SET_FLAG, option, NULL);
                if (r < 0)
                        return r;
        }
        return sys_fsconfig(fs_fd, PD_FSCONFIG_CREATE, NULL, NULL);
}

static int new_mount(const char *fstype, uint64_t flags, const char *data) {
        int fs_fd, r;

        fs_fd = sys_fsopen(fstype);
        if (fs_fd < 0)
                return fs_fd;

        r = configure(fs_fd, data);
        if (r >= 0)
                r = sys_fsmount(fs_fd, attributes_of(flags));
        (void) close(fs_fd); /* the mount, if any, stands on its own */
        return r;
}

static int move_to(int mount_fd, int to_fd, const char *to) {
        int r = sys_move_mount(mount_fd, to_fd, to);

        (void) close(mount_fd); /* attached, or to go with its fd */
        return r;
}

static int stage_layers(Child *c, char *lower, size_t size) {
        size_t used = 0;
        int r;

        for (size_t i = 0; i < c->plan->n_layers; i++) {
                char name[24];
                int n;

                (void) snprintf(name, sizeof(name), "l%zu", i);
                if (mkdir(name, 0700) < 0)
                        return -errno;
                r = sys_move_mount(c->layer_fds[i], AT_FDCWD, name);
                if (r < 0)
                        return r;
                n = snprintf(lower + used, size - used, "%s%s", i ? ":" : "", name);
                if (n < 0 || (size_t) n >= size - used)
                        return -E2BIG;
                used += (size_t) n;
        }

        if (c->devices_fd >= 0) {
                if (mkdir("d", 0700) < 0)
                        return -errno;
                r = sys_move_mount(c->devices_fd, AT_FDCWD, "d");
                if (r < 0)
                        return r;
        }
        if (mkdir("s", 0700) < 0 || mkdir("root", 0700) < 0)
                return -errno;
        return sys_move_mount(c->upper_fd, AT_FDCWD, "s");
}

/* What the staging place covers, and a new mount of cannot be had: it shows a pid namespace that is not ours. */
static int keep_host_proc(Child *c) {
        for (size_t i = 0; i < c->plan->n_mounts && c->proc_fd < 0; i++) {
                const PlanMount *m = &c->plan->mounts[i];

                if (m->kind != PLAN_MOUNT_BIND || !m->source || strcmp(m->source, "/proc") != 0)
                        continue;
                c->proc_fd = sys_open_tree(
                                AT_FDCWD, "/proc", PD_OPEN_TREE_CLONE | PD_AT_RECURSIVE);
                if (c->proc_fd < 0)
                        return c->proc_fd;
        }
        return 0;
}

int step_root(Child *c) {
        char lower[PLAN_LAYERS_MAX * 5], options[PLAN_LAYERS_MAX * 5 + 128];
        int r;

        child_detail(c, "overlay");
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return -errno;

        r = keep_host_proc(c);
        if (r < 0)
                return r;
        r = new_mount("tmpfs", MS_NOSUID | MS_NODEV, "mode=700");
        if (r < 0)
                return r;
        r = move_to(r, AT_FDCWD, STAGING);
        if (r < 0)
                return r;
        if (chdir(STAGING) < 0)
                return -errno;

        r = stage_layers(c, lower, sizeof(lower));
        if (r < 0)
                return r;

        /* Relative names keep the option string short: 6.1 takes layers only as one string of at
         * most 4 KiB. */
        (void) snprintf(options, sizeof(options),
                        "userxattr,lowerdir=%s,upperdir=s/upper,workdir=s/work%s", lower,
                        c->plan->flags & PLAN_FLAG_VOLATILE ? ",volatile" : "");
        if (mount("overlay", "root", "overlay", 0, options) < 0)
                return -errno;

        c->root_fd = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return c->root_fd < 0 ? -errno : 0;
}

int open_in_root(Child *c, const char *path, uint64_t flags, uint64_t mode) {
        return sys_openat2(c->root_fd, path, flags | O_CLOEXEC, mode,
                        PD_RESOLVE_IN_ROOT | PD_RESOLVE_NO_MAGICLINKS);
}

/* Makes @name in @parent (closed here) and opens it: what we made is no link to elsewhere. */
static int make_and_open(int parent, const char *name, bool is_file) {
        int fd, r;

        if (is_file)
                r = fd = openat(parent, name,
                                O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0644);
        else
                r = fd = mkdirat(parent, name, 0755) < 0
                                         ? -1
                                         : openat(parent, name, O_PATH | O_CLOEXEC | O_NOFOLLOW);
        r = r < 0 ? -errno : fd;
        (void) close(parent); /* O_PATH */
        return r;
}

/* Opens @path below the root, making what is absent: directories, and at its end a file if
 * @is_file. Nearly always just the last component is. */
static int open_target(Child *c, const char *path, bool is_file) {
        char partial[4096];
        size_t end = strlen(path);
        const char *name;
        int fd;

        fd = open_in_root(c, path, O_PATH, 0);
        if (fd != -ENOENT)
                return fd;
        if (end >= sizeof(partial))
                return -ENAMETOOLONG;

        /* The deepest directory that is there, the root at the latest; then downwards from it. */
        memcpy(partial, path, end + 1);
        while (fd == -ENOENT && end > 0) {
                do
                        end--;
                while (end > 0 && path[end] != '/');
                partial[end] = '\0';
                fd = open_in_root(c, end > 0 ? partial : "/", O_PATH | O_DIRECTORY, 0);
        }
        for (name = path + end; fd >= 0; name += strcspn(name, "/")) {
                size_t n;

                while (*name == '/')
                        name++;
                n = strcspn(name, "/");
                if (n == 0)
                        break;
                memcpy(partial, name, n);
                partial[n] = '\0';
                fd = make_and_open(fd, partial, is_file && name[n] == '\0');
        }
        return fd;
}

static int is_directory(int fd) {
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        return S_ISDIR(st.st_mode);
}

/* One empty file system serves all masked directories: the first gets its mount, the others clones of that. Not before
 * it is attached: a detached mount can be cloned since Linux 6.15 only. */
static int mask_directory(int target, int *empty_fd) {
        if (*empty_fd >= 0) {
                int fd = sys_open_tree(*empty_fd, "", PD_OPEN_TREE_CLONE | AT_EMPTY_PATH);

                return fd < 0 ? fd : move_to(fd, target, "");
        }
        *empty_fd = new_mount("tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
                        "size=0,nr_inodes=2,mode=555");
        return *empty_fd < 0 ? *empty_fd : sys_move_mount(*empty_fd, target, "");
}

static int mask(Child *c, const PlanMount *m, int *empty_fd) {
        int target, r;

        target = open_in_root(c, m->target, O_PATH, 0);
        if (target < 0)
                return target == -ENOENT || target == -ENOTDIR ? 0 : target;

        r = is_directory(target);
        if (r > 0)
                r = mask_directory(target, empty_fd);
        else if (r == 0) {
                r = sys_open_tree(AT_FDCWD, "/dev/null", PD_OPEN_TREE_CLONE);
                if (r >= 0)
                        r = move_to(r, target, "");
        }
        (void) close(target); /* O_PATH */
        return r;
}

/* The user as the image has it, before a mount of his can say otherwise. */
static int await_user_map(Child *c) {
        ChildUser user;
        bool known = c->user_known;
        char go;
        int r;

        r = child_find_user(c);
        if (r < 0 || known)
                return r;
        user = (ChildUser){.uid = c->uid, .gid = c->gid};
        if (send(c->sync_fd, &user, sizeof(user), MSG_NOSIGNAL) != (ssize_t) sizeof(user))
                return -errno;
        return recv(c->sync_fd, &go, 1, 0) == 1 ? 0 : -EPIPE;
}

static int set_attributes(int fd, uint64_t attributes, unsigned flags) {
        struct pd_mount_attr attr = {.attr_set = attributes};

        return attributes ? sys_mount_setattr(fd, "", AT_EMPTY_PATH | flags, &attr) : 0;
}

static int make_read_only(Child *c, const PlanMount *m) {
        int target, clone, r;

        target = open_in_root(c, m->target, O_PATH, 0);
        if (target < 0)
                return target == -ENOENT || target == -ENOTDIR ? 0 : target;

        r = clone = sys_open_tree(target, "", PD_OPEN_TREE_CLONE | PD_AT_RECURSIVE | AT_EMPTY_PATH);
        if (r >= 0) {
                r = set_attributes(
                                clone, PD_ATTR_RDONLY | attributes_of(m->flags), PD_AT_RECURSIVE);
                if (r >= 0)
                        r = sys_move_mount(clone, target, "");
                (void) close(clone); /* attached, or to go with its fd */
        }
        (void) close(target); /* O_PATH */
        return r;
}

/* A clone of the source; the two that must be taken early serve once. */
static int clone_source(Child *c, const char *source) {
        int *kept = strcmp(source, "/proc") == 0      ? &c->proc_fd
                    : strcmp(source, "/dev/shm") == 0 ? &c->shm_fd
                                                      : NULL;
        int fd;

        if (!kept || *kept < 0)
                return sys_open_tree(AT_FDCWD, source, PD_OPEN_TREE_CLONE | PD_AT_RECURSIVE);
        fd = *kept;
        *kept = -EBADF;
        return fd;
}

/* The monitor made it, and mapped it unless that takes to know the user. */
static int attach_at_target(Child *c, size_t i) {
        const PlanMount *m = &c->plan->mounts[i];
        int target, r;

        if (m->map == PLAN_MAP_CALLER) {
                r = await_user_map(c);
                if (r < 0)
                        return r;
        }
        child_detail(c, m->target);
        r = is_directory(c->mount_fds[i]);
        if (r < 0)
                return r;
        target = open_target(c, m->target, r == 0);
        if (target < 0)
                return target;
        r = m->options & PLAN_SOURCE_VOLUME ? attach_volume(c, i, target)
                                            : move_to(c->mount_fds[i], target, "");
        (void) close(target); /* O_PATH */
        return r;
}

static int mount_at_target(Child *c, const PlanMount *m) {
        int mount_fd, target, r;

        mount_fd = m->kind == PLAN_MOUNT_FS
                                   ? new_mount(m->fstype ? m->fstype : "", m->flags, m->data)
                                   : clone_source(c, m->source ? m->source : "");
        if (mount_fd < 0)
                return mount_fd;

        r = is_directory(mount_fd);
        if (r >= 0 && m->kind == PLAN_MOUNT_BIND) {
                int q = set_attributes(mount_fd, attributes_of(m->flags), PD_AT_RECURSIVE);

                r = q < 0 ? q : r;
        }
        target = r < 0 ? r : open_target(c, m->target, r == 0);
        if (target < 0) {
                (void) close(mount_fd); /* the detached mount goes with it */
                return target;
        }

        r = move_to(mount_fd, target, "");
        (void) close(target); /* O_PATH */
        return r;
}

int step_mounts(Child *c) {
        int empty_fd = -EBADF, r = 0;

        for (size_t i = 0; r >= 0 && i < c->plan->n_mounts; i++) {
                const PlanMount *m = &c->plan->mounts[i];

                child_detail(c, m->target);
                if (m->kind == PLAN_MOUNT_MASK)
                        r = mask(c, m, &empty_fd);
                else if (m->kind == PLAN_MOUNT_READONLY)
                        r = make_read_only(c, m);
                else if (m->kind == PLAN_MOUNT_FD)
                        r = attach_at_target(c, i);
                else
                        r = mount_at_target(c, m);
        }
        if (empty_fd >= 0)
                (void) close(empty_fd); /* attached */
        return r < 0 ? r : 0;
}

/* A node onto an empty file: nodes cannot be made in a user namespace. */
int bind_node(Child *c, int source_dir, const char *source, const char *target) {
        int fd, target_fd, r;

        child_detail(c, target);
        fd = sys_open_tree(source_dir, source, PD_OPEN_TREE_CLONE | (*source ? 0 : AT_EMPTY_PATH));
        if (fd < 0)
                return fd;
        target_fd = open_target(c, target, true);
        if (target_fd < 0) {
                (void) close(fd); /* the detached mount goes with it */
                return target_fd;
        }
        r = move_to(fd, target_fd, "");
        (void) close(target_fd); /* O_PATH */
        return r;
}

/* Those that were asked for; where they stand we are still. */
static int bind_added(Child *c) {
        for (size_t i = 0; i < c->plan->n_devices; i++) {
                char name[24];
                int r;

                (void) snprintf(name, sizeof(name), "d/%zu", i);
                r = bind_node(c, AT_FDCWD, name, c->plan->devices[i].target);
                if (r < 0)
                        return r;
        }
        return 0;
}

int step_devices(Child *c) {
        static const char *const nodes[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
                        "/dev/urandom", "/dev/tty"};
        static const struct {
                const char *target, *name;
        } links[] = {
                        {"/proc/self/fd", "fd"},
                        {"/proc/self/fd/0", "stdin"},
                        {"/proc/self/fd/1", "stdout"},
                        {"/proc/self/fd/2", "stderr"},
                        {"pts/ptmx", "ptmx"},
        };
        int dev, r;

        for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
                r = bind_node(c, AT_FDCWD, nodes[i], nodes[i]);
                if (r < 0)
                        return r;
        }

        if (c->plan->flags & PLAN_FLAG_HOST_DEVICES) {
                r = bind_host_devices(c);
                if (r < 0)
                        return r;
        }
        r = bind_added(c);
        if (r < 0)
                return r;

        child_detail(c, "/dev");
        dev = open_in_root(c, "/dev", O_PATH | O_DIRECTORY, 0);
        if (dev < 0)
                return dev;
        for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
                if (symlinkat(links[i].target, dev, links[i].name) < 0 && errno != EEXIST) {
                        r = -errno;
                        (void) close(dev); /* O_PATH */
                        return r;
                }
        (void) close(dev); /* O_PATH */
        return 0;
}

int step_console(Child *c) {
        return bind_node(c, c->terminal_fd, "", "/dev/console");
}

int step_pivot_root(Child *c) {
        child_detail(c, "/");
        if (fchdir(c->root_fd) < 0)
                return -errno;

        /* "." onto "." stacks the old root on the new one, from where it is let go of. Source:
         * pivot_root(2), NOTES. */
        if (sys_pivot_root(".", ".") < 0)
                return -errno;
        if (umount2(".", MNT_DETACH) < 0)
                return -errno;
        return chdir("/") < 0 ? -errno : 0;
}

int step_read_only_root(Child *c) {
        struct pd_mount_attr attr = {.attr_set = PD_ATTR_RDONLY};

        child_detail(c, "/");
        return c->plan->flags & PLAN_FLAG_READ_ONLY ? sys_mount_setattr(AT_FDCWD, "/", 0, &attr)
                                                    : 0;
}
