/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/role-measure.c: the process that finds out what trees take on the disk. It opens directories and nothing else; of the
 * host's root it keeps the one capability that looking into others' directories takes, below one directory.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/str.h"
#include "model/limits.h"
#include "puller/confine.h"
#include "puller/entry-name.h"
#include "puller/measure-tree.h"
#include "puller/report.h"
#include "puller/role-options.h"
#include "puller/roles.h"

#define MEMORY_BYTES (256 * MIB) /* names of the directories that are still to be read */

static int measure_all(int dir_fd, char **names, uint64_t *bytes, Failure *reterr) {
        for (; *names; names++) {
                char shown[ENTRY_SHOWN_MAX];
                int r = strchr(*names, '/') ? -EINVAL : measure_tree_at(dir_fd, *names, bytes);

                if (r >= 0)
                        continue;
                entry_show(*names, shown, sizeof(shown));
                return fail_errno(reterr, r, "Failed to measure '%s'", shown);
        }
        return 0;
}

int role_measure(int argc, char **argv) {
        _cleanup_pull_report_ PullReport report = { .type = PULL_REPORT_RESULT };
        Reporter reporter = { .fd = -EBADF };
        pid_t parent = getppid();
        int dir_fd = -EBADF, first, r;
        const RoleOption known[] = {
                { "--dir-fd", ROLE_OPTION_FD, true, &dir_fd, NULL },
                { "--report-fd", ROLE_OPTION_FD, true, &reporter.fd, NULL },
                {},
        };

        first = role_options_parse(known, argc, argv);
        if (first < 0)
                return EXIT_FAILURE;
        r = confine_begin((const int[]) { dir_fd, reporter.fd }, 2, &report.failure);
        if (r >= 0)
                r = confine_finish(&(ConfineProfile) {
                        .root_fd = dir_fd,
                        .access = CONFINE_LIST,
                        .capabilities = 1ULL << CAP_DAC_READ_SEARCH,
                        .memory_bytes = MEMORY_BYTES,
                        .parent = parent,
                }, &report.failure);
        if (r >= 0)
                r = measure_all(dir_fd, argv + first, &report.result.size_bytes, &report.failure);
        if (r < 0) {
                (void) reporter_failure(&reporter, &report.failure); /* the exit status says it as well */
                return EXIT_FAILURE;
        }
        return reporter_result(&reporter, &report.result) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
