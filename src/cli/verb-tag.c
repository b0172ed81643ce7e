/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verb-tag.c: the names of an image, and how it was made. */
#include <inttypes.h>
#include <stdio.h>
#include "base/str.h"
#include "base/usec.h"
#include "cli/human.h"
#include "cli/listing.h"
#include "cli/verbs.h"
#include "model/digest.h"
#include "model/id.h"
#include "model/names.h"

int verb_tag(Client *c, const Arguments *args, Failure *reterr) {
        int r;

        for (size_t i = 1; i < args->n_operands; i++) {
                r = client_call(c, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, "TagImage",
                                CLIENT_TIMEOUT_USEC, NULL, reterr, "ss", args->operands[0],
                                args->operands[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

int verb_untag(Client *c, const Arguments *args, Failure *reterr) {
        int r;

        for (size_t i = 0; i < args->n_operands; i++) {
                r = client_call(c, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, "UntagImage",
                                CLIENT_TIMEOUT_USEC, NULL, reterr, "s", args->operands[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

enum {
        COLUMN_ID, COLUMN_CREATED_SINCE, COLUMN_CREATED_AT, COLUMN_CREATED_BY, COLUMN_SIZE,
        COLUMN_COMMENT, COLUMN_LAYER, _COLUMNS,
};

static const Column columns[_COLUMNS + 1] = {
        [COLUMN_ID] = { "ID", "IMAGE", true },
        [COLUMN_CREATED_SINCE] = { "CreatedSince", "CREATED", true },
        [COLUMN_CREATED_AT] = { "CreatedAt", "CREATED AT", false },
        [COLUMN_CREATED_BY] = { "CreatedBy", "CREATED BY", true },
        [COLUMN_SIZE] = { "Size", "SIZE", true },
        [COLUMN_COMMENT] = { "Comment", "COMMENT", true },
        [COLUMN_LAYER] = { "Layer", "LAYER", false },
};

#define SHOWN_COMMAND 45U
#define MISSING "<missing>"

typedef struct Step {
        uint64_t created_usec, size;
        const char *created_by, *comment, *diff_id; /* borrowed from the reply */
} Step;

static int add_step(Listing *l, const Arguments *args, const char *id, const Step *s,
                Failure *reterr) {
        char since[HUMAN_AGO_MAX], date[HUMAN_DATE_MAX], size[HUMAN_SIZE_MAX], layer[DIGEST_MAX];
        _cleanup_free_ char *command = strdup(s->created_by);

        if (!command)
                return -ENOMEM;
        text_clean(command);
        if (!arguments_switch(args, "no-trunc", false))
                human_shorten(command, SHOWN_COMMAND);
        human_ago(s->created_usec, now_realtime(), since);
        human_date(s->created_usec, date);
        if (arguments_switch(args, "human", true))
                human_size(s->size, size);
        else
                (void) snprintf(size, sizeof(size), "%" PRIu64, s->size); /* as far as it fits */
        (void) snprintf(layer, sizeof(layer), "%s%s", *s->diff_id ? DIGEST_PREFIX : "", s->diff_id);
        return listing_add(l, (const char *[_COLUMNS]) {
                [COLUMN_ID] = id,
                [COLUMN_CREATED_SINCE] = since,
                [COLUMN_CREATED_AT] = date,
                [COLUMN_CREATED_BY] = command,
                [COLUMN_SIZE] = size,
                [COLUMN_COMMENT] = s->comment,
                [COLUMN_LAYER] = layer,
        }, NULL, reterr);
}

/* The newest step is the image itself; the others have no image of their own any more. */
static int print_steps(sd_bus_message *reply, const Arguments *args, const char *id, Listing *l,
                Failure *reterr) {
        Step s;
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "(tssst)");
        while (r >= 0) {
                r = sd_bus_message_read(reply, "(tssst)", &s.created_usec, &s.created_by,
                                &s.comment, &s.diff_id, &s.size);
                if (r <= 0)
                        break;
                if (l)
                        r = add_step(l, args, id, &s, reterr);
                else
                        puts(id);
                if (r < 0)
                        return r;
                id = MISSING;
        }
        if (r < 0)
                return client_message_error(r, reterr);
        return l ? listing_print(l, reterr) : 0;
}

int verb_history(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_(listing_freep) Listing *l = NULL;
        _cleanup_free_ char *path = NULL;
        char id[DIGEST_MAX];
        int r;

        if (!arguments_switch(args, "quiet", false)) {
                r = listing_new(arguments_string(args, "format"), columns, &l, reterr);
                if (r < 0)
                        return r;
        }
        r = client_find_image(c, args->operands[0], &path, reterr);
        if (r >= 0)
                r = client_call(c, path, BUS_INTERFACE_IMAGE, "GetHistory", CLIENT_TIMEOUT_USEC,
                                &reply, reterr, NULL);
        if (r < 0)
                return r;
        if (arguments_switch(args, "no-trunc", false))
                (void) snprintf(id, sizeof(id), DIGEST_PREFIX "%.*s", (int) ID_HEX, path_id(path));
        else
                (void) snprintf(id, sizeof(id), "%.*s", (int) ID_SHORT_HEX, path_id(path));
        return print_steps(reply, args, id, l, reterr);
}
