/* SPDX-License-Identifier: Apache-2.0 */
/* model/health-config.c: a health check's settings: their words, their bounds, and the image's below the caller's. */
#include "base/parse.h"
#include "base/str.h"
#include "base/usec.h"
#include "model/health.h"
#include "model/limits.h"

static const char *const probe_table[_HEALTH_PROBE_MAX] = {
        [HEALTH_PROBE_NONE] = "none",
        [HEALTH_PROBE_SHELL] = "shell",
        [HEALTH_PROBE_EXEC] = "exec",
        [HEALTH_PROBE_HTTP] = "http",
        [HEALTH_PROBE_TCP] = "tcp",
};

static const char *const action_table[_HEALTH_ACTION_MAX] = {
        [HEALTH_ACTION_NONE] = "none",
        [HEALTH_ACTION_KILL] = "kill",
        [HEALTH_ACTION_RESTART] = "restart",
        [HEALTH_ACTION_STOP] = "stop",
};

const char *health_probe_to_string(HealthProbe probe) {
        return probe >= 0 && probe < _HEALTH_PROBE_MAX ? probe_table[probe] : NULL;
}

HealthProbe health_probe_from_string(const char *s) {
        for (int i = 0; s && i < _HEALTH_PROBE_MAX; i++)
                if (streq(probe_table[i], s))
                        return (HealthProbe) i;
        return _HEALTH_PROBE_INVALID;
}

const char *health_action_to_string(HealthAction action) {
        return action >= 0 && action < _HEALTH_ACTION_MAX ? action_table[action] : NULL;
}

HealthAction health_action_from_string(const char *s) {
        for (int i = 0; s && i < _HEALTH_ACTION_MAX; i++)
                if (streq(action_table[i], s))
                        return (HealthAction) i;
        return _HEALTH_ACTION_INVALID;
}

void health_config_done(HealthConfig *config) {
        strv_free(config->command);
        free(config->path);
        *config = (HealthConfig){};
}

int health_port_parse(const char *s, uint16_t *ret_port, char **ret_path, Failure *reterr) {
        _cleanup_free_ char *number = NULL, *path = NULL;
        size_t n = ret_path ? strcspn(s, "/") : strlen(s);
        uint32_t port;

        number = strndup(s, n);
        if (!number || free_and_strdup(&path, s[n] ? s + n : NULL) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (parse_u32(number, &port) < 0 || port < 1 || port > UINT16_MAX)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "'%.64s' is not %s", s,
                                ret_path ? "PORT[/PATH], PORT from 1 to 65535"
                                         : "a port from 1 to 65535");
        *ret_port = (uint16_t) port;
        if (ret_path)
                *ret_path = TAKE_PTR(path);
        return 0;
}

/* 0 stands for the default. */
static int check_duration(uint64_t usec, const char *what, Failure *reterr) {
        if (usec > 0 && usec < HEALTH_TIME_MIN_USEC)
                return fail(reterr, FAILURE_INVALID_SPEC, ERANGE,
                                "The health check's %s is less than 1 ms", what);
        if (usec > HEALTH_TIME_MAX_USEC)
                return fail(reterr, FAILURE_LIMIT_REACHED, ERANGE,
                                "The health check's %s is longer than %llu days", what,
                                HEALTH_TIME_MAX_USEC / USEC_PER_DAY);
        return 0;
}

static int check_durations(const HealthConfig *c, Failure *reterr) {
        const struct {
                const char *what;
                uint64_t usec;
        } durations[] = {
                { "interval", c->interval_usec },
                { "timeout", c->timeout_usec },
                { "start period", c->start_period_usec },
                { "start interval", c->start_interval_usec },
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(durations); i++)
                r = check_duration(durations[i].usec, durations[i].what, reterr);
        return r;
}

static int check_command(const HealthConfig *c, Failure *reterr) {
        size_t n = 0, bytes = 0;

        STRV_FOREACH(s, c->command) {
                n++;
                bytes += strlen(*s) + 1;
                if (!utf8_is_valid(*s))
                        return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                        "The health check's command is not UTF-8");
        }
        if (n == 0 || isempty(c->command[0]))
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The health check's command is empty");
        if (c->probe == HEALTH_PROBE_SHELL && n != 1)
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The health check's command is no single text");
        if (n > HEALTH_COMMAND_MAX || bytes > HEALTH_COMMAND_BYTES_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "The health check's command has more than %u words or %u bytes",
                                HEALTH_COMMAND_MAX, HEALTH_COMMAND_BYTES_MAX);
        return 0;
}

static int check_path(const char *path, Failure *reterr) {
        if (!path)
                return 0;
        if (strlen(path) >= HEALTH_PATH_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, ENAMETOOLONG,
                                "The health check's path is longer than %u bytes",
                                HEALTH_PATH_MAX - 1);
        for (const char *p = path; *p; p++)
                if (*p <= ' ' || *p >= 0x7f || path[0] != '/')
                        return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                        "The health check's path '%.64s' does not begin with a "
                                        "slash, or holds a blank or a character that is to be "
                                        "written as %%XX",
                                        path);
        return 0;
}

static bool is_set(const HealthConfig *c) {
        return c->probe != HEALTH_PROBE_NONE || c->retries > 0 || c->interval_usec > 0 ||
               c->timeout_usec > 0 || c->start_period_usec > 0 || c->start_interval_usec > 0 ||
               c->on_failure != HEALTH_ACTION_NONE;
}

int health_config_check(const HealthConfig *c, Failure *reterr) {
        int r;

        if (c->probe < 0 || c->probe >= _HEALTH_PROBE_MAX || c->on_failure < 0 ||
                        c->on_failure >= _HEALTH_ACTION_MAX)
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL, "The health check is unknown");
        if (c->disabled && is_set(c))
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The option 'no-healthcheck' cannot be used with those of a health "
                                "check");
        r = check_durations(c, reterr);
        if (r < 0)
                return r;
        if (c->probe == HEALTH_PROBE_SHELL || c->probe == HEALTH_PROBE_EXEC)
                return check_command(c, reterr);
        if (c->probe == HEALTH_PROBE_NONE)
                return 0;
        if (c->port == 0)
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL, "The health check has no port");
        return check_path(c->path, reterr);
}

static int take_test(HealthConfig *c, const Healthcheck *image, Failure *reterr) {
        char *const *test = image->test;

        if (!test || isempty(test[0]) || streq(test[0], "NONE"))
                return 0;
        if (streq(test[0], "CMD-SHELL") && test[1] && !test[2])
                c->probe = HEALTH_PROBE_SHELL;
        else if (streq(test[0], "CMD") && test[1])
                c->probe = HEALTH_PROBE_EXEC;
        else
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The image's health check '%.64s' is neither CMD nor CMD-SHELL "
                                "with a command: give another one, or 'no-healthcheck'",
                                test[0]);
        if (strv_copy(test + 1, &c->command) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        return 0;
}

static uint64_t first_of(uint64_t a, uint64_t b, uint64_t c) {
        return a > 0 ? a : b > 0 ? b : c;
}

int health_config_resolve(HealthConfig *c, const Healthcheck *image, Failure *reterr) {
        static const Healthcheck none = {};
        int r;

        if (c->disabled)
                return 0;
        if (!image)
                image = &none;
        if (c->probe == HEALTH_PROBE_NONE) {
                r = take_test(c, image, reterr);
                if (r < 0)
                        return r;
        }
        if (c->probe == HEALTH_PROBE_NONE && c->on_failure != HEALTH_ACTION_NONE)
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The option 'health-on-failure' needs a health check");
        if (c->probe == HEALTH_PROBE_NONE)
                return 0;

        c->interval_usec = first_of(c->interval_usec, image->interval_usec, HEALTH_INTERVAL_USEC);
        c->timeout_usec = first_of(c->timeout_usec, image->timeout_usec, HEALTH_TIMEOUT_USEC);
        c->start_period_usec = first_of(c->start_period_usec, image->start_period_usec, 0);
        c->start_interval_usec = first_of(c->start_interval_usec, image->start_interval_usec,
                        HEALTH_START_INTERVAL_USEC);
        c->retries = (uint32_t) first_of(c->retries, image->retries, HEALTH_RETRIES);
        return health_config_check(c, reterr);
}
