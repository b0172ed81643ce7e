/* SPDX-License-Identifier: Apache-2.0 */
/* engine/verbs.c: what may be asked of a container that is there: stop, restart, kill, rename, resize. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/str.h"
#include "engine/container-private.h"
#include "model/limits.h"

static void drop(Ask *ask) {
        list_remove(&ask->asks);
        free(ask);
}

static int ask(Container *c, AskKind kind, const LifecycleFact *fact, EngineDone done,
                void *userdata, Failure *reterr) {
        Manager *m = c->manager;
        Ask *ask;
        int r;

        r = ask_new(c, kind, done, userdata, &ask);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        m->calling++;
        c->depth++;
        r = container_observe(c, fact, reterr);
        if (r < 0)
                drop(ask);
        container_leave(c);
        m->calling--;
        return r;
}

static int check_signal(int signal, Failure *reterr) {
        if (signal < 0 || signal > SIGRTMAX)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "'%d' is no signal", signal);
        return 0;
}

int container_stop(Container *c, uint64_t timeout_usec, int signal, EngineDone done, void *userdata,
                Failure *reterr) {
        int r;

        r = check_signal(signal, reterr);
        if (r < 0)
                return r;
        c->stop_timeout_usec = timeout_usec;
        c->stop_signal = signal;
        return ask(c, ASK_STOP,
                        &(LifecycleFact){ .kind = FACT_STOP_ASKED, .at_once = timeout_usec == 0 },
                        done, userdata, reterr);
}

int container_restart(Container *c, uint64_t timeout_usec, int signal, EngineDone done,
                void *userdata, Failure *reterr) {
        int r;

        r = check_signal(signal, reterr);
        if (r >= 0)
                r = manager_check_up(c->manager, reterr);
        if (r < 0)
                return r;
        c->stop_timeout_usec = timeout_usec;
        c->stop_signal = signal;
        return ask(c, ASK_RESTART,
                        &(LifecycleFact){
                                        .kind = FACT_RESTART_ASKED, .at_once = timeout_usec == 0 },
                        done, userdata, reterr);
}

int container_kill(Container *c, int signal, Failure *reterr) {
        int stop_signal = c->spec->stop_signal ?: SIGTERM, r;
        Event event;

        r = check_signal(signal, reterr);
        if (r < 0)
                return r;
        if (signal == 0)
                signal = SIGKILL;
        c->manager->calling++;
        c->depth++;
        r = container_observe(c,
                        &(LifecycleFact){
                                        .kind = FACT_KILL_ASKED,
                                        .final = signal == SIGKILL || signal == SIGTERM ||
                                                 signal == stop_signal,
                                        .at_once = signal == SIGKILL,
                        },
                        reterr);
        if (r >= 0) {
                if (!c->current || c->current->pidfd < 0)
                        r = fail(reterr, FAILURE_WRONG_STATE, ESRCH,
                                        "Container '%s' is not running", c->name);
                else if (syscall(SYS_pidfd_send_signal, c->current->pidfd, signal, NULL, 0) < 0)
                        r = errno == ESRCH ? fail(reterr, FAILURE_WRONG_STATE, errno,
                                                             "Container '%s' is not running",
                                                             c->name)
                                           : fail_errno(reterr, errno,
                                                             "Failed to send a signal to container "
                                                             "'%s'",
                                                             c->name);
                else {
                        container_event(c, EVENT_KILL, &event);
                        event_set_number(&event, EVENT_ATTRIBUTE_SIGNAL, signal);
                        container_record(c, &event);
                }
        }
        container_leave(c);
        c->manager->calling--;
        return r;
}

int container_resize(Container *c, unsigned rows, unsigned columns, Failure *reterr) {
        int r = 0;

        if (!c->spec->tty)
                return fail(reterr, FAILURE_WRONG_STATE, ENOTTY, "Container '%s' has no terminal",
                                c->name);
        if (rows > UINT16_MAX || columns > UINT16_MAX)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "A terminal has at most 65535 rows and columns");
        c->rows = rows;
        c->columns = columns;
        if (c->current)
                r = monitor_client_resize(c->current->monitor, rows, columns);
        else if (c->run.life.state != CONTAINER_CREATED) /* for the first start it is kept */
                return fail(reterr, FAILURE_WRONG_STATE, ESRCH, "Container '%s' is not running",
                                c->name);
        return r < 0 ? fail_errno(reterr, r, "Failed to set the terminal's size of container '%s'",
                                       c->name)
                     : 0;
}

int container_rename(
                Container *c, const char *name, EngineDone done, void *userdata, Failure *reterr) {
        _cleanup_free_ char *copy = NULL, *old = NULL;
        Manager *m = c->manager;
        Event event;
        EventList events = { &event, 1 };
        int r;

        if (startswith(name, "/"))
                name++;
        if (!container_name_is_valid(name))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%s' is not a valid name for a container", name);
        if (streq(name, c->name))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "Container '%s' has this name already", name);
        if (map_get(m->names, name))
                return fail(reterr, FAILURE_CONTAINER_EXISTS, 0,
                                "The name '%s' is in use by another container", name);
        copy = strdup(name);
        if (!copy || map_put(m->names, name, c) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        container_event(c, EVENT_RENAME, &event);
        event.name = name;
        event_set(&event, EVENT_ATTRIBUTE_OLD_NAME, c->name);
        r = store_rename_container(m->store, c->id, name, &events, reterr);
        if (r < 0) {
                (void) map_remove(m->names, name);
                return r;
        }

        (void) map_remove(m->names, c->name);
        old = c->name;
        c->name = TAKE_PTR(copy);
        manager_tell(m, &events);
        if (m->observer->container_changed)
                m->observer->container_changed(c, CONTAINER_CHANGED_NAME, m->observer_userdata);
        r = manager_when_durable(m, NULL, 0, done, userdata);
        return r < 0 ? fail_errno(reterr, r, "Failed to wait for the disk") : 0;
}
