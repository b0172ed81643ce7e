/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor/reaper.c: see reaper.h. It keeps the host's root, as the container's processes must neither
 * signal nor trace it, and holds one fd, of cgroup.kill, which no command inherits.
 */
#include "monitor/reaper.h"
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "init/sys.h"

/* The monitor has set what we hand down (limits, OOM score) once this byte is there; it is the command's to read. */
static bool is_released(const Child *c) {
        ssize_t n;
        char go;

        do
                n = recv(c->sync_fd, &go, 1, MSG_PEEK);
        while (n < 0 && errno == EINTR);
        return n == 1;
}

static bool monitor_is_gone(const Child *c) {
        struct pollfd p = { .fd = c->lifeline_fd, .events = POLLIN };

        (void) prctl(PR_SET_PDEATHSIG, SIGKILL); /* cannot fail with a valid signal */
        return poll(&p, 1, 0) != 0;
}

static void fail_clone(const Child *c, int error, const char *detail) {
        PlanFailure failure = { .step = PLAN_STEP_CLONE, .error = error };

        memcpy(failure.detail, detail, strlen(detail) + 1);
        (void) send(c->sync_fd, &failure, sizeof(failure), MSG_NOSIGNAL); /* else the end tells */
        _exit(127);
}

static int code_of(int status) {
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void wait_for_all(pid_t command, int kill_fd) __attribute__((__noreturn__));
static void wait_for_all(pid_t command, int kill_fd) {
        int status, code = 128 + SIGKILL;
        pid_t pid;

        while ((pid = waitpid(-1, &status, 0)) > 0 || errno == EINTR)
                if (pid == command) {
                        code = code_of(status);
                        (void) !write(kill_fd, "1", 1); /* an empty cgroup takes it as well */
                }
        _exit(code);
}

void reaper_run(Child *c, int cgroup_fd) {
        CloneArgs args = {
                .flags = PD_CLONE_INTO_CGROUP,
                .exit_signal = SIGCHLD,
                .cgroup = (uint64_t) cgroup_fd,
        };
        int kill_fd, pid;

        if (monitor_is_gone(c) || !is_released(c))
                _exit(127);
        kill_fd = openat(cgroup_fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);
        if (kill_fd < 0)
                fail_clone(c, errno, "cgroup.kill");
        if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
                fail_clone(c, errno, "reaper");
        pid = sys_clone3(&args);
        if (pid == 0) {
                (void) close(kill_fd); /* not ours any more */
                child_run(c);
        }
        if (pid < 0)
                fail_clone(c, -pid, "own cgroup");

        if (kill_fd > 0)
                (void) sys_close_range(0, (unsigned) kill_fd - 1, 0);
        (void) sys_close_range((unsigned) kill_fd + 1, UINT32_MAX, 0);
        wait_for_all(pid, kill_fd);
}
