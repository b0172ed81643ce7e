/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verb-login.c: login and logout: they talk to Docker's config.json and to nobody else. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/docker-config.h"
#include "cli/verbs.h"
#include "model/image-ref.h"
#include "model/names.h"

#define SECRET_MAX (16 * 1024)

/* A host as references have it, also from a URL as older versions of Docker have taken it. */
static int read_server(const Arguments *args, char **ret, Failure *reterr) {
        const char *typed = args->n_operands > 0 ? args->operands[0] : DEFAULT_REGISTRY,
                   *host = startswith(typed, "https://") ?: startswith(typed, "http://") ?: typed;
        _cleanup_(image_ref_freep) ImageRef *ref = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = str_printf(&text, "%.*s/x", (int) strcspn(host, "/"), host);
        if (r >= 0)
                r = image_ref_parse(text, &ref, NULL);
        if (r == -ENOMEM)
                return fail(reterr, FAILURE_NO_MEMORY, r, "Out of memory");
        if (r >= 0)
                text[strlen(text) - strlen("/x")] = '\0';
        if (r < 0 || (!streq(ref->domain, text) && !streq(text, "index.docker.io")))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "'%s' is not a registry's name",
                                typed);
        *ret = TAKE_PTR(ref->domain);
        return 0;
}

/* One line, without its end. */
static int read_line(FILE *in, char *line, size_t size, const char *what, Failure *reterr) {
        if (!fgets(line, (int) size, in))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "There is no %s", what);
        if (strlen(line) + 1 == size)
                return fail(reterr, FAILURE_INVALID_ARGS, E2BIG, "The %s is too long", what);
        line[strcspn(line, "\r\n")] = '\0';
        if (!*line)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "The %s is empty", what);
        return 0;
}

static int ask_password(char *line, size_t size, Failure *reterr) {
        struct termios old, quiet;
        int r;

        if (tcgetattr(STDIN_FILENO, &old) < 0)
                return fail(reterr, FAILURE_INVALID_ARGS, ENOTTY,
                                "Standard input is no terminal: give '--password-stdin'");
        quiet = old;
        quiet.c_lflag &= (tcflag_t) ~ECHO;
        if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) < 0)
                return fail_errno(reterr, errno, "Failed to hide the password");
        fputs("Password: ", stderr); /* from here on what is typed counts, and is not shown */
        r = read_line(stdin, line, size, "password", reterr);
        (void) tcsetattr(STDIN_FILENO, TCSAFLUSH, &old); /* a terminal that hung up needs nothing back */
        fputs("\n", stderr);
        return r;
}

static int ask_user(char *line, size_t size, Failure *reterr) {
        if (!isatty(STDIN_FILENO))
                return fail(reterr, FAILURE_INVALID_ARGS, ENOTTY,
                                "Standard input is no terminal: give '--username'");
        fputs("Username: ", stderr);
        return read_line(stdin, line, size, "username", reterr);
}

int verb_login(Client *c, const Arguments *args, Failure *reterr) {
        const char *user = arguments_string(args, "username"),
                   *password = arguments_string(args, "password");
        bool from_stdin = arguments_switch(args, "password-stdin", false);
        _cleanup_(docker_config_done) DockerConfig config = {};
        char user_line[256], line[SECRET_MAX];
        _cleanup_free_ char *host = NULL;
        int r;

        r = read_server(args, &host, reterr);
        if (r < 0)
                return r;
        if (from_stdin && password)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'--password' and '--password-stdin' contradict each other");
        if (from_stdin && !user)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'--password-stdin' needs '--username'");
        if (password)
                fputs(PROGRAM_CLI ": '--password' can be read by everybody who lists processes: "
                                  "better give '--password-stdin'\n",
                                stderr);
        if (!user) {
                r = ask_user(user_line, sizeof(user_line), reterr);
                user = user_line;
        }
        if (r >= 0 && from_stdin)
                r = read_line(stdin, line, sizeof(line), "password", reterr);
        else if (r >= 0 && !password)
                r = ask_password(line, sizeof(line), reterr);
        if (r < 0)
                return r;
        if (!*user || strchr(user, ':'))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "'%s' is not a valid username",
                                user);
        r = docker_config_load(&config, reterr);
        if (r >= 0)
                r = docker_config_store(&config, host, user, password ?: line, reterr);
        explicit_bzero(line, sizeof(line));
        if (r < 0)
                return r;
        printf("Login for '%s' stored in '%s/%s'\n", host, config.dir, config.name);
        return 0;
}

int verb_logout(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_(docker_config_done) DockerConfig config = {};
        _cleanup_free_ char *host = NULL;
        int r;

        r = read_server(args, &host, reterr);
        if (r >= 0)
                r = docker_config_load(&config, reterr);
        if (r >= 0)
                r = docker_config_erase(&config, host, reterr);
        if (r < 0)
                return r;
        printf(r > 0 ? "Removed the login for '%s'\n" : "There is no login for '%s'\n", host);
        return 0;
}
