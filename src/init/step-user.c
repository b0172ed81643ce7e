/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/step-user.c: who the workload is, what it may, and its execve. Runs inside the container's
 * root, so a hostile passwd or PATH leads nowhere but there.
 */
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include "init/steps.h"
#include "init/sys.h"
#include "init/user-db.h"

#define LINE_BYTES_MAX 16384U /* a group may have many members */
#define DATABASE_BYTES_MAX (4U * 1024 * 1024)
#define ID_COUNT 65536U /* of a container's range: a host's id above it is mapped to nobody */

typedef struct Lookup {
        const char *user, *group; /* as asked for; group NULL: the user's */
        const char *const *added;  /* groups to add */
        size_t n_added;
        UserEntry entry;
        bool group_found, added_found[PLAN_GROUPS_MAX];
        gid_t gid;
        gid_t *groups; /* the child's; the first is gid */
        size_t n_groups;
        int root_fd; /* of the container; -EBADF: it is ours */
} Lookup;

/* Returns true once nothing more is wanted of the file. */
typedef bool (*LineFn)(char *line, Lookup *l);

/* Reads line by line with a fixed buffer; what is too long for a line is skipped, and after 4 MiB
 * it is enough. */
static int each_line(const char *path, LineFn fn, Lookup *l) {
        char buffer[LINE_BYTES_MAX];
        size_t used = 0, total = 0;
        bool skip = false;
        struct stat st;
        int fd;

        if (l->root_fd >= 0) /* before it is our root as well as after */
                fd = sys_openat2(l->root_fd, path,
                                O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0,
                                PD_RESOLVE_IN_ROOT | PD_RESOLVE_NO_MAGICLINKS);
        else {
                fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
                fd = fd < 0 ? -errno : fd;
        }
        if (fd < 0)
                return fd == -ENOENT || fd == -ENOTDIR ? 0 : fd;
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
                (void) close(fd); /* a FIFO or a device is no database */
                return 0;
        }

        while (total < DATABASE_BYTES_MAX) {
                ssize_t n = read(fd, buffer + used, sizeof(buffer) - 1 - used);
                char *line = buffer, *newline;
                bool done = false;

                if (n <= 0)
                        n = 0;
                used += (size_t) n;
                total += (size_t) n;
                buffer[used] = n == 0 && used > 0 ? '\n' : '\0';
                if (n == 0 && used > 0)
                        used++;

                while (!done && (newline = memchr(line, '\n', (size_t) (buffer + used - line)))) {
                        *newline = '\0';
                        if (!skip)
                                done = fn(line, l);
                        skip = false;
                        line = newline + 1;
                }
                if (done || n == 0)
                        break;
                used = (size_t) (buffer + used - line);
                memmove(buffer, line, used);
                if (used == sizeof(buffer) - 1) {
                        skip = true;
                        used = 0;
                }
        }
        (void) close(fd); /* only read */
        return 0;
}

static bool find_user(char *line, Lookup *l) {
        return user_match_passwd(line, l->user, &l->entry);
}

static void add_group(Lookup *l, gid_t gid) {
        for (size_t i = 0; i < l->n_groups; i++)
                if (l->groups[i] == gid)
                        return;
        l->groups[l->n_groups++] = gid;
}

/* One line says all that is asked of its group. True: there are more than we can keep. */
static bool find_groups(char *line, Lookup *l) {
        UserGroup g;

        if (!user_parse_group(line, &g))
                return false;
        if (l->group && !l->group_found && user_group_is(&g, l->group)) {
                l->group_found = true;
                l->gid = g.gid;
        }
        if (!l->group && l->entry.found && user_group_has(&g, l->entry.name))
                add_group(l, g.gid);
        for (size_t i = 0; i < l->n_added; i++)
                if (!l->added_found[i] && user_group_is(&g, l->added[i])) {
                        l->added_found[i] = true;
                        add_group(l, g.gid);
                }
        return l->n_groups > USER_GROUPS_MAX;
}

/* One that the image does not know must be a number. */
static int take_number(Child *c, const char *text, gid_t *ret) {
        unsigned id;

        child_detail(c, text);
        if (!user_parse_id(text, &id))
                return -ENOENT;
        *ret = id;
        return 0;
}

static int resolve_groups(Child *c, Lookup *l) {
        int r;

        l->gid = l->entry.gid;
        l->n_groups = 1; /* its own place */
        l->groups[0] = (gid_t) -1;
        if (l->group || l->entry.found || l->n_added > 0) {
                r = each_line("/etc/group", find_groups, l);
                if (r < 0)
                        return r;
                if (l->n_groups > USER_GROUPS_MAX)
                        return -E2BIG;
        }
        if (l->group && !l->group_found) {
                r = take_number(c, l->group, &l->gid);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < l->n_added; i++) {
                gid_t gid;

                if (l->added_found[i])
                        continue;
                r = take_number(c, l->added[i], &gid);
                if (r < 0)
                        return r;
                add_group(l, gid);
        }

        /* Listed as well, so that no program loses it by setting another: what a group may not do must not become allowed. */
        l->groups[0] = l->gid;
        for (size_t i = 0; i < l->n_groups; i++)
                if (l->groups[i] >= ID_COUNT)
                        return -ERANGE;
        return 0;
}

/* HOME from passwd, unless the plan has one. */
static void set_home(Child *c, const UserEntry *e) {
        const char *home = e->found && e->home[0] ? e->home : "/";
        size_t n = 0;

        for (; c->plan->envp[n]; n++)
                if (strncmp(c->plan->envp[n], "HOME=", 5) == 0)
                        return;
        memcpy(c->home, "HOME=", 5);
        memcpy(c->home + 5, home, strlen(home) + 1);
        c->plan->envp[n] = c->home; /* plan_decode() left room for one more */
        c->plan->envp[n + 1] = NULL;
}

int child_find_user(Child *c) {
        char asked[256];
        Lookup l = {
                        .user = "0",
                        .added = c->plan->groups,
                        .n_added = c->plan->n_groups,
                        .groups = c->groups,
                        .root_fd = c->root_fd,
        };
        unsigned id = 0;
        char *colon;
        int r;

        child_detail(c, c->plan->user ? c->plan->user : "0");
        if (c->user_known)
                return 0;
        if (c->plan->user && *c->plan->user) {
                if (strlen(c->plan->user) >= sizeof(asked))
                        return -ENAMETOOLONG;
                memcpy(asked, c->plan->user, strlen(c->plan->user) + 1);
                l.user = asked;
                colon = strchr(asked, ':');
                if (colon) {
                        *colon = '\0';
                        l.group = colon[1] ? colon + 1 : NULL;
                }
                if (!*l.user)
                        l.user = "0";
        }

        r = each_line("/etc/passwd", find_user, &l);
        if (r < 0)
                return r;
        if (!l.entry.found && !user_parse_id(l.user, &id))
                return -ENOENT;
        c->uid = l.entry.found ? l.entry.uid : id;

        if (c->uid >= ID_COUNT)
                return -ERANGE;
        r = resolve_groups(c, &l);
        if (r < 0)
                return r;
        c->gid = l.gid;
        c->n_groups = l.n_groups;
        set_home(c, &l.entry);
        c->user_known = true;
        return 0;
}

int step_user(Child *c) {
        int r;

        r = child_find_user(c);
        if (r < 0)
                return r;

        /* Here, while the capability is there; the ids themselves change in step_credentials(). */
        return setgroups(c->n_groups, c->groups) < 0 ? -errno : 0;
}

/*
 * By no link of /proc that leads to what a process has open: /proc/self/fd/N is one of ours, a directory that the workload is
 * not to see. Any other way ends at our root, which is the container's.
 */
static int open_dir(int from_fd, const char *path) {
        return sys_openat2(from_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0,
                        PD_RESOLVE_NO_MAGICLINKS);
}

/* Opens @dir and makes what is missing of it. */
static int make_dirs(const char *dir) {
        char name[256]; /* NAME_MAX and the NUL */
        int fd, next, r = 0;

        fd = open_dir(AT_FDCWD, "/");
        while (fd >= 0 && *dir) {
                size_t n = strcspn(dir, "/");

                if (n >= sizeof(name)) {
                        (void) close(fd);
                        return -ENAMETOOLONG;
                }
                memcpy(name, dir, n);
                name[n] = '\0';
                dir += dir[n] ? n + 1 : n;
                if (n == 0)
                        continue;
                if (mkdirat(fd, name, 0755) < 0 && errno != EEXIST)
                        r = -errno;
                next = r < 0 ? r : open_dir(fd, name);
                (void) close(fd); /* was only looked up */
                fd = next;
        }
        return fd;
}

int step_working_dir(Child *c) {
        const char *dir = c->plan->working_dir ? c->plan->working_dir : "/";
        int fd, r;

        child_detail(c, dir);
        fd = open_dir(AT_FDCWD, dir);
        if (fd == -ENOENT && c->plan->kind == PLAN_RUN)
                fd = make_dirs(dir);
        if (fd < 0)
                return fd;

        r = fchdir(fd) < 0 ? -errno : 0;
        (void) close(fd); /* was only looked up */
        return r;
}

/* Of @set what we have: without a user namespace of our own that may be less than all. */
static int set_capabilities(uint64_t set) {
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[2] = {};

        if (syscall(SYS_capget, &header, data) < 0)
                return -errno;
        for (int i = 0; i < 2; i++) {
                data[i].permitted &= (uint32_t) (set >> (32 * i));
                data[i].effective = data[i].permitted;
                data[i].inheritable = 0;
        }
        return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int step_credentials(Child *c) {
        child_detail(c, "capabilities");
        for (int cap = 0; cap < 64; cap++) {
                if (c->plan->capabilities & (UINT64_C(1) << cap))
                        continue;
                if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0) {
                        if (errno == EINVAL) /* above the kernel's last */
                                break;
                        return -errno;
                }
        }
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
                return -errno;

        if (setresgid(c->gid, c->gid, c->gid) < 0 || setresuid(c->uid, c->uid, c->uid) < 0)
                return -errno;
        return set_capabilities(c->uid == 0 ? c->plan->capabilities : 0);
}

static const char *search_path(char *const *env) {
        for (; *env; env++)
                if (strncmp(*env, "PATH=", 5) == 0)
                        return *env + 5;
        return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

int step_execve(Child *c) {
        char *const *argv = (char *const *) c->plan->argv, *const *env = (char *const *) c->plan
                                                                                         ->envp;
        char path[4096];
        size_t length = strlen(argv[0]);
        int denied = 0;

        child_detail(c, argv[0]);
        (void) sys_close_range(3, UINT32_MAX, 4 /* CLOSE_RANGE_CLOEXEC */);
        if (length == 0)
                return -ENOENT;
        if (strchr(argv[0], '/')) {
                (void) execve(argv[0], argv, env);
                return -errno;
        }

        for (const char *p = search_path(env), *end;; p = end + 1) {
                size_t n;

                end = strchrnul(p, ':');
                n = (size_t) (end - p);
                if (n + 1 + length < sizeof(path)) {
                        memcpy(path, n ? p : ".", n ? n : 1);
                        n = n ? n : 1;
                        path[n] = '/';
                        memcpy(path + n + 1, argv[0], length + 1);
                        (void) execve(path, argv, env);
                        if (errno == EACCES)
                                denied = EACCES;
                        else if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP &&
                                        errno != ENAMETOOLONG)
                                return -errno;
                }
                if (!*end)
                        break;
        }
        return denied ? -denied : -ENOENT;
}
