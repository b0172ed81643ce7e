/* SPDX-License-Identifier: Apache-2.0 */
/* cli/credential-helper.c: see credential-helper.h. */
#include "cli/credential-helper.h"
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "model/limits.h"

#define PREFIX "docker-credential-"
#define OUTPUT_MAX CREDENTIALS_BYTES_MAX

extern char **environ;

/* It becomes the name of a program. */
static bool name_is_valid(const char *name) {
        size_t n = strspn(name,
                        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

        return n > 0 && n < 64 && name[n] == '\0';
}

static int spawn(const char *program, const char *verb, int in_fd, int out_fd, pid_t *ret) {
        char *argv[] = { (char *) program, (char *) verb, NULL }; /* read, never written */
        posix_spawn_file_actions_t actions;
        int r;

        r = posix_spawn_file_actions_init(&actions);
        if (r != 0)
                return -r;
        r = posix_spawn_file_actions_adddup2(&actions, in_fd, STDIN_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
        if (r == 0)
                r = posix_spawnp(ret, program, &actions, NULL, argv, environ);
        (void) posix_spawn_file_actions_destroy(&actions); /* frees, and cannot fail */
        return -r;
}

/* The input is less than a pipe holds, so it is written before anything is read. */
static int run(const char *name, const char *verb, const char *input, char **ret_output,
                int *ret_status, Failure *reterr) {
        _cleanup_close_ int in_read = -EBADF, in_write = -EBADF, out_read = -EBADF,
                            out_write = -EBADF;
        _cleanup_free_ char *program = NULL, *output = NULL;
        void (*before)(int);
        int in[2], out[2], r;
        ssize_t n;
        pid_t pid;

        if (!name_is_valid(name))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%s' is not the name of a credential helper", name);
        output = malloc(OUTPUT_MAX + 1);
        if (!output || str_printf(&program, PREFIX "%s", name) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (pipe2(in, O_CLOEXEC) < 0)
                return fail_errno(reterr, errno, "Failed to make a pipe");
        in_read = in[0];
        in_write = in[1];
        if (pipe2(out, O_CLOEXEC) < 0)
                return fail_errno(reterr, errno, "Failed to make a pipe");
        out_read = out[0];
        out_write = out[1];

        r = spawn(program, verb, in_read, out_write, &pid);
        if (r < 0)
                return fail(reterr, FAILURE_INTERNAL, r,
                                "Failed to run the credential helper '%s': %s", program,
                                strerror(-r));
        in_read = close_fd(in_read);
        out_write = close_fd(out_write);
        before = signal(SIGPIPE, SIG_IGN);
        (void) write_full(in_write, input, strlen(input)); /* one that does not read it has an answer all the same */
        (void) signal(SIGPIPE, before); /* it was valid, and so it is */
        in_write = close_fd(in_write);
        n = read_full(out_read, output, OUTPUT_MAX);
        out_read = close_fd(out_read); /* whatever more it has to say ends it */
        while (waitpid(pid, ret_status, 0) < 0)
                if (errno != EINTR)
                        return fail_errno(reterr, errno, "Failed to wait for '%s'", program);
        output[MAX2(n, (ssize_t) 0)] = '\0';
        *ret_output = TAKE_PTR(output);
        return 0;
}

/* They tell by these words alone that they know nothing of a registry. */
static bool knows_none(const char *output) {
        return strstr(output, "credentials not found") ||
               strstr(output, "no credentials server URL");
}

static int refused(const char *name, char *output, Failure *reterr) {
        output[strcspn(output, "\r\n")] = '\0';
        return fail(reterr, FAILURE_INTERNAL, EIO, "The credential helper '%s' has failed: %s",
                        name, isempty(output) ? "it says nothing" : output);
}

static int read_string(const json_t *j, const char *key, char **ret) {
        const json_t *member = json_object_get(j, key);

        if (!json_is_string(member))
                return -EBADMSG;
        return free_and_strdup(ret, json_string_value(member));
}

int credential_helper_get(const char *name, const char *key, char **ret_user, char **ret_secret,
                Failure *reterr) {
        _cleanup_free_ char *output = NULL;
        json_error_t error;
        int status, r;
        json_t *j;

        r = run(name, "get", key, &output, &status, reterr);
        if (r < 0)
                return r;
        if (status != 0 && knows_none(output))
                return 0;
        if (status != 0)
                return refused(name, output, reterr);
        j = json_loads(output, 0, &error);
        r = json_is_object(j) ? read_string(j, "Username", ret_user) : -EBADMSG;
        if (r >= 0)
                r = read_string(j, "Secret", ret_secret);
        json_decref(j);
        if (r < 0)
                return fail(reterr, FAILURE_INTERNAL, r,
                                "The credential helper '%s' gave no credentials", name);
        return isempty(*ret_secret) ? 0 : 1;
}

int credential_helper_store(const char *name, const char *key, const char *user,
                const char *password, Failure *reterr) {
        _cleanup_free_ char *input = NULL, *output = NULL;
        int status, r;
        json_t *j;

        j = json_object();
        if (j && json_object_set_new(j, "ServerURL", json_string(key)) >= 0 &&
                        json_object_set_new(j, "Username", json_string(user)) >= 0 &&
                        json_object_set_new(j, "Secret", json_string(password)) >= 0)
                input = json_dumps(j, JSON_COMPACT);
        json_decref(j);
        if (!input)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = run(name, "store", input, &output, &status, reterr);
        if (r < 0)
                return r;
        return status == 0 ? 0 : refused(name, output, reterr);
}

int credential_helper_erase(const char *name, const char *key, Failure *reterr) {
        _cleanup_free_ char *output = NULL;
        int status, r;

        r = run(name, "erase", key, &output, &status, reterr);
        if (r < 0)
                return r;
        if (status == 0)
                return 1;
        return knows_none(output) ? 0 : refused(name, output, reterr);
}
