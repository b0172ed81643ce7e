/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/archive-calls.c: archives on their way in and out, as descriptors that a worker gets: what becomes of them is an operation's. */
#include <fcntl.h>
#include <sys/stat.h>
#include "base/str.h"
#include "daemon/authz-images.h"
#include "daemon/bus-failure.h"
#include "daemon/changes.h"
#include "daemon/dict-read.h"
#include "daemon/objects.h"
#include "model/save-plan.h"

/* What a worker can read to its end; a directory or an O_PATH fd would only fail there with a poorer sentence. */
int archive_check_input(int fd, sd_bus_error *error) {
        struct stat st;
        int flags;

        flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fstat(fd, &st) < 0)
                return -errno;
        if ((flags & O_PATH) || (flags & O_ACCMODE) == O_WRONLY)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                "The archive's descriptor is not open for reading");
        if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode))
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                "The archive is neither a file nor a pipe nor a socket");
        return 0;
}

int manager_method_import_image(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ImportRequest request = {};
        const DictField fields[] = {
                { "message", DICT_STRING, &request.message },
                { "name", DICT_STRING, &request.name },
        };
        _cleanup_failure_ Failure failure = {};
        _cleanup_close_ int copy = -EBADF;
        Daemon *daemon = daemon_of(m);
        char path[OBJECT_PATH_MAX];
        Operation *o;
        int fd, r;
        uid_t uid;

        r = callers_uid(m, &uid);
        if (r < 0)
                return r;

        r = sd_bus_message_read(m, "hs", &fd, &request.reference);
        if (r < 0)
                return r;

        r = dict_read(m, fields, ELEMENTSOF(fields), error);
        if (r < 0)
                return r;

        r = archive_check_input(fd, error);
        if (r < 0)
                return r;

        r = authz_tag(m, "import", request.reference, POLKIT_ACTION_PULL, &request.may_take, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (copy < 0)
                return -errno;

        r = manager_import_image(daemon->manager, copy, &request, uid, &o, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        copy = -EBADF; /* the operation's now */
        changes_flush(daemon->changes);
        return sd_bus_reply_method_return(m, "o", operation_path(operation_number(o), path));
}

/* The names are in the archive, so nobody knows them yet: the engine looks whose they are. */
int manager_method_load_image(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        LoadRequest request = {};
        const DictField fields[] = {
                { "name", DICT_STRING, &request.name },
                { "platform", DICT_STRING, &request.platform },
        };
        _cleanup_failure_ Failure failure = {};
        _cleanup_close_ int copy = -EBADF;
        Daemon *daemon = daemon_of(m);
        char path[OBJECT_PATH_MAX];
        Operation *o;
        int fd, r;
        uid_t uid;

        r = callers_uid(m, &uid);
        if (r < 0)
                return r;

        r = sd_bus_message_read(m, "h", &fd);
        if (r < 0)
                return r;

        r = dict_read(m, fields, ELEMENTSOF(fields), error);
        if (r < 0)
                return r;

        r = archive_check_input(fd, error);
        if (r < 0)
                return r;

        r = authz_tag(m, "load", "", POLKIT_ACTION_PULL, &request.may_take, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (copy < 0)
                return -errno;

        r = manager_load_images(daemon->manager, copy, &request, uid, &o, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        copy = -EBADF; /* the operation's now */
        changes_flush(daemon->changes);
        return sd_bus_reply_method_return(m, "o", operation_path(operation_number(o), path));
}

int archive_check_output(int fd, sd_bus_error *error) {
        struct stat st;
        int flags;

        flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fstat(fd, &st) < 0)
                return -errno;
        if ((flags & O_PATH) || (flags & O_ACCMODE) == O_RDONLY || S_ISDIR(st.st_mode))
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                "The output's descriptor is not open for writing");
        return 0;
}

/* One question for all of them, since an answer is good for one. */
static int authz_save(sd_bus_message *m, char *const *references, uid_t uid, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_free_ char *all = NULL;
        bool own = true;
        int r;

        STRV_FOREACH(reference, references) {
                Image *i;

                r = manager_find_image(manager_of(m), *reference, &i, &failure);
                if (r < 0)
                        return bus_failure_set(error, r, &failure);
                own = own && image_is_owned_by(i, uid);
        }
        if (own)
                return 1;
        r = strv_join(references, ",", &all);
        if (r < 0)
                return r;
        return authz_check(m,
                        &(AuthzRequest){
                                        .action = POLKIT_ACTION_INSPECT,
                                        .verb = "save",
                                        .image = all,
                                        .owner = (uid_t) -1,
                        },
                        error);
}

static int save_image(sd_bus_message *m, char *const *references, int fd, const char *format,
                sd_bus_error *error) {
        SaveFormat wanted = format ? save_format_from_string(format) : SAVE_DOCKER_ARCHIVE;
        _cleanup_failure_ Failure failure = {};
        Daemon *daemon = daemon_of(m);
        char path[OBJECT_PATH_MAX];
        Operation *o;
        uid_t uid;
        int r;

        if (wanted < 0)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                "Option 'format' is neither docker-archive nor oci-archive, but "
                                "'%s'",
                                format);
        r = archive_check_output(fd, error);
        if (r < 0)
                return r;

        r = callers_uid(m, &uid);
        if (r < 0)
                return r;

        r = authz_save(m, references, uid, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = manager_save_images(daemon->manager, references, wanted, fd, uid, &o, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        changes_flush(daemon->changes);
        return sd_bus_reply_method_return(m, "o", operation_path(operation_number(o), path));
}

int manager_method_save_image(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_strv_free_ char **references = NULL;
        const char *format = NULL;
        const DictField field = { "format", DICT_STRING, &format };
        int fd, r;

        r = sd_bus_message_read_strv(m, &references);
        if (r < 0)
                return r;

        r = sd_bus_message_read(m, "h", &fd);
        if (r < 0)
                return r;

        r = dict_read(m, &field, 1, error);
        return r < 0 ? r : save_image(m, references, fd, format, error);
}

int container_method_export(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        Daemon *daemon = daemon_of(m);
        char path[OBJECT_PATH_MAX];
        Operation *o;
        uid_t uid;
        int fd, r;

        r = sd_bus_message_read(m, "h", &fd);
        if (r < 0)
                return r;

        r = dict_read(m, NULL, 0, error);
        if (r < 0)
                return r;

        r = archive_check_output(fd, error);
        if (r < 0)
                return r;

        r = callers_uid(m, &uid);
        if (r < 0)
                return r;

        r = authz_container(m, userdata, "export", NULL, POLKIT_ACTION_MANAGE, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = container_export(userdata, fd, uid, &o, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        changes_flush(daemon->changes);
        return sd_bus_reply_method_return(m, "o", operation_path(operation_number(o), path));
}
