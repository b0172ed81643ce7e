/* SPDX-License-Identifier: Apache-2.0 */
/* model/event.c: words, attributes as text, and what a step of a container's life tells. */
#include "model/event.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "base/str.h"

static const char *const kind_table[_EVENT_KIND_MAX] = {
        [EVENT_KIND_CONTAINER] = "container",
        [EVENT_KIND_IMAGE] = "image",
        [EVENT_KIND_VOLUME] = "volume",
};

static const struct {
        EventKind kind;
        const char *word;
} action_table[_EVENT_ACTION_MAX] = {
        [EVENT_CREATE] = { EVENT_KIND_CONTAINER, "create" },
        [EVENT_START] = { EVENT_KIND_CONTAINER, "start" },
        [EVENT_RESTART] = { EVENT_KIND_CONTAINER, "restart" },
        [EVENT_DIE] = { EVENT_KIND_CONTAINER, "die" },
        [EVENT_OOM] = { EVENT_KIND_CONTAINER, "oom" },
        [EVENT_HEALTH_STATUS] = { EVENT_KIND_CONTAINER, "health_status" },
        [EVENT_KILL] = { EVENT_KIND_CONTAINER, "kill" },
        [EVENT_STOP] = { EVENT_KIND_CONTAINER, "stop" },
        [EVENT_PAUSE] = { EVENT_KIND_CONTAINER, "pause" },
        [EVENT_UNPAUSE] = { EVENT_KIND_CONTAINER, "unpause" },
        [EVENT_RENAME] = { EVENT_KIND_CONTAINER, "rename" },
        [EVENT_UPDATE] = { EVENT_KIND_CONTAINER, "update" },
        [EVENT_DESTROY] = { EVENT_KIND_CONTAINER, "destroy" },
        [EVENT_IMAGE_IMPORT] = { EVENT_KIND_IMAGE, "import" },
        [EVENT_IMAGE_PULL] = { EVENT_KIND_IMAGE, "pull" },
        [EVENT_IMAGE_LOAD] = { EVENT_KIND_IMAGE, "load" },
        [EVENT_IMAGE_SAVE] = { EVENT_KIND_IMAGE, "save" },
        [EVENT_IMAGE_PRUNE] = { EVENT_KIND_IMAGE, "prune" },
        [EVENT_IMAGE_TAG] = { EVENT_KIND_IMAGE, "tag" },
        [EVENT_IMAGE_UNTAG] = { EVENT_KIND_IMAGE, "untag" },
        [EVENT_IMAGE_DELETE] = { EVENT_KIND_IMAGE, "delete" },
        [EVENT_VOLUME_CREATE] = { EVENT_KIND_VOLUME, "create" },
        [EVENT_VOLUME_DESTROY] = { EVENT_KIND_VOLUME, "destroy" },
};

const char *event_kind_to_string(EventKind kind) {
        return kind >= 0 && kind < _EVENT_KIND_MAX ? kind_table[kind] : NULL;
}

EventKind event_kind_from_string(const char *s) {
        for (int i = 0; s && i < _EVENT_KIND_MAX; i++)
                if (streq(kind_table[i], s))
                        return (EventKind) i;
        return _EVENT_KIND_INVALID;
}

EventKind event_action_kind(EventAction action) {
        return action >= 0 && action < _EVENT_ACTION_MAX ? action_table[action].kind
                                                         : _EVENT_KIND_INVALID;
}

const char *event_action_to_string(EventAction action) {
        return action >= 0 && action < _EVENT_ACTION_MAX ? action_table[action].word : NULL;
}

EventAction event_action_from_string(EventKind kind, const char *s) {
        for (int i = 0; s && i < _EVENT_ACTION_MAX; i++)
                if (action_table[i].kind == kind && streq(action_table[i].word, s))
                        return (EventAction) i;
        return _EVENT_ACTION_INVALID;
}

void event_set(Event *e, const char *key, const char *value) {
        assert(e->n_attributes < EVENT_ATTRIBUTES_MAX);
        e->attributes[e->n_attributes++] = (EventAttribute){ key, value };
}

void event_set_number(Event *e, const char *key, int value) {
        assert(e->digits[0] == '\0');
        (void) snprintf(e->digits, sizeof(e->digits), "%d", value);
        event_set(e, key, e->digits);
}

const char *event_get(const Event *e, const char *key) {
        for (size_t i = 0; i < e->n_attributes; i++)
                if (streq(e->attributes[i].key, key))
                        return e->attributes[i].value;
        return NULL;
}

void event_attributes_to_text(const Event *e, char ret[static EVENT_TEXT_MAX]) {
        size_t n = 0;

        for (size_t i = 0; i < e->n_attributes; i++) {
                const EventAttribute *a = &e->attributes[i];
                size_t key = strlen(a->key), value = strlen(a->value);

                if (n + key + value + 3 > EVENT_TEXT_MAX) /* `=`, a line's end and the text's */
                        continue;
                if (n > 0)
                        ret[n++] = '\n';
                memcpy(ret + n, a->key, key);
                n += key;
                ret[n++] = '=';
                for (const char *p = a->value; *p; p++)
                        ret[n++] = (unsigned char) *p < ' ' || *p == 0x7f ? '?' : *p;
        }
        ret[n] = '\0';
}

void event_attributes_from_text(char *text, Event *e) {
        char *line;

        while (e->n_attributes < EVENT_ATTRIBUTES_MAX && (line = strsep(&text, "\n"))) {
                char *value = strchr(line, '=');

                if (!value)
                        continue;
                *value++ = '\0';
                event_set(e, line, value);
        }
}

static bool has_processes(const Lifecycle *l) {
        return l->state == CONTAINER_RUNNING || l->state == CONTAINER_PAUSED;
}

/* A run is over, or it never came to be. */
static bool has_died(const Lifecycle *before, const LifecycleFact *fact) {
        return fact->kind == FACT_ENDED || fact->kind == FACT_START_FAILED ||
               (fact->kind == FACT_DAEMON_STARTED && !fact->running && has_processes(before));
}

static bool has_started(const Lifecycle *before, const LifecycleFact *fact, const Lifecycle *next) {
        if (fact->kind == FACT_ENDED) /* it was quicker than the news of its start */
                return before->activity == ACTIVITY_STARTING;
        return !has_processes(before) && next->state == CONTAINER_RUNNING;
}

/* What somebody asked to be stopped is stopped: somebody, not its health check. */
static bool has_stopped(const Lifecycle *before, const LifecycleFact *fact, const Lifecycle *next) {
        if (fact->kind == FACT_STOP_ASKED || fact->kind == FACT_SHUTDOWN)
                return before->state == CONTAINER_RESTARTING && next->state == CONTAINER_EXITED;
        if (!has_died(before, fact) || fact->kind == FACT_START_FAILED)
                return false;
        if (before->remove_pending)
                return false;
        if (before->activity != ACTIVITY_STOPPING && !before->stop_pending)
                return false;
        return before->stopped_by_user || before->stopped_by_shutdown || before->start_pending;
}

/* Where the next run has begun at once, what its state says is not of the run that ended. */
static bool was_out_of_memory(
                const Lifecycle *before, const LifecycleFact *fact, const Lifecycle *next) {
        if (before->oom_killed)
                return false;
        if (fact->kind == FACT_ENDED && next->activity == ACTIVITY_STARTING)
                return lifecycle_next(before, fact, &(LifecyclePolicy){}, 0).next.oom_killed;
        return next->oom_killed;
}

/* The whole cgroup is killed as well where a monitor or the memory is gone: that is no signal that anybody sent. */
static bool was_signalled(const LifecycleFact *fact, const LifecycleStep *step) {
        if (step->actions & ACTION_SIGNAL)
                return true;
        if (fact->kind == FACT_MONITOR_LOST || fact->kind == FACT_OOM_KILLED)
                return false;
        return (step->actions & ACTION_KILL) && has_processes(&step->next);
}

size_t event_actions(const Lifecycle *before, const LifecycleFact *fact, const LifecycleStep *step,
                bool restart_asked, EventAction ret[static EVENT_ACTIONS_MAX]) {
        const Lifecycle *next = &step->next;
        bool started = has_started(before, fact, next);
        const struct {
                EventAction action;
                bool told;
        } all[] = {
                { EVENT_START, started },
                { EVENT_RESTART, started && restart_asked },
                { EVENT_OOM, was_out_of_memory(before, fact, next) },
                { EVENT_PAUSE, before->state == CONTAINER_RUNNING &&
                                               next->state == CONTAINER_PAUSED },
                { EVENT_UNPAUSE, before->state == CONTAINER_PAUSED &&
                                                 next->state == CONTAINER_RUNNING },
                { EVENT_KILL, was_signalled(fact, step) },
                { EVENT_DIE, has_died(before, fact) },
                { EVENT_STOP, has_stopped(before, fact, next) },
        };
        size_t n = 0;

        static_assert(ELEMENTSOF(all) <= EVENT_ACTIONS_MAX, "there is room for all");
        if (step->refusal != REFUSAL_NONE)
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(all); i++)
                if (all[i].told)
                        ret[n++] = all[i].action;
        return n;
}
