/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/changes.h: the engine's observer: turns facts into signals. Changed properties are told once per turn of the loop,
 * and at once before any reply, so that who has a reply has seen the change that led to it.
 */
#pragma once
#include "daemon/daemon.h"

int changes_new(Daemon *daemon, Changes **ret); /* Return: 0 or negative errno */
Changes *changes_free(Changes *c);

/** changes_flush() - tell what is not told yet; NULL is fine. */
void changes_flush(Changes *c);

/* For manager_new(); userdata is the Daemon. */
extern const EngineObserver changes_observer;
