/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verb-df.c: what takes room on the disk, a line for each kind. */
#include <inttypes.h>
#include <stdio.h>
#include "base/str.h"
#include "cli/human.h"
#include "cli/listing.h"
#include "cli/verbs.h"
#include "model/names.h"

enum { COLUMN_TYPE, COLUMN_TOTAL, COLUMN_ACTIVE, COLUMN_SIZE, COLUMN_RECLAIMABLE, _COLUMNS };

static const Column columns[_COLUMNS + 1] = {
        [COLUMN_TYPE] = { "Type", "TYPE", true },
        [COLUMN_TOTAL] = { "TotalCount", "TOTAL", true },
        [COLUMN_ACTIVE] = { "Active", "ACTIVE", true },
        [COLUMN_SIZE] = { "Size", "SIZE", true },
        [COLUMN_RECLAIMABLE] = { "Reclaimable", "RECLAIMABLE", true },
};

typedef struct Usage {
        uint64_t count, active, size, reclaimable;
        bool has_size;
} Usage;

static int read_usage(sd_bus_message *m, Usage *u) {
        const char *key;
        int r;

        r = sd_bus_message_enter_container(m, 'v', "a{sv}");
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &key);
                if (r < 0)
                        break;
                if (streq(key, "Count"))
                        r = sd_bus_message_read(m, "v", "t", &u->count);
                else if (streq(key, "Active"))
                        r = sd_bus_message_read(m, "v", "t", &u->active);
                else if (streq(key, "Reclaimable"))
                        r = sd_bus_message_read(m, "v", "t", &u->reclaimable);
                else if (streq(key, "Size")) {
                        u->has_size = true;
                        r = sd_bus_message_read(m, "v", "t", &u->size);
                } else
                        r = sd_bus_message_skip(m, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int add_usage(Listing *l, const char *type, const Usage *u, Failure *reterr) {
        char count[24], active[24], size[HUMAN_SIZE_MAX] = "-", bytes[HUMAN_SIZE_MAX],
                        reclaimable[HUMAN_SIZE_MAX + 8] = "-";

        (void) snprintf(count, sizeof(count), "%" PRIu64, u->count);    /* fits */
        (void) snprintf(active, sizeof(active), "%" PRIu64, u->active); /* the same */
        if (u->has_size) {
                human_size(u->size, size);
                human_size(u->reclaimable, bytes);
                (void) snprintf(reclaimable, sizeof(reclaimable), "%s (%" PRIu64 "%%)", bytes,
                                u->size > 0 ? (uint64_t) (100.0 * (double) u->reclaimable /
                                                                    (double) u->size)
                                            : 0);
        }
        return listing_add(l, (const char *[_COLUMNS]) {
                [COLUMN_TYPE] = type,
                [COLUMN_TOTAL] = count,
                [COLUMN_ACTIVE] = active,
                [COLUMN_SIZE] = size,
                [COLUMN_RECLAIMABLE] = reclaimable,
        }, NULL, reterr);
}

int verb_system_df(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_(listing_freep) Listing *l = NULL;
        const char *type;
        int r;

        r = listing_new(arguments_string(args, "format"), columns, &l, reterr);
        if (r >= 0)
                r = client_call(c, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, "GetDiskUsage",
                                CLIENT_FOR_EVER, &reply, reterr, NULL);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
                Usage u = {};

                r = sd_bus_message_read(reply, "s", &type);
                if (r >= 0)
                        r = read_usage(reply, &u);
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
                if (r < 0)
                        break;
                r = add_usage(l, streq(type, "Volumes") ? "Local Volumes" : type, &u, reterr);
                if (r < 0)
                        return r;
        }
        return r < 0 ? client_message_error(r, reterr) : listing_print(l, reterr);
}
