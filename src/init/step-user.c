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

#define LINE_BYTES_MAX 1024U
#define DATABASE_BYTES_MAX (4U * 1024 * 1024)
#define ID_COUNT 65536U /* of a container's range: a host's id above it is mapped to nobody */

typedef struct Lookup {
        const char *user, *group; /* as asked for; group NULL: the user's */
        UserEntry entry;
        bool group_found;
        gid_t gid;
        gid_t groups[USER_GROUPS_MAX];
        size_t n_groups;
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

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
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

static bool find_group(char *line, Lookup *l) {
        return l->group_found = user_match_group(line, l->group, NULL, &l->gid);
}

static bool find_memberships(char *line, Lookup *l) {
        gid_t gid;

        if (user_match_group(line, NULL, l->entry.name, &gid))
                l->groups[l->n_groups++] = gid;
        return l->n_groups == USER_GROUPS_MAX;
}

static int resolve_group(Child *c, Lookup *l) {
        unsigned id;
        int r;

        if (!l->group) {
                l->gid = l->entry.gid;
                return l->entry.found ? each_line("/etc/group", find_memberships, l) : 0;
        }

        r = each_line("/etc/group", find_group, l);
        if (r < 0 || l->group_found)
                return r;
        child_detail(c, l->group);
        if (!user_parse_id(l->group, &id))
                return -ENOENT;
        l->gid = id;
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

int step_user(Child *c) {
        char asked[256];
        Lookup l = {.user = "0"};
        unsigned id = 0;
        char *colon;
        int r;

        child_detail(c, c->plan->user ? c->plan->user : "0");
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

        r = resolve_group(c, &l);
        if (r < 0)
                return r;
        c->gid = l.gid;
        if (c->uid >= ID_COUNT || c->gid >= ID_COUNT)
                return -ERANGE;
        set_home(c, &l.entry);

        /* Here, while the capability is there; the ids themselves change in step_credentials(). */
        return setgroups(l.n_groups, l.groups) < 0 ? -errno : 0;
}

int step_working_dir(Child *c) {
        const char *dir = c->plan->working_dir ? c->plan->working_dir : "/";
        char partial[4096];
        size_t n = strlen(dir);

        child_detail(c, dir);
        if (chdir(dir) == 0)
                return 0;
        if (errno != ENOENT || c->plan->kind != PLAN_RUN || n >= sizeof(partial))
                return -errno;

        for (size_t i = 1; i <= n; i++) {
                if (dir[i] != '/' && dir[i] != '\0')
                        continue;
                memcpy(partial, dir, i);
                partial[i] = '\0';
                if (mkdir(partial, 0755) < 0 && errno != EEXIST)
                        return -errno;
        }
        return chdir(dir) < 0 ? -errno : 0;
}

static int set_capabilities(uint64_t set) {
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[2] = {
                        {.effective = (uint32_t) set, .permitted = (uint32_t) set},
                        {.effective = (uint32_t) (set >> 32), .permitted = (uint32_t) (set >> 32)},
        };

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
