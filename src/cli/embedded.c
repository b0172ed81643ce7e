/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/embedded.c: finds the socket of the daemon that serves one state directory; starts the daemon and waits for its word.
 *
 * Two commands may start one at the same time: the daemon's lock lets one of them serve, and the other says that it is
 * ready once the first one is.
 */
#include "cli/embedded.h"
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/str.h"
#include "cli/sha256.h"
#include "model/names.h"

enum {
        READY_FD = 3,          /* where the daemon finds its end of the pipe */
        READY_MSEC = 90 * 1000, /* an integrity check of a large database takes its time */
        READY_BYTES_MAX = 4096, /* of its sentence */
        CONNECT_TRIES = 3,      /* one may be ending just when we come */
};

static int state_root(char **ret, Failure *reterr) {
        const char *root = getenv(ENV_ROOT);
        struct passwd *pw;
        char *cwd;
        int r;

        if (!isempty(root) && root[0] == '/')
                r = str_printf(ret, "%s", root);
        else if (!isempty(root)) {
                cwd = getcwd(NULL, 0);
                if (!cwd)
                        return fail_errno(reterr, errno, "Failed to find the current directory");
                r = str_printf(ret, "%s/%s", cwd, root);
                free(cwd);
        } else {
                /* From passwd and not from $HOME, which sudo may leave at another user's. */
                pw = getpwuid(geteuid());
                if (!pw || isempty(pw->pw_dir))
                        return fail(reterr, FAILURE_INTERNAL, ENOENT,
                                        "User %u has no home directory", (unsigned) geteuid());
                r = str_printf(ret, "%s/%s", pw->pw_dir, STATE_DIR_EMBEDDED);
        }
        return r < 0 ? fail(reterr, FAILURE_NO_MEMORY, r, "Out of memory") : 0;
}

/* The real path of the part that exists, and the rest as it is written. */
static int real_path(const char *path, char **ret) {
        _cleanup_free_ char *head = NULL, *real = NULL;
        char *slash;

        real = realpath(path, NULL);
        if (real) {
                *ret = TAKE_PTR(real);
                return 0;
        }
        if (errno != ENOENT)
                return -errno;

        head = strdup(path);
        if (!head)
                return -ENOMEM;
        for (size_t n = strlen(head); n > 1 && head[n - 1] == '/'; n--)
                head[n - 1] = '\0';
        while ((slash = strrchr(head, '/'))) {
                *slash = '\0';
                real = realpath(slash == head ? "/" : head, NULL);
                if (real)
                        return str_printf(ret, "%s%s%s", streq(real, "/") ? "" : real, "/",
                                        path + (slash - head) + 1);
        }
        return -ENOENT;
}

int embedded_run_root(const char *root, char **ret, Failure *reterr) {
        _cleanup_free_ char *real = NULL;
        const char *given = getenv(ENV_RUN_ROOT);
        char hex[17];
        uint8_t hash[32];
        int r;

        if (!isempty(given)) {
                r = str_printf(ret, "%s", given);
                return r < 0 ? fail(reterr, FAILURE_NO_MEMORY, r, "Out of memory") : 0;
        }

        r = real_path(root, &real);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to resolve '%s'", root);
        for (size_t n = strlen(real); n > 1 && real[n - 1] == '/'; n--)
                real[n - 1] = '\0';

        sha256(real, strlen(real), hash);
        hex_encode(hash, 8, hex);
        r = str_printf(ret, "%s%s", RUN_DIR_EMBEDDED_PREFIX, hex);
        return r < 0 ? fail(reterr, FAILURE_NO_MEMORY, r, "Out of memory") : 0;
}

/* -ENOENT and -ECONNREFUSED say that nobody serves. */
static int try_connect(const char *run_root) {
        _cleanup_close_ int fd = -EBADF, dir_fd = -EBADF;
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int n;

        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;

        n = snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", run_root,
                        RUN_FILE_SOCKET);
        if (n >= (int) sizeof(address.sun_path)) {
                /* A socket's path has 108 bytes; a directory's may be longer. */
                dir_fd = open(run_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (dir_fd < 0)
                        return -errno;
                (void) snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s",
                                dir_fd, RUN_FILE_SOCKET);
        }
        if (connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* Beside this program, or where the build tree has it, or where it is installed. */
static int daemon_path(char **ret, Failure *reterr) {
        static const char *const places[] = { "", "../daemon/" };
        char self[PATH_MAX];
        ssize_t n;
        int r;

        n = readlink("/proc/self/exe", self, sizeof(self) - 1);
        if (n < 0)
                return fail_errno(reterr, errno, "Failed to find this program's own path");
        self[n] = '\0';
        *strrchr(self, '/') = '\0';

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                _cleanup_free_ char *path = NULL;

                r = str_printf(&path, "%s/%s%s", self, places[i], PROGRAM_DAEMON);
                if (r < 0)
                        return fail(reterr, FAILURE_NO_MEMORY, r, "Out of memory");
                if (access(path, X_OK) == 0) {
                        *ret = TAKE_PTR(path);
                        return 0;
                }
        }
        r = free_and_strdup(ret, LIBEXECDIR "/" PROGRAM_DAEMON);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, r, "Out of memory");
        if (access(*ret, X_OK) < 0)
                return fail_errno(reterr, errno, "Failed to find the daemon at '%s'", *ret);
        return 0;
}

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

static int start_daemon(const char *root, const char *run_root, Failure *reterr) {
        _cleanup_strv_free_ char **env = NULL;
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int reader = -EBADF, writer = -EBADF;
        int fds[2], r;

        r = daemon_path(&path, reterr);
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

int embedded_connect(Failure *reterr) {
        _cleanup_free_ char *root = NULL, *run_root = NULL;
        int fd = -ENOENT, r;

        if (geteuid() != 0)
                return fail(reterr, FAILURE_ACCESS_DENIED, EPERM,
                                "The service 'pocketdocker' is not installed here, and only root "
                                "can run containers without it");

        r = state_root(&root, reterr);
        if (r < 0)
                return r;
        r = embedded_run_root(root, &run_root, reterr);
        if (r < 0)
                return r;

        for (unsigned i = 0; i < CONNECT_TRIES; i++) {
                fd = try_connect(run_root);
                if (fd >= 0)
                        return fd;
                if (fd != -ENOENT && fd != -ECONNREFUSED)
                        break;

                r = start_daemon(root, run_root, reterr);
                if (r < 0)
                        return r;
        }
        if (fd == -ENOENT || fd == -ECONNREFUSED)
                fd = try_connect(run_root);
        return fd < 0 ? fail_errno(reterr, fd, "Failed to connect to '%s/%s'", run_root,
                                        RUN_FILE_SOCKET)
                      : fd;
}
