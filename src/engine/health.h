/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/health.h: a container's health check at work: one timer, one probe at a time, the last results. health_next()
 * decides; container_observe() tells it what becomes of the container.
 */
#pragma once
#include "engine/container-private.h"
#include "model/inspect.h"

/**
 * health_follow() - what a fact means for the check; run.health and run.health_streak are set for the row
 * @before: the container's life before it
 *
 * Return: whether the row has changed. What is to be done waits for health_act(), when the row is stored.
 */
bool health_follow(Container *c, const LifecycleFact *fact, const Lifecycle *before);
void health_act(Container *c);

/** health_probed() - a monitor's answer. */
void health_probed(Container *c, const ControlProbed *probed, const char *text);

Health *health_free(Health *h);

/** health_results() - for inspect: oldest first. Return: how many. */
size_t health_results(const Container *c, const HealthResult **ret);
