/* SPDX-License-Identifier: Apache-2.0 */
/* cli/credentials.c: one entry of Docker's config.json, alone in a document of its form. */
#include "cli/credentials.h"
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include "base/fd.h"
#include "cli/docker-config.h"
#include "model/limits.h"

/* {"auths": {HOST: ENTRY}}; @entry is taken over. */
static char *make_document(const char *host, json_t *entry) {
        json_t *document = json_object(), *auths = json_object();
        char *text = NULL;

        if (!document || !auths || json_object_set_new(auths, host, entry) < 0) {
                if (!auths)
                        json_decref(entry);
                json_decref(auths);
                json_decref(document);
                return NULL;
        }
        if (json_object_set_new(document, "auths", auths) >= 0)
                text = json_dumps(document, JSON_COMPACT);
        json_decref(document);
        return text;
}

static int seal(const char *text, Failure *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = memfd_create("credentials", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (fd < 0)
                return fail_errno(reterr, errno, "Failed to hand the credentials over");
        r = write_full(fd, text, strlen(text));
        if (r >= 0 && fcntl(fd, F_ADD_SEALS,
                                      F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
                r = -errno;
        if (r < 0)
                return fail_errno(reterr, r, "Failed to hand the credentials over");
        return TAKE_FD(fd);
}

int credentials_for(const char *host, Failure *reterr) {
        _cleanup_(docker_config_done) DockerConfig config = {};
        _cleanup_free_ char *text = NULL;
        json_t *entry = NULL;
        int r;

        r = docker_config_load(&config, reterr);
        if (r >= 0)
                r = docker_config_find(&config, host, &entry, reterr);
        if (r <= 0)
                return r < 0 ? r : -ENODATA;
        text = make_document(host, entry);
        if (!text)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (strlen(text) > CREDENTIALS_BYTES_MAX)
                return fail(reterr, FAILURE_INVALID_ARGS, E2BIG,
                                "The credentials for '%s' are longer than %u bytes", host,
                                CREDENTIALS_BYTES_MAX);
        return seal(text, reterr);
}
