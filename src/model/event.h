/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/event.h: what is told of a change: a number, a time, who and what. Nothing in it that not everybody may see. Pure:
 * which events a step of a container's life makes is decided here, numbers are given by the store.
 */
#pragma once
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "model/lifecycle.h"

typedef enum EventKind {
        EVENT_KIND_CONTAINER,
        EVENT_KIND_IMAGE,
        EVENT_KIND_VOLUME,
        _EVENT_KIND_MAX,
        _EVENT_KIND_INVALID = -EINVAL,
} EventKind;

/* Docker's words. */
typedef enum EventAction {
        EVENT_CREATE,
        EVENT_START,
        EVENT_RESTART,       /* a restart that was asked for; its stop and start are told as well */
        EVENT_DIE,           /* exitCode; without a start before it: it could not be started */
        EVENT_OOM,           /* once a run */
        EVENT_HEALTH_STATUS, /* health */
        EVENT_KILL,          /* signal: it was sent one, by a stop as well */
        EVENT_STOP,          /* a stop that was asked for is done */
        EVENT_PAUSE,
        EVENT_UNPAUSE,
        EVENT_RENAME,        /* oldName */
        EVENT_UPDATE,        /* its limits or its policy */
        EVENT_DESTROY,
        EVENT_IMAGE_IMPORT,
        EVENT_IMAGE_PULL,
        EVENT_IMAGE_LOAD,
        EVENT_IMAGE_SAVE,
        EVENT_IMAGE_PRUNE, /* once, after those of each image that went */
        EVENT_IMAGE_TAG,
        EVENT_IMAGE_UNTAG,
        EVENT_IMAGE_DELETE,
        EVENT_VOLUME_CREATE,
        EVENT_VOLUME_DESTROY,
        _EVENT_ACTION_MAX,
        _EVENT_ACTION_INVALID = -EINVAL,
} EventAction;

const char *event_kind_to_string(EventKind kind);
EventKind event_kind_from_string(const char *s);
EventKind event_action_kind(EventAction action);
const char *event_action_to_string(EventAction action);

/** event_action_from_string() - of a kind: two kinds may have the same word. */
EventAction event_action_from_string(EventKind kind, const char *s);

/* The attributes; a test lists those that a broadcast may carry. */
#define EVENT_ATTRIBUTE_IMAGE "image" /* a container's, as typed */
#define EVENT_ATTRIBUTE_EXIT_CODE "exitCode"
#define EVENT_ATTRIBUTE_SIGNAL "signal" /* its number */
#define EVENT_ATTRIBUTE_OLD_NAME "oldName"
#define EVENT_ATTRIBUTE_HEALTH "health"

typedef struct EventAttribute {
        const char *key, *value; /* borrowed */
} EventAttribute;

#define EVENT_ATTRIBUTES_MAX 6U

/* All strings are borrowed. */
typedef struct Event {
        uint64_t number; /* given when it is stored; 0: it was not */
        uint64_t time_usec;
        EventAction action;
        const char *id, *name; /* name of an image: the tag, or ""; both of a volume: its name */
        uint32_t owner;        /* uid; UINT32_MAX: nobody's */
        EventAttribute attributes[EVENT_ATTRIBUTES_MAX];
        size_t n_attributes;
        char digits[12]; /* what event_set_number() points to: one a event */
} Event;

typedef struct EventList {
        Event *events;
        size_t n;
} EventList;

/** event_set() - one more attribute; event_set_number(): at most once, and the event must not move afterwards. */
void event_set(Event *e, const char *key, const char *value);
void event_set_number(Event *e, const char *key, int value);

/** event_get() - an attribute's value, or NULL. */
const char *event_get(const Event *e, const char *key);

/**
 * event_attributes_to_text() - KEY=VALUE, one a line: how a row has them
 * What does not fit is left out; a control character becomes `?`.
 */
#define EVENT_TEXT_MAX 1024U
void event_attributes_to_text(const Event *e, char ret[static EVENT_TEXT_MAX]);

/** event_attributes_from_text() - the way back; @text is cut up and stays the event's. Lines without a `=` are passed over. */
void event_attributes_from_text(char *text, Event *e);

/**
 * event_actions() - what one step tells, in the order in which it is told
 * @before, @fact, @step: what lifecycle_next() was asked and has answered
 * @restart_asked:        somebody waits for the end of a restart
 *
 * Total, as lifecycle_next() is. A signal that a caller has sent by hand is told by whoever sent it.
 *
 * Return: how many of @ret are filled in.
 */
#define EVENT_ACTIONS_MAX 8U
size_t event_actions(const Lifecycle *before, const LifecycleFact *fact, const LifecycleStep *step,
                bool restart_asked, EventAction ret[static EVENT_ACTIONS_MAX]);
