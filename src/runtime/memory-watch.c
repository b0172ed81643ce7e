/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/memory-watch.c: see memory-watch.h. */
#include "runtime/memory-watch.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include "base/fd.h"
#include "runtime/cgroup-limits.h"

#define EVENTS_FILE "memory.events"

struct MemoryWatch {
        int dir_fd;              /* owned */
        sd_event_source *source; /* owned: changes of memory.events */
        uint64_t known;
        MemoryKilledFn fn;
        void *userdata; /* borrowed */
};

int memory_read_kills(int dir_fd, uint64_t *ret) {
        return cgroup_read_count(dir_fd, EVENTS_FILE, "oom_kill", ret);
}

void memory_watch_read(MemoryWatch *w) {
        uint64_t kills;

        if (!w || memory_read_kills(w->dir_fd, &kills) < 0 || kills <= w->known)
                return;
        w->known = kills;
        w->fn(kills, w->userdata); /* may free w: nothing may follow */
}

static int on_change(sd_event_source *s, const struct inotify_event *e, void *userdata) {
        memory_watch_read(userdata); /* of a file that is gone nothing is read */
        return 0;
}

int memory_watch_new(sd_event *event, int dir_fd, uint64_t known, MemoryKilledFn fn, void *userdata,
                MemoryWatch **ret) {
        _cleanup_(memory_watch_freep) MemoryWatch *w = NULL;
        _cleanup_close_ int file_fd = -EBADF;
        int r;

        w = malloc(sizeof(*w));
        if (!w)
                return -ENOMEM;
        *w = (MemoryWatch) { .dir_fd = -EBADF, .known = known, .fn = fn, .userdata = userdata };

        file_fd = openat(dir_fd, EVENTS_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (file_fd < 0)
                return -errno;
        w->dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
        if (w->dir_fd < 0)
                return -errno;
        r = sd_event_add_inotify_fd(event, &w->source, file_fd, IN_MODIFY, on_change, w);
        if (r < 0 && r != -ENOSPC && r != -EMFILE)
                return r;
        *ret = TAKE_PTR(w);
        return r >= 0;
}

MemoryWatch *memory_watch_free(MemoryWatch *w) {
        if (!w)
                return NULL;
        sd_event_source_disable_unref(w->source);
        close_fd(w->dir_fd);
        free(w);
        return NULL;
}
