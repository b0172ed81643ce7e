/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/pull-call.c: a request for an image of a registry: read, authorised, handed on. Credentials are passed on unread. */
#include "daemon/pull-call.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "daemon/authz-images.h"
#include "daemon/bus-failure.h"
#include "daemon/changes.h"
#include "daemon/dict-read.h"
#include "daemon/objects.h"
#include "model/limits.h"
#include "model/platform.h"

/* Memory that nobody can change any more, and little of it: what reads it may then map it without fear. */
static int check_credentials(int fd, sd_bus_error *error) {
        const int wanted = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
        struct stat st;
        int seals;

        seals = fcntl(fd, F_GET_SEALS);
        if (seals < 0 || (seals & wanted) != wanted || fstat(fd, &st) < 0)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                "The descriptor of 'credentials' is not sealed memory");
        if (st.st_size > CREDENTIALS_BYTES_MAX)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                "The credentials are longer than %u bytes", CREDENTIALS_BYTES_MAX);
        return 0;
}

static int read_options(sd_bus_message *m, PullRequest *request, sd_bus_error *error) {
        const char *policy = "always";
        const DictField fields[] = {
                { "credentials", DICT_FD, &request->credentials_fd },
                { "platform", DICT_STRING, &request->platform },
                { "policy", DICT_STRING, &policy },
                { "sha256", DICT_STRING, &request->sha256 },
        };
        int r;

        r = dict_read(m, fields, ELEMENTSOF(fields), error);
        if (r < 0)
                return r;
        request->policy = pull_policy_from_string(policy);
        if (request->policy < 0)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                "'%.256s' is none of always, missing, never and newer", policy);
        return request->credentials_fd < 0 ? 0 : check_credentials(request->credentials_fd, error);
}

/* Where what is here does, another's tag stays what it is; should it have to move after all, then not by this call. */
static int authorise(sd_bus_message *m, PullRequest *request, uid_t uid, sd_bus_error *error) {
        if (request->policy == PULL_ALWAYS || request->policy == PULL_NEWER)
                return authz_tag(m, "pull", request->reference, POLKIT_ACTION_PULL,
                                &request->may_take, error);

        request->may_take = uid == 0;
        return authz_check(m,
                        &(AuthzRequest){
                                        .action = POLKIT_ACTION_PULL,
                                        .verb = "pull",
                                        .image = request->reference,
                                        .owner = uid,
                        },
                        error);
}

int manager_method_pull_image(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        PullRequest request = { .credentials_fd = -EBADF };
        _cleanup_failure_ Failure failure = {};
        _cleanup_close_ int copy = -EBADF;
        Daemon *daemon = daemon_of(m);
        char path[OBJECT_PATH_MAX];
        Platform platform;
        Operation *o;
        uid_t uid;
        int r;

        r = callers_uid(m, &uid);
        if (r < 0)
                return r;

        r = sd_bus_message_read(m, "s", &request.reference);
        if (r < 0)
                return r;

        r = read_options(m, &request, error);
        if (r < 0)
                return r;

        if (request.platform && platform_parse(request.platform, &platform, &failure) < 0)
                return bus_failure_set(error, -EINVAL, &failure);

        r = authorise(m, &request, uid, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        if (request.credentials_fd >= 0) {
                copy = fcntl(request.credentials_fd, F_DUPFD_CLOEXEC, 3);
                if (copy < 0)
                        return -errno;
                request.credentials_fd = copy;
        }
        r = manager_pull_image(daemon->manager, &request, uid, &o, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        copy = -EBADF; /* the operation's now */
        changes_flush(daemon->changes);
        return sd_bus_reply_method_return(m, "o", operation_path(operation_number(o), path));
}
