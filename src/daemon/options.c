/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/options.c: knows flags, variables and default places; opens nothing. */
#include "daemon/options.h"
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/parse.h"
#include "base/str.h"
#include "model/digest.h"
#include "model/names.h"

#define ENV_IDLE_SECONDS "POCKETDOCKER_IDLE_SECONDS"
#define ENV_AUTHORIZATION_SECONDS "POCKETDOCKER_AUTHORIZATION_SECONDS"
#define ENV_MOUNT_SECONDS "POCKETDOCKER_MOUNT_SECONDS"
#define IDLE_DEFAULT_USEC (30 * USEC_PER_SEC)
#define RUN_DIR_HASH_BYTES 8U

static const char help_text[] =
                "pocketdockerd [OPTION...]\n\n"
                "The container engine of PocketDocker, on the system bus.\n\n"
                "  --root=DIR       Where the state is (default: " STATE_DIR_SYSTEM ";\n"
                "                   embedded: " STATE_DIR_EMBEDDED " in the home directory)\n"
                "  --run-root=DIR   Where sockets and locks are (default: " RUN_DIR_SYSTEM ";\n"
                "                   embedded: a directory in /run for each state directory)\n"
                "  --embedded       Listen on a socket in the runtime directory instead of the "
                "bus\n"
                "  --ready-fd=N     Write 1 to this file descriptor when calls are taken, or one\n"
                "                   sentence that says why they never will be\n"
                "  --version        Print the version\n"
                "  --help           Print the options\n";

void options_done(Options *o) {
        free(o->state_dir);
        free(o->run_dir);
        o->state_dir = o->run_dir = NULL;
}

static int parse_ready_fd(const char *text, int *ret, Failure *reterr) {
        uint32_t n;

        if (parse_u32(text, &n) < 0 || n > INT_MAX || !fd_is_open((int) n))
                return fail(reterr, FAILURE_INVALID_ARGS, 0, "'%s' is not an open file descriptor",
                                text);
        *ret = (int) n;
        return fd_set_cloexec((int) n, true);
}

static int parse_flags(int argc, char **argv, Options *o, Failure *reterr) {
        enum {
                FLAG_ROOT = 256,
                FLAG_RUN_ROOT,
                FLAG_EMBEDDED,
                FLAG_READY_FD,
                FLAG_USER,
                FLAG_VERSION,
                FLAG_HELP
        };
        static const struct option flags[] = {
                { "root", required_argument, NULL, FLAG_ROOT },
                { "run-root", required_argument, NULL, FLAG_RUN_ROOT },
                { "embedded", no_argument, NULL, FLAG_EMBEDDED },
                { "ready-fd", required_argument, NULL, FLAG_READY_FD },
                { "user", no_argument, NULL, FLAG_USER },
                { "version", no_argument, NULL, FLAG_VERSION },
                { "help", no_argument, NULL, FLAG_HELP },
                {},
        };
        int c, r = 0;

        optind = 0; /* a second parse in one process begins anew */
        opterr = 0;
        while (r >= 0 && (c = getopt_long(argc, argv, "+:h", flags, NULL)) >= 0)
                switch (c) {
                case FLAG_ROOT:
                        r = free_and_strdup(&o->state_dir, optarg);
                        break;
                case FLAG_RUN_ROOT:
                        r = free_and_strdup(&o->run_dir, optarg);
                        break;
                case FLAG_EMBEDDED:
                        o->embedded = true;
                        break;
                case FLAG_READY_FD:
                        r = parse_ready_fd(optarg, &o->ready_fd, reterr);
                        break;
                case FLAG_USER:
                        return fail(reterr, FAILURE_UNSUPPORTED, 0,
                                        "'--user' is not supported by this version: containers "
                                        "need root");
                case FLAG_VERSION:
                        return puts(PROGRAM_DAEMON " " POCKETDOCKER_VERSION) < 0 ? -EIO : 0;
                case FLAG_HELP:
                case 'h':
                        return fputs(help_text, stdout) < 0 ? -EIO : 0;
                default:
                        return fail(reterr, FAILURE_INVALID_ARGS, 0,
                                        c == ':' ? "Option '%s' needs a value"
                                                 : "There is no option '%s'",
                                        argv[optind - 1]);
                }
        if (r < 0)
                return failure_is_set(reterr) ? r
                                              : fail_errno(reterr, r, "Failed to read the options");

        if (optind < argc)
                return fail(reterr, FAILURE_INVALID_ARGS, 0,
                                "'%s' is not an option, and there are no arguments", argv[optind]);
        return 1;
}

static int read_seconds(const char *name, uint64_t *ret, Failure *reterr) {
        const char *text = getenv(name);
        usec_t usec;

        if (isempty(text))
                return 0;
        if (parse_seconds(text, &usec) < 0)
                return fail(reterr, FAILURE_INVALID_ARGS, 0, "$%s is '%s', which is no time", name,
                                text);
        *ret = usec;
        return 0;
}

static int from_environment(char **dir, const char *name) {
        const char *value = getenv(name);

        return *dir || isempty(value) ? 0 : free_and_strdup(dir, value);
}

/* From passwd: $HOME may be another user's. */
static int home_state_dir(char **ret, Failure *reterr) {
        const struct passwd *pw = getpwuid(geteuid());

        if (!pw || isempty(pw->pw_dir))
                return fail(reterr, FAILURE_INTERNAL, ENOENT, "User %u has no home directory",
                                (unsigned) geteuid());
        return str_printf(ret, "%s/%s", pw->pw_dir, STATE_DIR_EMBEDDED);
}

static int make_absolute(char **path) {
        _cleanup_free_ char *cwd = NULL, *absolute = NULL;
        int r;

        if ((*path)[0] == '/')
                return 0;
        cwd = getcwd(NULL, 0);
        if (!cwd)
                return -errno;
        r = str_printf(&absolute, "%s/%s", cwd, *path);
        if (r < 0)
                return r;
        free(*path);
        *path = TAKE_PTR(absolute);
        return 0;
}

/* The real path of what exists of @path, and the rest as it is written, without slashes at its end. */
static int resolve(const char *path, char **ret) {
        _cleanup_free_ char *head = strdup(path), *real = NULL;
        size_t n;

        if (!head)
                return -ENOMEM;
        for (n = strlen(head); n > 1 && head[n - 1] == '/'; n--)
                head[n - 1] = '\0';

        real = realpath(head, NULL);
        while (!real && errno == ENOENT && *head) {
                *strrchr(head, '/') = '\0';
                real = realpath(*head ? head : "/", NULL);
        }
        if (!real)
                return -errno;

        n -= strlen(head);
        return str_printf(ret, "%s%.*s", n > 0 && streq(real, "/") ? "" : real, (int) n,
                        path + strlen(head));
}

static int embedded_run_dir(const char *state_dir, char **ret) {
        _cleanup_free_ char *real = NULL;
        Digest digest;
        char hex[DIGEST_HEX_MAX];
        int r;

        r = resolve(state_dir, &real);
        if (r < 0)
                return r;
        r = digest_of(real, strlen(real), &digest);
        if (r < 0)
                return r;
        digest_to_hex(&digest, hex);
        return str_printf(ret, "%s%.*s", RUN_DIR_EMBEDDED_PREFIX, (int) (2 * RUN_DIR_HASH_BYTES),
                        hex);
}

static int fill_in(Options *o, Failure *reterr) {
        int r;

        r = from_environment(&o->state_dir, ENV_ROOT);
        if (r >= 0)
                r = from_environment(&o->run_dir, ENV_RUN_ROOT);
        if (r >= 0 && !o->state_dir)
                r = o->embedded ? home_state_dir(&o->state_dir, reterr)
                                : free_and_strdup(&o->state_dir, STATE_DIR_SYSTEM);
        if (r >= 0)
                r = make_absolute(&o->state_dir);
        if (r >= 0 && !o->run_dir)
                r = o->embedded ? embedded_run_dir(o->state_dir, &o->run_dir)
                                : free_and_strdup(&o->run_dir, RUN_DIR_SYSTEM);
        if (r >= 0)
                r = make_absolute(&o->run_dir);
        if (r < 0)
                return failure_is_set(reterr)
                                       ? r
                                       : fail_errno(reterr, r,
                                                         "Failed to find the state directory");
        return 1;
}

int options_parse(int argc, char **argv, Options *ret, Failure *reterr) {
        int r;

        *ret = (Options){ .ready_fd = -EBADF, .idle_usec = IDLE_DEFAULT_USEC };

        r = parse_flags(argc, argv, ret, reterr);
        if (r <= 0)
                return r;

        r = read_seconds(ENV_IDLE_SECONDS, &ret->idle_usec, reterr);
        if (r < 0)
                return r;

        r = read_seconds(ENV_AUTHORIZATION_SECONDS, &ret->authorization_timeout_usec, reterr);
        if (r < 0)
                return r;

        r = read_seconds(ENV_MOUNT_SECONDS, &ret->mount_token_usec, reterr);
        if (r < 0)
                return r;

        return fill_in(ret, reterr);
}
