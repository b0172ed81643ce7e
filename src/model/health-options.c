/* SPDX-License-Identifier: Apache-2.0 */
/* model/health-options.c: see health-options.h. What goes together is looked at later: options come in any order. */
#include "model/health-options.h"
#include "base/parse.h"
#include "base/str.h"
#include "model/limits.h"

/* One kind of probe for a container: the option that comes second is refused. */
static int choose(HealthConfig *c, HealthProbe probe, Failure *reterr) {
        if (c->probe != HEALTH_PROBE_NONE && c->probe != probe)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "Only one of 'health-cmd', 'health-cmd-exec', 'health-http' and "
                                "'health-tcp' can be given");
        strv_free(TAKE_PTR(c->command));
        free(TAKE_PTR(c->path));
        c->probe = probe;
        return 0;
}

static int copy_command(HealthConfig *c, char *const *words, Failure *reterr) {
        if (strv_copy(words, &c->command) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        return 0;
}

/* `none` is Podman's way to say no-healthcheck; empty is as good as not given. */
int health_option_cmd(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        HealthConfig *c = &o->spec->health;
        int r;

        if (isempty(value->string))
                return 0;
        if (streq(value->string, "none")) {
                c->disabled = true;
                return 0;
        }
        r = choose(c, HEALTH_PROBE_SHELL, reterr);
        return r < 0 ? r
                     : copy_command(c, (char *[]){ (char *) value->string, NULL },
                                       reterr); /* only read */
}

int health_option_cmd_exec(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        HealthConfig *c = &o->spec->health;
        int r;

        if (strv_length(value->strings) == 0)
                return 0;
        if (strv_length(value->strings) > HEALTH_COMMAND_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "The health check's command has more than %u words",
                                HEALTH_COMMAND_MAX);
        r = choose(c, HEALTH_PROBE_EXEC, reterr);
        return r < 0 ? r : copy_command(c, value->strings, reterr);
}

int health_option_http(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        HealthConfig *c = &o->spec->health;
        int r;

        if (isempty(value->string))
                return 0;
        r = choose(c, HEALTH_PROBE_HTTP, reterr);
        return r < 0 ? r : health_port_parse(value->string, &c->port, &c->path, reterr);
}

int health_option_tcp(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        HealthConfig *c = &o->spec->health;
        int r;

        if (isempty(value->string))
                return 0;
        r = choose(c, HEALTH_PROBE_TCP, reterr);
        return r < 0 ? r : health_port_parse(value->string, &c->port, NULL, reterr);
}

int health_option_interval(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        o->spec->health.interval_usec = value->number;
        return 0;
}

int health_option_timeout(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        o->spec->health.timeout_usec = value->number;
        return 0;
}

int health_option_start_period(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        o->spec->health.start_period_usec = value->number;
        return 0;
}

int health_option_start_interval(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        o->spec->health.start_interval_usec = value->number;
        return 0;
}

int health_option_retries(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        uint32_t retries = 0;

        if (!isempty(value->string) && parse_u32(value->string, &retries) < 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%.64s' is no number of 'health-retries'", value->string);
        o->spec->health.retries = retries;
        return 0;
}

int health_option_on_failure(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        HealthAction action =
                        health_action_from_string(isempty(value->string) ? "none" : value->string);

        if ((int) action < 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'health-on-failure' is none, kill, restart or stop, not '%.64s'",
                                value->string);
        o->spec->health.on_failure = action;
        return 0;
}

int health_option_disabled(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        o->spec->health.disabled = value->enabled;
        return 0;
}
