/* SPDX-License-Identifier: Apache-2.0 */
/* model/health-json.c: see health-json.h. A contract with every later version: members are added, never changed. */
#include "model/health-json.h"
#include "base/str.h"
#include "model/json.h"
#include "model/limits.h"

#define WORD_MAX 16U

int health_config_to_json(const HealthConfig *c, json_t *spec) {
        json_t *j;

        j = json_object();
        if (!j)
                return -ENOMEM;
        if (c->probe == HEALTH_PROBE_NONE && !c->disabled) { /* without a probe nothing else matters */
                json_decref(j);
                return 0;
        }
        if (json_put_new(spec, "health", j) < 0)
                return -ENOMEM;
        if (json_put_bool(j, "disabled", c->disabled) < 0 ||
                        json_put_string(j, "probe", health_probe_to_string(c->probe)) < 0 ||
                        json_put_strv(j, "command", c->command) < 0 ||
                        json_put_string(j, "path", c->path) < 0 ||
                        json_put_u64(j, "port", c->port) < 0 ||
                        json_put_u64(j, "retries", c->retries) < 0 ||
                        json_put_u64(j, "interval_usec", c->interval_usec) < 0 ||
                        json_put_u64(j, "timeout_usec", c->timeout_usec) < 0 ||
                        json_put_u64(j, "start_period_usec", c->start_period_usec) < 0 ||
                        json_put_u64(j, "start_interval_usec", c->start_interval_usec) < 0 ||
                        json_put_string(j, "on_failure",
                                        health_action_to_string(c->on_failure)) < 0)
                return -ENOMEM;
        return 0;
}

static int read_words(const json_t *j, HealthConfig *c) {
        _cleanup_free_ char *probe = NULL, *action = NULL;
        int r;

        r = json_read_string(j, "probe", WORD_MAX, &probe);
        if (r < 0)
                return r;
        if (r > 0)
                c->probe = health_probe_from_string(probe);
        r = json_read_string(j, "on_failure", WORD_MAX, &action);
        if (r < 0)
                return r;
        if (r > 0)
                c->on_failure = health_action_from_string(action);
        return c->probe < 0 || c->on_failure < 0 ? -EBADMSG : 0;
}

static int read_numbers(const json_t *j, HealthConfig *c) {
        const struct {
                const char *key;
                uint64_t *value;
        } durations[] = {
                { "interval_usec", &c->interval_usec },
                { "timeout_usec", &c->timeout_usec },
                { "start_period_usec", &c->start_period_usec },
                { "start_interval_usec", &c->start_interval_usec },
        };
        uint32_t port = 0;
        int r;

        r = json_read_u32(j, "port", &port);
        if (r >= 0)
                r = json_read_u32(j, "retries", &c->retries);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(durations); i++)
                r = json_read_u64(j, durations[i].key, durations[i].value);
        if (r < 0)
                return r;
        if (port > UINT16_MAX)
                return -EBADMSG;
        c->port = (uint16_t) port;
        return 0;
}

int health_config_from_json(const json_t *spec, HealthConfig *c) {
        const json_t *j = NULL;
        int r;

        r = json_read_object(spec, "health", &j);
        if (r <= 0)
                return r;
        r = read_words(j, c);
        if (r >= 0)
                r = read_numbers(j, c);
        if (r >= 0)
                r = json_read_bool(j, "disabled", &c->disabled);
        if (r >= 0)
                r = json_read_strv(j, "command", HEALTH_COMMAND_MAX, HEALTH_COMMAND_BYTES_MAX,
                                &c->command);
        if (r >= 0)
                r = json_read_string(j, "path", HEALTH_PATH_MAX, &c->path);
        return r < 0 ? r : 0;
}
