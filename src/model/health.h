/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/health.h: what a health check is, and what follows from each of its results. Pure: no clock, no process. Whoever
 * acts takes `next` first, then probes, cancels, and tells the lifecycle what is demanded.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "model/container-state.h"
#include "model/failure.h"
#include "model/health-action.h"
#include "model/image-config.h"

typedef enum HealthProbe {
        HEALTH_PROBE_NONE,  /* no check: the end of its first process is all that is known, at once */
        HEALTH_PROBE_SHELL, /* command[0] by /bin/sh -c */
        HEALTH_PROBE_EXEC,  /* command is argv */
        HEALTH_PROBE_HTTP,  /* GET path of port, inside: 200 to 399 is healthy */
        HEALTH_PROBE_TCP,   /* somebody accepts at port, inside */
        _HEALTH_PROBE_MAX,
        _HEALTH_PROBE_INVALID = -EINVAL,
} HealthProbe;

const char *health_probe_to_string(HealthProbe probe); /* "none", "shell", "exec", "http", "tcp" */
HealthProbe health_probe_from_string(const char *s);

/* Zero-initialised: as the image has it. Durations: 0 is the default, or the image's until resolved. */
typedef struct HealthConfig {
        bool disabled; /* no check, whatever the image has */
        HealthProbe probe;
        char **command; /* owned */
        char *path;     /* owned; of HTTP, NULL: "/" */
        uint16_t port;
        uint32_t retries;
        uint64_t interval_usec; /* from the end of a probe to the next */
        uint64_t timeout_usec;
        uint64_t start_period_usec, start_interval_usec;
        HealthAction on_failure;
} HealthConfig;

void health_config_done(HealthConfig *config);

/** health_port_parse() - "PORT", or with @ret_path "PORT[/PATH]"; *@ret_path: owned by the caller, NULL: none given. Return: 0, FAILURE_INVALID_ARGS, -ENOMEM. */
int health_port_parse(const char *s, uint16_t *ret_port, char **ret_path, Failure *reterr);

/** health_config_check() - Return: 0, or FAILURE_INVALID_SPEC or FAILURE_LIMIT_REACHED with a sentence. */
int health_config_check(const HealthConfig *config, Failure *reterr);

/**
 * health_config_resolve() - fill in what the image's check has and the caller did not say, then the defaults
 * @image: may be NULL
 *
 * Return: 0, FAILURE_INVALID_SPEC (the image's check is none that is known; an action without a check), FAILURE_NO_MEMORY.
 * Source: Docker's Healthcheck: NONE, CMD, CMD-SHELL
 */
int health_config_resolve(HealthConfig *config, const Healthcheck *image, Failure *reterr);

typedef enum HealthPhase {
        HEALTH_OFF,     /* it does not run, or is being stopped */
        HEALTH_WAITING, /* for the next probe, due at due_usec */
        HEALTH_PROBING, /* due_usec is the end of its time */
        HEALTH_PAUSED,
        _HEALTH_PHASE_MAX,
} HealthPhase;

typedef struct HealthState {
        HealthPhase phase;
        ContainerHealth status;
        uint32_t streak;           /* probes that failed in a row */
        uint64_t start_until_usec; /* failures before it do not count, until a first success */
        uint64_t due_usec;         /* UINT64_MAX: nothing is due */
} HealthState;

typedef enum HealthFactKind {
        HEALTH_FACT_STARTED,  /* a run has begun */
        HEALTH_FACT_FOUND,    /* a daemon came back to one that runs since ran_usec */
        HEALTH_FACT_STOPPING, /* its end is under way */
        HEALTH_FACT_ENDED,
        HEALTH_FACT_PAUSED,
        HEALTH_FACT_UNPAUSED,
        HEALTH_FACT_DUE,      /* the timer: time for a probe, or over for one */
        HEALTH_FACT_ASKED,    /* somebody wants a probe now */
        HEALTH_FACT_PROBED,   /* success */
        _HEALTH_FACT_MAX,
} HealthFactKind;

typedef struct HealthFact {
        HealthFactKind kind;
        bool success;
        uint64_t ran_usec;
} HealthFact;

typedef struct HealthStep {
        HealthState next;
        bool probe;          /* begin one */
        bool cancel;         /* end the one that is on; its result counts no more */
        bool timed_out;      /* that was one that failed, for it took too long */
        HealthAction demand; /* for the lifecycle */
} HealthStep;

/**
 * health_next() - decide
 * @now_usec: of a clock that only goes on; due_usec and start_until_usec are of the same
 *
 * Total. Probes never overlap: HEALTH_PROBING is left by HEALTH_FACT_PROBED or with `cancel`.
 */
HealthStep health_next(const HealthState *now, const HealthFact *fact, const HealthConfig *config,
                uint64_t now_usec);

/** health_accuracy_usec() - by how much a timer of @delay_usec may be late: a tenth, so that those of many containers go off together. */
uint64_t health_accuracy_usec(uint64_t delay_usec);
