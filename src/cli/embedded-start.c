/* SPDX-License-Identifier: Apache-2.0 */
/* cli/embedded-start.c: see embedded-start.h. */
#include "cli/embedded-start.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/str.h"
#include "cli/program-path.h"
#include "model/names.h"

enum {
        READY_FD = 3,           /* where the daemon finds its end of the pipe */
        READY_MSEC = 90 * 1000, /* an integrity check of a large database takes its time */
        READY_BYTES_MAX = 4096, /* of its sentence */
};

/* Nothing of the caller's environment reaches the daemon but its own settings and the sanitizers'. */
static int daemon_environment(char ***ret) {
        static const char *const prefixes[] = {
                        "POCKETDOCKER_", "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LSAN_OPTIONS="};
        _cleanup_strv_free_ char **env = NULL;
        int r;

        r = strv_push(&env, "PATH=" DEFAULT_PATH);
        for (char **e = environ; r >= 0 && *e; e++)
                for (size_t i = 0; r >= 0 && i < ELEMENTSOF(prefixes); i++)
                        if (startswith(*e, prefixes[i]))
                                r = strv_push(&env, *e);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(env);
        return 0;
}

static int spawn_prepared(const char *path, char *const *argv, char *const *env, int ready_fd,
        posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes) {
        sigset_t none, all;
        pid_t pid;
        int r;

        (void) sigemptyset(&none); /* cannot fail on a valid set; nor can the next */
        (void) sigfillset(&all);
        r = posix_spawnattr_setflags(attributes,
                        POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        if (r == 0)
                r = posix_spawnattr_setsigmask(attributes, &none);
        if (r == 0)
                r = posix_spawnattr_setsigdefault(attributes, &all);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(actions, ready_fd, READY_FD);
        if (r == 0)
                r = posix_spawn_file_actions_addclosefrom_np(actions, READY_FD + 1);
        for (int fd = 0; r == 0 && fd < READY_FD; fd++)
                r = posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_RDWR, 0);
        if (r == 0)
                r = posix_spawn_file_actions_addchdir_np(actions, "/");
        if (r == 0)
                r = posix_spawn(&pid, path, actions, attributes, argv, env);
        return -r;
}

static int spawn(const char *path, char *const *argv, char *const *env, int ready_fd) {
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        int r;

        r = -posix_spawn_file_actions_init(&actions);
        if (r < 0)
                return r;
        r = -posix_spawnattr_init(&attributes);
        if (r >= 0) {
                r = spawn_prepared(path, argv, env, ready_fd, &actions, &attributes);
                (void) posix_spawnattr_destroy(&attributes); /* frees; has no other result */
        }
        (void) posix_spawn_file_actions_destroy(&actions); /* the same */
        return r;
}

/* "1", or one sentence and the end. */
static int wait_until_ready(int fd, Failure *reterr) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        char text[READY_BYTES_MAX];
        size_t size = 0;
        ssize_t n;

        while (size < sizeof(text) - 1) {
                if (poll(&p, 1, READY_MSEC) == 0)
                        return fail(reterr, FAILURE_TIMED_OUT, ETIMEDOUT,
                                        "The embedded daemon is not ready after %d seconds",
                                        READY_MSEC / 1000);
                n = read(fd, text + size, sizeof(text) - 1 - size);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        break;
                size += (size_t) n;
                if (text[0] == '1')
                        return 0;
        }

        text[size] = '\0';
        text[strcspn(text, "\n")] = '\0';
        if (!*text)
                return fail(reterr, FAILURE_INTERNAL, ECHILD,
                                "The embedded daemon ended before it was ready");
        return fail(reterr, FAILURE_INTERNAL, ECHILD, "%s", text);
}

int embedded_start(const char *root, const char *run_root, Failure *reterr) {
        _cleanup_strv_free_ char **env = NULL;
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int reader = -EBADF, writer = -EBADF;
        int fds[2], r;

        r = program_path(PROGRAM_DAEMON, "../daemon", &path, reterr);
        if (r < 0)
                return r;
        r = daemon_environment(&env);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, r, "Out of memory");
        if (pipe2(fds, O_CLOEXEC) < 0)
                return fail_errno(reterr, errno, "Failed to make a pipe");
        reader = fds[0];
        /* A dup2() onto itself would leave close-on-exec set. */
        writer = fd_move_above(fds[1], READY_FD + 1);
        if (writer < 0)
                return fail_errno(reterr, writer, "Failed to make a pipe");

        r = spawn(path,
                        (char *[]){path, (char *) "--embedded", (char *) "--root", (char *) root,
                                        (char *) "--run-root", (char *) run_root,
                                        (char *) "--ready-fd", (char *) "3", NULL},
                        env, writer);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to start '%s'", path);

        writer = close_fd(writer);
        return wait_until_ready(reader, reterr);
}
