/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/verb-cp.c: files between a container and here. The service's worker has the container's side; this one has its caller's, as
 * its caller: what comes out of a container is believed in nothing, and comes into the destination or nowhere.
 */
#include <archive.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "cli/operation.h"
#include "cli/output-file.h"
#include "cli/verbs.h"
#include "model/limits.h"
#include "model/names.h"
#include "puller/pack.h"
#include "puller/unpack-copy.h"

#define BLOCK_BYTES 65536

/* One side of the copy. */
typedef struct Side {
        char *container;  /* owned; NULL: it is here */
        const char *path; /* "-": standard input or output */
} Side;

typedef struct Cp {
        Client *client;
        const Arguments *args;
        Side from, to;
} Cp;

/* What stands before the first colon is a container, unless it looks like a path. */
static int read_side(const char *text, Side *ret, Failure *reterr) {
        const char *colon = strchr(text, ':');

        *ret = (Side) { .path = text };
        if (!colon || colon == text || text[0] == '.' || text[0] == '/' ||
                        memchr(text, '/', (size_t) (colon - text)))
                return 0;
        ret->container = strndup(text, (size_t) (colon - text));
        ret->path = colon + 1;
        return ret->container ? 0 : fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
}

static int read_sides(Cp *c, Failure *reterr) {
        int r;

        r = read_side(c->args->operands[0], &c->from, reterr);
        if (r >= 0)
                r = read_side(c->args->operands[1], &c->to, reterr);
        if (r < 0)
                return r;
        if (!c->from.container == !c->to.container)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "One of '%.128s' and '%.128s' has to be CONTAINER:PATH, the other "
                                "a path",
                                c->args->operands[0], c->args->operands[1]);
        if (isempty(c->from.path) || isempty(c->to.path))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "A path is empty");
        return 0;
}

static bool has(const Cp *c, const char *flag) {
        return arguments_switch(c->args, flag, false);
}

/* Calls; the operation runs on. @ret: owned by the caller. */
static int begin(const Cp *c, const Side *side, const char *method, int fd,
                const char *const *options, char **ret, Failure *reterr) {
        _cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_free_ char *path = NULL;
        const char *operation;
        int r;

        r = client_find(c->client, side->container, &path, reterr);
        if (r >= 0)
                r = client_new_call(c->client, path, BUS_INTERFACE_CONTAINER, method, &m, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "sh", side->path, fd);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        for (; r >= 0 && *options; options++)
                r = sd_bus_message_append(m, "{sv}", *options, "b", 1);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r < 0)
                return client_message_error(r, reterr);
        r = client_send_call(c->client, m, CLIENT_TIMEOUT_USEC, &reply, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "o", &operation);
        if (r >= 0)
                r = free_and_strdup(ret, operation);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

static int make_pipe(int *ret_read, int *ret_write, Failure *reterr) {
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return fail_errno(reterr, errno, "Failed to make a pipe");
        *ret_read = fds[0];
        *ret_write = fds[1];
        return 0;
}

/* Of two failures one is the other's end of the pipe that has closed; whoever writes says of his that it is cancelled. */
static int finish(const Cp *c, const char *operation, int r, Failure *own, Failure *reterr) {
        _cleanup_failure_ Failure theirs = {};
        const Failure *writers = c->from.container ? &theirs : own;
        bool is_theirs;
        int waited;

        waited = operation_wait(c->client, operation, NULL, NULL, &theirs);
        if (r >= 0 && waited >= 0)
                return 0;
        if (r < 0 && waited < 0)
                is_theirs = (writers->code == FAILURE_CANCELLED) == (writers == own);
        else
                is_theirs = waited < 0;
        failure_copy(is_theirs ? &theirs : own, reterr);
        return is_theirs ? waited : r;
}

/* A path's directory and its last name; "." where it ends in one, or in a slash with @contents. */
static void split(const char *path, char dir[static PATH_MAX], char name[static NAME_MAX + 1]) {
        size_t n = strlen(path), begin;

        while (n > 1 && path[n - 1] == '/')
                n--;
        for (begin = n; begin > 0 && path[begin - 1] != '/'; begin--)
                ;
        if (n - begin > NAME_MAX || n >= PATH_MAX)
                begin = n; /* nothing is called like that: opening it says so */
        (void) snprintf(name, NAME_MAX + 1, "%.*s", (int) (n - begin), path + begin);
        if (streq(name, ".") || streq(name, "..") || streq(name, "")) {
                (void) snprintf(dir, PATH_MAX, "%s", path);
                strcpy(name, ".");
                return;
        }
        (void) snprintf(dir, PATH_MAX, "%.*s", begin > 0 ? (int) begin : 1, begin > 0 ? path : ".");
}

static int open_dir(const char *path, Failure *reterr) {
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? fail_errno(reterr, errno, "Failed to open the directory '%.256s'", path)
                      : fd;
}

/* What a link leads to has the link's name. */
static int pack(const Cp *c, int out_fd, Failure *reterr) {
        char real[PATH_MAX], dir[PATH_MAX], name[NAME_MAX + 1], as[NAME_MAX + 1];
        const char *path = c->from.path;
        ArchiveOut out = { .fd = out_fd };
        _cleanup_close_ int dir_fd = -EBADF;
        struct stat st;

        split(path, dir, as);
        if (has(c, "follow-link") || path[strlen(path) - 1] == '/') {
                if (!realpath(path, real))
                        return fail_errno(reterr, errno, "Failed to find '%.256s'", path);
                path = real;
        }
        split(path, dir, name);
        dir_fd = open_dir(dir, reterr);
        if (dir_fd < 0)
                return dir_fd;
        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return fail_errno(reterr, errno, "Failed to find '%.256s'", c->from.path);
        return pack_entry(dir_fd, name, as, &out, NULL, NULL, reterr);
}

static int look_here(const char *path, Failure *reterr) {
        struct stat st;

        if (lstat(path, &st) < 0)
                return fail_errno(reterr, errno, "Failed to find '%.256s'", path);
        return 0;
}

static int copy_to(const Cp *c, Failure *reterr) {
        const char *options[] = { has(c, "archive") ? "keep-owners" : "one", "one", NULL };
        _cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF;
        _cleanup_free_ char *operation = NULL;
        _cleanup_failure_ Failure own = {};
        int r;

        if (streq(c->from.path, "-")) {
                options[1] = NULL;
                r = begin(c, &c->to, "CopyTo", STDIN_FILENO,
                                has(c, "archive") ? options : options + 2, &operation, reterr);
                return r < 0 ? r : operation_wait(c->client, operation, NULL, NULL, reterr);
        }
        r = look_here(c->from.path, reterr);
        if (r >= 0)
                r = make_pipe(&read_fd, &write_fd, reterr);
        if (r >= 0)
                r = begin(c, &c->to, "CopyTo", read_fd, has(c, "archive") ? options : options + 1,
                                &operation, reterr);
        if (r < 0)
                return r;
        read_fd = close_fd(read_fd);
        r = pack(c, write_fd, &own);
        write_fd = close_fd(write_fd); /* its reader waits for that */
        return finish(c, operation, r, &own, reterr);
}

/* Where it comes to here: a directory that is there, or a name in one. */
static int open_destination(const Cp *c, CopyInto *into, char name[static NAME_MAX + 1],
                Failure *reterr) {
        const char *path = c->to.path;
        char dir[PATH_MAX];
        struct stat st;

        into->place_is_dir = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
        into->wants_dir = path[strlen(path) - 1] == '/';
        into->place = "";
        into->shown = path;
        if (into->place_is_dir)
                return open_dir(path, reterr);
        split(path, dir, name);
        if (streq(name, "."))
                return fail(reterr, FAILURE_INVALID_ARGS, ENOENT, "There is no directory '%.256s'",
                                path);
        into->place = name;
        return open_dir(dir, reterr);
}

static int unpack(CopyInto *into, int fd, Failure *reterr) {
        struct archive *tar = archive_read_new();
        int r;

        if (!tar)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (archive_read_support_format_tar(tar) != ARCHIVE_OK ||
                        archive_read_open_fd(tar, fd, BLOCK_BYTES) != ARCHIVE_OK)
                r = fail(reterr, FAILURE_CANCELLED, EPIPE, "Nothing came from the container");
        else
                r = copy_into(tar, into, reterr);
        (void) archive_read_free(tar); /* it was only read */
        return r;
}

static int receive(const Cp *c, int fd, Failure *reterr) {
        char name[NAME_MAX + 1];
        _cleanup_close_ int root_fd = -EBADF;
        CopyInto into = {
                .one = true,
                .keep_owners = has(c, "archive"),
                .refuse_links = true,
                .skip_devices = true,
                .name = "container",
                .limit_entries = UINT64_MAX,
        };
        int r;

        into.root_fd = root_fd = open_destination(c, &into, name, reterr);
        if (root_fd < 0)
                return root_fd;
        r = unpack(&into, fd, reterr);
        if (into.n_skipped > 0)
                fprintf(stderr, PROGRAM_CLI ": %llu devices were left out\n",
                                (unsigned long long) into.n_skipped);
        return r;
}

static int copy_from(const Cp *c, Failure *reterr) {
        const char *options[] = { has(c, "follow-link") ? "follow" : NULL, NULL };
        _cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF;
        _cleanup_(output_file_done) OutputFile file = { .fd = -EBADF };
        _cleanup_free_ char *operation = NULL;
        _cleanup_failure_ Failure own = {};
        bool out = streq(c->to.path, "-");
        int r;

        r = out ? output_file_open(NULL, &file, reterr) : make_pipe(&read_fd, &write_fd, reterr);
        if (r >= 0)
                r = begin(c, &c->from, "CopyFrom", out ? file.fd : write_fd, options, &operation,
                                reterr);
        if (r < 0)
                return r;
        if (out)
                return operation_wait(c->client, operation, NULL, NULL, reterr);
        write_fd = close_fd(write_fd);
        r = receive(c, read_fd, &own);
        read_fd = close_fd(read_fd); /* who still writes ends by that */
        return finish(c, operation, r, &own, reterr);
}

int verb_cp(Client *client, const Arguments *args, Failure *reterr) {
        Cp c = { .client = client, .args = args };
        int r;

        if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
                return fail_errno(reterr, errno, "Failed to set up signals");
        r = read_sides(&c, reterr);
        if (r >= 0)
                r = c.from.container ? copy_from(&c, reterr) : copy_to(&c, reterr);
        free(c.from.container);
        free(c.to.container);
        return r;
}
