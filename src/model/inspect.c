/* SPDX-License-Identifier: Apache-2.0 */
/* model/inspect.c: see inspect.h. Out of memory is found at the end: a NULL that is put is an error that sticks. */
#include "model/inspect.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "base/parse.h"
#include "base/str.h"
#include "base/usec.h"
#include "model/device.h"
#include "model/inspect-mounts.h"
#include "model/json.h"
#include "model/limits.h"
#include "model/names.h"
#include "model/option-values.h"

/* An object under construction. */
typedef struct Object {
        json_t *json; /* owned until given away */
        int error;
} Object;

static Object object_new(void) {
        json_t *j = json_object();

        return (Object){ j, j ? 0 : -ENOMEM };
}

static void put(Object *o, const char *key, json_t *value) {
        if (!value || json_object_set_new(o->json, key, value) < 0) /* takes @value in any case */
                o->error = -ENOMEM;
}

static void put_string(Object *o, const char *key, const char *value) {
        put(o, key, json_stringn_nocheck(strempty(value), strlen(strempty(value))));
}

static void put_number(Object *o, const char *key, uint64_t value) {
        put(o, key, json_integer((json_int_t) value));
}

static void put_bool(Object *o, const char *key, bool value) {
        put(o, key, json_boolean(value));
}

static void put_time(Object *o, const char *key, uint64_t usec) {
        char text[RFC3339_MAX];

        (void) format_rfc3339(usec, text);
        put_string(o, key, text);
}

static void put_list(Object *o, const char *key, char *const *l) {
        json_t *array = json_array();

        STRV_FOREACH(s, l)
                if (array && json_array_append_new(array, json_stringn_nocheck(*s, strlen(*s))) < 0)
                        o->error = -ENOMEM;
        put(o, key, array);
}

static void put_labels(Object *o, const char *key, char *const *l) {
        json_t *map = json_object();

        STRV_FOREACH(s, l) {
                const char *equals = strchrnul(*s, '=');
                char name[LABEL_KEY_MAX + 1];

                if (map && (size_t) (equals - *s) < sizeof(name)) {
                        memcpy(name, *s, (size_t) (equals - *s));
                        name[equals - *s] = '\0';
                        if (json_object_set_new_nocheck(map, name,
                                            json_stringn_nocheck(*equals ? equals + 1 : "",
                                                            strlen(*equals ? equals + 1 : ""))) < 0)
                                o->error = -ENOMEM;
                }
        }
        put(o, key, map);
}

static void put_object(Object *o, const char *key, Object *value) {
        if (value->error < 0)
                o->error = value->error;
        put(o, key, TAKE_PTR(value->json));
}

static void put_health(Object *o, const InspectContainer *c) {
        Object health = object_new();
        json_t *log = json_array();

        put_string(&health, "Status", container_health_to_string(c->health));
        put_number(&health, "FailingStreak", c->health_streak);
        for (size_t i = 0; i < c->n_health_results; i++) {
                const HealthResult *r = &c->health_results[i];
                Object result = object_new();

                put_time(&result, "Start", r->start_usec);
                put_time(&result, "End", r->end_usec);
                put(&result, "ExitCode", json_integer(r->exit_code));
                put_string(&result, "Output", r->output);
                if (result.error < 0 || json_array_append_new(log, result.json) < 0)
                        o->error = -ENOMEM;
        }
        put(&health, "Log", log);
        put_object(o, "Health", &health);
}

/* Docker's form, with the kinds that it does not have: nanoseconds, and the test as words. */
static void put_healthcheck(Object *o, const HealthConfig *h) {
        Object check = object_new();
        char *http[] = { (char *) "HTTP", NULL, NULL }, *tcp[] = { (char *) "TCP", NULL, NULL },
             *none[] = { (char *) "NONE", NULL };
        json_t *test = json_array();
        char where[HEALTH_PATH_MAX + sizeof("65535")];
        char **words = h->probe == HEALTH_PROBE_HTTP  ? http
                       : h->probe == HEALTH_PROBE_TCP ? tcp
                                                      : none;

        (void) snprintf(where, sizeof(where), "%u%s", h->port,
                        h->probe == HEALTH_PROBE_HTTP ? h->path ?: "/" : "");
        http[1] = tcp[1] = where;
        if (h->probe == HEALTH_PROBE_SHELL || h->probe == HEALTH_PROBE_EXEC) {
                words = h->command;
                if (json_array_append_new(test, json_string(h->probe == HEALTH_PROBE_SHELL
                                                                            ? "CMD-SHELL"
                                                                            : "CMD")) < 0)
                        o->error = -ENOMEM;
        }
        STRV_FOREACH(s, words)
                if (json_array_append_new(test, json_stringn_nocheck(*s, strlen(*s))) < 0)
                        o->error = -ENOMEM;
        put(&check, "Test", test);
        put_number(&check, "Interval", h->interval_usec * NSEC_PER_USEC);
        put_number(&check, "Timeout", h->timeout_usec * NSEC_PER_USEC);
        put_number(&check, "StartPeriod", h->start_period_usec * NSEC_PER_USEC);
        put_number(&check, "StartInterval", h->start_interval_usec * NSEC_PER_USEC);
        put_number(&check, "Retries", h->retries);
        put_string(&check, "OnFailure", health_action_to_string(h->on_failure));
        put_object(o, "Healthcheck", &check);
}

/* What everybody may see of it. */
static void put_public_state(Object *state, const Lifecycle *l) {
        put_string(state, "Status", container_state_to_string(l->state));
        put_bool(state, "Running", l->state == CONTAINER_RUNNING || l->state == CONTAINER_PAUSED);
        put_bool(state, "Paused", l->state == CONTAINER_PAUSED);
        put_bool(state, "Restarting", l->state == CONTAINER_RESTARTING);
        put_bool(state, "OOMKilled", l->oom_killed);
        put_bool(state, "Dead", l->state == CONTAINER_DEAD);
        put_number(state, "ExitCode", (uint64_t) l->exit_code);
        put_time(state, "StartedAt", l->started_usec);
        put_time(state, "FinishedAt", l->finished_usec);
}

static void put_state(Object *o, const InspectContainer *c) {
        const Lifecycle *l = c->life;
        Object state = object_new();

        put_public_state(&state, l);
        put_number(&state, "Pid", (uint64_t) c->pid);
        put_string(&state, "Error", c->error);
        put_time(&state, "RestartAt", l->restart_at_usec);
        put_number(&state, "OOMKillCount", c->oom_kills);
        put_health(&state, c);
        put_object(o, "State", &state);
}

static void put_signal(Object *o, const char *key, int signal) {
        char buffer[16];

        put_string(o, key, signal_to_string(signal ? signal : SIGTERM, buffer));
}

static void put_config(Object *o, const InspectContainer *c) {
        const ContainerSpec *spec = c->spec;
        Object config = object_new();
        char short_id[13];

        (void) snprintf(short_id, sizeof(short_id), "%.12s", c->id);
        put_string(&config, "Hostname", spec->hostname ? spec->hostname : short_id);
        put_string(&config, "User", spec->user);
        put_bool(&config, "Tty", spec->tty);
        put_bool(&config, "OpenStdin", spec->open_stdin);
        put_list(&config, "Env", spec->env);
        put_list(&config, "Cmd", spec->command);
        put_list(&config, "Entrypoint", spec->entrypoint);
        put_string(&config, "Image", c->image);
        put_string(&config, "WorkingDir", spec->working_dir);
        put_labels(&config, "Labels", spec->labels);
        put_signal(&config, "StopSignal", spec->stop_signal);
        put_number(&config, "StopTimeout",
                        spec->stop_timeout_usec == UINT64_MAX
                                        ? (uint64_t) -1
                                        : spec->stop_timeout_usec / USEC_PER_SEC);
        if (spec->health.probe != HEALTH_PROBE_NONE || spec->health.disabled)
                put_healthcheck(&config, &spec->health);
        put_object(o, "Config", &config);
}

static void put_log_config(Object *o, const ContainerSpec *spec) {
        Object log = object_new(), options = object_new();
        char text[24];

        put_string(&log, "Type", spec->log_driver == LOG_DRIVER_NONE ? "none" : "file");
        if (spec->log_driver == LOG_DRIVER_FILE) {
                (void) snprintf(text, sizeof(text), "%lld",
                                spec->log_max_size == UINT64_MAX ? -1LL
                                                                 : (long long) spec->log_max_size);
                put_string(&options, "max-size", text);
                (void) snprintf(text, sizeof(text), "%u", spec->log_max_files);
                put_string(&options, "max-file", text);
        }
        put_object(&log, "Config", &options);
        put_object(o, "LogConfig", &log);
}

static void put_ulimits(Object *o, const ContainerSpec *spec) {
        json_t *array = json_array();

        for (size_t i = 0; array && i < spec->n_ulimits; i++) {
                Object limit = object_new();

                put_string(&limit, "Name", ulimit_to_string(spec->ulimits[i].resource));
                put_number(&limit, "Soft", spec->ulimits[i].soft);
                put_number(&limit, "Hard", spec->ulimits[i].hard);
                if (limit.error < 0 || json_array_append_new(array, limit.json) < 0)
                        o->error = -ENOMEM;
        }
        put(o, "Ulimits", array);
}

static void put_tmpfs(Object *o, const ContainerSpec *spec) {
        Object tmpfs = object_new();

        for (size_t i = 0; i < spec->n_tmpfs; i++)
                put_string(&tmpfs, spec->tmpfs[i].path, spec->tmpfs[i].options);
        put_object(o, "Tmpfs", &tmpfs);
}

/* Docker writes -1 for "no limit" of swap. */
static void put_resources(Object *o, const Resources *r) {
        put_number(o, "Memory", r->memory);
        put_number(o, "MemorySwap", resources_memory_swap(r));
        put_number(o, "MemoryReservation", r->memory_reservation);
        put_number(o, "CpuShares", r->cpu_shares);
        put_number(o, "CpuQuota", r->cpu_quota);
        put_number(o, "CpuPeriod", r->cpu_period);
        put_number(o, "NanoCpus", r->nano_cpus);
        put_string(o, "CpusetCpus", r->cpuset_cpus);
        put_string(o, "CpusetMems", r->cpuset_mems);
        put_number(o, "PidsLimit", r->pids_limit);
        put(o, "OomScoreAdj", json_integer(r->oom_score_adj));
        put_bool(o, "OomGroup", r->oom_group);
}

static void put_devices(Object *o, char *const *texts) {
        json_t *array = json_array();

        STRV_FOREACH (text, texts) {
                char access[DEVICE_ACCESS_MAX];
                DeviceMapping m = {};
                Object device;

                if (device_mapping_parse(*text, &m, NULL) < 0) { /* it was checked: there is no memory */
                        o->error = -ENOMEM;
                        continue;
                }
                device = object_new();
                device_access_to_string(m.access, access);
                put_string(&device, "PathOnHost", m.host);
                put_string(&device, "PathInContainer", m.target);
                put_string(&device, "CgroupPermissions", access);
                device_mapping_done(&m);
                if (device.error < 0 || json_array_append_new(array, device.json) < 0)
                        o->error = -ENOMEM;
        }
        put(o, "Devices", array);
}

/* Docker's words: nothing said is its own. */
static void put_namespaces(Object *o, const ContainerSpec *spec) {
        const NamespaceModes *m = &spec->namespaces;

        put_string(o, "PidMode", m->texts[NAMESPACE_PID]);
        put_string(o, "IpcMode", m->texts[NAMESPACE_IPC] ?: "private");
        put_string(o, "UTSMode", m->texts[NAMESPACE_UTS]);
        put_string(o, "CgroupnsMode", m->texts[NAMESPACE_CGROUP] ?: "private");
        put_string(o, "UsernsMode", m->userns);
        put_bool(o, "Privileged", m->privileged);
        put_list(o, "GroupAdd", m->group_add);
        put_devices(o, m->devices);
        put_list(o, "DeviceCgroupRules", m->device_rules);
}

/* The usual paths but those that are left as they are, and others. */
static void put_paths(Object *o, const char *key, const Confinement *c, const char *const *usual,
                bool none, char *const *more) {
        json_t *array = json_array();

        for (const char *const *p = usual; *p && !none; p++)
                if (!confinement_unmasks(c, *p) && array &&
                                json_array_append_new(array, json_string(*p)) < 0)
                        o->error = -ENOMEM;
        STRV_FOREACH(p, more)
                if (array && json_array_append_new(array, json_string(*p)) < 0)
                        o->error = -ENOMEM;
        put(o, key, array);
}

static void put_confinement(Object *o, const ContainerSpec *spec) {
        const Confinement *c = &spec->confinement;
        bool privileged = spec->namespaces.privileged;
        _cleanup_strv_free_ char **security = NULL;

        if (confinement_security_opts(c, &security) < 0)
                o->error = -ENOMEM;
        put_list(o, "CapAdd", c->cap_add);
        put_list(o, "CapDrop", c->cap_drop);
        put_list(o, "SecurityOpt", security);
        put_labels(o, "Sysctls", c->sysctls);
        put_number(o, "ShmSize", c->shm_size ?: SHM_SIZE_DEFAULT);
        put_paths(o, "MaskedPaths", c, confinement_masked(), privileged, c->mask);
        put_paths(o, "ReadonlyPaths", c, confinement_read_only(), privileged, NULL);
}

static void put_host_config(Object *o, const ContainerSpec *spec) {
        Object host = object_new(), restart = object_new();

        put_string(&host, "NetworkMode", isempty(spec->network) ? "default" : spec->network);
        put_string(&restart, "Name", restart_mode_to_string(spec->restart.mode));
        put_number(&restart, "MaximumRetryCount", spec->restart.max_tries);
        put_object(&host, "RestartPolicy", &restart);
        put_bool(&host, "AutoRemove", spec->remove);
        put_bool(&host, "ReadonlyRootfs", spec->read_only);
        put_bool(&host, "Init", spec->init);
        put_namespaces(&host, spec);
        put_confinement(&host, spec);
        put_resources(&host, &spec->resources);
        put_log_config(&host, spec);
        put_tmpfs(&host, spec);
        put_ulimits(&host, spec);
        put_object(o, "HostConfig", &host);
}

static int finish(Object *o, char **ret) {
        _cleanup_json_ json_t *j = o->json;

        return o->error < 0 ? o->error : json_print(j, ret);
}

static void put_public(Object *o, const InspectContainer *c) {
        char name[CONTAINER_NAME_MAX + 2], image_id[DIGEST_MAX];

        (void) snprintf(name, sizeof(name), "/%s", c->name);
        (void) snprintf(image_id, sizeof(image_id), DIGEST_PREFIX "%s", c->image_id);
        put_string(o, "Id", c->id);
        put_string(o, "Name", name);
        put_time(o, "Created", c->created_usec);
        put_string(o, "Image", image_id);
        put_string(o, "ImageName", c->image);
        put_number(o, "RestartCount", c->life->restart_count);
        put_string(o, "Driver", "overlay");
        put_string(o, "Platform", "linux");
        put_number(o, "Owner", c->owner);
}

int inspect_container_for_all(const InspectContainer *c, char **ret) {
        Object o = object_new(), state = object_new(), health = object_new(), config = object_new();

        put_public(&o, c);
        put_public_state(&state, c->life);
        put_string(&health, "Status", container_health_to_string(c->health));
        put_object(&state, "Health", &health);
        put_object(&o, "State", &state);
        put_string(&config, "Image", c->image);
        put_object(&o, "Config", &config);
        return finish(&o, ret);
}

int inspect_container(const InspectContainer *c, char **ret) {
        char *const *argv = c->spec->argv;
        Object o = object_new();

        put_public(&o, c);
        put_string(&o, "Path", argv && argv[0] ? argv[0] : "");
        put_list(&o, "Args", argv && argv[0] ? argv + 1 : NULL);
        put_state(&o, c);
        put_string(&o, "LogPath", c->log_path);
        put_string(&o, "CgroupPath", c->cgroup_path);
        put(&o, "Mounts", inspect_mounts(c->spec, c->volumes_dir));
        put_host_config(&o, c->spec);
        put_config(&o, c);
        return finish(&o, ret);
}

static void put_image_config(Object *o, const ImageConfig *config) {
        Object c = object_new();

        put_string(&c, "User", config->user);
        put_list(&c, "Env", config->env);
        put_list(&c, "Cmd", config->cmd);
        put_list(&c, "Entrypoint", config->entrypoint);
        put_string(&c, "WorkingDir", config->working_dir);
        put_labels(&c, "Labels", config->labels);
        put_string(&c, "StopSignal", config->stop_signal);
        put_object(o, "Config", &c);
}

static void put_layers(Object *o, const ImageConfig *config) {
        Object root = object_new();
        json_t *layers = json_array();

        STRV_FOREACH(id, config->diff_ids) {
                char digest[DIGEST_MAX];

                (void) snprintf(digest, sizeof(digest), DIGEST_PREFIX "%s", *id);
                if (layers && json_array_append_new(layers, json_string(digest)) < 0)
                        o->error = -ENOMEM;
        }
        put_string(&root, "Type", "layers");
        put(&root, "Layers", layers);
        put_object(o, "RootFS", &root);
}

int inspect_image(const InspectImage *i, char **ret) {
        Object o = object_new();
        char id[DIGEST_MAX];

        (void) snprintf(id, sizeof(id), DIGEST_PREFIX "%s", i->id);
        put_string(&o, "Id", id);
        put_list(&o, "RepoTags", i->tags);
        put_list(&o, "RepoDigests", i->digests);
        if (i->config->created)
                put_string(&o, "Created", i->config->created);
        else
                put_time(&o, "Created", i->created_usec);
        put_string(&o, "Comment", i->config->comment);
        put_string(&o, "Author", i->config->author);
        put_string(&o, "Architecture", i->config->architecture);
        put_string(&o, "Os", i->config->os);
        put_number(&o, "Size", i->size_bytes);
        put_image_config(&o, i->config);
        put_layers(&o, i->config);
        return finish(&o, ret);
}
