/* SPDX-License-Identifier: Apache-2.0 */
/* model/container-spec.c: a spec's life and its bounds. The stored form is container-spec-json.c's. */
#include "model/container-spec.h"
#include <signal.h>
#include <sys/resource.h>
#include "base/str.h"
#include "model/id.h"
#include "model/limits.h"
#include "model/option-values.h"

int container_spec_new(ContainerSpec **ret) {
        ContainerSpec *spec;

        spec = calloc(1, sizeof(*spec));
        if (!spec)
                return -ENOMEM;

        spec->resources = RESOURCES_DEFAULT;
        spec->stop_timeout_usec = STOP_TIMEOUT_DEFAULT_USEC;
        spec->log_driver = LOG_DRIVER_FILE;
        spec->log_max_size = LOG_SIZE_DEFAULT;
        spec->log_max_files = LOG_FILES_DEFAULT;
        *ret = spec;
        return 0;
}

ContainerSpec *container_spec_free(ContainerSpec *spec) {
        if (!spec)
                return NULL;

        free(spec->image);
        free(spec->network);
        free(spec->hostname);
        strv_free(spec->command);
        strv_free(spec->entrypoint);
        strv_free(spec->labels);
        strv_free(spec->argv);
        strv_free(spec->env);
        free(spec->working_dir);
        free(spec->user);
        for (size_t i = 0; i < spec->n_tmpfs; i++) {
                free(spec->tmpfs[i].path);
                free(spec->tmpfs[i].options);
        }
        free(spec->tmpfs);
        free(spec->ulimits);
        container_mounts_free(spec->mounts, spec->n_mounts);
        resources_done(&spec->resources);
        confinement_done(&spec->confinement);
        namespace_modes_done(&spec->namespaces);
        health_config_done(&spec->health);
        free(spec);
        return NULL;
}

NetworkMode container_spec_network_mode(const ContainerSpec *spec) {
        const char *network = strempty(spec->network);

        if (network[0] == '\0' || streq(network, "default") || streq(network, "none"))
                return NETWORK_NONE;
        if (streq(network, "host"))
                return NETWORK_HOST;
        network = namespace_text_target(network);
        return container_name_is_valid(network) || id_is_valid(network) ? NETWORK_CONTAINER
                                                                        : _NETWORK_MODE_INVALID;
}

NamespaceMode container_spec_namespace(const ContainerSpec *spec, NamespaceKind kind) {
        if (kind != NAMESPACE_NETWORK)
                return namespace_text_to_mode(kind, spec->namespaces.texts[kind]);
        switch (container_spec_network_mode(spec)) {
        case NETWORK_HOST:
                return NAMESPACE_HOST;
        case NETWORK_CONTAINER:
                return NAMESPACE_CONTAINER;
        default:
                return NAMESPACE_PRIVATE;
        }
}

const char *container_spec_joins(const ContainerSpec *spec, NamespaceKind kind) {
        return namespace_text_target(kind == NAMESPACE_NETWORK ? spec->network
                                                               : spec->namespaces.texts[kind]);
}

UsernsMode container_spec_userns(const ContainerSpec *spec) {
        return userns_text_to_mode(spec->namespaces.userns);
}

/* One bound for a list of texts; @what names it in the sentence. */
static int check_list(char *const *l, const char *what, size_t max_entries, size_t max_bytes,
                Failure *reterr) {
        size_t n = 0, bytes = 0;

        STRV_FOREACH (s, l) {
                size_t size = strlen(*s) + 1;

                n++;
                bytes += size;
                if (n > max_entries)
                        return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                        "The %s has more than %zu entries", what, max_entries);
                if (size > STRING_BYTES_MAX || bytes > max_bytes)
                        return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                        "The %s is longer than %zu bytes", what,
                                        size > STRING_BYTES_MAX ? (size_t) STRING_BYTES_MAX
                                                                : max_bytes);
                if (!utf8_is_valid(*s))
                        return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                        "The %s holds a text that is not UTF-8", what);
        }
        return 0;
}

static int check_text(const char *s, const char *what, size_t max_bytes, Failure *reterr) {
        if (!s)
                return 0;
        if (strlen(s) >= max_bytes)
                return fail(reterr, FAILURE_LIMIT_REACHED, ENAMETOOLONG,
                                "The %s is longer than %zu bytes", what, max_bytes - 1);
        if (!utf8_is_valid(s))
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL, "The %s is not UTF-8", what);
        for (const char *p = s; *p != '\0'; p++)
                if ((uint8_t) *p < ' ' || *p == 0x7f)
                        return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                        "The %s '%s' holds a control character", what, s);
        return 0;
}

static int check_hostname(const char *s, Failure *reterr) {
        static const char letters[] =
                        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        size_t n;
        int r;

        if (!s)
                return 0;
        r = check_text(s, "hostname", HOSTNAME_BYTES_MAX + 1, reterr);
        if (r < 0)
                return r;

        n = strlen(s);
        if (n == 0 || strspn(s, letters) == 0 || s[n - 1] == '.' || s[n - 1] == '-' ||
                        strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._"
                                  "-") != n ||
                        strstr(s, ".."))
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL, "'%s' is not a valid hostname",
                                s);
        return 0;
}

static int check_assignments(const ContainerSpec *spec, Failure *reterr) {
        int r;

        r = check_list(spec->env, "environment", ENV_MAX, ENV_BYTES_MAX, reterr);
        if (r < 0)
                return r;
        STRV_FOREACH (s, spec->env)
                if ((*s)[0] == '\0' || (*s)[0] == '=')
                        return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                        "The environment variable '%s' has no name", *s);

        r = check_list(spec->labels, "list of labels", LABELS_MAX, LABELS_BYTES_MAX, reterr);
        if (r < 0)
                return r;
        STRV_FOREACH (s, spec->labels) {
                size_t n = strcspn(*s, "=");

                if (n == 0)
                        return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                        "The label '%s' has no name", *s);
                if (n >= LABEL_KEY_MAX)
                        return fail(reterr, FAILURE_LIMIT_REACHED, ENAMETOOLONG,
                                        "The name of the label '%.64s' is longer than %u bytes", *s,
                                        LABEL_KEY_MAX - 1);
        }
        return 0;
}

static int check_commands(const ContainerSpec *spec, Failure *reterr) {
        int r;

        r = check_list(spec->command, "command", ARGV_MAX, ARGV_BYTES_MAX, reterr);
        if (r < 0)
                return r;
        r = check_list(spec->entrypoint, "entrypoint", ARGV_MAX, ARGV_BYTES_MAX, reterr);
        if (r < 0)
                return r;
        return check_list(spec->argv, "command", ARGV_MAX, ARGV_BYTES_MAX, reterr);
}

static int check_tmpfs(const ContainerSpec *spec, Failure *reterr) {
        int r;

        if (spec->n_tmpfs > TMPFS_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "There are more than %u tmpfs mounts", TMPFS_MAX);

        for (size_t i = 0; i < spec->n_tmpfs; i++) {
                const Tmpfs *t = spec->tmpfs + i;

                r = check_text(t->path, "path of a tmpfs", PATH_BYTES_MAX, reterr);
                if (r < 0)
                        return r;
                r = check_text(t->options, "list of options of a tmpfs", PATH_BYTES_MAX, reterr);
                if (r < 0)
                        return r;
                if (!t->path || !path_is_normalized(t->path) || streq(t->path, "/"))
                        return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                        "The path '%s' of a tmpfs is not absolute, or not a place "
                                        "for one",
                                        strempty(t->path));
                for (size_t k = 0; k < i; k++)
                        if (streq(spec->tmpfs[k].path, t->path))
                                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                                "The path '%s' has two tmpfs mounts", t->path);
        }
        return 0;
}

static int check_ulimits(const ContainerSpec *spec, Failure *reterr) {
        if (spec->n_ulimits > ULIMITS_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG, "There are more than %u ulimits",
                                ULIMITS_MAX);

        for (size_t i = 0; i < spec->n_ulimits; i++) {
                const UserLimit *u = spec->ulimits + i;

                if (u->resource < 0 || u->resource >= RLIM_NLIMITS)
                        return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                        "There is no ulimit number '%d'", u->resource);
                if (u->soft > u->hard)
                        return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                        "The soft value of a ulimit is above its hard value");
                for (size_t k = 0; k < i; k++)
                        if (spec->ulimits[k].resource == u->resource)
                                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                                "A ulimit is given twice");
        }
        return 0;
}

static int check_user(const char *user, Failure *reterr) {
        const char *colon;
        int r;

        if (!user)
                return 0;
        r = check_text(user, "user", USER_BYTES_MAX, reterr);
        if (r < 0)
                return r;

        colon = strchr(user, ':');
        if (colon == user || (colon && (strchr(colon + 1, ':') || colon[1] == '\0')))
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL, "'%s' is not USER[:GROUP]", user);
        return 0;
}

static int check_log(const ContainerSpec *spec, Failure *reterr) {
        if (spec->log_driver < 0 || spec->log_driver >= _LOG_DRIVER_MAX)
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL, "The log driver is unknown");
        if (spec->log_max_size < LOG_SIZE_MIN ||
                        (spec->log_max_size > INT64_MAX && spec->log_max_size != UINT64_MAX))
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The log option 'max-size' must be at least %llu bytes, or -1",
                                LOG_SIZE_MIN);
        if (spec->log_max_files < 1 || spec->log_max_files > LOG_FILES_MAX)
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The log option 'max-file' must be from 1 to %u", LOG_FILES_MAX);
        return 0;
}

/* What stops it, what follows, and what cannot go together. */
static int check_end(const ContainerSpec *spec, Failure *reterr) {
        if (spec->stop_signal < 0 || spec->stop_signal > SIGRTMAX)
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL, "There is no signal number '%d'",
                                spec->stop_signal);
        if (spec->stop_timeout_usec > STOP_TIMEOUT_MAX_USEC &&
                        spec->stop_timeout_usec != UINT64_MAX)
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The stop timeout is longer than %llu seconds",
                                STOP_TIMEOUT_MAX_USEC / 1000000);
        if (spec->restart.mode < 0 || spec->restart.mode >= _RESTART_MODE_MAX)
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL, "The restart policy is unknown");
        if (spec->remove && spec->restart.mode != RESTART_NO)
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The options 'rm' and 'restart' cannot be used together");
        return 0;
}

static int check_network(const ContainerSpec *spec, Failure *reterr) {
        static const char *const later[] = { "bridge", "slirp4netns", "pasta", "private", "ns" };
        const char *network = strempty(spec->network);

        if (container_spec_network_mode(spec) >= 0)
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(later); i++)
                if (streq(network, later[i]))
                        return fail(reterr, FAILURE_UNSUPPORTED, EOPNOTSUPP,
                                        "The network '%.64s' is not supported by this version",
                                        network);
        return fail(reterr, FAILURE_INVALID_SPEC, EINVAL, "There is no network '%.64s'", network);
}

static bool has_own(const ContainerSpec *spec, NamespaceKind kind) {
        NamespaceMode mode = container_spec_namespace(spec, kind);

        return mode == NAMESPACE_PRIVATE || mode == NAMESPACE_NONE;
}

int container_spec_check(const ContainerSpec *spec, Failure *reterr) {
        int r;

        if (isempty(spec->image))
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL, "A container needs an image");
        r = check_text(spec->image, "image reference", REFERENCE_MAX, reterr);
        if (r < 0)
                return r;
        r = check_text(spec->network, "network", REFERENCE_MAX, reterr);
        if (r < 0)
                return r;
        r = check_network(spec, reterr);
        if (r < 0)
                return r;
        r = check_hostname(spec->hostname, reterr);
        if (r < 0)
                return r;
        r = namespace_modes_check(&spec->namespaces, spec->network, spec->hostname, reterr);
        if (r < 0)
                return r;
        r = check_text(spec->working_dir, "working directory", PATH_BYTES_MAX, reterr);
        if (r < 0)
                return r;
        if (spec->working_dir && spec->working_dir[0] != '/')
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The working directory '%s' is not an absolute path",
                                spec->working_dir);
        r = check_commands(spec, reterr);
        if (r < 0)
                return r;
        r = check_assignments(spec, reterr);
        if (r < 0)
                return r;
        r = check_user(spec->user, reterr);
        if (r < 0)
                return r;
        r = check_tmpfs(spec, reterr);
        if (r < 0)
                return r;
        r = container_mounts_check(spec, reterr);
        if (r < 0)
                return r;
        r = check_ulimits(spec, reterr);
        if (r < 0)
                return r;
        r = confinement_check(&spec->confinement,
                        has_own(spec, NAMESPACE_NETWORK),
                        has_own(spec, NAMESPACE_IPC), reterr);
        if (r < 0)
                return r;
        r = health_config_check(&spec->health, reterr);
        if (r < 0)
                return r;
        r = resources_check(&spec->resources, reterr);
        if (r < 0)
                return r;
        r = check_log(spec, reterr);
        if (r < 0)
                return r;
        return check_end(spec, reterr);
}
