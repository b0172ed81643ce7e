/* SPDX-License-Identifier: Apache-2.0 */
/* engine/pulls.h: all pulls of a manager, and the layers that are kept for them. */
#pragma once
#include "model/failure.h"

typedef struct Manager Manager;
typedef struct Pull Pull;
typedef struct Pulls Pulls;

int pulls_new(Manager *m, Pulls **ret);
Pulls *pulls_free(Pulls *pulls); /* after its operations */

/** pulls_hold_layers() - what running pulls rely on stays, whichever image has just taken or lost it. */
void pulls_hold_layers(Manager *m);

/** pulls_collect() - layers whose time is over and that nobody needs go, now and when the next one's time is over. */
void pulls_collect(Manager *m);
