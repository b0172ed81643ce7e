/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/event-filter.h: which events are shown: `events --filter KEY=VALUE`. Values of one key are alternatives; different keys
 * must all match.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/cleanup.h"
#include "model/failure.h"

typedef struct EventFilter EventFilter;

/* An event in words, as the bus has it: a later daemon may know more of them. Borrowed. */
typedef struct EventSubject {
        const char *kind, *action, *id, *name;
        const char *image;  /* a container's, as typed; NULL: none */
        const char *health; /* NULL: none */
} EventSubject;

int event_filter_new(EventFilter **ret); /* matches all. Return: 0 or -ENOMEM. */
EventFilter *event_filter_free(EventFilter *f);
DEFINE_CLEANUP(EventFilter *, event_filter_free);

/**
 * event_filter_add() - one more
 * @filter: KEY=VALUE; type, event (an action; `health_status: healthy` is one as well), container (name, id or beginning of one), image
 *          (reference or id: of images, and of containers made of them). Labels are not in events: everybody may see those.
 *
 * Return: 0, -ENOMEM, FAILURE_INVALID_ARGS naming key or value, FAILURE_LIMIT_REACHED.
 */
int event_filter_add(EventFilter *f, const char *filter, Failure *reterr);

bool event_filter_matches(const EventFilter *f, const EventSubject *s);
