/* SPDX-License-Identifier: Apache-2.0 */
/* model/container-options.c: the table of options. Each setter checks its own value. */
#include "model/container-options.h"
#include "base/parse.h"
#include "base/str.h"
#include "model/confinement-options.h"
#include "model/health-options.h"
#include "model/id.h"
#include "model/limits.h"
#include "model/mount-options.h"
#include "model/namespace-options.h"
#include "model/option-values.h"
#include "model/resource-options.h"

typedef int (*OptionSetter)(ContainerOptions *o, const OptionValue *value, Failure *reterr);

static int out_of_memory(Failure *reterr) {
        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
}

/* Empty is as good as not given. */
static int replace_text(char **p, const char *s, Failure *reterr) {
        return free_and_strdup(p, isempty(s) ? NULL : s) < 0 ? out_of_memory(reterr) : 0;
}

static int replace_list(char ***p, char *const *l, Failure *reterr) {
        _cleanup_strv_free_ char **copy = NULL;

        if (strv_copy(l, &copy) < 0)
                return out_of_memory(reterr);
        strv_free(*p);
        *p = TAKE_PTR(copy);
        return 0;
}

static int set_name(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        if (!isempty(value->string) && !container_name_is_valid(value->string))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                            "'%.160s' is not a valid container name: [a-zA-Z0-9][a-zA-Z0-9_.-]*, "
                            "%u bytes at most",
                            value->string,
                            CONTAINER_NAME_MAX);
        return replace_text(&o->name, value->string, reterr);
}

static int set_request_id(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        if (!isempty(value->string) && !request_id_is_valid(value->string))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%.160s' is not a valid request-id: %u printable characters at "
                                "most",
                                value->string, REQUEST_ID_MAX - 1);
        return replace_text(&o->request_id, value->string, reterr);
}

static int set_hostname(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return replace_text(&o->spec->hostname, value->string, reterr);
}

static int set_workdir(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return replace_text(&o->spec->working_dir, value->string, reterr);
}

static int set_user(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return replace_text(&o->spec->user, value->string, reterr);
}

static int set_network(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return replace_text(&o->spec->network, value->string, reterr);
}

static int set_stop_signal(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        int sig = 0;

        if (!isempty(value->string)) {
                sig = parse_signal(value->string);
                if (sig < 0)
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "'%.64s' is not a signal",
                                        value->string);
        }
        o->spec->stop_signal = sig;
        return 0;
}

static int set_stop_timeout(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        if (value->number > STOP_TIMEOUT_MAX_USEC && value->number != UINT64_MAX)
                return fail(reterr, FAILURE_INVALID_ARGS, ERANGE,
                                "The stop-timeout is longer than %llu seconds",
                                STOP_TIMEOUT_MAX_USEC / 1000000);
        o->spec->stop_timeout_usec = value->number;
        return 0;
}

static int set_restart(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        RestartPolicy policy;
        int r;

        r = restart_policy_parse(strempty(value->string), &policy, reterr);
        if (r < 0)
                return r;
        o->spec->restart = policy;
        o->restart_given = true;
        return 0;
}

static int set_log_driver(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return log_driver_parse(strempty(value->string), &o->spec->log_driver, reterr);
}

static int set_log_opt(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        int r;

        o->spec->log_max_size = LOG_SIZE_DEFAULT;
        o->spec->log_max_files = LOG_FILES_DEFAULT;
        if (strv_length(value->strings) > LOG_OPTS_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "There are more than %u log options", LOG_OPTS_MAX);
        STRV_FOREACH (s, value->strings) {
                r = log_option_parse(*s, o->spec, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int set_command(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return replace_list(&o->spec->command, value->strings, reterr);
}

static int set_entrypoint(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        int r;

        r = replace_list(&o->spec->entrypoint, value->strings, reterr);
        if (r < 0)
                return r;

        /* `--entrypoint ''` takes the image's away. */
        if (strv_length(o->spec->entrypoint) == 1 && o->spec->entrypoint[0][0] == '\0')
                o->spec->entrypoint = strv_free(o->spec->entrypoint);
        o->spec->entrypoint_set = true;
        return 0;
}

static int set_env(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return replace_list(&o->spec->env, value->strings, reterr);
}

static int set_label(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return replace_list(&o->spec->labels, value->strings, reterr);
}

static int set_tmpfs(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        size_t n = strv_length(value->strings);
        ContainerSpec *spec = o->spec;
        int r;

        for (size_t i = 0; i < spec->n_tmpfs; i++)
                tmpfs_done(spec->tmpfs + i);
        free(TAKE_PTR(spec->tmpfs));
        spec->n_tmpfs = 0;
        if (n > TMPFS_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "There are more than %u tmpfs mounts", TMPFS_MAX);
        if (n == 0)
                return 0;

        spec->tmpfs = calloc(n, sizeof(*spec->tmpfs));
        if (!spec->tmpfs)
                return out_of_memory(reterr);
        STRV_FOREACH (s, value->strings) {
                r = tmpfs_parse(*s, spec->tmpfs + spec->n_tmpfs, reterr);
                if (r < 0)
                        return r;
                spec->n_tmpfs++;
        }
        return 0;
}

static int set_ulimit(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        size_t n = strv_length(value->strings);
        ContainerSpec *spec = o->spec;
        int r;

        free(TAKE_PTR(spec->ulimits));
        spec->n_ulimits = 0;
        if (n > ULIMITS_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG, "There are more than %u ulimits",
                                ULIMITS_MAX);
        if (n == 0)
                return 0;

        spec->ulimits = calloc(n, sizeof(*spec->ulimits));
        if (!spec->ulimits)
                return out_of_memory(reterr);
        STRV_FOREACH (s, value->strings) {
                r = ulimit_parse(*s, spec->ulimits + spec->n_ulimits, reterr);
                if (r < 0)
                        return r;
                spec->n_ulimits++;
        }
        return 0;
}

static int set_tty(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        o->spec->tty = value->enabled;
        return 0;
}

static int set_interactive(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        o->spec->open_stdin = value->enabled;
        return 0;
}

static int set_read_only(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        o->spec->read_only = value->enabled;
        return 0;
}

static int set_init(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        o->spec->init = value->enabled;
        return 0;
}

static int set_rm(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        o->spec->remove = value->enabled;
        return 0;
}

static const struct {
        const char *key;
        OptionKind kind;
        OptionSetter set;
} option_table[] = {
        { "cap-add", OPTION_STRINGS, confinement_option_cap_add },
        { "cap-drop", OPTION_STRINGS, confinement_option_cap_drop },
        { "cgroupns", OPTION_STRING, namespace_option_cgroupns },
        { "command", OPTION_STRINGS, set_command },
        { "cpu-period", OPTION_NUMBER, resource_option_cpu_period },
        { "cpu-quota", OPTION_NUMBER, resource_option_cpu_quota },
        { "cpu-shares", OPTION_STRING, resource_option_cpu_shares },
        { "cpus", OPTION_STRING, resource_option_cpus },
        { "cpuset-cpus", OPTION_STRING, resource_option_cpuset_cpus },
        { "cpuset-mems", OPTION_STRING, resource_option_cpuset_mems },
        { "device", OPTION_STRINGS, namespace_option_device },
        { "device-cgroup-rule", OPTION_STRINGS, namespace_option_device_rule },
        { "entrypoint", OPTION_STRINGS, set_entrypoint },
        { "env", OPTION_STRINGS, set_env },
        { "group-add", OPTION_STRINGS, namespace_option_group_add },
        { "health-cmd", OPTION_STRING, health_option_cmd },
        { "health-cmd-exec", OPTION_STRINGS, health_option_cmd_exec },
        { "health-http", OPTION_STRING, health_option_http },
        { "health-interval", OPTION_NUMBER, health_option_interval },
        { "health-on-failure", OPTION_STRING, health_option_on_failure },
        { "health-retries", OPTION_STRING, health_option_retries },
        { "health-start-interval", OPTION_NUMBER, health_option_start_interval },
        { "health-start-period", OPTION_NUMBER, health_option_start_period },
        { "health-tcp", OPTION_STRING, health_option_tcp },
        { "health-timeout", OPTION_NUMBER, health_option_timeout },
        { "hostname", OPTION_STRING, set_hostname },
        { "init", OPTION_SWITCH, set_init },
        { "interactive", OPTION_SWITCH, set_interactive },
        { "ipc", OPTION_STRING, namespace_option_ipc },
        { "label", OPTION_STRINGS, set_label },
        { "log-driver", OPTION_STRING, set_log_driver },
        { "log-opt", OPTION_STRINGS, set_log_opt },
        { "memory", OPTION_NUMBER, resource_option_memory },
        { "memory-reservation", OPTION_NUMBER, resource_option_memory_reservation },
        { "memory-swap", OPTION_NUMBER, resource_option_memory_swap },
        { "mount", OPTION_STRINGS, mount_option_mount },
        { "name", OPTION_STRING, set_name },
        { "network", OPTION_STRING, set_network },
        { "no-healthcheck", OPTION_SWITCH, health_option_disabled },
        { "oom-group", OPTION_SWITCH, resource_option_oom_group },
        { "oom-score-adj", OPTION_STRING, resource_option_oom_score_adj },
        { "pid", OPTION_STRING, namespace_option_pid },
        { "pids-limit", OPTION_STRING, resource_option_pids_limit },
        { "privileged", OPTION_SWITCH, namespace_option_privileged },
        { "read-only", OPTION_SWITCH, set_read_only },
        { "request-id", OPTION_STRING, set_request_id },
        { "restart", OPTION_STRING, set_restart },
        { "rm", OPTION_SWITCH, set_rm },
        { "seccomp-profile", OPTION_STRING, confinement_option_seccomp_profile },
        { "security-opt", OPTION_STRINGS, confinement_option_security_opt },
        { "shm-size", OPTION_NUMBER, confinement_option_shm_size },
        { "stop-signal", OPTION_STRING, set_stop_signal },
        { "stop-timeout", OPTION_NUMBER, set_stop_timeout },
        { "sysctl", OPTION_STRINGS, confinement_option_sysctl },
        { "tmpfs", OPTION_STRINGS, set_tmpfs },
        { "tty", OPTION_SWITCH, set_tty },
        { "ulimit", OPTION_STRINGS, set_ulimit },
        { "user", OPTION_STRING, set_user },
        { "userns", OPTION_STRING, namespace_option_userns },
        { "uts", OPTION_STRING, namespace_option_uts },
        { "volumes-from", OPTION_STRINGS, mount_option_volumes_from },
        { "workdir", OPTION_STRING, set_workdir },
};

/* Docker's flags that mean something here later: refused by name, so that nobody believes they were heeded. */
static const char *const refused_table[] = {
        "add-host", "annotation", "blkio-weight", "blkio-weight-device",
        "cgroup-parent", "cpu-count", "cpu-percent", "cpu-rt-period", "cpu-rt-runtime",
        "device-read-bps", "device-read-iops", "device-write-bps",
        "device-write-iops", "dns", "dns-option", "dns-search", "domainname", "expose", "gpus",
        "init-path", "io-maxbandwidth", "io-maxiops", "ip", "ip6", "isolation",
        "kernel-memory", "link", "link-local-ip", "mac-address", "memory-swappiness",
        "mounts", "network-alias", "oom-kill-disable", "platform", "publish",
        "publish-all", "pull", "runtime", "storage-opt",
        "volume", "volume-driver",
};

static ssize_t option_find(const char *key) {
        for (size_t i = 0; i < ELEMENTSOF(option_table); i++)
                if (streq(option_table[i].key, key))
                        return (ssize_t) i;
        return -1;
}

int container_options_init(ContainerOptions *o, const char *image) {
        _cleanup_(container_spec_freep) ContainerSpec *spec = NULL;
        int r;

        r = container_spec_new(&spec);
        if (r < 0)
                return r;
        r = free_and_strdup(&spec->image, image);
        if (r < 0)
                return r;

        *o = (ContainerOptions) { .spec = TAKE_PTR(spec) };
        return 0;
}

void container_options_done(ContainerOptions *o) {
        container_spec_free(o->spec);
        free(o->name);
        free(o->request_id);
        strv_free(o->volumes_from);
        *o = (ContainerOptions) {};
}

OptionKind container_option_kind(const char *key, Failure *reterr) {
        ssize_t i = option_find(key);

        if (i >= 0)
                return option_table[i].kind;
        for (size_t k = 0; k < ELEMENTSOF(refused_table); k++)
                if (streq(refused_table[k], key))
                        return (OptionKind) fail(reterr, FAILURE_UNSUPPORTED, EOPNOTSUPP,
                                        "The option '%s' is not supported by this version", key);
        return (OptionKind) fail(
                        reterr, FAILURE_INVALID_ARGS, EINVAL, "There is no option '%.64s'", key);
}

const char *option_kind_to_signature(OptionKind kind) {
        static const char *const table[_OPTION_KIND_MAX] = {
                [OPTION_STRING] = "s",
                [OPTION_STRINGS] = "as",
                [OPTION_NUMBER] = "t",
                [OPTION_SWITCH] = "b",
        };

        return kind >= 0 && kind < _OPTION_KIND_MAX ? table[kind] : NULL;
}

int container_options_set(
                ContainerOptions *o, const char *key, const OptionValue *value, Failure *reterr) {
        OptionKind kind;

        kind = container_option_kind(key, reterr);
        if (kind < 0)
                return kind;
        if (kind != value->kind)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "The option '%s' is of type '%s'",
                                key, option_kind_to_signature(kind));
        return option_table[option_find(key)].set(o, value, reterr);
}

bool container_option_is_updatable(const char *key) {
        return streq(key, "restart") || resource_option_is_updatable(key);
}

int container_options_check(const ContainerOptions *o, Failure *reterr) {
        return container_spec_check(o->spec, reterr);
}

void container_options_weakening(const ContainerOptions *o, Weakening *ret) {
        *ret = (Weakening) {};
        if (container_spec_network_mode(o->spec) == NETWORK_HOST)
                weakening_add(ret, "network");
        namespace_modes_weakening(&o->spec->namespaces, ret);
        /* Others would have to die for it. */
        if (o->spec->resources.oom_score_adj < 0)
                weakening_add(ret, "oom-score-adj");
        confinement_weakening(&o->spec->confinement, ret);
        mount_options_weakening(o->spec, ret);
}
