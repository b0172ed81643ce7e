/* SPDX-License-Identifier: Apache-2.0 */
/* engine/measure.h: what containers and volumes take on the disk, found out by a worker when somebody asks. */
#pragma once
#include "engine/manager.h"

typedef struct Measure Measure;

typedef enum MeasureKind {
        MEASURE_CONTAINERS,
        MEASURE_VOLUMES,
        _MEASURE_KINDS,
} MeasureKind;

/**
 * manager_measure() - @done once both kinds are measured, never from within the call
 *
 * Who asks while one is under way waits for the next: one worker at a time, however many ask. Return: 0 or -ENOMEM.
 */
int manager_measure(Manager *m, EngineDone done, void *userdata);

/** measure_last() - for @done: bytes in all, and of what is not in use; false: it could not be found out, or never was. */
bool measure_last(const Manager *m, MeasureKind kind, uint64_t *ret_bytes, uint64_t *ret_unused);

Measure *measure_free(Measure *m); /* who waits is told no more */
