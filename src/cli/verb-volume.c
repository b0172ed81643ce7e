/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verb-volume.c: volumes made, listed, removed and pruned. */
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "base/usec.h"
#include "cli/filters.h"
#include "cli/human.h"
#include "cli/listing.h"
#include "cli/operation.h"
#include "cli/verbs.h"
#include "model/limits.h"
#include "model/names.h"

enum { COLUMN_DRIVER, COLUMN_NAME, COLUMN_SCOPE, COLUMN_MOUNTPOINT, COLUMN_CREATED_AT, COLUMN_OWNER,
        COLUMN_LINKS, _COLUMNS };

static const Column columns[_COLUMNS + 1] = {
        [COLUMN_DRIVER] = { "Driver", "DRIVER", true },
        [COLUMN_NAME] = { "Name", "VOLUME NAME", true },
        [COLUMN_SCOPE] = { "Scope", "SCOPE", false },
        [COLUMN_MOUNTPOINT] = { "Mountpoint", "MOUNTPOINT", false },
        [COLUMN_CREATED_AT] = { "CreatedAt", "CREATED AT", false },
        [COLUMN_OWNER] = { "Owner", "OWNER", false },
        [COLUMN_LINKS] = { "Links", "LINKS", false },
};

static int new_call(Client *c, const char *member, sd_bus_message **ret, Failure *reterr) {
        return client_new_call(c, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, member, ret, reterr);
}

/* {sv} of a list that was typed. */
static int append_list(sd_bus_message *m, const Arguments *args, const char *flag, const char *key,
                bool assign, Failure *reterr) {
        _cleanup_strv_free_ char **list = NULL;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < args->n_values; i++) {
                const char *text = args->values[i].text;
                char *entry = NULL;

                if (!streq(args->values[i].flag->name, flag))
                        continue;
                r = str_printf(&entry, "%s%s", text, assign && !strchr(text, '=') ? "=" : "");
                if (r >= 0)
                        r = strv_consume(&list, entry);
        }
        if (r >= 0 && list)
                r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0 && list)
                r = sd_bus_message_append(m, "s", key);
        if (r >= 0 && list)
                r = sd_bus_message_open_container(m, 'v', "as");
        if (r >= 0 && list)
                r = sd_bus_message_append_strv(m, list);
        for (int i = 0; r >= 0 && list && i < 2; i++) /* the variant, the entry */
                r = sd_bus_message_close_container(m);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

static int append_options(sd_bus_message *m, const Arguments *args, Failure *reterr) {
        const char *driver = arguments_string(args, "driver");
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0 && driver)
                r = sd_bus_message_append(m, "{sv}", "driver", "s", driver);
        if (r < 0)
                return client_message_error(r, reterr);
        r = append_list(m, args, "label", "labels", true, reterr);
        if (r >= 0)
                r = append_list(m, args, "opt", "opt", false, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(m);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

/* A byte that a path may not have is _ and two hex digits there. */
static int print_name_of(const char *path, Failure *reterr) {
        char name[CONTAINER_NAME_MAX + 1];
        const char *s = path_id(path);
        size_t n = 0;

        for (; *s && n < sizeof(name) - 1; s++) {
                if (*s == '_' && hex_decode((const char[]) { s[1], s[1] ? s[2] : '\0', '\0' },
                                                 &name[n], 1) >= 0)
                        s += 2;
                else
                        name[n] = *s;
                n++;
        }
        if (*s)
                return client_message_error(-EBADMSG, reterr);
        name[n] = '\0';
        puts(name);
        return 0;
}

int verb_volume_create(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
        const char *path, *name = arguments_string(args, "name");
        int r;

        if (args->n_operands > 0)
                name = args->operands[0];
        r = new_call(c, "CreateVolume", &m, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "s", strempty(name));
        if (r < 0)
                return client_message_error(r, reterr);
        r = append_options(m, args, reterr);
        if (r >= 0)
                r = client_send_call(c, m, CLIENT_TIMEOUT_USEC, &reply, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "o", &path);
        return r < 0 ? client_message_error(r, reterr) : print_name_of(path, reterr);
}

typedef struct Volume {
        const char *name, *mountpoint; /* borrowed from the reply */
        uint64_t created_usec;
        uint32_t owner, containers;
        bool own;
        char **labels; /* owned */
} Volume;

static void volume_done(Volume *v) {
        strv_free(v->labels);
}

static int read_property(sd_bus_message *m, const char *name, Volume *v) {
        int r;

        if (streq(name, "Name"))
                return sd_bus_message_read(m, "v", "s", &v->name);
        if (streq(name, "Owner"))
                return sd_bus_message_read(m, "v", "u", &v->owner);
        if (streq(name, "CreatedAt"))
                return sd_bus_message_read(m, "v", "t", &v->created_usec);
        if (streq(name, "Mountpoint"))
                return sd_bus_message_read(m, "v", "s", &v->mountpoint);
        if (streq(name, "Containers")) {
                v->own = true;
                return sd_bus_message_read(m, "v", "u", &v->containers);
        }
        if (!streq(name, "Labels"))
                return sd_bus_message_skip(m, "v");

        r = sd_bus_message_enter_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_read_strv(m, &v->labels);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* (oa{sv}); 0 at the end of the list. */
static int read_volume(sd_bus_message *m, Volume *v) {
        const char *name;
        int r;

        r = sd_bus_message_enter_container(m, 'r', "oa{sv}");
        if (r <= 0)
                return r;
        r = sd_bus_message_skip(m, "o");
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &name);
                if (r >= 0)
                        r = read_property(m, name, v);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        for (int i = 0; r >= 0 && i < 2; i++) /* the list of properties, the volume */
                r = sd_bus_message_exit_container(m);
        if (r >= 0 && !v->name)
                r = -EBADMSG;
        return r < 0 ? r : 1;
}

static int add_row(Listing *l, const Volume *v, Failure *reterr) {
        char date[HUMAN_DATE_MAX], owner[16], links[16] = "N/A";

        human_date(v->created_usec, date);
        (void) snprintf(owner, sizeof(owner), "%u", v->owner);
        if (v->own)
                (void) snprintf(links, sizeof(links), "%u", v->containers);
        return listing_add(l, (const char *[_COLUMNS]) {
                [COLUMN_DRIVER] = "local",
                [COLUMN_NAME] = v->name,
                [COLUMN_SCOPE] = "local",
                [COLUMN_MOUNTPOINT] = strempty(v->mountpoint),
                [COLUMN_CREATED_AT] = date,
                [COLUMN_OWNER] = owner,
                [COLUMN_LINKS] = links,
        }, v->labels, reterr);
}

static int print_volumes(sd_bus_message *reply, Listing *l, Failure *reterr) {
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "(oa{sv})");
        while (r >= 0) {
                _cleanup_(volume_done) Volume v = {};

                r = read_volume(reply, &v);
                if (r <= 0)
                        break;
                if (!l) {
                        puts(v.name);
                        continue;
                }
                r = add_row(l, &v, reterr);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return client_message_error(r, reterr);
        return l ? listing_print(l, reterr) : 0;
}

/* a{sv} of the filters that were typed. @all: whether --all goes with them. */
static int append_filters(sd_bus_message *m, const Arguments *args, bool all, Failure *reterr) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0 && all)
                r = sd_bus_message_append(m, "{sv}", "all", "b", 1);
        if (r < 0)
                return client_message_error(r, reterr);
        r = filters_append(m, args, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(m);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

int verb_volume_ls(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_(listing_freep) Listing *l = NULL;
        int r;

        if (!arguments_switch(args, "quiet", false)) {
                r = listing_new(arguments_string(args, "format"), columns, &l, reterr);
                if (r < 0)
                        return r;
        }
        r = new_call(c, "ListVolumes", &m, reterr);
        if (r >= 0)
                r = append_filters(m, args, false, reterr);
        if (r >= 0)
                r = client_send_call(c, m, CLIENT_TIMEOUT_USEC, &reply, reterr);
        return r < 0 ? r : print_volumes(reply, l, reterr);
}

int verb_volume_rm(Client *c, const Arguments *args, Failure *reterr) {
        int force = arguments_switch(args, "force", false), status = 0, r;

        for (size_t i = 0; i < args->n_operands; i++) {
                r = client_call(c, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, "RemoveVolume",
                                CLIENT_TIMEOUT_USEC, NULL, reterr, "sa{sv}", args->operands[i], 1,
                                "force", "b", force);
                if (r >= 0) {
                        puts(args->operands[i]);
                        continue;
                }
                if (c->absent || args->n_operands == 1 || !c->bus)
                        return r;
                fprintf(stderr, PROGRAM_CLI ": %s\n", failure_message(reterr));
                failure_done(reterr);
                status = 1;
        }
        return status;
}

int verb_volume_prune(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
        bool all = arguments_switch(args, "all", false);
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_free_ char *ignored = NULL;
        const char *operation;
        int r;

        r = client_open(c, reterr); /* before the question, which is asked once */
        if (r < 0)
                return r;
        if (!arguments_switch(args, "force", false) &&
                        !confirm(all ? "all volumes that no container has"
                                     : "all volumes without a name that no container has"))
                return 0;
        r = new_call(c, "PruneVolumes", &m, reterr);
        if (r >= 0)
                r = append_filters(m, args, all, reterr);
        if (r >= 0)
                r = client_send_call(c, m, CLIENT_TIMEOUT_USEC, &reply, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "o", &operation);
        if (r < 0)
                return client_message_error(r, reterr);
        r = operation_wait(c, operation, &ignored, &names, reterr);
        if (r < 0)
                return r;
        if (strv_length(names) > 0)
                puts("Deleted Volumes:");
        STRV_FOREACH(name, names)
                puts(*name);
        return 0;
}
