/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/session.c: one poll() over the bus, the signals and up to three streams.
 *
 * A session is over when the workload's exit status is known and its output is at its end, whichever comes last, and the
 * container is gone if it is to be. The status is asked for apart, so that it is not lost with a daemon that dies in between.
 */
#include "cli/session.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include "base/parse.h"
#include "base/str.h"
#include "base/usec.h"
#include "cli/stream.h"
#include "cli/terminal.h"
#include "model/names.h"

enum {
        STREAM_IN,
        STREAM_OUT,
        STREAM_ERR,
        _STREAMS,
        POLL_BUS = 2 * _STREAMS,
        POLL_SIGNALS,
        _POLLS,
        RECONNECTS_MAX = 5,
};

typedef struct Run {
        Client *client;     /* borrowed */
        const Session *s;   /* borrowed */
        char *exec;         /* owned; NULL: the container itself */
        Stream streams[_STREAMS];
        DetachKeys keys;
        int signal_fd;      /* owned; -EBADF: signals do what they do */
        bool attached;      /* the streams came */
        bool started;       /* or needs no start */
        bool wait_refused;  /* before the start was answered */
        bool ended;         /* exit_status holds */
        bool gone;          /* or nobody is left to tell */
        bool lost;          /* the connection or the service went before the end was known */
        bool detached;
        bool broken_pipe;   /* nobody reads our output any more */
        unsigned reconnects;
        int exit_status;
        Failure *reterr;
        int error;          /* negative errno once the session failed */
} Run;

static void run_done(Run *run) {
        for (int i = 0; i < _STREAMS; i++)
                stream_done(&run->streams[i]);
        close_fd(run->signal_fd);
        free(run->exec);
}

int session_prepare(const Session *s, Failure *reterr) {
        if (s->tty && s->want_stdin && !isatty(STDIN_FILENO))
                return fail(reterr, FAILURE_INVALID_ARGS, ENOTTY,
                                "Standard input is no terminal, which '--tty' with '--interactive' "
                                "needs");
        return 0;
}

static void give_up(Run *run, int error) {
        if (run->error >= 0)
                run->error = error;
}

static void on_failure(Run *run, sd_bus_message *reply) {
        const sd_bus_error *e = sd_bus_message_get_error(reply);

        if (run->error >= 0)
                give_up(run, client_error(run->client, e, ECONNRESET, run->reterr));
}

/* Sent without waiting for a reply: whether it reached a workload that may just end is nobody's question. */
static void send_quietly(Run *run, const char *member, const char *types, ...) {
        _cleanup_message_ sd_bus_message *m = NULL;
        va_list ap;
        int r;

        r = client_new_call(run->client, run->s->path, BUS_INTERFACE_CONTAINER, member, &m, NULL);
        if (r >= 0 && run->exec)
                r = sd_bus_message_append(m, "s", run->exec);
        if (r < 0)
                return;

        va_start(ap, types);
        r = sd_bus_message_appendv(m, types, ap);
        va_end(ap);
        if (r >= 0)
                r = sd_bus_message_set_expect_reply(m, false);
        if (r >= 0)
                (void) sd_bus_send(run->client->bus, m, NULL); /* a lost connection is found by the loop */
}

static void send_size(Run *run) {
        uint32_t rows, columns;

        if (terminal_size(STDOUT_FILENO, &rows, &columns) >= 0 && rows > 0 && columns > 0)
                send_quietly(run, run->exec ? "ResizeExec" : "Resize", "uu", rows, columns);
}

static int take_stream(Run *run, const char *name, int fd) {
        if (streq(name, "stdin")) {
                fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
                if (fd < 0)
                        return -errno;
                stream_init(&run->streams[STREAM_IN], STDIN_FILENO, fd,
                                run->s->tty ? &run->keys : NULL);
                return 0;
        }
        if (!streq(name, "stdout") && !streq(name, "stderr"))
                return 0;

        fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        if (fd < 0)
                return -errno;
        if (streq(name, "stdout"))
                stream_init(&run->streams[STREAM_OUT], fd, STDOUT_FILENO, NULL);
        else
                stream_init(&run->streams[STREAM_ERR], fd, STDERR_FILENO, NULL);
        return 0;
}

/* a{sh}; the fds are the message's, so ours are duplicates. */
static int take_streams(Run *run, sd_bus_message *reply) {
        const char *name;
        int fd, r;

        r = sd_bus_message_enter_container(reply, 'a', "{sh}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(reply, "{sh}", &name, &fd)) > 0) {
                r = take_stream(run, name, fd);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;

        run->attached = true;
        if (run->s->tty && run->s->want_stdin)
                return terminal_raw(STDIN_FILENO);
        return 0;
}

static int on_attached(sd_bus_message *reply, void *userdata, sd_bus_error *unused) {
        Run *run = userdata;
        int r;

        if (sd_bus_message_is_method_error(reply, NULL)) {
                on_failure(run, reply);
                return 0;
        }
        r = take_streams(run, reply);
        if (r < 0)
                give_up(run, client_message_error(r, run->reterr));
        return 0;
}

static int on_ended(sd_bus_message *reply, void *userdata, sd_bus_error *unused) {
        Run *run = userdata;
        int32_t status;
        int r;

        if (sd_bus_message_is_method_error(reply, NULL)) {
                if (client_lost(sd_bus_message_get_error(reply)))
                        run->lost = true;
                else if (!run->started) /* the start's own answer says why, if it failed */
                        run->wait_refused = true;
                else
                        on_failure(run, reply);
                return 0;
        }
        r = sd_bus_message_read(reply, "i", &status);
        if (r < 0) {
                give_up(run, client_message_error(r, run->reterr));
                return 0;
        }
        run->ended = true;
        run->exit_status = status;
        return 0;
}

/* Whatever the answer: a container that is not there is gone. */
static int on_gone(sd_bus_message *reply, void *userdata, sd_bus_error *unused) {
        Run *run = userdata;

        if (sd_bus_message_is_method_error(reply, NULL) &&
                        client_lost(sd_bus_message_get_error(reply)))
                run->lost = true;
        else
                run->gone = true;
        return 0;
}

static int call_later(
                Run *run, sd_bus_message *m, uint64_t timeout_usec, sd_bus_message_handler_t fn) {
        int r;

        r = sd_bus_call_async(run->client->bus, NULL, m, fn, run, timeout_usec);
        return r < 0 ? client_error(run->client, NULL, r, run->reterr) : 0;
}

static int send_attach(Run *run) {
        _cleanup_message_ sd_bus_message *m = NULL;
        const Session *s = run->s;
        int r;

        r = client_new_call(
                        run->client, s->path, BUS_INTERFACE_CONTAINER, "Attach", &m, run->reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "a{sv}", 4,
                "stdin", "b", s->want_stdin,
                "stdout", "b", s->want_stdout,
                "stderr", "b", s->want_stderr && !s->tty,
                "block", "b", s->block);
        if (r < 0)
                return client_message_error(r, run->reterr);
        return call_later(run, m, CLIENT_TIMEOUT_USEC, on_attached);
}

static int send_wait_gone(Run *run) {
        _cleanup_message_ sd_bus_message *m = NULL;
        int r;

        r = client_new_call(run->client, run->s->path, BUS_INTERFACE_CONTAINER, "Wait", &m,
                        run->reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "a{sv}", 1, "condition", "s", "removed");
        if (r < 0)
                return client_message_error(r, run->reterr);
        return call_later(run, m, CLIENT_FOR_EVER, on_gone);
}

static int send_wait(Run *run) {
        _cleanup_message_ sd_bus_message *m = NULL;
        int r;

        r = client_new_call(run->client, run->s->path, BUS_INTERFACE_CONTAINER,
                        run->exec ? "WaitExec" : "Wait", &m, run->reterr);
        if (r < 0)
                return r;
        if (run->exec)
                r = sd_bus_message_append(m, "s", run->exec);
        else /* sent before the start: an end that was before is not the one that is waited for */
                r = sd_bus_message_append(m, "a{sv}", 1, "condition", "s",
                                run->s->start && !run->started ? "next-exit" : "stopped");
        if (r < 0)
                return client_message_error(r, run->reterr);
        r = call_later(run, m, CLIENT_FOR_EVER, on_ended);
        return r >= 0 && run->s->until_gone ? send_wait_gone(run) : r;
}

static int on_started(sd_bus_message *reply, void *userdata, sd_bus_error *unused) {
        Run *run = userdata;
        int r;

        if (sd_bus_message_is_method_error(reply, NULL)) {
                on_failure(run, reply);
                return 0;
        }
        run->started = true;
        r = run->wait_refused ? send_wait(run) : 0;
        if (r < 0)
                give_up(run, r);
        if (run->s->tty)
                send_size(run); /* it may have changed while somebody was asked for a password */
        return 0;
}

static int send_start(Run *run) {
        _cleanup_message_ sd_bus_message *m = NULL;
        int r;

        r = client_new_call(run->client, run->s->path, BUS_INTERFACE_CONTAINER, "Start", &m,
                        run->reterr);
        if (r >= 0) {
                r = sd_bus_message_append(m, "a{sv}", 0);
                if (r < 0)
                        return client_message_error(r, run->reterr);
        }
        return r < 0 ? r : call_later(run, m, CLIENT_TIMEOUT_USEC, on_started);
}

/* Signals that say something to the workload; the others mean this program, or are the kernel's word on a mistake. */
static void signals_to_pass(sigset_t *ret, bool sig_proxy) {
        static const int kept[] = {
                SIGKILL, SIGSTOP, SIGCHLD, SIGPIPE, SIGURG, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT,
                SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS,
        };

        (void) sigemptyset(ret); /* these cannot fail on valid numbers */
        if (sig_proxy) {
                (void) sigfillset(ret);
                for (size_t i = 0; i < ELEMENTSOF(kept); i++)
                        (void) sigdelset(ret, kept[i]);
        }
        (void) sigaddset(ret, SIGWINCH);
}

static int take_signals(Run *run) {
        sigset_t set;

        /* A write to a pipe that nobody reads is an error that we report in our own way. */
        (void) signal(SIGPIPE, SIG_IGN);

        signals_to_pass(&set, run->s->sig_proxy);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return fail_errno(run->reterr, errno, "Failed to block signals");
        run->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        if (run->signal_fd < 0)
                return fail_errno(run->reterr, errno, "Failed to receive signals");
        return 0;
}

static void on_signal(Run *run) {
        struct signalfd_siginfo si;
        char name[16];

        /* Before the start there is nobody to pass them on to; they wait in the fd. */
        if (!run->started || read(run->signal_fd, &si, sizeof(si)) != sizeof(si))
                return;

        if (si.ssi_signo == SIGWINCH) {
                if (run->s->tty)
                        send_size(run);
                return;
        }
        if (signal_to_string((int) si.ssi_signo, name))
                send_quietly(run, run->exec ? "KillExec" : "Kill", "s",
                                signal_to_string((int) si.ssi_signo, name));
}

static int process_bus(Run *run) {
        int r;

        if (!run->client->bus)
                return 0;
        do
                r = sd_bus_process(run->client->bus, NULL);
        while (r > 0);
        if (r < 0 || sd_bus_is_open(run->client->bus) <= 0)
                run->lost = true;
        return 0;
}

/* The daemon went, the workload did not: an embedded one is started again, the system's is activated by the call. */
static void reconnect(Run *run) {
        run->lost = false;
        if (run->ended) {
                run->gone = true; /* the next daemon removes it before it takes calls */
                return;
        }
        if (!run->started) {
                give_up(run, fail(run->reterr, FAILURE_INTERNAL, ECONNRESET,
                                             "The connection to the service was lost before the "
                                             "container had started"));
                return;
        }
        if (++run->reconnects > RECONNECTS_MAX) {
                give_up(run, fail(run->reterr, FAILURE_INTERNAL, ECONNRESET,
                                             "The connection to the service was lost, and with it "
                                             "the exit status"));
                return;
        }
        if (client_reopen(run->client, run->reterr) < 0 || send_wait(run) < 0)
                give_up(run, -ECONNRESET);
}

static void dispatch_stream(Run *run, int i, const struct pollfd p[2]) {
        int r;

        r = stream_dispatch(&run->streams[i], p);
        if (r == -ECANCELED) {
                run->detached = true;
                return;
        }
        if (r < 0 && i != STREAM_IN) {
                if (r != -EPIPE)
                        fprintf(stderr, "pocketdocker: Failed to write to standard %s: %s\n",
                                        i == STREAM_OUT ? "output" : "error", strerror(-r));
                run->broken_pipe = true;
        }
}

static bool over(const Run *run) {
        if (run->error < 0 || run->detached || run->broken_pipe)
                return true;
        return run->ended && (run->gone || !run->s->until_gone) && run->attached &&
               stream_ended(&run->streams[STREAM_OUT]) && stream_ended(&run->streams[STREAM_ERR]);
}

static int poll_timeout(sd_bus *bus) {
        uint64_t until, now;

        /* An absolute monotonic time, or for ever. */
        if (!bus || sd_bus_get_timeout(bus, &until) <= 0 || until == UINT64_MAX)
                return -1;
        now = now_monotonic();
        return until <= now ? 0
                            : (int) MIN2((until - now) / USEC_PER_MSEC + 1, (uint64_t) INT32_MAX);
}

static int turn(Run *run) {
        struct pollfd p[_POLLS];
        sd_bus *bus = run->client->bus;

        for (int i = 0; i < _STREAMS; i++)
                stream_poll(&run->streams[i], p + 2 * i);
        p[POLL_BUS] = (struct pollfd){.fd = sd_bus_get_fd(bus),
                        .events = (short) MAX2(sd_bus_get_events(bus), 0)};
        p[POLL_SIGNALS] =
                        (struct pollfd){.fd = run->started ? run->signal_fd : -1, .events = POLLIN};

        if (poll(p, _POLLS, poll_timeout(bus)) < 0)
                return errno == EINTR ? 0 : fail_errno(run->reterr, errno, "Failed to wait");

        for (int i = 0; i < _STREAMS; i++)
                dispatch_stream(run, i, p + 2 * i);
        if (p[POLL_SIGNALS].revents)
                on_signal(run);
        return 0;
}

static int loop(Run *run) {
        int r;

        for (;;) {
                r = process_bus(run);
                if (r < 0)
                        return r;
                if (run->lost)
                        reconnect(run);
                if (over(run))
                        return 0;
                r = turn(run);
                if (r < 0)
                        return r;
        }
}

static int finish(Run *run) {
        int r = run->error;

        if (r >= 0)
                r = loop(run);
        terminal_restore();
        if (r < 0)
                return r;
        if (run->error < 0)
                return run->error;
        if (run->broken_pipe)
                return 128 + SIGPIPE;
        if (run->detached) {
                fputs("\n", stderr);
                return 0;
        }
        return run->exit_status;
}

static void run_init(Run *run, Client *c, const Session *s, Failure *reterr) {
        *run = (Run) { .client = c, .s = s, .keys = s->keys, .signal_fd = -EBADF, .reterr = reterr };
        for (int i = 0; i < _STREAMS; i++)
                run->streams[i] = STREAM_NULL;
}

int session_run(Client *c, const Session *s, Failure *reterr) {
        _cleanup_(run_done) Run run = {};
        int r;

        run_init(&run, c, s, reterr);
        run.started = !s->start;
        r = take_signals(&run);
        if (r >= 0)
                r = send_attach(&run);
        if (r >= 0)
                r = send_wait(&run);
        if (r >= 0 && s->tty)
                send_size(&run); /* before the start: the first thing that the workload may ask */
        if (r >= 0)
                r = s->start ? send_start(&run) : 0;
        if (r < 0)
                return r;

        return finish(&run);
}

int session_exec(Client *c, const Session *s, sd_bus_message *call, Failure *reterr) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_(run_done) Run run = {};
        const char *exec;
        int r;

        run_init(&run, c, s, reterr);
        r = client_send_call(c, call, CLIENT_TIMEOUT_USEC, &reply, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "s", &exec);
        if (r >= 0)
                r = free_and_strdup(&run.exec, exec);
        if (r < 0)
                return client_message_error(r, reterr);

        run.started = true;
        r = take_signals(&run);
        if (r >= 0)
                r = send_wait(&run);
        if (r < 0)
                return r;

        r = take_streams(&run, reply);
        if (r < 0)
                return client_message_error(r, reterr);
        /* It has the streams, too: while it lives, the command's input does not end. */
        reply = sd_bus_message_unref(reply);
        return finish(&run);
}
