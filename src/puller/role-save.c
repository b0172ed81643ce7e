/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/role-save.c: the process that writes images for a client. It sits in the foreign id range, whose files the layers are, and
 * gets each layer's directory from the daemon when its turn comes; it can reach nothing else.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "model/limits.h"
#include "puller/confine.h"
#include "puller/control.h"
#include "puller/foreign-ids.h"
#include "puller/report.h"
#include "puller/role-options.h"
#include "puller/roles.h"
#include "puller/save.h"

#define MEMORY_BYTES (1 * GIB)
#define PLAN_BYTES_MAX (32U * 1024 * 1024)

typedef struct SaveRole {
        int plan_fd, staging_fd, layers_fd, control_fd; /* borrowed */
        ArchiveOut out;
        Reporter reporter;
        uint32_t n_received;
} SaveRole;

static int read_plan(int plan_fd, SavePlan *ret, Failure *reterr) {
        _cleanup_free_ char *text = NULL;
        ssize_t n;
        int r;

        text = malloc(PLAN_BYTES_MAX);
        if (!text)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        n = pread_full(plan_fd, text, PLAN_BYTES_MAX, 0);
        r = n < 0 ? (int) n : save_plan_from_json(text, (size_t) n, ret);
        return r < 0 ? fail_errno(reterr, r, "Failed to read what is to be saved") : 0;
}

static int next_part(void *userdata, Failure *reterr) {
        SaveRole *role = userdata;
        FetchMessage message;
        int fd, r;

        reporter_progress(&role->reporter, &(PullProgress) { .bytes_done = role->out.bytes });
        r = control_receive(role->control_fd, &message, &fd);
        if (r == 0)
                return fail(reterr, FAILURE_CANCELLED, ECANCELED, "The daemon has ended");
        if (r > 0 && (message.op != SAVE_NEXT || message.index != role->n_received || fd < 0))
                r = -EBADMSG;
        if (r < 0) {
                close_fd(fd);
                return fail_errno(reterr, r, "Failed to receive what is to be saved");
        }
        role->n_received++;
        return fd;
}

static int run(SaveRole *role, pid_t parent, Failure *reterr) {
        _cleanup_(save_plan_done) SavePlan plan = {};
        int r;

        r = foreign_ids_enter(role->staging_fd, reterr);
        if (r >= 0)
                r = confine_finish(&(ConfineProfile) {
                        .root_fd = role->staging_fd,
                        .access = CONFINE_RECEIVE,
                        .received_fd = role->layers_fd,
                        .capabilities = 1ULL << CAP_DAC_READ_SEARCH,
                        .memory_bytes = MEMORY_BYTES,
                        .parent = parent,
                }, reterr);
        if (r >= 0)
                r = read_plan(role->plan_fd, &plan, reterr);
        return r < 0 ? r : save_images(&plan, &role->out, next_part, role, reterr);
}

int role_save(int argc, char **argv) {
        SaveRole role = {
                .plan_fd = -EBADF,
                .staging_fd = -EBADF,
                .layers_fd = -EBADF,
                .control_fd = -EBADF,
                .out = { .fd = -EBADF },
                .reporter = { .fd = -EBADF },
        };
        _cleanup_pull_report_ PullReport report = { .type = PULL_REPORT_RESULT };
        pid_t parent = getppid();
        int r;
        const RoleOption known[] = {
                { "--plan-fd", ROLE_OPTION_FD, true, &role.plan_fd, NULL },
                { "--staging-fd", ROLE_OPTION_FD, true, &role.staging_fd, NULL },
                { "--layers-fd", ROLE_OPTION_FD, true, &role.layers_fd, NULL },
                { "--control-fd", ROLE_OPTION_FD, true, &role.control_fd, NULL },
                { "--out-fd", ROLE_OPTION_FD, true, &role.out.fd, NULL },
                { "--report-fd", ROLE_OPTION_FD, true, &role.reporter.fd, NULL },
                {},
        };

        r = role_options_parse(known, argc, argv);
        if (r != argc)
                return EXIT_FAILURE;
        r = confine_begin((const int[]) { role.plan_fd, role.staging_fd, role.layers_fd,
                                          role.control_fd, role.out.fd, role.reporter.fd },
                        6, &report.failure);
        if (r >= 0)
                r = run(&role, parent, &report.failure);
        if (r < 0) {
                (void) reporter_failure(&role.reporter, &report.failure); /* the exit status says it as well */
                return EXIT_FAILURE;
        }
        report.result.size_bytes = role.out.bytes;
        return reporter_result(&role.reporter, &report.result) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
