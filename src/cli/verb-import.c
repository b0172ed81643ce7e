/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verb-import.c: `import`, and what `run ROOTFS.tar` does before it runs. */
#include <fcntl.h>
#include <stdio.h>
#include "base/str.h"
#include "cli/import.h"
#include "cli/verbs.h"
#include "model/limits.h"
#include "model/names.h"

/* The service gets the opened file: it never resolves a path of the caller's. */
static int open_archive(const char *file, Failure *reterr) {
        int fd;

        if (streq(file, "-")) {
                if (isatty(STDIN_FILENO))
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "Standard input is a terminal, not an archive");
                fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        } else
                fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        return fd < 0 ? fail_errno(reterr, errno, "Failed to open '%s'", file) : fd;
}

/* The name is for sentences alone, so one that is no text or too long for them is left out. */
static int append_call(sd_bus_message *m, int fd, const char *file, const char *reference,
                const char *message) {
        const char *name = streq(file, "-") ? "standard input" : file;
        int r;

        r = sd_bus_message_append(m, "hs", fd, reference);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0 && strlen(name) < ARCHIVE_NAME_MAX && utf8_is_valid(name))
                r = sd_bus_message_append(m, "{sv}", "name", "s", name);
        if (r >= 0 && message)
                r = sd_bus_message_append(m, "{sv}", "message", "s", message);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int import_file(Client *c, const char *file, const char *reference, const char *message,
                char **ret_id, Failure *reterr) {
        _cleanup_message_ sd_bus_message *m = NULL, *reply = NULL, *result = NULL;
        _cleanup_close_ int fd = -EBADF;
        const char *operation, *id;
        int r;

        fd = open_archive(file, reterr);
        if (fd < 0)
                return fd;

        r = client_new_call(c, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, "ImportImage", &m, reterr);
        if (r < 0)
                return r;
        r = append_call(m, fd, file, reference, message);
        if (r < 0)
                return client_message_error(r, reterr);
        r = client_send_call(c, m, CLIENT_TIMEOUT_USEC, &reply, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "o", &operation);
        if (r < 0)
                return client_message_error(r, reterr);

        r = client_call(c, operation, BUS_INTERFACE_OPERATION, "Wait", CLIENT_FOR_EVER, &result,
                        reterr, NULL);
        if (r < 0)
                return r;
        r = sd_bus_message_read(result, "s", &id);
        if (r >= 0)
                r = free_and_strdup(ret_id, startswith(id, "sha256:") ?: id);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

int verb_import(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_free_ char *id = NULL;
        int r;

        r = import_file(c, args->operands[0], args->n_operands > 1 ? args->operands[1] : "",
                arguments_string(args, "message"), &id, reterr);
        if (r < 0)
                return r;
        printf("sha256:%s\n", id);
        return 0;
}
