/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verb-ps.c: one call, one table. */
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "base/usec.h"
#include "cli/filters.h"
#include "cli/human.h"
#include "cli/listing.h"
#include "cli/verbs.h"
#include "model/id.h"
#include "model/names.h"
#include "model/status.h"

enum { COMMAND_WIDTH = 20 };

/* The order is that of the default table, then that of columns[]. */
enum {
        COLUMN_ID,
        COLUMN_NAMES,
        COLUMN_IMAGE,
        COLUMN_COMMAND,
        COLUMN_STATUS,
        COLUMN_STARTED,
        COLUMN_CREATED_AT,
        COLUMN_RUNNING_FOR,
        COLUMN_STATE,
        COLUMN_HEALTH,
        COLUMN_EXIT_CODE,
        COLUMN_RESTARTS,
        COLUMN_LABELS,
        COLUMN_PORTS,
        COLUMN_NETWORKS,
        COLUMN_MOUNTS,
        COLUMN_LOCAL_VOLUMES,
        COLUMN_SIZE,
        COLUMN_PID,
        _COLUMNS,
};

static const Column columns[_COLUMNS + 1] = {
        [COLUMN_ID] = { "ID", "CONTAINER ID", true },
        [COLUMN_NAMES] = { "Names", "NAME", true },
        [COLUMN_IMAGE] = { "Image", "IMAGE", true },
        [COLUMN_COMMAND] = { "Command", "COMMAND", true },
        [COLUMN_STATUS] = { "Status", "STATUS", true },
        [COLUMN_STARTED] = { "Started", "STARTED", true },
        [COLUMN_CREATED_AT] = { "CreatedAt", "CREATED AT", false },
        [COLUMN_RUNNING_FOR] = { "RunningFor", "CREATED", false },
        [COLUMN_STATE] = { "State", "STATE", false },
        [COLUMN_HEALTH] = { "Health", "HEALTH", false },
        [COLUMN_EXIT_CODE] = { "ExitCode", "EXIT CODE", false },
        [COLUMN_RESTARTS] = { "RestartCount", "RESTARTS", false },
        [COLUMN_LABELS] = { "Labels", "LABELS", false },
        [COLUMN_PORTS] = { "Ports", "PORTS", false },
        [COLUMN_NETWORKS] = { "Networks", "NETWORKS", false },
        [COLUMN_MOUNTS] = { "Mounts", "MOUNTS", false },
        [COLUMN_LOCAL_VOLUMES] = { "LocalVolumes", "LOCAL VOLUMES", false },
        [COLUMN_SIZE] = { "Size", "SIZE", false },
        [COLUMN_PID] = { "Pid", "PID", false },
};

typedef struct Container {
        const char *id, *name, *image, *state, *health, *error; /* borrowed from the reply */
        uint64_t created_usec, started_usec, finished_usec;
        int32_t exit_code;
        uint32_t restarts, pid;
        char **command; /* owned */
        char **labels;  /* owned: KEY=VALUE */
} Container;

static void container_done(Container *c) {
        strv_free(c->command);
        strv_free(c->labels);
}

static int read_labels(sd_bus_message *m, char ***ret) {
        const char *key, *value;
        int r;

        r = sd_bus_message_enter_container(m, 'v', "a{ss}");
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "{ss}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "{ss}", &key, &value)) > 0) {
                char *label;

                r = str_printf(&label, "%s=%s", key, value);
                if (r >= 0)
                        r = strv_consume(ret, label);
                if (r < 0)
                        return r;
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_command(sd_bus_message *m, char ***ret) {
        int r;

        r = sd_bus_message_enter_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_read_strv(m, ret);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_property(sd_bus_message *m, const char *name, Container *c) {
        const struct {
                const char *name, *type;
                void *target;
        } simple[] = {
                { "Id", "s", &c->id }, { "Name", "s", &c->name }, { "Image", "s", &c->image },
                { "State", "s", &c->state }, { "Health", "s", &c->health },
                { "Error", "s", &c->error },
                { "CreatedAt", "t", &c->created_usec }, { "StartedAt", "t", &c->started_usec },
                { "FinishedAt", "t", &c->finished_usec }, { "ExitCode", "i", &c->exit_code },
                { "RestartCount", "u", &c->restarts }, { "Pid", "u", &c->pid },
        };

        if (streq(name, "Command"))
                return read_command(m, &c->command);
        if (streq(name, "Labels"))
                return read_labels(m, &c->labels);
        for (size_t i = 0; i < ELEMENTSOF(simple); i++)
                if (streq(name, simple[i].name))
                        return sd_bus_message_read(m, "v", simple[i].type, simple[i].target);
        return sd_bus_message_skip(m, "v");
}

/* (oa{sv}); 0 at the end of the list. */
static int read_container(sd_bus_message *m, Container *c) {
        const char *path, *name;
        int r;

        r = sd_bus_message_enter_container(m, 'r', "oa{sv}");
        if (r <= 0)
                return r;
        r = sd_bus_message_read(m, "o", &path);
        if (r < 0)
                return r;
        c->id = path_id(path);

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &name);
                if (r >= 0)
                        r = read_property(m, name, c);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? r : 1;
}

/* `"sh -c 'sleep …"`: quoted, and cut off where a table must stay readable. */
static int command_text(char *const *command, bool whole, char **ret) {
        _cleanup_free_ char *joined = NULL;
        int r;

        if (!command)
                return str_printf(ret, "%s", "");
        r = strv_join(command, " ", &joined);
        if (r < 0)
                return r;
        if (!whole)
                human_shorten(joined, COMMAND_WIDTH - 2);
        return str_printf(ret, "\"%s\"", joined);
}

typedef struct PsTexts {
        char id[ID_MAX], image_id[ID_MAX], status[STATUS_TEXT_MAX], created_at[HUMAN_DATE_MAX];
        char running_for[HUMAN_AGO_MAX], started[HUMAN_AGO_MAX], exit_code[12], restarts[12],
                        pid[12];
        char *command, *labels, *why; /* owned */
} PsTexts;

static void ps_texts_done(PsTexts *t) {
        free(t->command);
        free(t->labels);
        free(t->why);
}

static int add_row(Listing *l, const Container *c, bool whole, usec_t now, Failure *reterr) {
        _cleanup_(ps_texts_done) PsTexts t = {};
        const char *status;
        ContainerState state = container_state_from_string(strempty(c->state));
        ContainerHealth health = container_health_from_string(strempty(c->health));
        int r;

        (void) snprintf(t.id, sizeof(t.id), "%.*s", whole ? (int) ID_HEX : (int) ID_SHORT_HEX,
                        c->id);
        /* One that was run by its id, or as a file. */
        if (!whole && id_is_valid(c->image))
                (void) snprintf(t.image_id, sizeof(t.image_id), "%.*s", (int) ID_SHORT_HEX,
                                c->image);
        (void) snprintf(t.exit_code, sizeof(t.exit_code), "%d", c->exit_code);
        (void) snprintf(t.restarts, sizeof(t.restarts), "%u", c->restarts);
        (void) snprintf(t.pid, sizeof(t.pid), "%u", c->pid);
        human_date(c->created_usec, t.created_at);
        human_ago(c->created_usec, now, t.running_for);
        human_ago(c->started_usec, now, t.started);
        r = command_text(c->command, whole, &t.command);
        if (r >= 0)
                r = strv_join(c->labels, ",", &t.labels);
        if (r < 0)
                return r;

        status = c->state;
        if (state >= 0)
                status = status_text(state, health < 0 ? HEALTH_NONE : health, c->exit_code,
                                c->started_usec, c->finished_usec, now, t.status);
        /* A container whose starts fail says why, or nobody would look. */
        if (state == CONTAINER_RESTARTING && !isempty(c->error)) {
                r = str_printf(&t.why, "%s: %s", status, c->error);
                if (r < 0)
                        return r;
                status = t.why;
        }

        const char *values[_COLUMNS] = {
                [COLUMN_ID] = t.id,
                [COLUMN_NAMES] = c->name,
                [COLUMN_IMAGE] = t.image_id[0] ? t.image_id : c->image,
                [COLUMN_COMMAND] = t.command,
                [COLUMN_STATUS] = status,
                [COLUMN_STARTED] = t.started,
                [COLUMN_CREATED_AT] = t.created_at,
                [COLUMN_RUNNING_FOR] = t.running_for,
                [COLUMN_STATE] = c->state,
                [COLUMN_HEALTH] = c->health,
                [COLUMN_EXIT_CODE] = t.exit_code,
                [COLUMN_RESTARTS] = t.restarts,
                [COLUMN_LABELS] = t.labels,
                [COLUMN_LOCAL_VOLUMES] = "0",
                [COLUMN_PID] = t.pid,
        };
        return listing_add(l, values, c->labels, reterr);
}

static int print_containers(
                sd_bus_message *reply, const Arguments *args, Listing *l, Failure *reterr) {
        bool quiet = arguments_switch(args, "quiet", false),
             whole = arguments_switch(args, "no-trunc", false);
        usec_t now = now_realtime();
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "(oa{sv})");
        while (r >= 0) {
                _cleanup_(container_done) Container c = {};

                r = read_container(reply, &c);
                if (r <= 0)
                        break;
                if (quiet)
                        printf("%.*s\n", whole ? (int) ID_HEX : (int) ID_SHORT_HEX, c.id);
                else {
                        r = add_row(l, &c, whole, now, reterr);
                        if (r < 0)
                                return r;
                }
        }
        if (r < 0)
                return client_message_error(r, reterr);
        return quiet ? 0 : listing_print(l, reterr);
}

static int append_filter(sd_bus_message *m, const Arguments *args, Failure *reterr) {
        long limit = arguments_switch(args, "latest", false) ? 1 : -1;
        int r;

        r = arguments_number(args, "last", &limit, reterr);
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0 && limit > 0)
                r = sd_bus_message_append(
                                m, "{sv}", "limit", "u", (uint32_t) MIN2(limit, (long) INT32_MAX));
        if (r >= 0 && arguments_switch(args, "running", false))
                r = sd_bus_message_append(m, "{sv}", "running", "b", true);
        if (r < 0)
                return client_message_error(r, reterr);
        r = filters_append(m, args, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(m);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

int verb_ps(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_(listing_freep) Listing *l = NULL;
        int r;

        if (!arguments_switch(args, "quiet", false)) {
                r = listing_new(arguments_string(args, "format"), columns, &l, reterr);
                if (r < 0)
                        return r;
        }

        r = client_new_call(
                        c, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, "ListContainers", &m, reterr);
        if (r >= 0)
                r = append_filter(m, args, reterr);
        if (r >= 0)
                r = client_send_call(c, m, CLIENT_TIMEOUT_USEC, &reply, reterr);
        return r < 0 ? r : print_containers(reply, args, l, reterr);
}
