/* SPDX-License-Identifier: Apache-2.0 */
/* cli/polkit-agent.c: starts pkttyagent for this very process and waits until it is registered. */
#include "cli/polkit-agent.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <systemd/sd-login.h>
#include "base/cleanup.h"
#include "base/fd.h"

#define AGENT "/usr/bin/pkttyagent"

/* As long as its own calls to polkit may take: it ends then, and with it the pipe. */
enum { REGISTER_MSEC = 30000 };

/*
 * Whether polkit will find a session for this process: the process's own, or, for what the user's own manager runs, the
 * one that the user is shown. libsystemd is loaded here because no other command has a use for it.
 */
static bool in_session(void) {
        void *library = dlopen("libsystemd.so.0", RTLD_LAZY | RTLD_LOCAL); /* never closed: an exec follows */
        __typeof__(&sd_pid_get_owner_uid) pid_get_owner_uid;
        __typeof__(&sd_pid_get_session) pid_get_session;
        __typeof__(&sd_uid_get_display) uid_get_display;
        uid_t uid;

        if (!library)
                return false;
        pid_get_session = (__typeof__(pid_get_session)) dlsym(library, "sd_pid_get_session");
        pid_get_owner_uid = (__typeof__(pid_get_owner_uid)) dlsym(library, "sd_pid_get_owner_uid");
        uid_get_display = (__typeof__(uid_get_display)) dlsym(library, "sd_uid_get_display");
        if (!pid_get_session || !pid_get_owner_uid || !uid_get_display)
                return false;

        return pid_get_session(0, NULL) >= 0 ||
                        (pid_get_owner_uid(0, &uid) >= 0 && uid_get_display(uid, NULL) >= 0);
}

static _Noreturn void run_agent(pid_t parent, int notify_fd) {
        char parent_text[16], fd_text[16];

        /* It must not outlive the command: it would hold the terminal. */
        (void) prctl(PR_SET_PDEATHSIG, SIGTERM); /* the check below covers what came before it */
        if (getppid() != parent || fd_set_cloexec(notify_fd, false) < 0)
                _exit(1);

        (void) snprintf(parent_text, sizeof(parent_text), "%d", (int) parent);
        (void) snprintf(fd_text, sizeof(fd_text), "%d", notify_fd);
        /* A desktop's agent goes first. Without a session there is none, and polkit asks no fallback then. */
        execl(AGENT, AGENT, "--process", parent_text, "--notify-fd", fd_text,
                        in_session() ? "--fallback" : NULL, (char *) NULL);
        _exit(1);
}

void polkit_agent_start(void) {
        _cleanup_close_ int reader = -EBADF, writer = -EBADF;
        struct pollfd p = { .events = POLLIN };
        pid_t parent = getpid(), pid;
        int fds[2];

        if (geteuid() == 0 || !isatty(STDIN_FILENO) || access(AGENT, X_OK) < 0)
                return;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return;
        reader = fds[0];
        writer = fds[1];

        pid = fork();
        if (pid < 0)
                return;
        if (pid == 0)
                run_agent(parent, writer);

        /* It closes the pipe once it is registered, or when it failed; either way the call goes ahead. */
        writer = close_fd(writer);
        p.fd = reader;
        (void) poll(&p, 1, REGISTER_MSEC); /* late is the same as absent */
}
