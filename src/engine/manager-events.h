/* SPDX-License-Identifier: Apache-2.0 */
/* engine/manager-events.h: what has happened, for who asks later. Included by engine/manager.h. */
#pragma once
#include "engine/observer.h"
#include "store/event-rows.h"

typedef struct Manager Manager;

/** manager_list_events() - store_list_events() on the engine's store. */
int manager_list_events(Manager *m, const EventQuery *query, EventFn fn, void *userdata,
                Failure *reterr);
