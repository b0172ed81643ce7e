/* SPDX-License-Identifier: Apache-2.0 */
/* model/container-spec-json.c: a spec's stored form. A contract with every later version: members are added, never changed. */
#include <inttypes.h>
#include <string.h>
#include "base/str.h"
#include "model/container-spec.h"
#include "model/confinement-json.h"
#include "model/health-json.h"
#include "model/json.h"
#include "model/limits.h"
#include "model/mount-json.h"
#include "model/namespace-json.h"

#define SPEC_VERSION 1

static const char *const log_driver_table[_LOG_DRIVER_MAX] = {
        [LOG_DRIVER_FILE] = "file",
        [LOG_DRIVER_NONE] = "none",
};

static int put_tmpfs(json_t *j, const ContainerSpec *spec) {
        _cleanup_json_ json_t *array = NULL;

        if (spec->n_tmpfs == 0)
                return 0;

        array = json_array();
        for (size_t i = 0; i < spec->n_tmpfs; i++) {
                const Tmpfs *t = spec->tmpfs + i;
                json_t *entry = json_object();

                if (json_array_append_new(array, entry) < 0)
                        return -ENOMEM;
                if (json_put_string(entry, "path", t->path) < 0 ||
                                json_put_string(entry, "options", t->options) < 0 ||
                                json_put_u64(entry, "flags", t->flags) < 0)
                        return -ENOMEM;
        }
        return json_put_new(j, "tmpfs", TAKE_PTR(array));
}

static int put_ulimits(json_t *j, const ContainerSpec *spec) {
        _cleanup_json_ json_t *array = NULL;

        if (spec->n_ulimits == 0)
                return 0;

        array = json_array();
        for (size_t i = 0; i < spec->n_ulimits; i++) {
                const UserLimit *u = spec->ulimits + i;
                json_t *entry = json_object();

                if (json_array_append_new(array, entry) < 0)
                        return -ENOMEM;
                if (json_put_u64(entry, "resource", (uint64_t) u->resource) < 0 ||
                                json_put_u64(entry, "soft", u->soft) < 0 ||
                                json_put_u64(entry, "hard", u->hard) < 0)
                        return -ENOMEM;
        }
        return json_put_new(j, "ulimits", TAKE_PTR(array));
}

/* Only what was asked for; that an OOM group is not wanted is told by false. */
static int put_resources(json_t *j, const Resources *r) {
        const struct {
                const char *key;
                uint64_t value;
        } numbers[] = {
                { "memory", r->memory },
                { "memory_swap", r->memory_swap },
                { "memory_reservation", r->memory_reservation },
                { "cpu_shares", r->cpu_shares },
                { "cpu_quota", r->cpu_quota },
                { "cpu_period", r->cpu_period },
                { "nano_cpus", r->nano_cpus },
                { "pids_limit", r->pids_limit },
        };
        json_t *object;

        if (resources_is_default(r))
                return 0;

        object = json_object(); /* the document's from here on */
        if (json_put_new(j, "resources", object) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                if (numbers[i].value > 0 &&
                                json_put_u64(object, numbers[i].key, numbers[i].value) < 0)
                        return -ENOMEM;
        if (json_put_string(object, "cpuset_cpus", r->cpuset_cpus) < 0 ||
                        json_put_string(object, "cpuset_mems", r->cpuset_mems) < 0)
                return -ENOMEM;
        if (r->oom_score_adj != 0 && json_put_new(object, "oom_score_adj",
                                                     json_integer(r->oom_score_adj)) < 0)
                return -ENOMEM;
        return r->oom_group ? 0 : json_put_new(object, "oom_group", json_false());
}

static int put_asked(json_t *j, const ContainerSpec *spec) {
        if (json_put_string(j, "image", spec->image) < 0 ||
                        json_put_string(j, "network", spec->network) < 0 ||
                        json_put_string(j, "hostname", spec->hostname) < 0 ||
                        json_put_strv(j, "command", spec->command) < 0 ||
                        json_put_strv(j, "entrypoint", spec->entrypoint) < 0 ||
                        json_put_bool(j, "entrypoint_set", spec->entrypoint_set) < 0 ||
                        json_put_strv(j, "labels", spec->labels) < 0)
                return -ENOMEM;
        return 0;
}

static int put_workload(json_t *j, const ContainerSpec *spec) {
        if (json_put_strv(j, "argv", spec->argv) < 0 || json_put_strv(j, "env", spec->env) < 0 ||
                        json_put_string(j, "working_dir", spec->working_dir) < 0 ||
                        json_put_string(j, "user", spec->user) < 0 ||
                        json_put_bool(j, "tty", spec->tty) < 0 ||
                        json_put_bool(j, "open_stdin", spec->open_stdin) < 0 ||
                        json_put_bool(j, "init", spec->init) < 0 ||
                        json_put_bool(j, "read_only", spec->read_only) < 0 ||
                        json_put_bool(j, "remove", spec->remove) < 0)
                return -ENOMEM;
        return 0;
}

static int put_life(json_t *j, const ContainerSpec *spec) {
        json_t *restart = json_object(), *log = json_object();

        /* Both are the document's from here on. */
        if (json_put_new(j, "restart", restart) < 0) {
                json_decref(log);
                return -ENOMEM;
        }
        if (json_put_new(j, "log", log) < 0)
                return -ENOMEM;

        if (json_put_u64(j, "stop_signal", (uint64_t) spec->stop_signal) < 0 ||
                        json_put_u64(j, "stop_timeout_usec", spec->stop_timeout_usec) < 0 ||
                        json_put_string(restart, "mode",
                                        restart_mode_to_string(spec->restart.mode)) < 0 ||
                        json_put_u64(restart, "max_tries", spec->restart.max_tries) < 0 ||
                        json_put_string(log, "driver", log_driver_table[spec->log_driver]) < 0 ||
                        json_put_u64(log, "max_size", spec->log_max_size) < 0 ||
                        json_put_u64(log, "max_files", spec->log_max_files) < 0)
                return -ENOMEM;
        return 0;
}

int container_spec_to_json(const ContainerSpec *spec, char **ret_json) {
        _cleanup_json_ json_t *j = NULL;
        int r;

        j = json_object();
        if (!j)
                return -ENOMEM;
        r = json_put_u64(j, "version", SPEC_VERSION);
        if (r < 0)
                return r;
        r = put_asked(j, spec);
        if (r < 0)
                return r;
        r = put_workload(j, spec);
        if (r < 0)
                return r;
        r = put_tmpfs(j, spec);
        if (r < 0)
                return r;
        r = container_mounts_to_json(spec, j);
        if (r < 0)
                return r;
        r = put_ulimits(j, spec);
        if (r < 0)
                return r;
        r = confinement_to_json(&spec->confinement, j);
        if (r < 0)
                return r;
        r = health_config_to_json(&spec->health, j);
        if (r < 0)
                return r;
        r = put_resources(j, &spec->resources);
        if (r < 0)
                return r;
        r = namespace_modes_to_json(&spec->namespaces, j);
        if (r < 0)
                return r;
        r = put_life(j, spec);
        if (r < 0)
                return r;
        return json_print(j, ret_json);
}

static int read_tmpfs(const json_t *j, ContainerSpec *spec) {
        const json_t *array = json_object_get(j, "tmpfs");
        size_t n = json_array_size(array);
        int r;

        if (!array)
                return 0;
        if (!json_is_array(array) || n > TMPFS_MAX)
                return -EBADMSG;
        if (n == 0)
                return 0;

        spec->tmpfs = calloc(n, sizeof(*spec->tmpfs));
        if (!spec->tmpfs)
                return -ENOMEM;
        while (spec->n_tmpfs < n) {
                const json_t *entry = json_array_get(array, spec->n_tmpfs);
                Tmpfs *t = spec->tmpfs + spec->n_tmpfs++;

                if (!json_is_object(entry))
                        return -EBADMSG;
                r = json_read_u64(entry, "flags", &t->flags);
                if (r < 0)
                        return r;
                r = json_read_string(entry, "path", PATH_BYTES_MAX, &t->path);
                if (r <= 0)
                        return r < 0 ? r : -EBADMSG;
                r = json_read_string(entry, "options", PATH_BYTES_MAX, &t->options);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int read_ulimits(const json_t *j, ContainerSpec *spec) {
        const json_t *array = json_object_get(j, "ulimits");
        size_t n = json_array_size(array);

        if (!array)
                return 0;
        if (!json_is_array(array) || n > ULIMITS_MAX)
                return -EBADMSG;
        if (n == 0)
                return 0;

        spec->ulimits = calloc(n, sizeof(*spec->ulimits));
        if (!spec->ulimits)
                return -ENOMEM;
        while (spec->n_ulimits < n) {
                const json_t *entry = json_array_get(array, spec->n_ulimits);
                UserLimit *u = spec->ulimits + spec->n_ulimits++;
                uint64_t resource = 0;

                if (json_read_u64(entry, "resource", &resource) <= 0 ||
                                json_read_u64(entry, "soft", &u->soft) <= 0 ||
                                json_read_u64(entry, "hard", &u->hard) <= 0 || resource > INT32_MAX)
                        return -EBADMSG;
                u->resource = (int) resource;
        }
        return 0;
}

static int read_oom_score(const json_t *object, int *ret) {
        const json_t *j = json_object_get(object, "oom_score_adj");

        if (!j)
                return 0;
        if (!json_is_integer(j) || json_integer_value(j) < -1000 || json_integer_value(j) > 1000)
                return -EBADMSG;
        *ret = (int) json_integer_value(j);
        return 1;
}

static int read_resources(const json_t *j, Resources *ret) {
        const struct {
                const char *key;
                uint64_t *value;
        } numbers[] = {
                { "memory", &ret->memory },
                { "memory_swap", &ret->memory_swap },
                { "memory_reservation", &ret->memory_reservation },
                { "cpu_shares", &ret->cpu_shares },
                { "cpu_quota", &ret->cpu_quota },
                { "cpu_period", &ret->cpu_period },
                { "nano_cpus", &ret->nano_cpus },
                { "pids_limit", &ret->pids_limit },
        };
        const json_t *object = NULL;
        int r;

        r = json_read_object(j, "resources", &object);
        if (r <= 0)
                return r;
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(numbers); i++)
                r = json_read_u64(object, numbers[i].key, numbers[i].value);
        if (r >= 0)
                r = json_read_string(object, "cpuset_cpus", CPUSET_TEXT_MAX, &ret->cpuset_cpus);
        if (r >= 0)
                r = json_read_string(object, "cpuset_mems", CPUSET_TEXT_MAX, &ret->cpuset_mems);
        if (r >= 0)
                r = read_oom_score(object, &ret->oom_score_adj);
        if (r >= 0)
                r = json_read_bool(object, "oom_group", &ret->oom_group);
        return r;
}

static int read_asked(const json_t *j, ContainerSpec *spec) {
        int r;

        r = json_read_string(j, "image", REFERENCE_MAX, &spec->image);
        if (r >= 0)
                r = json_read_string(j, "network", REFERENCE_MAX, &spec->network);
        if (r >= 0)
                r = json_read_string(j, "hostname", HOSTNAME_BYTES_MAX + 1, &spec->hostname);
        if (r >= 0)
                r = json_read_strv(j, "command", ARGV_MAX, ARGV_BYTES_MAX, &spec->command);
        if (r >= 0)
                r = json_read_strv(j, "entrypoint", ARGV_MAX, ARGV_BYTES_MAX, &spec->entrypoint);
        if (r >= 0)
                r = json_read_bool(j, "entrypoint_set", &spec->entrypoint_set);
        if (r >= 0)
                r = json_read_strv(j, "labels", LABELS_MAX, LABELS_BYTES_MAX, &spec->labels);
        return r;
}

static int read_workload(const json_t *j, ContainerSpec *spec) {
        const struct {
                const char *key;
                bool *value;
        } switches[] = {
                { "tty", &spec->tty }, { "open_stdin", &spec->open_stdin },
                { "init", &spec->init }, { "read_only", &spec->read_only },
                { "remove", &spec->remove },
        };
        int r;

        r = json_read_strv(j, "argv", ARGV_MAX, ARGV_BYTES_MAX, &spec->argv);
        if (r >= 0)
                r = json_read_strv(j, "env", ENV_MAX, ENV_BYTES_MAX, &spec->env);
        if (r >= 0)
                r = json_read_string(j, "working_dir", PATH_BYTES_MAX, &spec->working_dir);
        if (r >= 0)
                r = json_read_string(j, "user", USER_BYTES_MAX, &spec->user);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(switches); i++)
                r = json_read_bool(j, switches[i].key, switches[i].value);
        return r;
}

static int read_restart(const json_t *j, RestartPolicy *policy) {
        _cleanup_free_ char *mode = NULL;
        const json_t *restart = NULL;
        int r;

        r = json_read_object(j, "restart", &restart);
        if (r <= 0)
                return r;
        r = json_read_u32(restart, "max_tries", &policy->max_tries);
        if (r < 0)
                return r;
        r = json_read_string(restart, "mode", 64, &mode);
        if (r <= 0)
                return r;

        policy->mode = restart_mode_from_string(mode);
        return policy->mode < 0 ? -EBADMSG : 0;
}

static int read_log(const json_t *j, ContainerSpec *spec) {
        _cleanup_free_ char *driver = NULL;
        const json_t *log = NULL;
        int r;

        r = json_read_object(j, "log", &log);
        if (r <= 0)
                return r;
        r = json_read_u64(log, "max_size", &spec->log_max_size);
        if (r < 0)
                return r;
        r = json_read_u32(log, "max_files", &spec->log_max_files);
        if (r < 0)
                return r;
        r = json_read_string(log, "driver", 64, &driver);
        if (r <= 0)
                return r;

        for (int i = 0; i < _LOG_DRIVER_MAX; i++)
                if (streq(log_driver_table[i], driver)) {
                        spec->log_driver = (LogDriver) i;
                        return 0;
                }
        return -EBADMSG;
}

static int read_life(const json_t *j, ContainerSpec *spec) {
        uint32_t stop_signal = 0;
        int r;

        r = json_read_u32(j, "stop_signal", &stop_signal);
        if (r < 0)
                return r;
        if (stop_signal > 127)
                return -EBADMSG;
        spec->stop_signal = (int) stop_signal;

        r = json_read_u64(j, "stop_timeout_usec", &spec->stop_timeout_usec);
        if (r < 0)
                return r;
        r = read_restart(j, &spec->restart);
        if (r < 0)
                return r;
        return read_log(j, spec);
}

/* Parses and reads all; -EBADMSG names nothing, the caller does. */
static int read_spec(const json_t *j, ContainerSpec *spec) {
        uint32_t version = 0;
        int r;

        r = json_read_u32(j, "version", &version);
        if (r < 0)
                return r;
        if (r == 0 || version < 1)
                return -EBADMSG;

        r = read_asked(j, spec);
        if (r < 0)
                return r;
        r = read_workload(j, spec);
        if (r < 0)
                return r;
        r = read_tmpfs(j, spec);
        if (r < 0)
                return r;
        r = container_mounts_from_json(j, spec);
        if (r < 0)
                return r;
        r = read_ulimits(j, spec);
        if (r < 0)
                return r;
        r = confinement_from_json(j, &spec->confinement);
        if (r < 0)
                return r;
        r = health_config_from_json(j, &spec->health);
        if (r < 0)
                return r;
        r = read_resources(j, &spec->resources);
        if (r < 0)
                return r;
        r = namespace_modes_from_json(j, &spec->namespaces);
        if (r < 0)
                return r;
        return read_life(j, spec);
}

int container_spec_from_json(const char *json, ContainerSpec **ret, Failure *reterr) {
        _cleanup_(container_spec_freep) ContainerSpec *spec = NULL;
        _cleanup_failure_ Failure why = {};
        _cleanup_json_ json_t *j = NULL;
        json_error_t error;
        int r;

        if (strlen(json) > SPEC_JSON_MAX)
                return fail(reterr, FAILURE_INVALID_SPEC, EBADMSG,
                                "The stored settings are longer than %u bytes", SPEC_JSON_MAX);

        r = container_spec_new(&spec);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");

        j = json_loads(json, JSON_REJECT_DUPLICATES, &error);
        if (!j && json_error_code(&error) == json_error_out_of_memory)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = json_is_object(j) ? read_spec(j, spec) : -EBADMSG;
        if (r == -ENOMEM)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (r < 0)
                return fail(reterr, FAILURE_INVALID_SPEC, EBADMSG,
                                "The stored settings of a container are damaged");

        if (container_spec_check(spec, &why) < 0)
                return fail(reterr, FAILURE_INVALID_SPEC, EBADMSG,
                                "The stored settings of a container make no sense: %s",
                                failure_message(&why));
        *ret = TAKE_PTR(spec);
        return 0;
}
