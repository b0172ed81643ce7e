/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/worker.c: see worker.h. */
#include "runtime/worker.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include "base/fd.h"
#include "base/str.h"
#include "model/limits.h"
#include "model/names.h"
#include "runtime/process-watch.h"

#define READ_BYTES (64U * 1024)

struct Worker {
        int pidfd;               /* borrowed from the watch */
        ProcessWatch *watch;     /* owned; NULL: it has ended */
        int report_fd;           /* owned */
        sd_event_source *source; /* owned; NULL: the report is at its end */
        StrBuf buffer;
        PullReport last; /* a result or a failure; type 0: none came */
        bool cancelled;
        const char *program; /* its name; static */
        const WorkerHandler *handler;
        void *userdata; /* borrowed */
};

static void end(Worker *w, const ProcessExit *how) {
        _cleanup_failure_ Failure failure = {};

        if (w->last.type == PULL_REPORT_RESULT && !w->cancelled) {
                w->handler->done(&w->last.result, NULL,
                                w->userdata); /* may free w: nothing may follow */
                return;
        }
        if (w->cancelled)
                (void) fail(&failure, FAILURE_CANCELLED, 0, "The work was cancelled");
        else if (w->last.type == PULL_REPORT_FAILURE)
                failure_move(&w->last.failure, &failure);
        else
                (void) fail(&failure, FAILURE_INTERNAL, EIO,
                                "The worker '%s' ended without a result (%s %i)",
                                w->program, how->code == CLD_EXITED ? "exit status" : "signal",
                                how->status);
        w->handler->done(NULL, &failure, w->userdata); /* as above */
}

static void kill_it(Worker *w) {
        if (w->watch)
                (void) syscall(SYS_pidfd_send_signal, w->pidfd, SIGKILL, NULL,
                                0); /* it may have ended already */
}

/* What is in the buffer. Return: 0, or negative errno: it talks nonsense. */
static int read_reports(Worker *w) {
        size_t at = 0;

        for (;;) {
                _cleanup_pull_report_ PullReport report = {};
                size_t used = 0;
                int r;

                r = pull_report_decode(w->buffer.data + at, w->buffer.size - at, &report, &used);
                if (r < 0)
                        return r;
                at += used;
                if (r == 0 && used == 0)
                        break;
                if (r == 0)
                        continue;
                if (report.type == PULL_REPORT_RESULT || report.type == PULL_REPORT_FAILURE) {
                        pull_report_done(&w->last);
                        w->last = report;
                        report = (PullReport){};
                } else if (w->cancelled)
                        continue; /* nobody wants to know any more */
                else if (report.type == PULL_REPORT_PROGRESS) {
                        if (w->handler->progress)
                                w->handler->progress(&report.progress, w->userdata);
                } else if (w->handler->report)
                        w->handler->report(&report, w->userdata);
        }
        memmove(w->buffer.data, w->buffer.data + at, w->buffer.size - at);
        w->buffer.size -= at;
        return 0;
}

/* Return: 1 there may be more, 0 nothing now, -EPIPE at the end or at nonsense. */
static int read_more(Worker *w) {
        char data[READ_BYTES];
        ssize_t n;

        n = read(w->report_fd, data, sizeof(data));
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n <= 0)
                return -EPIPE;
        if (strbuf_append(&w->buffer, data, (size_t) n) < 0 || read_reports(w) < 0) {
                kill_it(w);
                return -EPIPE;
        }
        return 1;
}

static int on_report(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Worker *w = userdata;

        if (read_more(w) < 0)
                w->source = sd_event_source_disable_unref(w->source);
        return 0;
}

static void on_end(const ProcessExit *how, void *userdata) {
        Worker *w = userdata;

        w->watch = process_watch_free(w->watch);
        while (w->source && read_more(w) > 0)
                ;
        w->source = sd_event_source_disable_unref(w->source);
        end(w, how);
}

/* Those that need no library of archives have a program that loads none. */
static bool is_files_role(const char *role) {
        return streq(role, "remove") || streq(role, "readlog") || streq(role, "measure");
}

static int make_argv(const char *program, char *const *argv, char *const *names, size_t n_fds,
                char ***ret) {
        _cleanup_strv_free_ char **all = NULL;
        char number[16];
        int r;

        r = strv_push(&all, program);
        STRV_FOREACH(s, argv)
                if (r >= 0)
                        r = strv_push(&all, *s);
        if (r < 0)
                return r;
        (void) snprintf(number, sizeof(number), "%zu", 3 + n_fds);
        r = strv_push(&all, "--report-fd");
        if (r >= 0)
                r = strv_push(&all, number);
        STRV_FOREACH(s, names)
                if (r >= 0)
                        r = strv_push(&all, *s);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(all);
        return 0;
}

int worker_new(sd_event *event, const Spawner *spawner, char *const *argv, char *const *names,
                const int *fds, size_t n_fds, const WorkerHandler *handler, void *userdata,
                Worker **ret) {
        _cleanup_(worker_freep) Worker *w = NULL;
        _cleanup_strv_free_ char **all = NULL;
        _cleanup_close_ int theirs_fd = -EBADF, pidfd = -EBADF;
        int pair[2], passed[n_fds + 1], r;

        w = calloc(1, sizeof(*w));
        if (!w)
                return -ENOMEM;
        w->pidfd = w->report_fd = -EBADF;
        w->program = is_files_role(argv[0]) ? PROGRAM_FILES : PROGRAM_PULL;
        w->handler = handler;
        w->userdata = userdata;
        w->buffer.max_bytes = 2 * (size_t) REPORT_BYTES_MAX;

        r = make_argv(w->program, argv, names, n_fds, &all);
        if (r < 0)
                return r;
        if (pipe2(pair, O_CLOEXEC) < 0)
                return -errno;
        w->report_fd = pair[0];
        theirs_fd = pair[1];
        memcpy(passed, fds, n_fds * sizeof(int));
        passed[n_fds] = theirs_fd;
        r = fd_set_nonblock(w->report_fd, true);
        if (r >= 0)
                r = sd_event_add_io(event, &w->source, w->report_fd, EPOLLIN, on_report, w);
        if (r >= 0)
                r = spawn_process(
                                &(SpawnArgs){
                                                .null_fd = spawner->null_fd,
                                                .program_fd = is_files_role(argv[0])
                                                                              ? spawner->files_fd
                                                                              : spawner->pull_fd,
                                                .argv = (const char *const *) all,
                                                .fds = passed,
                                                .n_fds = n_fds + 1,
                                                .cgroup_fd = -EBADF,
                                                .plain_oom_score = true,
                                                .keep_stderr = true,
                                },
                                &pidfd);
        if (r < 0)
                return r;
        w->pidfd = pidfd;
        r = process_watch_new(event, pidfd, on_end, w, &w->watch);
        if (r < 0) {
                (void) syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL,
                                0); /* a process of ours that nobody would reap */
                return r;
        }
        (void) TAKE_FD(pidfd);
        *ret = TAKE_PTR(w);
        return 0;
}

void worker_cancel(Worker *w) {
        w->cancelled = true;
        kill_it(w);
}

Worker *worker_free(Worker *w) {
        if (!w)
                return NULL;
        kill_it(w);
        process_watch_free(w->watch);
        sd_event_source_disable_unref(w->source);
        close_fd(w->report_fd);
        strbuf_done(&w->buffer);
        pull_report_done(&w->last);
        free(w);
        return NULL;
}
