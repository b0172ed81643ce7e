/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/role-export.c: the process that writes a container's tree for a client. It sits in the foreign id range, where the
 * numbers of owners are those that the container sees, with the layers laid over one another; nothing is written.
 */
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/fd.h"
#include "model/limits.h"
#include "puller/confine.h"
#include "puller/merged-tree.h"
#include "puller/pack.h"
#include "puller/report.h"
#include "puller/role-options.h"
#include "puller/roles.h"

#define MEMORY_BYTES (1 * GIB)

typedef struct Export {
        MergedTree tree;
        ArchiveOut out;
        Reporter reporter;
} Export;

static void on_progress(uint64_t bytes, void *userdata) {
        reporter_progress(userdata, &(PullProgress) { .bytes_done = bytes });
}

static int run(Export *e, pid_t parent, Failure *reterr) {
        _cleanup_close_ int root_fd = -EBADF;
        int r;

        root_fd = merged_tree_enter(&e->tree, reterr);
        if (root_fd < 0)
                return root_fd;
        r = confine_finish(&(ConfineProfile) {
                .root_fd = root_fd,
                .access = CONFINE_LOOK,
                .capabilities = 1ULL << CAP_DAC_READ_SEARCH,
                .memory_bytes = MEMORY_BYTES,
                .parent = parent,
        }, reterr);
        return r < 0 ? r : pack_tree(root_fd, &e->out, on_progress, &e->reporter, reterr);
}

int role_export(int argc, char **argv) {
        Export e = {
                .tree = { .staging_fd = -EBADF, .state_fd = -EBADF },
                .out = { .fd = -EBADF },
                .reporter = { .fd = -EBADF },
        };
        _cleanup_pull_report_ PullReport report = { .type = PULL_REPORT_RESULT };
        int kept[MERGED_TREES_MAX + 3], first, r;
        pid_t parent = getppid();
        const RoleOption known[] = {
                { "--out-fd", ROLE_OPTION_FD, true, &e.out.fd, NULL },
                { "--staging-fd", ROLE_OPTION_FD, true, &e.tree.staging_fd, NULL },
                { "--report-fd", ROLE_OPTION_FD, true, &e.reporter.fd, NULL },
                {},
        };

        first = role_options_parse(known, argc, argv);
        if (first < 0 || merged_tree_read(&e.tree, argv + first) < 0 ||
                        e.tree.n_trees == 0)
                return EXIT_FAILURE;
        memcpy(kept, e.tree.trees, e.tree.n_trees * sizeof(*kept));
        kept[e.tree.n_trees] = e.out.fd;
        kept[e.tree.n_trees + 1] = e.tree.staging_fd;
        kept[e.tree.n_trees + 2] = e.reporter.fd;
        r = confine_begin(kept, e.tree.n_trees + 3, &report.failure);
        if (r >= 0)
                r = run(&e, parent, &report.failure);
        if (r < 0) {
                (void) reporter_failure(&e.reporter, &report.failure); /* the exit status says it as well */
                return EXIT_FAILURE;
        }
        report.result.size_bytes = e.out.bytes;
        return reporter_result(&e.reporter, &report.result) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
