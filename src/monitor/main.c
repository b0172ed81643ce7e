/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor/main.c: one container, from its plan to its exit record. Knows one container and one
 * daemon at a time; waits for neither. Static and small, since there is one for each container: no
 * allocation once the workload runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "base/fd.h"
#include "base/sanitizer.h"
#include "base/str.h"
#include "base/usec.h"
#include "init/sys.h"
#include "monitor/control.h"
#include "monitor/hold.h"
#include "monitor/log-writer.h"
#include "monitor/mount-sources.h"
#include "monitor/probe.h"
#include "monitor/ready.h"
#include "monitor/spawn-child.h"
#include "monitor/streams.h"

/* The search for leaks at the end traces the process, which may not be dumped. */
SANITIZER_DEFAULTS("detect_leaks=0");

#define PLAN_FD 3
#define SYNC_DELAY_USEC USEC_PER_SEC
#define FLUSH_USEC (5 * USEC_PER_SEC)

typedef struct Monitor {
        int conn_fd, listen_fd, record_fd;
        int kill_fd; /* cgroup.kill of the payload, where the end of the first process ends no other; else -EBADF */
        bool exec;
        bool is_volatile; /* nothing of this run need survive the machine: one with --rm, or being removed */
        usec_t reap_usec; /* monotonic: when to look after the log's syncing child; 0: there is none */
        usec_t flush_until_usec; /* monotonic; 0: not ended; USEC_INFINITY: over */
        struct winsize size;     /* of the terminal, if told before there is one */
        ControlState state;
        Spawned child;
        LogWriter log;
        Streams streams;
        Probe probe;
        ExitRecord record;
        bool taken;
} Monitor;

static Monitor monitor;

static void drop_daemon(Monitor *m) {
        m->conn_fd = close_fd(m->conn_fd);
        probe_cancel(&m->probe); /* nobody is left who asked */
}

/* Never waits: a daemon that does not read finds everything when it connects again. */
static void send_parts(Monitor *m, ControlType type, uint32_t serial, const void *body, size_t size,
                const void *more, size_t more_size, int fd) {
        ControlHeader header = { .magic = CONTROL_MAGIC,
                .version = CONTROL_VERSION,
                .type = (uint16_t) type,
                .serial = serial,
                .length = (uint32_t) (sizeof(header) + size + more_size) };
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(sizeof(int))];
        } control = {};
        struct iovec parts[] = {
                { .iov_base = &header, .iov_len = sizeof(header) },
                { .iov_base = (void *) body, .iov_len = size },
                { .iov_base = (void *) more, .iov_len = more_size },
        };
        struct msghdr h = { .msg_iov = parts, .msg_iovlen = ELEMENTSOF(parts) };

        if (m->conn_fd < 0)
                return;
        if (fd >= 0) {
                struct cmsghdr *cmsg;

                h.msg_control = &control;
                h.msg_controllen = sizeof(control);
                cmsg = CMSG_FIRSTHDR(&h);
                cmsg->cmsg_level = SOL_SOCKET;
                cmsg->cmsg_type = SCM_RIGHTS;
                cmsg->cmsg_len = CMSG_LEN(sizeof(int));
                memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
        }
        if (sendmsg(m->conn_fd, &h, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
                drop_daemon(m);
}

static void send_message(Monitor *m, ControlType type, uint32_t serial, const void *body,
                size_t size, int fd) {
        send_parts(m, type, serial, body, size, NULL, 0, fd);
}

static void send_probed(Monitor *m, const ProbeResult *r) {
        send_parts(m, CONTROL_PROBED, 0, &r->probed, sizeof(r->probed), r->text, r->text_size,
                        -EBADF);
}

static void begin_probe(Monitor *m, const ControlProbe *ask, const char *path, size_t path_size) {
        ProbeResult result = { .probed = { .id = ask->id, .error = -ESRCH } };
        int r = -ESRCH;

        if (m->child.pidfd >= 0)
                r = probe_begin(&m->probe, m->child.pidfd, ask, path, path_size, &result);
        if (r < 0)
                result.probed.error = r;
        if (r != 0)
                send_probed(m, &result);
}

static int terminal_resize(Monitor *m, const ControlResize *size) {
        m->size = (struct winsize){ .ws_row = size->rows, .ws_col = size->columns };
        if (m->state.phase == CONTROL_PHASE_STARTING)
                return 0; /* the plan takes it along */
        if (!m->streams.terminal || m->streams.out_fd < 0)
                return -ENOTTY;
        return ioctl(m->streams.out_fd, TIOCSWINSZ, &m->size) < 0 ? -errno : 0;
}

static int send_signal(Monitor *m, const ControlSignal *s) {
        if (m->child.pidfd < 0)
                return -ESRCH;
        return sys_pidfd_send_signal(m->child.pidfd, s->signal);
}

static int attach(Monitor *m, const ControlAttach *a, int *fds, size_t n_fds) {
        size_t want = (size_t) __builtin_popcount(
                        a->mask &
                        (CONTROL_ATTACH_STDIN | CONTROL_ATTACH_STDOUT | CONTROL_ATTACH_STDERR));
        int r;

        if (want != n_fds)
                return -EINVAL;
        r = streams_attach(&m->streams, a->mask, fds);
        if (r >= 0)
                for (size_t i = 0; i < n_fds; i++)
                        fds[i] = -EBADF; /* theirs now */
        return r;
}

static void handle(Monitor *m, const ControlHeader *h, const void *body, size_t size, int *fds,
                size_t n_fds) {
        ControlReply reply = { .error = -EINVAL };

        switch (h->type) {
        case CONTROL_ATTACH:
                if (size >= sizeof(ControlAttach))
                        reply.error = attach(m, body, fds, n_fds);
                break;
        case CONTROL_RESIZE:
                if (size >= sizeof(ControlResize))
                        reply.error = terminal_resize(m, body);
                break;
        case CONTROL_SIGNAL:
                if (size >= sizeof(ControlSignal))
                        reply.error = send_signal(m, body);
                break;
        case CONTROL_PROBE:
                if (size >= sizeof(ControlProbe))
                        begin_probe(m, body, (const char *) body + sizeof(ControlProbe),
                                        size - sizeof(ControlProbe));
                return;
        case CONTROL_TAKEN:
                m->taken = true;
                return;
        case CONTROL_DISCARD:
                m->is_volatile = true;
                return;
        default:
                return; /* a newer daemon's: not for us */
        }
        send_message(m, CONTROL_REPLY, h->serial, &reply, sizeof(reply), -EBADF);
}

/* Return: whether a packet was there. */
static bool receive(Monitor *m) {
        static union {
                ControlHeader header;
                char bytes[CONTROL_PACKET_MAX];
        } packet;
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(CONTROL_FDS_MAX * sizeof(int))];
        } control;
        struct iovec iov = { .iov_base = &packet, .iov_len = sizeof(packet) };
        struct msghdr h = { .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control) };
        int fds[CONTROL_FDS_MAX];
        size_t n_fds = 0;
        ssize_t n;

        if (m->conn_fd < 0)
                return false;
        n = recvmsg(m->conn_fd, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return errno == EINTR;
        if (n <= 0) {
                drop_daemon(m);
                return false;
        }
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c))
                if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
                        n_fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                        memcpy(fds, CMSG_DATA(c), n_fds * sizeof(int));
                }

        if ((size_t) n >= sizeof(packet.header) && packet.header.magic == CONTROL_MAGIC)
                handle(m, &packet.header, packet.bytes + sizeof(packet.header),
                                (size_t) n - sizeof(packet.header), fds, n_fds);
        for (size_t i = 0; i < n_fds; i++)
                close_fd(fds[i]);
        return true;
}

static void accept_daemon(Monitor *m) {
        struct ucred peer;
        socklen_t size = sizeof(peer);
        int fd;

        fd = accept4(m->listen_fd, NULL, NULL, SOCK_CLOEXEC); /* never waits: see set_up() */
        if (fd < 0)
                return;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != getuid()) {
                close_fd(fd);
                return;
        }
        drop_daemon(m);
        m->conn_fd = fd;
        send_message(m, CONTROL_STATE, 0, &m->state, sizeof(m->state),
                        m->state.phase == CONTROL_PHASE_RUNNING ? m->child.pidfd : -EBADF);
        if (m->state.phase == CONTROL_PHASE_EXITED)
                send_message(m, CONTROL_EXITED, 0, &m->record, sizeof(m->record), -EBADF);
}

/* In milliseconds for poll(): -1 if nothing is to be done by itself. */
static int poll_timeout(const Monitor *m) {
        usec_t now, due = USEC_INFINITY;

        if (m->log.dirty_since_usec > 0 && !m->is_volatile && m->log.sync_pid == 0)
                due = m->log.dirty_since_usec + SYNC_DELAY_USEC;
        if (m->streams.used_since_usec > 0 && m->streams.used_since_usec + SYNC_DELAY_USEC < due)
                due = m->streams.used_since_usec + SYNC_DELAY_USEC;
        if (m->reap_usec > 0 && m->reap_usec < due)
                due = m->reap_usec;
        if (m->flush_until_usec > 0 && m->flush_until_usec < due)
                due = m->flush_until_usec;
        if (m->probe.fd >= 0 && m->probe.deadline_usec < due)
                due = m->probe.deadline_usec;
        if (due == USEC_INFINITY)
                return -1;
        now = now_monotonic();
        if (now >= due)
                return 0;
        return due - now < INT_MAX * USEC_PER_MSEC ? (int) ((due - now) / USEC_PER_MSEC) + 1
                                                   : INT_MAX;
}

static bool is_due(usec_t since_usec, usec_t now) {
        return since_usec > 0 && now >= since_usec + SYNC_DELAY_USEC;
}

static void run_timers(Monitor *m) {
        usec_t now = now_monotonic();

        if (m->reap_usec > 0 && now >= m->reap_usec) {
                log_writer_reap(&m->log);
                m->reap_usec = 0;
        }
        if (is_due(m->log.dirty_since_usec, now) && !m->is_volatile)
                log_writer_sync_beside(&m->log);
        if (m->log.sync_pid == 0)
                m->reap_usec = 0;
        else if (m->reap_usec == 0)
                m->reap_usec = now + SYNC_DELAY_USEC;
        if (is_due(m->streams.used_since_usec, now))
                streams_release(&m->streams);
        if (m->flush_until_usec > 0 && now >= m->flush_until_usec)
                m->flush_until_usec = USEC_INFINITY; /* over: only who is waited for is left */
}

/* Stored first, told afterwards, synced last: nobody waits for the disk. */
static void report(Monitor *m, ControlType type, const void *body, size_t size, int fd) {
        (void) exit_record_write(
                        m->record_fd, &m->record); /* allocated: what fails is the disk itself, and
                                                      the daemon is told below */
        m->state.phase = CONTROL_PHASE_EXITED;
        m->flush_until_usec = now_monotonic() + FLUSH_USEC;
        send_message(m, type, 0, body, size, fd);
        streams_finish(&m->streams);
        if (m->is_volatile)
                return;
        if (!m->exec)
                (void) fdatasync(m->record_fd); /* as above */
        log_writer_sync(&m->log);
}

static void first_process_ended(Monitor *m) {
        siginfo_t si = {};

        while (waitid(P_PID, (id_t) m->child.pid, &si, WEXITED) < 0 && errno == EINTR)
                ;
        m->record.kind = si.si_code == CLD_EXITED ? EXIT_EXITED : EXIT_SIGNALED;
        m->record.value = (uint32_t) si.si_status;
        m->record.finished_usec = now_realtime();
        m->child.pidfd = close_fd(m->child.pidfd);
        probe_cancel(&m->probe);
        if (m->kill_fd >= 0)
                (void) !write(m->kill_fd, "1", 1); /* else the daemon does, before the cgroup goes */

        streams_drain(&m->streams);
        log_writer_append(&m->log, LOG_STREAM_END, NULL, 0);
        report(m, CONTROL_EXITED, &m->record, sizeof(m->record), m->child.mounts_fd);
}

/* All is stored; what is left is to be told to a daemon that is there, and given to clients. */
static bool may_end(const Monitor *m) {
        if (m->state.phase != CONTROL_PHASE_EXITED || (m->conn_fd >= 0 && !m->taken))
                return false;
        return !streams_pending(&m->streams, m->flush_until_usec == USEC_INFINITY);
}

/* @p: what poll() said of the probe's socket, which may be another one by now. */
static void dispatch_probe(Monitor *m, const struct pollfd *p) {
        bool ready = p->revents && p->fd == m->probe.fd;
        ProbeResult result;

        if (probe_dispatch(&m->probe, m->child.pidfd, ready, &result))
                send_probed(m, &result);
}

static void loop(Monitor *m) {
        while (!may_end(m)) {
                struct pollfd p[STREAMS_POLL_MAX + 4] = {
                        { .fd = m->child.pidfd, .events = POLLIN }, /* poll() skips negative ones */
                        { .fd = m->conn_fd, .events = POLLIN },
                        { .fd = m->listen_fd, .events = POLLIN },
                        probe_poll_fd(&m->probe),
                };
                size_t n = streams_poll_fds(&m->streams, p + 4);

                if (poll(p, n + 4, poll_timeout(m)) < 0 && errno != EINTR)
                        return;
                run_timers(m);
                dispatch_probe(m, &p[3]); /* before a new one is asked for */
                if (p[1].revents) /* before the output: who has attached gets it */
                        while (receive(m))
                                ;
                streams_dispatch(&m->streams, p + 4, n);
                if (p[2].revents)
                        accept_daemon(m);
                if (p[0].revents)
                        first_process_ended(m);
        }
}

/* A stream that lands on 0, 1 or 2 would lose its place there to the next one. */
static void fill_stdio(void) {
        for (int fd = 0; fd >= 0 && fd <= 2;)
                fd = fcntl(fd, F_GETFD) >= 0 ? fd + 1 : open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int read_plan(Plan *plan, void **ret_map, size_t *ret_size) {
        struct stat st;
        void *map;

        if (fstat(PLAN_FD, &st) < 0)
                return -errno;
        if (st.st_size <= 0 || st.st_size > (off_t) PLAN_BYTES_MAX)
                return -EBADMSG;
        map = mmap(NULL, (size_t) st.st_size, PROT_READ, MAP_PRIVATE, PLAN_FD, 0);
        if (map == MAP_FAILED)
                return -errno;
        *ret_map = map;
        *ret_size = (size_t) st.st_size;
        return plan_decode(map, (size_t) st.st_size, plan);
}

static void set_up(Monitor *m, const Plan *plan) {
        m->exec = plan->kind == PLAN_EXEC;
        m->conn_fd = plan->fds[PLAN_FD_CONTROL];
        m->listen_fd = plan->fds[PLAN_FD_LISTEN];
        m->record_fd = plan->fds[PLAN_FD_EXIT_RECORD];
        m->is_volatile = plan->flags & PLAN_FLAG_VOLATILE;
        if (m->listen_fd >= 0)
                (void) fd_set_nonblock(m->listen_fd, true); /* cannot fail on an open fd */
        memcpy(m->state.id, plan->id, sizeof(m->state.id));
        m->state.features = m->exec ? 0 : CONTROL_FEATURE_PROBES;
        /* The run's number is the daemon's; all else is of an earlier run. */
        if (pread_full(m->record_fd, &m->record, sizeof(m->record), 0) != sizeof(m->record))
                m->record.run = 0;
        m->record = (ExitRecord){ .run = m->record.run };
        memcpy(m->record.boot_id, plan->boot_id, sizeof(m->record.boot_id));
        (void) log_writer_open(&m->log, -EBADF, 0, 0); /* none yet: cannot fail */
        streams_init(&m->streams, plan->fds[PLAN_FD_LOG_DIR] >= 0 ? &m->log : NULL);
}

static void start_failed(Monitor *m, const PlanFailure *failure) {
        m->record.kind = EXIT_FAILED;
        m->record.step = failure->step;
        m->record.value = (uint32_t) failure->error;
        m->record.finished_usec = now_realtime();
        memcpy(m->record.detail, failure->detail, sizeof(m->record.detail));
        report(m, CONTROL_FAILED, failure, sizeof(*failure), -EBADF);
        loop(m);
}

/* In a pid namespace of its own, all ends with the first process; in another's the others would stay. */
static void keep_kill_fd(Monitor *m, const Plan *plan) {
        if (plan->kind == PLAN_RUN && !(plan->namespaces & CLONE_NEWPID))
                m->kill_fd = openat(plan->fds[PLAN_FD_CGROUP], "cgroup.kill", O_WRONLY | O_CLOEXEC);
}

typedef struct Start {
        Plan plan;
        void *map; /* of its bytes; NULL: let go of */
        size_t size;
} Start;

/* What only the start needed: a container that idles for months holds no more than its streams and
 * sockets. */
static void let_go_of_plan(Start *s) {
        static const PlanFd start_only[] = { PLAN_FD_CGROUP, PLAN_FD_STATE_DIR, PLAN_FD_TARGET,
                PLAN_FD_STDIN, PLAN_FD_STDOUT, PLAN_FD_STDERR, PLAN_FD_USERNS_STORAGE,
                PLAN_FD_NETNS, PLAN_FD_OWN_CGROUP, PLAN_FD_JOIN_NET, PLAN_FD_JOIN_IPC,
                PLAN_FD_JOIN_UTS, PLAN_FD_JOIN_PID, PLAN_FD_JOIN_USER, PLAN_FD_USERNS };

        if (!s->map)
                return;
        for (size_t i = 0; i < ELEMENTSOF(start_only); i++)
                close_fd(s->plan.fds[start_only[i]]);
        for (size_t i = 0; i < s->plan.n_layers; i++)
                close_fd(s->plan.layer_fds[i]);
        close_fd(PLAN_FD);
        plan_done(&s->plan);
        (void) munmap(s->map, s->size); /* our own mapping */
        s->map = NULL;
}

/* While the child makes its container: a file less to wait for. Nothing is written before execve. */
static int prepare_to_watch(void *userdata) {
        Start *s = userdata;
        bool needed = s->plan.kind != PLAN_RUN || mount_sources_are_wanted(&s->plan);
        int r;

        r = log_writer_open(&monitor.log, s->plan.fds[PLAN_FD_LOG_DIR], s->plan.log_max_size,
                        s->plan.log_max_files);
        if (r < 0)
                return r;
        keep_kill_fd(&monitor, &s->plan);
        if (!needed) /* neither for a caller's mounts nor to end what did not start */
                let_go_of_plan(s);
        return 0;
}

/* An exec's terminal: the client's pipes came with the plan. */
static void attach_exec_terminal(Monitor *m, const Plan *plan) {
        unsigned mask = (plan->fds[PLAN_FD_TERMINAL] >= 0 ? CONTROL_ATTACH_STDIN : 0) |
                        (plan->fds[PLAN_FD_TERMINAL_OUT] >= 0 ? CONTROL_ATTACH_STDOUT |
                                                                                CONTROL_ATTACH_BLOCK
                                                              : 0);
        int fds[2];
        size_t n = 0;

        for (PlanFd role = PLAN_FD_TERMINAL; role <= PLAN_FD_TERMINAL_OUT; role++)
                if (plan->fds[role] >= 0)
                        fds[n++] = plan->fds[role];
        (void) streams_attach(&m->streams, mask, fds); /* the first ones: there is room */
}

static int run(Monitor *m) {
        PlanFailure failure = {};
        ControlStarted started = {};
        Start s = {};
        int r;

        r = read_plan(&s.plan, &s.map, &s.size);
        if (r < 0)
                return EXIT_FAILURE; /* without a plan there is nobody to tell: the daemon sees our
                                        end */
        m->child.pidfd = m->probe.fd = m->kill_fd = -EBADF;
        set_up(m, &s.plan);
        attach_exec_terminal(m, &s.plan);
        while (receive(m)) /* who attached before the start gets everything */
                ;

        if (m->size.ws_row > 0) {
                s.plan.rows = m->size.ws_row;
                s.plan.columns = m->size.ws_col;
        }

        m->record.started_usec = now_realtime();
        r = spawn_child(&s.plan, prepare_to_watch, &s, &m->child, &failure);
        if (r < 0) {
                start_failed(m, &failure);
                return EXIT_FAILURE;
        }

        m->record.kind = EXIT_STARTED;
        m->record.started_usec = now_realtime();
        m->state.phase = CONTROL_PHASE_RUNNING;
        m->state.pid = started.pid = (uint32_t) m->child.pid;
        m->state.started_usec = started.started_usec = m->record.started_usec;
        send_message(m, CONTROL_STARTED, 0, &started, sizeof(started), m->child.pidfd);
        (void) exit_record_write(m->record_fd,
                        &m->record); /* only tells a later daemon that a run was under way */
        if (m->child.userns_fd >= 0)
                send_message(m, CONTROL_USERNS, 0, NULL, 0, m->child.userns_fd);
        m->child.userns_fd = close_fd(m->child.userns_fd);
        streams_start(&m->streams, &m->child);
        while (receive(m)) /* and who did while it started, too */
                ;
        let_go_of_plan(&s);
        log_writer_append(&m->log, LOG_STREAM_START, NULL, 0);

        loop(m);
        return EXIT_SUCCESS;
}

int main(int argc, char *argv[]) {
        (void) signal(SIGPIPE, SIG_IGN); /* a client that left is an EPIPE */
        if (argc > 1 && streq(argv[1], "--version")) {
                (void) puts("pocketdocker-monitor " POCKETDOCKER_VERSION);
                return EXIT_SUCCESS;
        }
        if (argc > 1 && streq(argv[1], "--hold"))
                return hold_run();
        if (argc == 3 && streq(argv[1], "--ready"))
                return ready_run(argv[2]);
        if (argc > 1 || fcntl(PLAN_FD, F_GETFD) < 0) {
                (void) fputs("pocketdocker-monitor: started by pocketdockerd alone, or with --hold "
                             "or --version\n",
                                stderr);
                return EXIT_FAILURE;
        }

        fill_stdio();
        (void) prctl(PR_SET_DUMPABLE, 0); /* cannot fail with 0; keeps the child's memory from the
                                             container too */
        return run(&monitor);
}
