/* SPDX-License-Identifier: Apache-2.0 */
/* puller/role-unpack.c: the process that turns an archive into a layer's tree. Knows its fds; knows no image store. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "model/id.h"
#include "model/image-config.h"
#include "model/limits.h"
#include "puller/confine.h"
#include "puller/foreign-ids.h"
#include "puller/report.h"
#include "puller/role-options.h"
#include "puller/roles.h"
#include "puller/unpack.h"

#define ROOT_NAME "root"
#define MEMORY_BYTES (2 * GIB) /* xz and zstd may ask for windows of 1.5 GiB; the rest is ours */
#define CPU_SECONDS (6 * 3600ULL)

typedef struct UnpackOptions {
        int archive_fd, staging_fd;
        const char *name, *message, *diff_id;
        uint64_t limit_bytes, limit_entries, limit_ratio, limit_depth;
        bool layer;
} UnpackOptions;

static void on_progress(const PullProgress *progress, void *userdata) {
        reporter_progress(userdata, progress);
}

static int confine(const UnpackOptions *options, pid_t parent, Failure *reterr) {
        int r;

        r = foreign_ids_enter(options->staging_fd, reterr);
        if (r < 0)
                return r;
        return confine_finish(&(ConfineProfile) {
                .root_fd = options->staging_fd,
                .access = CONFINE_FILL,
                .capabilities = 1ULL << CAP_CHOWN | 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_FOWNER |
                                1ULL << CAP_FSETID | 1ULL << CAP_SETFCAP,
                .memory_bytes = MEMORY_BYTES,
                .cpu_seconds = CPU_SECONDS,
                .parent = parent,
        }, reterr);
}

static int make_config(const char *message, PullResult *result) {
        Digest digest;
        int r;

        r = image_config_for_import(
                        result->diff_id, image_architecture(), message, &result->config);
        if (r < 0)
                return r;
        result->config_size = strlen(result->config);
        r = digest_of(result->config, result->config_size, &digest);
        if (r < 0)
                return r;
        digest_to_hex(&digest, result->config_id);
        return 0;
}

static int unpack_layer(const UnpackOptions *options, Reporter *reporter, PullResult *ret,
                Failure *reterr) {
        _cleanup_close_ int root_fd = -EBADF;
        int r;

        if (mkdirat(options->staging_fd, ROOT_NAME, 0755) < 0)
                return fail_errno(reterr, errno, "Failed to make the layer of '%s'", options->name);
        root_fd = openat(options->staging_fd, ROOT_NAME,
                        O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (root_fd < 0)
                return fail_errno(reterr, errno, "Failed to open the layer of '%s'", options->name);

        r = unpack_archive(&(UnpackArgs) {
                .archive_fd = options->archive_fd,
                .root_fd = root_fd,
                .layer_fd = options->staging_fd,
                .name = options->name,
                .limit_bytes = options->limit_bytes,
                .limit_entries = options->limit_entries,
                .limit_ratio = options->limit_ratio,
                .limit_depth = options->limit_depth,
                .keep_owners = true,
                .require_end = !options->diff_id, /* what has the right digest is as it was made */
                .progress = on_progress,
                .userdata = reporter,
        }, ret, reterr);
        if (r < 0)
                return r;

        if (options->diff_id && !streq(options->diff_id, ret->diff_id))
                return fail(reterr, FAILURE_DIGEST_MISMATCH, EBADMSG,
                                "'%s' unpacks to the digest 'sha256:%s' instead of 'sha256:%s'",
                                options->name, ret->diff_id, options->diff_id);
        if (options->layer)
                return 0;
        r = make_config(options->message, ret);
        return r < 0 ? fail_errno(reterr, r, "Failed to make the config of '%s'", options->name)
                     : 0;
}

int role_unpack(int argc, char **argv) {
        UnpackOptions options = {
                .archive_fd = -EBADF,
                .staging_fd = -EBADF,
                .name = "archive",
                .limit_bytes = ARCHIVE_BYTES_MAX,
                .limit_entries = ARCHIVE_ENTRIES_MAX,
                .limit_ratio = ARCHIVE_RATIO_DEFAULT,
        };
        _cleanup_pull_report_ PullReport report = { .type = PULL_REPORT_RESULT };
        Reporter reporter = { .fd = -EBADF };
        pid_t parent = getppid();
        int r;
        const RoleOption known[] = {
                { "--archive-fd", ROLE_OPTION_FD, true, &options.archive_fd, NULL },
                { "--staging-fd", ROLE_OPTION_FD, true, &options.staging_fd, NULL },
                { "--report-fd", ROLE_OPTION_FD, true, &reporter.fd, NULL },
                { "--name", ROLE_OPTION_STRING, false, &options.name, NULL },
                { "--message", ROLE_OPTION_STRING, false, &options.message, NULL },
                { "--layer", ROLE_OPTION_SWITCH, false, &options.layer, NULL },
                { "--diff-id", ROLE_OPTION_STRING, false, &options.diff_id, NULL },
                { "--limit-bytes", ROLE_OPTION_NUMBER, false, &options.limit_bytes, NULL },
                { "--limit-entries", ROLE_OPTION_NUMBER, false, &options.limit_entries, NULL },
                { "--limit-ratio", ROLE_OPTION_NUMBER, false, &options.limit_ratio, NULL },
                { "--limit-depth", ROLE_OPTION_NUMBER, false, &options.limit_depth, NULL },
                {},
        };

        r = role_options_parse(known, argc, argv);
        if (r != argc || (options.diff_id && !id_is_valid(options.diff_id)))
                return EXIT_FAILURE;
        r = confine_begin((const int[]) { options.archive_fd, options.staging_fd, reporter.fd }, 3,
                        &report.failure);
        if (r >= 0)
                r = confine(&options, parent, &report.failure);
        if (r >= 0)
                r = unpack_layer(&options, &reporter, &report.result, &report.failure);
        if (r < 0) {
                (void) reporter_failure(&reporter, &report.failure); /* the exit status says it as well */
                return EXIT_FAILURE;
        }
        return reporter_result(&reporter, &report.result) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
