/* SPDX-License-Identifier: Apache-2.0 */
/* cli/mount-flags.c: see mount-flags.h. */
#include "cli/mount-flags.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "model/container-mount.h"
#include "model/names.h"
#include "model/option-values.h"

/* A mount as typed, and what was not said. */
typedef struct Typed {
        ContainerMount m;
        bool ids_given;
} Typed;

static int no_memory(Failure *reterr) {
        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
}

/* Words that mean something elsewhere, and nothing on this system. */
static bool is_ignored(const char *word) {
        return streq(word, "rw") || streq(word, "z") || streq(word, "Z") || streq(word, "cached") ||
               streq(word, "delegated") || streq(word, "consistent");
}

static int read_word(const char *word, const char *text, ContainerMount *m, bool *ids_given,
                Failure *reterr) {
        const char *ids = startswith(word, "idmap=");

        if (streq(word, "ro"))
                m->read_only = true;
        else if (streq(word, "nocopy"))
                m->no_copy = true;
        else if (ids && (int) mount_ids_from_string(ids) >= 0) {
                m->ids = mount_ids_from_string(ids);
                *ids_given = true;
        } else if ((int) mount_propagation_from_string(word) >= 0)
                m->propagation = mount_propagation_from_string(word);
        else if (!is_ignored(word))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "There is no option '%.64s' of a volume, in '%.128s'", word, text);
        return 0;
}

static int read_words(char *words, const char *text, ContainerMount *m, bool *ids_given,
                Failure *reterr) {
        char *word;
        int r;

        while ((word = strsep(&words, ","))) {
                r = *word ? read_word(word, text, m, ids_given, reterr) : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}

static int parse_volume(const char *text, ContainerMount *m, bool *ids_given, Failure *reterr) {
        _cleanup_free_ char *copy = strdup(text);
        char *rest = copy, *source, *target;

        if (!copy)
                return no_memory(reterr);
        source = strsep(&rest, ":");
        target = strsep(&rest, ":");
        if (!target) { /* alone it is where, and what is made up */
                target = source;
                source = NULL;
        }
        if (*target != '/' || (source && !*source))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%.128s' is not [SOURCE:]TARGET[:OPTIONS] with an absolute TARGET",
                                text);
        m->type = source && (*source == '/' || *source == '.') ? MOUNT_BIND : MOUNT_VOLUME;
        m->anonymous = !source;
        m->target = path_normalize(target, strlen(target));
        if (!m->target || free_and_strdup(&m->source, source) < 0)
                return no_memory(reterr);
        return rest ? read_words(rest, text, m, ids_given, reterr) : 0;
}

int volume_flag_parse(const char *text, ContainerMount *ret, Failure *reterr) {
        ContainerMount m = {};
        bool ignored = false;
        int r;

        r = parse_volume(text, &m, &ignored, reterr);
        if (r < 0) {
                container_mount_done(&m);
                return r;
        }
        *ret = m;
        return 0;
}

/* As Docker does for --volume: what is not there becomes a directory, of whoever asks for it. */
static void make_directory(const char *path) {
        char partial[PATH_MAX];
        size_t n = strlen(path);

        for (size_t i = 1; n < sizeof(partial) && i <= n; i++) {
                if (path[i] != '/' && path[i] != '\0')
                        continue;
                memcpy(partial, path, i);
                partial[i] = '\0';
                (void) mkdir(partial, 0755); /* what fails is told when it is opened */
        }
}

static int make_absolute(ContainerMount *m, Failure *reterr) {
        char *path;

        if (m->source[0] == '/')
                return 0;
        path = realpath(m->source, NULL);
        if (!path)
                return fail(reterr, FAILURE_INVALID_ARGS, errno, "Failed to find '%s': %s",
                                m->source, strerror(errno));
        free(m->source);
        m->source = path;
        return 0;
}

static int hand_over(Client *c, ContainerMount *m, Failure *reterr) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_close_ int fd = -EBADF;
        const char *token;
        int r;

        fd = open(m->source, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return fail(reterr, FAILURE_INVALID_ARGS, errno, "Failed to open '%s': %s",
                                m->source, strerror(errno));
        r = client_call(c, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, "OpenMount",
                        CLIENT_TIMEOUT_USEC, &reply, reterr, "h", fd);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "s", &token);
        if (r >= 0)
                r = free_and_strdup(&m->token, token);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

/* A value with a comma or quotes in it stands in quotes. */
static void append(StrBuf *b, const char *key, const char *value) {
        if (b->size > 0)
                (void) strbuf_putc(b, ','); /* the buffer's error sticks */
        if (!strpbrk(value, ",\"")) {
                (void) strbuf_printf(b, "%s=%s", key, value);
                return;
        }
        (void) strbuf_printf(b, "\"%s=", key);
        for (; *value; value++) {
                if (*value == '"')
                        (void) strbuf_putc(b, '"');
                (void) strbuf_putc(b, *value);
        }
        (void) strbuf_putc(b, '"');
}

static int print_bind(const ContainerMount *m, char **ret) {
        _cleanup_strbuf_ StrBuf b = {};

        append(&b, "type", "bind");
        append(&b, m->token ? "token" : "source", m->token ?: m->source);
        append(&b, "target", m->target);
        if (m->read_only)
                append(&b, "readonly", "true");
        if (!m->token) {
                append(&b, "idmap", mount_ids_to_string(m->ids));
                append(&b, "bind-propagation", mount_propagation_to_string(m->propagation));
                append(&b, "bind-nonrecursive", m->nonrecursive ? "true" : "false");
        }
        return strbuf_steal(&b, ret, NULL);
}

static int print_volume(const ContainerMount *m, char **ret) {
        _cleanup_strbuf_ StrBuf b = {};

        append(&b, "type", "volume");
        if (m->source)
                append(&b, "source", m->source);
        append(&b, "target", m->target);
        if (m->read_only)
                append(&b, "readonly", "true");
        if (m->no_copy)
                append(&b, "volume-nocopy", "true");
        return strbuf_steal(&b, ret, NULL);
}

static int finish_bind(Client *c, Typed *t, char **ret, Failure *reterr) {
        ContainerMount *m = &t->m;
        int r;

        if (!t->ids_given && geteuid() != 0)
                m->ids = MOUNT_IDS_CALLER;
        r = m->ids == MOUNT_IDS_CALLER ? hand_over(c, m, reterr) : make_absolute(m, reterr);
        if (r < 0)
                return r;
        return print_bind(m, ret) < 0 ? no_memory(reterr) : 0;
}

static int add_volume(Client *c, const char *text, char **ret, Failure *reterr) {
        Typed t = {};
        int r;

        r = parse_volume(text, &t.m, &t.ids_given, reterr);
        if (r >= 0 && t.m.type == MOUNT_BIND) {
                if (access(t.m.source, F_OK) < 0)
                        make_directory(t.m.source);
                r = finish_bind(c, &t, ret, reterr);
        } else if (r >= 0 && print_volume(&t.m, ret) < 0)
                r = no_memory(reterr);
        container_mount_done(&t.m);
        return r;
}

static int add_mount(Client *c, const char *text, char **ret, Failure *reterr) {
        Typed t = { .ids_given = strstr(text, "idmap=") != NULL };
        int r;

        r = container_mount_parse(text, &t.m, reterr);
        if (r < 0)
                return r;
        if (t.m.type == MOUNT_BIND && !t.m.token)
                r = finish_bind(c, &t, ret, reterr);
        else
                r = free_and_strdup(ret, text) < 0 ? no_memory(reterr) : 0;
        container_mount_done(&t.m);
        return r;
}

int mount_flags_prepare(Client *c, const Arguments *args, char ***ret, Failure *reterr) {
        _cleanup_strv_free_ char **list = NULL;

        for (size_t i = 0; i < args->n_values; i++) {
                const char *name = args->values[i].flag->name, *text = args->values[i].text;
                char *mount = NULL;
                int r;

                if (streq(name, "volume"))
                        r = add_volume(c, text, &mount, reterr);
                else if (streq(name, "mount"))
                        r = add_mount(c, text, &mount, reterr);
                else
                        continue;
                if (r >= 0)
                        r = strv_consume(&list, mount) < 0 ? no_memory(reterr) : 0;
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(list);
        return 0;
}
