/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/cgroup-limits.c: see cgroup-limits.h. */
#include "runtime/cgroup-limits.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/sysinfo.h>
#include "base/fd.h"
#include "base/parse.h"
#include "base/str.h"
#include "model/limits.h"

#define FILE_BYTES_MAX (64U * 1024)
#define START_PROCESSES 2U /* a monitor and the command */

int cgroup_read_line(int dir_fd, const char *file, char **ret) {
        char *text;
        int r;

        r = read_file_at(dir_fd, file, FILE_BYTES_MAX, &text, NULL);
        if (r < 0)
                return r;
        text[strcspn(text, "\n")] = '\0';
        *ret = text;
        return 0;
}

int cgroup_read_count(int dir_fd, const char *file, const char *key, uint64_t *ret) {
        _cleanup_free_ char *text = NULL;
        char *save = NULL;
        int r;

        r = read_file_at(dir_fd, file, FILE_BYTES_MAX, &text, NULL);
        if (r < 0)
                return r;
        *ret = 0;
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                const char *rest = startswith(line, key);

                if (rest && *rest == ' ')
                        return parse_u64(rest + 1, ret);
        }
        return 0;
}

/* Nothing is an empty line: no byte at all would not reach the file. Newer kernels reclaim no memory within a write
 * that does not wait. */
static int write_value(int dir_fd, const char *file, const char *text) {
        _cleanup_close_ int fd = -EBADF;

        fd = openat(dir_fd, file, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
        if (fd < 0)
                return -errno;
        return write_full(fd, *text ? text : "\n", *text ? strlen(text) : 1);
}

/*
 * Below what is in use the kernel would look for memory to take within the write, and then kill. What files of the disk
 * hold in memory is easily given back; the rest is the workload's own.
 */
static bool memory_is_in_use(int dir_fd, const char *limit) {
        _cleanup_free_ char *text = NULL;
        uint64_t wanted, used, active = 0, inactive = 0;

        if (parse_u64(limit, &wanted) < 0 ||
                        cgroup_read_line(dir_fd, "memory.current", &text) < 0 ||
                        parse_u64(text, &used) < 0 || used <= wanted)
                return false;
        (void) cgroup_read_count(dir_fd, "memory.stat", "active_file", &active); /* 0 is the safe side */
        (void) cgroup_read_count(dir_fd, "memory.stat", "inactive_file", &inactive);
        return used > wanted + active + inactive;
}

static int write_limit(int dir_fd, const ResourceValue *v) {
        int r;

        if (streq(v->file, "memory.max") && memory_is_in_use(dir_fd, v->text))
                return -EBUSY;
        r = write_value(dir_fd, v->file, v->text);
        return r == -ENOENT && v->optional ? 0 : r;
}

static int fd_of(const Cgroup *c, const ResourceValue *v) {
        return v->of_container ? c->dir_fd : c->payload_fd;
}

/* @ret_before: what the file said if it was written, for putting it back; else NULL. */
static int set_limit(const Cgroup *c, const ResourceValue *v, char **ret_before) {
        _cleanup_free_ char *before = NULL;
        int fd = fd_of(c, v), r;

        if (c->payload_is_new && !v->of_container)
                return v->is_default ? 0 : write_limit(fd, v);

        r = cgroup_read_line(fd, v->file, &before);
        if (r == -ENOENT && (v->is_default || v->optional))
                return 0;
        if (r < 0 || streq(before, v->text))
                return r;
        r = write_limit(fd, v);
        if (r >= 0)
                *ret_before = TAKE_PTR(before);
        return r;
}

int cgroup_set_limits(const Cgroup *c, char *const *controllers,
                const ResourceValue values[static RESOURCE_VALUES],
                const ResourceValue **ret_failed) {
        char *before[RESOURCE_VALUES] = {};
        size_t i;
        int r = 0;

        for (i = 0; r >= 0 && i < RESOURCE_VALUES; i++)
                if (strv_contains(controllers, values[i].controller)) {
                        r = set_limit(c, &values[i], &before[i]);
                        if (r < 0)
                                *ret_failed = &values[i];
                }
        while (i-- > 0) {
                if (r < 0 && before[i])
                        (void) write_value(fd_of(c, &values[i]), values[i].file,
                                        before[i]); /* it was accepted before */
                free(before[i]);
        }
        return r;
}

void cgroup_cap_owner(int owner_fd) {
        struct sysinfo info;
        char text[32];

        /* Without a controller there is no file, and nothing that could be capped. */
        if (sysinfo(&info) == 0) {
                uint64_t bytes = (uint64_t) info.totalram * info.mem_unit;

                (void) snprintf(text, sizeof(text), "%" PRIu64,
                                bytes / 100 * OWNER_MEMORY_PERCENT);
                (void) write_value(owner_fd, "memory.max", text);
        }
        (void) snprintf(text, sizeof(text), "%u", OWNER_PIDS_MAX);
        (void) write_value(owner_fd, "pids.max", text);
}

int cgroup_check_owner(int dir_fd, Failure *reterr) {
        _cleanup_free_ char *current = NULL, *max = NULL;
        uint64_t n, limit;

        /* Without the controller there are no such files; root's says "max". */
        if (cgroup_read_line(dir_fd, "../pids.max", &max) < 0 || parse_u64(max, &limit) < 0 ||
                        cgroup_read_line(dir_fd, "../pids.current", &current) < 0 ||
                        parse_u64(current, &n) < 0 || n + START_PROCESSES <= limit)
                return 0;
        return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                        "The containers of one user may have %" PRIu64 " processes", limit);
}

const char *cgroup_missing_reason(int mount_fd, const char *controller) {
        _cleanup_free_ char *there = NULL, *all = NULL;
        _cleanup_strv_free_ char **names = NULL;
        char *save = NULL;

        if (mount_fd >= 0 && cgroup_read_line(mount_fd, "cgroup.controllers", &there) >= 0 &&
                        strv_split(there, ' ', &names) >= 0 && strv_contains(names, controller))
                return "is not handed down to the containers' cgroup";
        if (read_file("/proc/cgroups", FILE_BYTES_MAX, &all, NULL) < 0)
                return "this kernel does not offer to cgroup2";
        for (char *line = strtok_r(all, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                unsigned hierarchy, count, enabled;
                char name[64];

                if (sscanf(line, "%63s %u %u %u", name, &hierarchy, &count, &enabled) != 4 ||
                                !streq(name, controller))
                        continue;
                if (!enabled)
                        return "is switched off on the kernel's command line";
                if (hierarchy != 0)
                        return "a hierarchy of cgroup v1 holds on this machine";
        }
        return "this kernel does not offer to cgroup2";
}
