/* SPDX-License-Identifier: Apache-2.0 */
/* engine/container-private.h: a container from within. One door for facts: container_observe(). */
#pragma once
#include "base/log.h"
#include "engine/container-parts.h"
#include "engine/container.h"
#include "engine/manager-private.h"
#include "engine/run-private.h"
#include "model/id.h"
#include "model/names.h"
#include "store/container-rows.h"

typedef struct Health Health;

struct Container {
        Manager *manager; /* borrowed */
        List list;        /* in the manager's */
        char id[ID_MAX];
        char *name, *image, *request_id; /* owned; request_id may be NULL */
        char image_id[ID_MAX];
        uid_t owner;
        uint64_t created_usec;
        ContainerSpec *spec; /* owned */
        ContainerRun run;
        Failure failure;     /* of the last start */

        SeccompFilter *filter;    /* owned; NULL: not asked for yet, or none */
        SeccompWait *filter_wait; /* owned: its start goes on when the filter is compiled */
        Run *current; /* borrowed: the run that is on, else NULL */
        List runs;    /* owned; also those that are ending */
        IdLease lease;
        pid_t pid;
        char *control_group; /* owned; NULL when none */
        unsigned rows, columns;
        uint64_t stop_timeout_usec; /* of the stop under way */
        int stop_signal;
        sd_event_source *timer; /* owned: grace or restart */
        Freeze *freezing;       /* owned; NULL: none under way */
        sd_event_source *stats_timer; /* owned; while there are stats_watchers */

        List asks, waiters, attaches, log_followers, stats_watchers, copies;
        Map *execs; /* owned; of Exec by id */
        uint64_t oom_logged; /* kills in this run that the log tells of */
        Health *health; /* owned; NULL: no check, or it has never run */
        bool counted; /* in the running ones */
        bool busy;    /* in manager->n_busy */
        bool removing, row_removed;
        bool start_when_gone; /* its start goes on when its earlier runs are gone */
        bool uses_volumes;    /* counted in its volumes */
        char **gone_volumes;  /* owned: names of those that went with its row, and whose files are to go */
        bool forgotten;
        unsigned depth; /* of container_observe() */
};

/* container.c */
int container_new(Manager *m, Container **ret);
Container *container_free(Container *c);
DEFINE_CLEANUP(Container *, container_free);
int container_link(Container *c); /* into the manager's maps */
void container_unlink(Container *c);
void container_clear_error(Container *c);
void container_log(const Container *c, const char *message_id, int level, const char *format, ...)
                __attribute__((__format__(__printf__, 4, 5)));

/* supervise.c */
int container_observe(Container *c, const LifecycleFact *fact, Failure *reterr);
int container_stop_signal(const Container *c); /* of the stop under way */
void container_leave(Container *c); /* pairs with c->depth++ */

/* asks.c */
int ask_new(Container *c, AskKind kind, EngineDone done, void *userdata, Ask **ret);
void ask_finish(Ask *call, const Failure *failure);
void asks_settle(Container *c, const LifecycleFact *fact, const Lifecycle *before);
void asks_check_gone(Container *c);
void asks_fail(Container *c, AskKind kind, const Failure *failure);
bool asks_want_removal(Container *c); /* a `run` has failed */
void manager_tell_finished(Manager *m);

/* pause.c */
Freeze *freeze_free(Freeze *f);
void container_thaw(Container *c);
void container_settle_freeze(Container *c); /* what is under way is given up when it makes no sense any more */
void container_find_frozen(Container *c);

/* usage.c */
void stats_watchers_end(Container *c); /* the run ends */

/* wait.c */
void waiters_settle(Container *c, LifecycleFactKind fact);
void waiters_settle_health(Container *c); /* its health has changed */
void waiters_end(Container *c); /* the container goes */

/* create.c: may anything be started? Return: 0 or FAILURE_WRONG_STATE. */
int manager_check_up(Manager *m, Failure *reterr);
/* May one more of @owner's run? Return: 0, FAILURE_LIMIT_REACHED, or as above. */
int manager_check_running(Manager *m, uid_t owner, Failure *reterr);

/* remove.c */
void container_begin_remove(Container *c);
void container_continue_remove(Container *c);

/* attach.c, logs.c, exec.c */
void attaches_send(Container *c, MonitorClient *monitor);
void attaches_drop(Container *c);
void log_followers_end(Container *c);
void log_followers_free(Container *c);
void execs_free(Container *c);
