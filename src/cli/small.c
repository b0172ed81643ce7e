/* SPDX-License-Identifier: Apache-2.0 */
/* cli/small.c: the small program's side of whole.h: each function that it has not is reached by becoming the whole one. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "cli/embedded-start.h"
#include "cli/import.h"
#include "cli/polkit-agent.h"
#include "cli/program-path.h"
#include "cli/run-pull.h"
#include "cli/verbs.h"
#include "cli/whole.h"
#include "model/names.h"

const Verb more_verbs[1]; /* none: the whole one knows the others */
const size_t n_more_verbs = 0;

static char **arguments;

void whole_prepare(char **argv) {
        arguments = argv;
}

static _Noreturn void become_whole(void) {
        _cleanup_failure_ Failure f = {};
        char *path = NULL;

        if (program_path(PROGRAM_CLI_WHOLE, ".", &path, &f) >= 0) {
                (void) execv(path, arguments);
                (void) fail_errno(&f, errno, "Failed to run '%s'", path);
        }
        fprintf(stderr, PROGRAM_CLI ": %s\n", failure_message(&f));
        _exit(1);
}

void whole_instead(void) {
        become_whole();
}

int embedded_start(const char *root, const char *run_root, Failure *reterr) {
        become_whole();
}

int import_file(Client *c, const char *file, const char *reference, const char *message,
                char **ret_id, Failure *reterr) {
        become_whole();
}

int run_pull_first(Client *c, const Arguments *args, const char *image, Failure *reterr) {
        if (arguments_given(args, "pull") || arguments_given(args, "platform"))
                become_whole();
        return 0;
}

/* The service had no such image, and has done nothing yet. */
int run_pull_missing(Client *c, const Arguments *args, const char *image, Failure *reterr) {
        become_whole();
}

void polkit_agent_start(void) {
        if (geteuid() != 0 && isatty(STDIN_FILENO))
                become_whole();
}
