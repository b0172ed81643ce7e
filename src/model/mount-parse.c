/* SPDX-License-Identifier: Apache-2.0 */
/* model/mount-parse.c: the grammar of one mount. The words are those of Docker's documentation of `--mount`. */
#include <stdlib.h>
#include "base/parse.h"
#include "base/str.h"
#include "model/container-mount.h"
#include "model/limits.h"
#include "model/option-values.h"

typedef struct Parse {
        const char *text; /* as typed, for sentences */
        ContainerMount m;
        char *size, *mode; /* owned; of a tmpfs */
} Parse;

static void parse_done(Parse *p) {
        container_mount_done(&p->m);
        free(p->size);
        free(p->mode);
}

static int no_memory(Failure *reterr) {
        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
}

static int refuse(const char *key, const char *value, const char *expected, Failure *reterr) {
        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "The value '%.128s' of '%s' is not %s",
                        value, key, expected);
}

static int set_text(char **p, const char *key, const char *value, Failure *reterr) {
        if (isempty(value))
                return refuse(key, "", "a text", reterr);
        return free_and_strdup(p, value) < 0 ? no_memory(reterr) : 0;
}

/* A key alone is true. */
static int set_switch(bool *ret, const char *key, const char *value, Failure *reterr) {
        if (!value) {
                *ret = true;
                return 0;
        }
        return parse_bool(value, ret) < 0 ? refuse(key, value, "true or false", reterr) : 0;
}

static int field_type(Parse *p, const char *key, const char *value, Failure *reterr) {
        p->m.type = mount_type_from_string(value);
        return (int) p->m.type < 0
                               ? refuse(key, strempty(value), "bind, tmpfs or volume", reterr)
                               : 0;
}

static int field_source(Parse *p, const char *key, const char *value, Failure *reterr) {
        return isempty(value) ? 0 : set_text(&p->m.source, key, value, reterr);
}

static int field_target(Parse *p, const char *key, const char *value, Failure *reterr) {
        char *target;

        if (isempty(value))
                return refuse(key, "", "a path", reterr);
        target = path_normalize(value, strlen(value));
        if (!target)
                return no_memory(reterr);
        free(p->m.target);
        p->m.target = target;
        return 0;
}

static int field_readonly(Parse *p, const char *key, const char *value, Failure *reterr) {
        return set_switch(&p->m.read_only, key, value, reterr);
}

static int field_ignored(Parse *p, const char *key, const char *value, Failure *reterr) {
        return 0; /* of other systems than Linux */
}

static int field_propagation(Parse *p, const char *key, const char *value, Failure *reterr) {
        p->m.propagation = mount_propagation_from_string(value);
        return (int) p->m.propagation < 0
                               ? refuse(key, strempty(value),
                                                 "private, rprivate, slave, rslave, shared or "
                                                 "rshared",
                                                 reterr)
                               : 0;
}

static int field_nonrecursive(Parse *p, const char *key, const char *value, Failure *reterr) {
        return set_switch(&p->m.nonrecursive, key, value, reterr);
}

static int field_recursive(Parse *p, const char *key, const char *value, Failure *reterr) {
        value = strempty(value);
        if (!streq(value, "enabled") && !streq(value, "readonly") && !streq(value, "disabled"))
                return refuse(key, value, "enabled, readonly or disabled", reterr);
        p->m.nonrecursive = streq(value, "disabled");
        return 0;
}

static int field_idmap(Parse *p, const char *key, const char *value, Failure *reterr) {
        p->m.ids = mount_ids_from_string(value);
        return (int) p->m.ids < 0 ? refuse(key, strempty(value), "all, caller or none", reterr) : 0;
}

static int field_token(Parse *p, const char *key, const char *value, Failure *reterr) {
        return set_text(&p->m.token, key, value, reterr);
}

static int field_nocopy(Parse *p, const char *key, const char *value, Failure *reterr) {
        return set_switch(&p->m.no_copy, key, value, reterr);
}

static int field_label(Parse *p, const char *key, const char *value, Failure *reterr) {
        _cleanup_free_ char *label = NULL;

        if (isempty(value) || *value == '=')
                return refuse(key, strempty(value), "a label", reterr);
        if (str_printf(&label, "%s%s", value, strchr(value, '=') ? "" : "=") < 0 ||
                        strv_env_set(&p->m.labels, label) < 0)
                return no_memory(reterr);
        return 0;
}

static int field_driver(Parse *p, const char *key, const char *value, Failure *reterr) {
        if (isempty(value) || streq(value, "local"))
                return 0;
        return fail(reterr, FAILURE_UNSUPPORTED, EOPNOTSUPP,
                        "The volume driver '%.64s' is not supported by this version: local", value);
}

static int field_refused(Parse *p, const char *key, const char *value, Failure *reterr) {
        return fail(reterr, FAILURE_UNSUPPORTED, EOPNOTSUPP,
                        "The field '%s' of a mount is not supported by this version", key);
}

static int field_size(Parse *p, const char *key, const char *value, Failure *reterr) {
        uint64_t bytes;

        if (isempty(value) || parse_bytes(value, &bytes) < 0)
                return refuse(key, strempty(value), "a size", reterr);
        free(p->size);
        p->size = NULL;
        return str_printf(&p->size, "size=%llu", (unsigned long long) bytes) < 0 ? no_memory(reterr)
                                                                                 : 0;
}

static int field_mode(Parse *p, const char *key, const char *value, Failure *reterr) {
        size_t n = value ? strspn(value, "01234567") : 0;

        if (n < 1 || n > 5 || value[n] != '\0')
                return refuse(key, strempty(value), "a mode in octal digits", reterr);
        free(p->mode);
        p->mode = NULL;
        return str_printf(&p->mode, "mode=%s", value) < 0 ? no_memory(reterr) : 0;
}

#define OF(type) (1U << (type))
#define OF_ALL 0U

static const struct {
        const char *key;
        unsigned types; /* that have it; OF_ALL: each */
        int (*set)(Parse *p, const char *key, const char *value, Failure *reterr);
} fields[] = {
        { "type", OF_ALL, field_type },
        { "source", OF(MOUNT_VOLUME) | OF(MOUNT_BIND), field_source },
        { "src", OF(MOUNT_VOLUME) | OF(MOUNT_BIND), field_source },
        { "target", OF_ALL, field_target },
        { "destination", OF_ALL, field_target },
        { "dst", OF_ALL, field_target },
        { "readonly", OF_ALL, field_readonly },
        { "ro", OF_ALL, field_readonly },
        { "consistency", OF_ALL, field_ignored },
        { "bind-propagation", OF(MOUNT_BIND), field_propagation },
        { "bind-nonrecursive", OF(MOUNT_BIND), field_nonrecursive },
        { "bind-recursive", OF(MOUNT_BIND), field_recursive },
        { "idmap", OF(MOUNT_BIND), field_idmap },
        { "token", OF(MOUNT_BIND), field_token },
        { "volume-nocopy", OF(MOUNT_VOLUME), field_nocopy },
        { "volume-label", OF(MOUNT_VOLUME), field_label },
        { "volume-driver", OF(MOUNT_VOLUME), field_driver },
        { "volume-opt", OF(MOUNT_VOLUME), field_refused },
        { "volume-subpath", OF(MOUNT_VOLUME), field_refused },
        { "tmpfs-size", OF(MOUNT_TMPFS), field_size },
        { "tmpfs-mode", OF(MOUNT_TMPFS), field_mode },
};

static int parse_field(Parse *p, char *field, Failure *reterr) {
        char *value = strchr(field, '=');

        if (value)
                *value++ = '\0';
        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                if (streq(fields[i].key, field))
                        return fields[i].set(p, field, value, reterr);
        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                        "There is no field '%.64s' of a mount, in '%.128s'", field, p->text);
}

/* One field from @s, without its quotes. @ret: owned by the caller. Return: what follows it, or NULL: quotes without an end. */
static const char *cut_field(const char *s, char **ret) {
        bool quoted = *s == '"';
        char *to;

        to = *ret = malloc(strlen(s) + 1);
        if (!to)
                return NULL;
        for (s += quoted; *s; s++) {
                if (quoted && *s == '"') {
                        if (s[1] != '"')
                                break;
                        s++; /* two are one */
                } else if (!quoted && *s == ',')
                        break;
                *to++ = *s;
        }
        *to = '\0';
        if (!quoted)
                return s;
        return *s == '"' && (s[1] == ',' || s[1] == '\0') ? s + 1 : NULL;
}

static int parse_fields(Parse *p, Failure *reterr) {
        const char *s = p->text;
        int r;

        for (;;) {
                _cleanup_free_ char *field = NULL;

                s = cut_field(s, &field);
                if (!field)
                        return no_memory(reterr);
                if (!s)
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "The quotes in the mount '%.128s' have no end", p->text);
                r = parse_field(p, field, reterr);
                if (r < 0)
                        return r;
                if (*s == '\0')
                        return 0;
                s++;
        }
}

/* What a field of another type says would be passed over in silence. */
static int check_types(const Parse *p, Failure *reterr) {
        const char *s = p->text;

        while (*s) {
                _cleanup_free_ char *field = NULL;

                s = cut_field(s, &field);
                if (!field || !s)
                        return no_memory(reterr);
                field[strcspn(field, "=")] = '\0';
                for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                        if (streq(fields[i].key, field) && fields[i].types != OF_ALL &&
                                        !(fields[i].types & OF(p->m.type)))
                                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                                "The field '%s' is not for a mount of type '%s'",
                                                field, mount_type_to_string(p->m.type));
                s += *s == ',';
        }
        return 0;
}

static int check_whole(Parse *p, Failure *reterr) {
        ContainerMount *m = &p->m;
        char *source;
        int r;

        if (!m->target)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The mount '%.128s' has no target", p->text);
        r = check_types(p, reterr);
        if (r < 0)
                return r;
        if (m->type == MOUNT_BIND && (m->source ? 1 : 0) + (m->token ? 1 : 0) != 1)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The bind mount at '%.128s' needs a source", m->target);
        if (m->type == MOUNT_BIND && m->source && m->source[0] == '/') {
                source = path_normalize(m->source, strlen(m->source));
                if (!source)
                        return no_memory(reterr);
                free(m->source);
                m->source = source;
        }
        if (m->token)
                m->ids = MOUNT_IDS_CALLER;
        if (m->ids == MOUNT_IDS_CALLER) {
                m->nonrecursive = true;
                if (m->propagation != MOUNT_PROPAGATION_PRIVATE)
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "The mount at '%.128s' is one caller's, so it is private",
                                        m->target);
        }
        if (m->type == MOUNT_VOLUME && !m->source)
                m->anonymous = true;
        if (p->size || p->mode) {
                r = str_printf(&m->options, "%s%s%s", strempty(p->size),
                                p->size && p->mode ? "," : "", strempty(p->mode));
                if (r < 0)
                        return no_memory(reterr);
        }
        return 0;
}

int container_mount_parse(const char *s, ContainerMount *ret, Failure *reterr) {
        _cleanup_(parse_done) Parse p = { .text = s };
        int r;

        r = parse_fields(&p, reterr);
        if (r >= 0)
                r = check_whole(&p, reterr);
        if (r < 0)
                return r;
        *ret = p.m;
        p.m = (ContainerMount) {};
        return 0;
}
