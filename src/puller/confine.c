/* SPDX-License-Identifier: Apache-2.0 */
/* puller/confine.c: takes away from the process what it does not need. Knows no role. */
#include "puller/confine.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <grp.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/str.h"

/* Newer than the oldest headers we build with. */
#define ACCESS_REFER (1ULL << 13)    /* version 2 */
#define ACCESS_TRUNCATE (1ULL << 14) /* version 3 */
#define ACCESS_BIND_TCP 1ULL         /* version 4 */
#define ACCESS_CONNECT_TCP 2ULL
#define SCOPE_ALL 3ULL               /* version 6: abstract sockets, signals */

#define LANDLOCK_VERSION_NEEDED 2 /* before, nothing could be linked or moved to another directory */
#define FILES_MAX 256
#define OVERFLOW_ID 65534

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

typedef struct LandlockRules {
        uint64_t access_fs, access_net, scoped;
} LandlockRules;

static int fill_standard_fds(void) {
        int fd;

        do {
                fd = open("/dev/null", O_RDWR | O_CLOEXEC);
                if (fd < 0)
                        return -errno;
        } while (fd <= STDERR_FILENO);
        (void) close(fd); /* one too many; nothing was written */
        return 0;
}

static int compare_fds(const void *a, const void *b) {
        return *(const int *) a - *(const int *) b;
}

static int close_others(const int *keep, size_t n_keep) {
        unsigned next = STDERR_FILENO + 1;
        int sorted[CONFINE_KEPT_MAX];

        if (n_keep > ELEMENTSOF(sorted))
                return -EINVAL;
        for (size_t i = 0; i < n_keep; i++)
                sorted[i] = keep[i];
        qsort(sorted, n_keep, sizeof(*sorted), compare_fds);

        for (size_t i = 0; i < n_keep; i++) {
                if (sorted[i] < (int) next)
                        continue;
                if (sorted[i] > (int) next && syscall(SYS_close_range, next, sorted[i] - 1, 0) < 0)
                        return -errno;
                next = (unsigned) sorted[i] + 1;
        }
        return syscall(SYS_close_range, next, ~0U, 0) < 0 ? -errno : 0;
}

int confine_begin(const int *keep, size_t n_keep, Failure *reterr) {
        int r;

        r = close_others(keep, n_keep);
        if (r >= 0)
                r = fill_standard_fds();
        if (r < 0)
                return fail_errno(reterr, r, "Failed to close what was inherited");

        /* a reader that goes away is an error of write(), not the end */
        if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
                return fail_errno(reterr, errno, "Failed to set up signals");
        (void) umask(0);
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return fail_errno(reterr, errno, "Failed to give up privileges");
        return 0;
}

static int change_root(int fd) {
        if (fchdir(fd) < 0 || chroot(".") < 0 || chdir("/") < 0)
                return -errno;
        return 0;
}

static bool find_user(const char *name, uid_t *ret_uid, gid_t *ret_gid) {
        _cleanup_fclose_ FILE *f = fopen("/etc/passwd", "re");
        const struct passwd *entry = NULL;

        while (f && (entry = fgetpwent(f)) && !streq(entry->pw_name, name))
                ;
        if (!entry || entry->pw_uid == 0 || entry->pw_gid == 0)
                return false;
        *ret_uid = entry->pw_uid;
        *ret_gid = entry->pw_gid;
        return true;
}

static int bound_capabilities(uint64_t kept) {
        for (int i = 0; i < 64; i++) {
                int there = prctl(PR_CAPBSET_READ, i, 0, 0, 0);

                if (there < 0)
                        break;
                if (there > 0 && (kept >> i & 1) == 0 && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
                        return -errno;
        }
        return 0;
}

static int keep_capabilities(uint64_t kept) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
        int r;

        r = bound_capabilities(kept);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(data); i++)
                data[i].effective = data[i].permitted = (uint32_t) (kept >> (32 * i));
        return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int confine_user(const char *const *names, Failure *reterr) {
        uid_t uid = OVERFLOW_ID;
        gid_t gid = OVERFLOW_ID;
        int r;

        for (; *names && !find_user(*names, &uid, &gid); names++)
                ;
        r = bound_capabilities(0); /* while that is still allowed */
        if (r >= 0 && (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
                                      setresuid(uid, uid, uid) < 0))
                r = -errno;
        if (r < 0)
                return fail_errno(reterr, r, "Failed to become an unprivileged user");
        return 0;
}

static int lower_limit(int resource, uint64_t value) {
        struct rlimit limit;

        if (getrlimit(resource, &limit) < 0)
                return -errno;
        limit.rlim_max = MIN2(limit.rlim_max, (rlim_t) value);
        limit.rlim_cur = limit.rlim_max;
        return setrlimit(resource, &limit) < 0 ? -errno : 0;
}

static int lower_limits(const ConfineProfile *profile) {
        int r;

        r = lower_limit(RLIMIT_CORE, 0);
        if (r >= 0)
                r = lower_limit(RLIMIT_NOFILE, FILES_MAX);
        if (r >= 0)
                r = lower_limit(RLIMIT_MEMLOCK, 0);
        if (r >= 0 && profile->memory_bytes > 0 && !SANITIZED) /* a sanitizer maps terabytes that it never touches */
                r = lower_limit(RLIMIT_AS, profile->memory_bytes);
        if (r >= 0 && profile->cpu_seconds > 0)
                r = lower_limit(RLIMIT_CPU, profile->cpu_seconds);
        return r;
}

static uint64_t landlock_rights(ConfineAccess access) {
        const uint64_t read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
        const uint64_t delete = LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                LANDLOCK_ACCESS_FS_MAKE_DIR | ACCESS_REFER;

        switch (access) {
        case CONFINE_LIST:
                return LANDLOCK_ACCESS_FS_READ_DIR;
        case CONFINE_READ:
        case CONFINE_LOOK:
        case CONFINE_NETWORK:
                return read;
        case CONFINE_RECEIVE:
                return 0;
        case CONFINE_DELETE:
                return LANDLOCK_ACCESS_FS_READ_DIR | delete;
        case CONFINE_FILL:
                /* a whiteout is a character device */
                return read | delete | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
                       LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                       LANDLOCK_ACCESS_FS_MAKE_CHAR | ACCESS_TRUNCATE;
        }
        return 0;
}

static int allow_beneath(int ruleset, int fd, uint64_t rights) {
        struct landlock_path_beneath_attr beneath = { .parent_fd = fd, .allowed_access = rights };

        return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0
                               ? -errno
                               : 0;
}

static int allow_path(int ruleset, const char *path, uint64_t rights) {
        _cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
        struct stat st;

        if (fd < 0)
                return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISDIR(st.st_mode))
                rights &= LANDLOCK_ACCESS_FS_READ_FILE; /* others are refused for a file */
        return allow_beneath(ruleset, fd, rights);
}

static int allow_paths(int ruleset, const ConfineProfile *profile, uint64_t rights) {
        int r = 0;

        /* A rule that allows nothing is refused: without one nothing is allowed. */
        if (profile->root_fd >= 0 && rights != 0)
                r = allow_beneath(ruleset, profile->root_fd, rights);
        if (r >= 0 && profile->received_fd > STDERR_FILENO)
                r = allow_beneath(ruleset, profile->received_fd,
                                landlock_rights(CONFINE_READ));
        for (const char *const *path = profile->readable; r >= 0 && path && *path; path++)
                r = allow_path(ruleset, *path, rights);
        return r;
}

static int confine_paths(const ConfineProfile *profile) {
        bool network = profile->access == CONFINE_NETWORK;
        _cleanup_close_ int ruleset = -EBADF; /* in force or not, it has done its work */
        LandlockRules rules = {};
        size_t size = sizeof(rules.access_fs);
        int version, r;

        version = (int) syscall(
                        SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
        if (version < LANDLOCK_VERSION_NEEDED)
                return 0;

        rules.access_fs = version >= 5   ? (1ULL << 16) - 1
                          : version >= 3 ? (1ULL << 15) - 1
                                         : (1ULL << 14) - 1;
        if (version >= 4) {
                rules.access_net = network ? ACCESS_BIND_TCP : ACCESS_BIND_TCP | ACCESS_CONNECT_TCP;
                size += sizeof(rules.access_net);
        }
        if (version >= 6) {
                rules.scoped = SCOPE_ALL;
                size += sizeof(rules.scoped);
        }
        ruleset = (int) syscall(SYS_landlock_create_ruleset, &rules, size, 0);
        if (ruleset < 0)
                return -errno;

        r = allow_paths(ruleset, profile, landlock_rights(profile->access) & rules.access_fs);
        if (r >= 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
                r = -errno;
        return r;
}

int confine_finish(const ConfineProfile *profile, Failure *reterr) {
        int r;

        if (profile->parent > 0) {
                if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
                        return fail_errno(reterr, errno, "Failed to tie the worker to its parent");
                if (getppid() != profile->parent)
                        return fail(reterr, FAILURE_CANCELLED, ECANCELED, "The daemon has ended");
        }
        r = lower_limits(profile);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to set the worker's resource limits");
        if (profile->root_fd >= 0)
                r = change_root(profile->root_fd);
        else if (chdir("/") < 0)
                r = -errno;
        if (r < 0)
                return fail_errno(reterr, r, "Failed to change the worker's root directory");
        r = keep_capabilities(profile->capabilities);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to drop the worker's capabilities");
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) /* a change of ids or capabilities may have set it again */
                return fail_errno(reterr, errno, "Failed to make the worker undumpable");
        r = confine_paths(profile);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to confine the worker by landlock");
        if (SANITIZED)
                return 0; /* its runtime makes calls of its own */
        r = profile->no_new_code ? confine_code() : 0;
        if (r >= 0)
                r = confine_system_calls(profile->access);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to set the worker's system call filter");
        return 0;
}
