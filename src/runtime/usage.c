/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/usage.c: see usage.h. */
#include "runtime/usage.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/parse.h"
#include "base/str.h"

#define FILE_BYTES_MAX (64U * 1024)
#define PROCS_BYTES_MAX (1024U * 1024)

/* NULL: it is not there, as without its controller, or not to be read. */
static char *read_text(int dir_fd, const char *name) {
        char *text;

        return read_file_at(dir_fd, name, FILE_BYTES_MAX, &text, NULL) < 0 ? NULL : text;
}

static uint64_t machine_memory(void) {
        struct sysinfo info;

        return sysinfo(&info) < 0 ? STATS_UNKNOWN : (uint64_t) info.totalram * info.mem_unit;
}

void usage_read_cgroup(int dir_fd, Stats *ret) {
        _cleanup_free_ char *cpu = read_text(dir_fd, "cpu.stat"),
                            *current = read_text(dir_fd, "memory.current"),
                            *pids = read_text(dir_fd, "pids.current"),
                            *io = read_text(dir_fd, "io.stat");
        long cpus = sysconf(_SC_NPROCESSORS_ONLN);

        stats_init(ret);
        ret->values[STATS_TIMESTAMP] = now_realtime();
        ret->values[STATS_TIMESTAMP_MONOTONIC] = now_monotonic();
        if (cpus > 0)
                ret->values[STATS_ONLINE_CPUS] = (uint64_t) cpus;
        stats_read_cpu(ret, cpu);
        stats_read_pids(ret, pids);
        stats_read_io(ret, io);
        if (current) {
                _cleanup_free_ char *max = read_text(dir_fd, "memory.max"),
                                    *stat = read_text(dir_fd, "memory.stat"),
                                    *swap = read_text(dir_fd, "memory.swap.current");

                stats_read_memory(ret, current, max, stat, swap, machine_memory());
        }
}

static int open_process(uint32_t pid) {
        char path[sizeof("/proc/4294967295")];
        int fd;

        (void) snprintf(path, sizeof(path), "/proc/%u", pid);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

void usage_read_network(int pidfd, pid_t pid, Stats *s) {
        _cleanup_close_ int dir_fd = -EBADF;
        _cleanup_free_ char *text = NULL;

        dir_fd = open_process((uint32_t) pid);
        if (dir_fd < 0 || syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) < 0)
                return; /* the directory is another process's, or will tell nothing any more */
        text = read_text(dir_fd, "net/dev");
        stats_read_network(s, text);
}

static int read_process(uint32_t pid, unsigned ticks, Process *ret) {
        _cleanup_close_ int dir_fd = -EBADF;
        _cleanup_free_ char *stat = NULL, *status = NULL;
        int r;

        dir_fd = open_process(pid);
        if (dir_fd < 0)
                return dir_fd;
        stat = read_text(dir_fd, "stat");
        status = read_text(dir_fd, "status");
        if (!stat || !status)
                return -ESRCH;
        r = process_read_stat(ret, stat, ticks);
        return r < 0 ? r : process_read_status(ret, status);
}

static int compare(const void *a, const void *b) {
        uint32_t x = *(const uint32_t *) a, y = *(const uint32_t *) b;

        return x < y ? -1 : x > y;
}

static int read_pids(int dir_fd, uint32_t **ret, size_t *ret_n) {
        _cleanup_free_ char *text = NULL;
        _cleanup_free_ uint32_t *pids = NULL;
        char *save = NULL;
        size_t size, n = 0;
        int r;

        r = read_file_at(dir_fd, "cgroup.procs", PROCS_BYTES_MAX, &text, &size);
        if (r < 0)
                return r;
        pids = calloc(size / 2 + 1, sizeof(*pids)); /* a digit and a newline each at least */
        if (!pids)
                return -ENOMEM;
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
                if (parse_u32(line, &pids[n]) >= 0 && pids[n] > 0)
                        n++;
        qsort(pids, n, sizeof(*pids), compare);
        *ret = TAKE_PTR(pids);
        *ret_n = n;
        return 0;
}

bool usage_inner_uid(const PlanIdMap *maps, size_t n_maps, uid_t uid, uid_t *ret) {
        for (size_t i = 0; i < n_maps; i++)
                if (uid - maps[i].outside < maps[i].count) {
                        *ret = maps[i].inside + (uid - maps[i].outside);
                        return true;
                }
        *ret = uid;
        return n_maps == 0;
}

int usage_list_processes(int dir_fd, const PlanIdMap *maps, size_t n_maps, size_t max,
                Process **ret, size_t *ret_n, size_t *ret_total) {
        _cleanup_free_ uint32_t *pids = NULL;
        _cleanup_free_ Process *list = NULL;
        long ticks = sysconf(_SC_CLK_TCK);
        size_t total = 0, n = 0;
        uid_t inner;
        int r;

        r = read_pids(dir_fd, &pids, &total);
        if (r < 0)
                return r;
        list = calloc(MIN2(total, max) + 1, sizeof(*list));
        if (!list)
                return -ENOMEM;
        for (size_t i = 0; i < total && n < max; i++)
                if (read_process(pids[i], ticks > 0 ? (unsigned) ticks : 100, &list[n]) >= 0 &&
                                usage_inner_uid(maps, n_maps, list[n].uid, &inner))
                        n++;
        *ret = TAKE_PTR(list);
        *ret_n = n;
        *ret_total = total;
        return 0;
}
