/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/role-remove.c: the process that deletes trees. It opens directories and nothing else, so it stays the host's
 * root, whose files are among the foreign range's in a container's directory; of that power it keeps the two
 * capabilities that deleting takes, below one directory.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/str.h"
#include "model/limits.h"
#include "puller/confine.h"
#include "puller/delete-tree.h"
#include "puller/entry-name.h"
#include "puller/report.h"
#include "puller/role-options.h"
#include "puller/roles.h"

#define MEMORY_BYTES (256 * MIB)

static int remove_one(int dir_fd, const char *name, Failure *reterr) {
        char shown[ENTRY_SHOWN_MAX];
        int r;

        entry_show(name, shown, sizeof(shown));
        if (isempty(name) || strchr(name, '/') || streq(name, ".") || streq(name, ".."))
                return fail(reterr, FAILURE_INTERNAL, EINVAL,
                                "'%s' is not the name of an entry of a directory", shown);
        r = delete_tree_at(dir_fd, name);
        return r < 0 ? fail_errno(reterr, r, "Failed to delete '%s'", shown) : 0;
}

/* All are tried; the first failure is told. */
static int remove_all(int dir_fd, char **names, Failure *reterr) {
        int r = 0;

        for (; *names; names++) {
                int k;

                k = remove_one(dir_fd, *names, r < 0 ? NULL : reterr);
                if (k < 0 && r >= 0)
                        r = k;
        }
        return r;
}

int role_remove(int argc, char **argv) {
        _cleanup_pull_report_ PullReport report = { .type = PULL_REPORT_FAILURE };
        Reporter reporter = { .fd = -EBADF };
        pid_t parent = getppid();
        int dir_fd = -EBADF, first, r;
        const RoleOption known[] = {
                { "--dir-fd", ROLE_OPTION_FD, true, &dir_fd, NULL },
                { "--report-fd", ROLE_OPTION_FD, false, &reporter.fd, NULL },
                {},
        };

        first = role_options_parse(known, argc, argv);
        if (first < 0)
                return EXIT_FAILURE;
        r = confine_begin((const int[]) { dir_fd, reporter.fd }, 2, &report.failure);
        if (r >= 0)
                r = confine_finish(&(ConfineProfile) {
                        .root_fd = dir_fd,
                        .access = CONFINE_DELETE,
                        .capabilities = 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_FOWNER,
                        .memory_bytes = MEMORY_BYTES,
                        .parent = parent,
                }, &report.failure);
        if (r >= 0)
                r = remove_all(dir_fd, argv + first, &report.failure);
        if (r < 0) {
                (void) reporter_failure(&reporter, &report.failure); /* the exit status says it as well */
                return EXIT_FAILURE;
        }
        return reporter_result(&reporter, &report.result) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
