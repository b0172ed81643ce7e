/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verb-run.c: run, create, start, attach: what begins a container or stays with it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "base/fd.h"
#include "base/str.h"
#include "cli/import.h"
#include "cli/mount-flags.h"
#include "cli/run-flags.h"
#include "cli/run-pull.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "cli/whole.h"
#include "model/names.h"

#define DETACH_KEYS_DEFAULT "ctrl-p,ctrl-q"

static int read_detach_keys(const Arguments *args, DetachKeys *ret, Failure *reterr) {
        return detach_keys_parse(
                        arguments_string(args, "detach-keys") ?: DETACH_KEYS_DEFAULT, ret, reterr);
}

/* A file is told from a name by how it begins, so that no file lying about changes what a name means. */
static bool is_file(const char *operand) {
        return operand[0] == '/' || startswith(operand, "./") || startswith(operand, "../");
}

/* CreateContainer or RunContainer. */
static int create_once(Client *c, const Arguments *args, const char *member, const char *image,
                char **ret_path, Failure *reterr) {
        _cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_strv_free_ char **mounts = NULL;
        const char *path;
        int r;

        r = mount_flags_prepare(c, args, &mounts, reterr);
        if (r >= 0)
                r = client_new_call(c, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, member, &m, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "s", image);
        if (r < 0)
                return client_message_error(r, reterr);
        r = run_flags_append(m, args, mounts, args->operands + 1, reterr);
        if (r < 0)
                return r;
        r = client_send_call(c, m, CLIENT_TIMEOUT_USEC, &reply, reterr);
        if (r < 0)
                return r;

        r = sd_bus_message_read(reply, "o", &path);
        if (r >= 0)
                r = free_and_strdup(ret_path, path);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

/* All is made anew for the second try: what opens a mount is good for a minute, and a pull may take longer. */
static int create(Client *c, const Arguments *args, const char *member, char **ret_path,
                Failure *reterr) {
        _cleanup_free_ char *imported = NULL;
        const char *image = args->operands[0];
        int r;

        if (is_file(image)) {
                r = import_file(c, image, "", NULL, &imported, reterr);
                image = imported;
        } else
                r = run_pull_first(c, args, image, reterr);
        if (r < 0)
                return r;

        r = create_once(c, args, member, image, ret_path, reterr);
        if (r >= 0 || imported || reterr->code != FAILURE_NO_SUCH_IMAGE)
                return r;
        r = run_pull_missing(c, args, image, reterr);
        if (r <= 0)
                return r < 0 ? r : -failure_to_errno(reterr->code);
        return create_once(c, args, member, image, ret_path, reterr);
}

/*
 * A file that gets the container's id. It is made before the container, since one that exists is a refusal, and it goes
 * again if there is none.
 */
typedef struct CidFile {
        const char *path; /* borrowed; NULL: none wanted */
        int fd;           /* owned */
} CidFile;

static int cid_file_open(const Arguments *args, CidFile *ret, Failure *reterr) {
        const char *path = arguments_string(args, "cidfile");
        int fd;

        if (!path)
                return 0;
        whole_instead(); /* a second try would meet our own file */
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (fd < 0 && errno == EEXIST)
                return fail(reterr, FAILURE_INVALID_ARGS, EEXIST,
                                "The file '%s' of '--cidfile' exists already", path);
        if (fd < 0)
                return fail_errno(reterr, errno, "Failed to create '%s'", path);
        *ret = (CidFile) { .path = path, .fd = fd };
        return 0;
}

static void cid_file_done(CidFile *f) {
        if (f->path)
                (void) unlink(f->path); /* it was ours a moment ago; if it is gone, all the better */
        f->fd = close_fd(f->fd);
}

static int cid_file_write(CidFile *f, const char *id, Failure *reterr) {
        int r;

        if (!f->path)
                return 0;
        r = write_full(f->fd, id, strlen(id));
        if (r < 0)
                return fail_errno(reterr, r, "Failed to write '%s'", f->path);
        return 0;
}

static void cid_file_keep(CidFile *f) {
        f->path = NULL;
}

static void print_id(const char *path) {
        puts(path_id(path));
}

/* After a failed run nothing is left: a caller who sees an error has nothing to clean up. */
static void discard(Client *c, const char *path) {
        _cleanup_failure_ Failure unused = {};

        (void) client_call(c, path, BUS_INTERFACE_CONTAINER, "Remove", CLIENT_TIMEOUT_USEC, NULL,
                        &unused, "a{sv}", 1, "force", "b", true); /* with --rm it is gone already */
}

/* Which streams are wanted: all outputs, and stdin if it is kept open, unless --attach names them. */
static int choose_streams(const Arguments *args, Session *s, Failure *reterr) {
        bool all = !arguments_given(args, "attach");

        s->want_stdout = s->want_stderr = all;
        s->want_stdin = all && arguments_switch(args, "interactive", false);
        for (size_t i = 0; i < args->n_values; i++) {
                const char *text = args->values[i].text;

                if (!streq(args->values[i].flag->name, "attach"))
                        continue;
                if (strcasecmp(text, "stdin") == 0)
                        s->want_stdin = true;
                else if (strcasecmp(text, "stdout") == 0)
                        s->want_stdout = true;
                else if (strcasecmp(text, "stderr") == 0)
                        s->want_stderr = true;
                else
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "'%s' of '--attach' is none of stdin, stdout and stderr",
                                        text);
        }
        return 0;
}

static int run_detached(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_(cid_file_done) CidFile cid_file = { .fd = -EBADF };
        _cleanup_free_ char *path = NULL;
        int r;

        if (arguments_given(args, "attach"))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'--detach' and '--attach' contradict each other");
        r = cid_file_open(args, &cid_file, reterr);
        if (r < 0)
                return r;
        r = create(c, args, "RunContainer", &path, reterr);
        if (r < 0)
                return r;
        r = cid_file_write(&cid_file, path_id(path), reterr);
        if (r < 0)
                return r;
        cid_file_keep(&cid_file);
        print_id(path);
        return 0;
}

int verb_run(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_(cid_file_done) CidFile cid_file = { .fd = -EBADF };
        _cleanup_free_ char *path = NULL;
        Session s = { .start = true, .block = true };
        int r;

        if (arguments_switch(args, "detach", false))
                return run_detached(c, args, reterr);

        s.tty = arguments_switch(args, "tty", false);
        s.until_gone = arguments_switch(args, "rm", false);
        s.sig_proxy = arguments_switch(args, "sig-proxy", true);
        r = choose_streams(args, &s, reterr);
        if (r < 0)
                return r;
        r = read_detach_keys(args, &s.keys, reterr);
        if (r < 0)
                return r;
        r = session_prepare(&s, reterr);
        if (r < 0)
                return r;
        r = cid_file_open(args, &cid_file, reterr);
        if (r < 0)
                return r;

        r = create(c, args, "CreateContainer", &path, reterr);
        if (r < 0)
                return r;
        s.path = path;
        r = cid_file_write(&cid_file, path_id(path), reterr);
        if (r >= 0)
                r = session_run(c, &s, reterr);
        if (r < 0)
                discard(c, path);
        else
                cid_file_keep(&cid_file);
        return r;
}

int verb_create(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_(cid_file_done) CidFile cid_file = { .fd = -EBADF };
        _cleanup_free_ char *path = NULL;
        int r;

        r = cid_file_open(args, &cid_file, reterr);
        if (r < 0)
                return r;
        r = create(c, args, "CreateContainer", &path, reterr);
        if (r < 0)
                return r;
        r = cid_file_write(&cid_file, path_id(path), reterr);
        if (r < 0)
                return r;
        cid_file_keep(&cid_file);
        print_id(path);
        return 0;
}

static int read_switch(Client *c, const char *path, const char *name, bool *ret, Failure *reterr) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        int value, r;

        r = client_call(c, path, "org.freedesktop.DBus.Properties", "Get", CLIENT_TIMEOUT_USEC,
                        &reply, reterr, "ss", BUS_INTERFACE_CONTAINER, name);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "v", "b", &value);
        if (r < 0)
                return client_message_error(r, reterr);
        *ret = value;
        return 0;
}

/* Stays with a container that exists; @with_stdin: if it keeps its standard input open. */
static int stay_with(Client *c, const Arguments *args, const char *name, bool start,
                bool with_stdin, Failure *reterr) {
        _cleanup_free_ char *path = NULL;
        Session s = { .start = start, .block = start, .want_stdout = true, .want_stderr = true };
        int r;

        r = read_detach_keys(args, &s.keys, reterr);
        if (r < 0)
                return r;
        r = client_find(c, name, &path, reterr);
        if (r < 0)
                return r;
        s.path = path;
        s.sig_proxy = arguments_switch(args, "sig-proxy", true);

        r = read_switch(c, path, "Tty", &s.tty, reterr);
        if (r >= 0 && with_stdin)
                r = read_switch(c, path, "OpenStdin", &s.want_stdin, reterr);
        if (r >= 0)
                r = session_prepare(&s, reterr);
        return r < 0 ? r : session_run(c, &s, reterr);
}

/* What does not run may be attached to, for its next start; who only attaches would wait for ever. */
static int check_runs(Client *c, const char *name, Failure *reterr) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_free_ char *path = NULL;
        const char *state;
        int r;

        r = client_find(c, name, &path, reterr);
        if (r < 0)
                return r;
        r = client_call(c, path, "org.freedesktop.DBus.Properties", "Get", CLIENT_TIMEOUT_USEC,
                        &reply, reterr, "ss", BUS_INTERFACE_CONTAINER, "State");
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "v", "s", &state);
        if (r < 0)
                return client_message_error(r, reterr);
        if (streq(state, "exited") || streq(state, "dead"))
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' is not running", name);
        return 0;
}

int verb_attach(Client *c, const Arguments *args, Failure *reterr) {
        int r;

        r = check_runs(c, args->operands[0], reterr);
        if (r < 0)
                return r;
        return stay_with(c, args, args->operands[0], false,
                        !arguments_switch(args, "no-stdin", false), reterr);
}

static int start_one(Client *c, const char *name, Failure *reterr) {
        _cleanup_free_ char *path = NULL;
        int r;

        r = client_find(c, name, &path, reterr);
        if (r < 0)
                return r;
        return client_call(c, path, BUS_INTERFACE_CONTAINER, "Start", CLIENT_TIMEOUT_USEC, NULL,
                        reterr, "a{sv}", 0);
}

int verb_start(Client *c, const Arguments *args, Failure *reterr) {
        bool interactive = arguments_switch(args, "interactive", false);
        int status = 0, r;

        if (interactive || arguments_switch(args, "attach", false)) {
                if (args->n_operands != 1)
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "'--attach' and '--interactive' take one container");
                return stay_with(c, args, args->operands[0], true, interactive, reterr);
        }

        for (size_t i = 0; i < args->n_operands; i++) {
                r = start_one(c, args->operands[i], reterr);
                if (r < 0 && (c->absent || args->n_operands == 1))
                        return r;
                if (r < 0) {
                        fprintf(stderr, PROGRAM_CLI ": %s\n", failure_message(reterr));
                        status = 1;
                } else
                        puts(args->operands[i]);
        }
        return status;
}
