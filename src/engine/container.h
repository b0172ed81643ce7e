/* SPDX-License-Identifier: Apache-2.0 */
/* engine/container.h: one container as its users see it: what may be read, what may be asked. Knows
 * no bus. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "engine/container-streams.h"
#include "engine/observer.h"
#include "model/container-spec.h"
#include "model/failure.h"
#include "model/lifecycle.h"

/* Reading: borrowed, valid until the loop turns. */
const char *container_id(const Container *c); /* 64 hex digits */
const char *container_name(const Container *c);
const char *container_image(const Container *c); /* as typed */
const char *container_image_id(const Container *c);
uid_t container_owner(const Container *c);
ContainerState container_state(const Container *c);   /* the public one: created, running, paused,
                                                         restarting, exited, dead */
ContainerHealth container_health(const Container *c); /* HEALTH_NONE without a check */
uint64_t container_created_usec(const Container *c);
uint64_t container_started_usec(const Container *c);
uint64_t container_finished_usec(const Container *c);
uint64_t container_restart_at_usec(const Container *c); /* realtime of the next try; 0: none */
int container_exit_code(const Container *c);
bool container_oom_killed(const Container *c);
uint32_t container_restart_count(const Container *c);
const char *container_error(const Container *c);         /* "" when the last start did not fail */
pid_t container_pid(const Container *c);                 /* 0: none; for display only */
const char *container_control_group(const Container *c); /* "" when none */
const ContainerSpec *container_spec(const Container *c);

/** container_inspect() - one JSON object, Docker's field names where they fit; malloc()ed, owned by
 * the caller. @all: what its owner may see, rather than what everybody may. Return: 0 or -ENOMEM. */
int container_inspect(Container *c, bool all, char **ret_json);

/*
 * Asking. Each checks at once (then its return says so, with a sentence, @done is not called and
 * nothing has changed) and ends by @done. @done may be NULL. The container may be gone in @done:
 * keep its id, not its pointer.
 */
int container_start(Container *c, EngineDone done, void *userdata, Failure *reterr);

/** container_stop() - @timeout_usec: UINT64_MAX - 1: the container's own; @signal 0: its own. */
#define CONTAINER_TIMEOUT_DEFAULT (UINT64_MAX - 1)
int container_stop(Container *c, uint64_t timeout_usec, int signal, EngineDone done, void *userdata,
                Failure *reterr);
int container_restart(Container *c, uint64_t timeout_usec, int signal, EngineDone done,
                void *userdata, Failure *reterr);
int container_remove(Container *c, bool force, bool volumes, EngineDone done, void *userdata,
                Failure *reterr);
int container_rename(
                Container *c, const char *name, EngineDone done, void *userdata, Failure *reterr);

/** container_pause(), container_unpause() - done when the kernel says so. Fails with FAILURE_WRONG_STATE, or later with
 * FAILURE_TIMED_OUT; then it runs on. */
int container_pause(Container *c, EngineDone done, void *userdata, Failure *reterr);
int container_unpause(Container *c, EngineDone done, void *userdata, Failure *reterr);

/* What is to change; the rest stays as it is. Borrowed. */
typedef struct ResourcesUpdate {
        const Resources *change;
        unsigned given;               /* ResourceMember: which of them */
        const RestartPolicy *restart; /* NULL: none given */
} ResourcesUpdate;

/**
 * container_set_resources() - other limits, in force at once where it runs, and another restart policy
 *
 * All of it or nothing: also when the kernel refuses one of several.
 *
 * Return: 0, FAILURE_INVALID_SPEC, FAILURE_NOT_AVAILABLE (a controller), FAILURE_WRONG_STATE (being removed, dead), or
 * FAILURE_DISK_FULL.
 */
int container_set_resources(Container *c, const ResourcesUpdate *update, EngineDone done,
                void *userdata, Failure *reterr);

/** container_kill() - at once. Return: 0, FAILURE_WRONG_STATE. */
int container_kill(Container *c, int signal, Failure *reterr);
int container_resize(Container *c, unsigned rows, unsigned columns, Failure *reterr);

/**
 * container_run_healthcheck() - probe now, or share the one that is on
 * @done: once, with the health that follows; @failure: it was stopped or paused meanwhile. May be called from within.
 *
 * Return: 0, FAILURE_WRONG_STATE (no check, not running, paused), FAILURE_LIMIT_REACHED.
 */
typedef void (*HealthcheckDone)(ContainerHealth health, int exit_code, const char *output,
                const Failure *failure, void *userdata);
int container_run_healthcheck(Container *c, HealthcheckDone done, void *userdata, Failure *reterr);
