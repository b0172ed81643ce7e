/* SPDX-License-Identifier: Apache-2.0 */
/* model/container-resolve.c: what the caller asked for over what the image says, as Docker lays the two. */
#include "model/container-resolve.h"
#include "base/parse.h"
#include "base/str.h"
#include "model/id.h"
#include "model/names.h"
#include "model/option-values.h"

static int append_all(char ***l, char *const *more) {
        int r;

        STRV_FOREACH (s, more) {
                r = strv_push(l, *s);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int resolve_argv(ContainerSpec *spec, const ImageConfig *config, Failure *reterr) {
        _cleanup_strv_free_ char **argv = NULL;
        char *const *command = spec->command;
        int r;

        /* The image's command belongs to the image's entrypoint: who overrides the one drops the other. */
        if (strv_length(command) == 0 && !spec->entrypoint_set)
                command = config->cmd;

        r = append_all(&argv, spec->entrypoint_set ? spec->entrypoint : config->entrypoint);
        if (r < 0)
                return r;
        r = append_all(&argv, command);
        if (r < 0)
                return r;

        if (strv_length(argv) == 0 || argv[0][0] == '\0')
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The image '%s' names no command, and none was given",
                                strempty(spec->image));

        strv_free(spec->argv);
        spec->argv = TAKE_PTR(argv);
        return 0;
}

static void env_unset(char **env, const char *key) {
        size_t n = strlen(key);
        char **to = env;

        for (char **from = env; from && *from; from++)
                if (strncmp(*from, key, n) == 0 && (*from)[n] == '=')
                        free(*from);
                else
                        *to++ = *from;
        if (to)
                *to = NULL;
}

static int env_merge(char ***env, char *const *over) {
        int r;

        STRV_FOREACH (s, over) {
                if (!strchr(*s, '=')) {
                        env_unset(*env, *s);
                        continue;
                }
                r = strv_env_set(env, *s);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int resolve_env(ContainerSpec *spec, const ImageConfig *config, const char *id) {
        _cleanup_strv_free_ char **env = NULL;
        _cleanup_free_ char *hostname = NULL;
        char short_id[ID_SHORT_MAX];
        int r;

        id_shorten(id, short_id);
        r = str_printf(&hostname, "HOSTNAME=%s", spec->hostname ? spec->hostname : short_id);
        if (r < 0)
                return r;

        r = strv_push(&env, "PATH=" DEFAULT_PATH);
        if (r < 0)
                return r;
        r = strv_push(&env, hostname);
        if (r < 0)
                return r;
        if (spec->tty) {
                r = strv_push(&env, "TERM=xterm");
                if (r < 0)
                        return r;
        }

        r = env_merge(&env, config->env);
        if (r < 0)
                return r;
        r = env_merge(&env, spec->env);
        if (r < 0)
                return r;

        strv_free(spec->env);
        spec->env = TAKE_PTR(env);
        return 0;
}

static int resolve_labels(ContainerSpec *spec, const ImageConfig *config) {
        _cleanup_strv_free_ char **labels = NULL;
        _cleanup_free_ char *assignment = NULL;
        int r;

        r = strv_copy(config->labels, &labels);
        if (r < 0)
                return r;
        STRV_FOREACH (s, spec->labels) {
                r = str_printf(&assignment, strchr(*s, '=') ? "%s" : "%s=", *s);
                if (r < 0)
                        return r;
                r = strv_env_set(&labels, assignment);
                if (r < 0)
                        return r;
                free(TAKE_PTR(assignment));
        }

        strv_sort(labels);
        strv_free(spec->labels);
        spec->labels = TAKE_PTR(labels);
        return 0;
}

static int resolve_place(ContainerSpec *spec, const ImageConfig *config) {
        int r;

        if (!spec->working_dir && !isempty(config->working_dir)) {
                r = str_printf(&spec->working_dir, "%s%s", config->working_dir[0] == '/' ? "" : "/",
                                config->working_dir);
                if (r < 0)
                        return r;
        }
        if (!spec->user && !isempty(config->user))
                return free_and_strdup(&spec->user, config->user);
        return 0;
}

/* A place that the image keeps apart gets a volume of its own, unless something is mounted there. */
static int resolve_volumes(ContainerSpec *spec, const ImageConfig *config) {
        STRV_FOREACH (path, config->volumes) {
                _cleanup_free_ char *target = path_normalize(*path, strlen(*path));
                ContainerMount *m;

                if (!target)
                        return -ENOMEM;
                if (container_mounts_has(spec, target))
                        continue;
                if (container_mounts_add(spec, &m) < 0)
                        return -ENOMEM;
                m->type = MOUNT_VOLUME;
                m->anonymous = true;
                m->target = TAKE_PTR(target);
        }
        return 0;
}

static int resolve_signal(ContainerSpec *spec, const ImageConfig *config, Failure *reterr) {
        int sig;

        if (spec->stop_signal != 0 || isempty(config->stop_signal))
                return 0;

        sig = parse_signal(config->stop_signal);
        if (sig < 0)
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The stop signal '%s' of the image '%s' is not a signal",
                                config->stop_signal, strempty(spec->image));
        spec->stop_signal = sig;
        return 0;
}

int container_spec_resolve(
                ContainerSpec *spec, const ImageConfig *config, const char *id, Failure *reterr) {
        int r;

        r = resolve_argv(spec, config, reterr);
        if (r >= 0)
                r = resolve_env(spec, config, id);
        if (r >= 0)
                r = resolve_labels(spec, config);
        if (r >= 0)
                r = resolve_place(spec, config);
        if (r >= 0)
                r = resolve_volumes(spec, config);
        if (r == -ENOMEM)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (r < 0)
                return r;

        r = resolve_signal(spec, config, reterr);
        if (r < 0)
                return r;
        r = health_config_resolve(&spec->health, config->healthcheck, reterr);
        if (r < 0)
                return r;
        return container_spec_check(spec, reterr);
}
