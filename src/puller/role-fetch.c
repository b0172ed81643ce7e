/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/role-fetch.c: the process that has the network: what it may reach, and what it is told. It keeps no file, and the
 * bytes that it hands on are unpacked by another that has no network.
 */
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "model/limits.h"
#include "puller/confine.h"
#include "puller/fetch-confine.h"
#include "puller/fetch.h"
#include "puller/role-options.h"
#include "puller/roles.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)

typedef struct FetchFds {
        int control_fd, credentials_fd, config_fd;
} FetchFds;

/* The whole of a small file; NULL where there is none. Return: 0 or negative errno. */
static int read_whole(int fd, size_t max_bytes, char **ret, size_t *ret_size) {
        _cleanup_free_ char *data = NULL;
        struct stat st;
        ssize_t n;

        if (fd < 0)
                return 0;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || st.st_size < 0 || (uint64_t) st.st_size > max_bytes)
                return -EFBIG;
        data = malloc((size_t) st.st_size + 1);
        if (!data)
                return -ENOMEM;
        n = pread_full(fd, data, (size_t) st.st_size, 0);
        if (n < 0)
                return (int) n;
        data[n] = '\0';
        *ret_size = (size_t) n;
        *ret = TAKE_PTR(data);
        return 0;
}

/* A client's, through the daemon: nobody may change it while it is read. */
static int use_credentials(Fetch *f, int fd, Failure *reterr) {
        _cleanup_free_ char *json = NULL;
        size_t size = 0;
        int seals, r;

        if (fd < 0)
                return 0;
        seals = fcntl(fd, F_GET_SEALS);
        if (seals < 0 || (seals & SEALS) != SEALS)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The credentials are not in a sealed memfd");
        r = read_whole(fd, CREDENTIALS_BYTES_MAX, &json, &size);
        if (r == -EFBIG)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "The credentials are larger than %u bytes", CREDENTIALS_BYTES_MAX);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to read the credentials");
        r = fetch_use_credentials(f, json, size, reterr);
        explicit_bzero(json, size);
        return r;
}

static int prepare(const FetchArgs *args, const FetchFds *fds, Fetch **ret, Failure *reterr) {
        _cleanup_free_ char *config = NULL;
        size_t size = 0;
        int r;

        /* one heap for all threads, which are short, and what is freed goes back */
        (void) mallopt(M_ARENA_MAX, 1);
        (void) mallopt(M_MMAP_THRESHOLD, 256 * 1024);
        (void) mallopt(M_TRIM_THRESHOLD, 512 * 1024);
        r = read_whole(fds->config_fd, FETCH_CONFIG_BYTES_MAX, &config, &size);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to read the daemon's configuration");
        return fetch_new(args, config, size, ret, reterr);
}

int role_fetch(int argc, char **argv) {
        _cleanup_pull_report_ PullReport report = { .type = PULL_REPORT_RESULT };
        Reporter reporter = { .fd = -EBADF, .last_usec = now_monotonic() };
        FetchFds fds = { .control_fd = -EBADF, .credentials_fd = -EBADF, .config_fd = -EBADF };
        FetchArgs args = { .reporter = &reporter };
        _cleanup_(fetch_freep) Fetch *f = NULL;
        pid_t parent = getppid();
        int r;
        const RoleOption known[] = {
                { "--reference", ROLE_OPTION_STRING, true, &args.reference, NULL },
                { "--control-fd", ROLE_OPTION_FD, true, &fds.control_fd, NULL },
                { "--report-fd", ROLE_OPTION_FD, true, &reporter.fd, NULL },
                { "--platform", ROLE_OPTION_STRING, false, &args.platform, NULL },
                { "--credentials-fd", ROLE_OPTION_FD, false, &fds.credentials_fd, NULL },
                { "--config-fd", ROLE_OPTION_FD, false, &fds.config_fd, NULL },
                { "--known-digest", ROLE_OPTION_STRING, false, &args.known_digest, NULL },
                { "--sha256", ROLE_OPTION_STRING, false, &args.sha256, NULL },
                {},
        };

        r = role_options_parse(known, argc, argv);
        if (r != argc)
                return EXIT_FAILURE;
        args.control_fd = fds.control_fd;
        r = confine_begin((const int[]) { fds.control_fd, reporter.fd, fds.credentials_fd,
                                          fds.config_fd },
                        4, &report.failure);
        if (r >= 0)
                r = prepare(&args, &fds, &f, &report.failure);
        if (r >= 0)
                r = fetch_confine(parent, &report.failure);
        if (r >= 0)
                r = use_credentials(f, fds.credentials_fd, &report.failure);
        if (r >= 0)
                r = fetch_run(f, &report.result, &report.failure);
        if (r < 0) {
                (void) reporter_failure(&reporter, &report.failure); /* the exit status says it as well */
                return EXIT_FAILURE;
        }
        return reporter_result(&reporter, &report.result) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
