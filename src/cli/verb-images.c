/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verb-images.c: a row for each tag, and one for an image without any. */
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "base/usec.h"
#include "cli/filters.h"
#include "cli/human.h"
#include "cli/listing.h"
#include "cli/verbs.h"
#include "model/digest.h"
#include "model/id.h"
#include "model/names.h"

enum {
        COLUMN_REPOSITORY, COLUMN_TAG, COLUMN_ID, COLUMN_CREATED_SINCE, COLUMN_SIZE,
        COLUMN_CREATED_AT, COLUMN_DIGEST, COLUMN_CONTAINERS, _COLUMNS,
};

static const Column columns[_COLUMNS + 1] = {
        [COLUMN_REPOSITORY] = { "Repository", "REPOSITORY", true },
        [COLUMN_TAG] = { "Tag", "TAG", true },
        [COLUMN_ID] = { "ID", "IMAGE ID", true },
        [COLUMN_CREATED_SINCE] = { "CreatedSince", "CREATED", true },
        [COLUMN_SIZE] = { "Size", "SIZE", true },
        [COLUMN_CREATED_AT] = { "CreatedAt", "CREATED AT", false },
        [COLUMN_DIGEST] = { "Digest", "DIGEST", false },
        [COLUMN_CONTAINERS] = { "Containers", "CONTAINERS", false },
};

typedef struct Image {
        const char *id; /* borrowed from the reply */
        uint64_t created_usec, size;
        char **tags; /* owned */
} Image;

static void image_done(Image *i) {
        strv_free(i->tags);
}

static int read_property(sd_bus_message *m, const char *name, Image *i) {
        int r;

        if (streq(name, "Id"))
                return sd_bus_message_read(m, "v", "s", &i->id);
        if (streq(name, "CreatedAt"))
                return sd_bus_message_read(m, "v", "t", &i->created_usec);
        if (streq(name, "Size"))
                return sd_bus_message_read(m, "v", "t", &i->size);
        if (!streq(name, "Tags"))
                return sd_bus_message_skip(m, "v");

        r = sd_bus_message_enter_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_read_strv(m, &i->tags);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* (oa{sv}); 0 at the end of the list. */
static int read_image(sd_bus_message *m, Image *i) {
        const char *path, *name;
        int r;

        r = sd_bus_message_enter_container(m, 'r', "oa{sv}");
        if (r <= 0)
                return r;
        r = sd_bus_message_read(m, "o", &path);
        if (r < 0)
                return r;
        i->id = path_id(path);

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &name);
                if (r >= 0)
                        r = read_property(m, name, i);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? r : 1;
}

static void format_id(const Image *i, bool whole, char ret[static DIGEST_MAX]) {
        if (whole)
                (void) snprintf(ret, DIGEST_MAX, DIGEST_PREFIX "%.*s", (int) ID_HEX, i->id);
        else
                (void) snprintf(ret, DIGEST_MAX, "%.*s", (int) ID_SHORT_HEX, i->id);
}

/* @tag: "repository:tag", NULL for an image without any. */
static int add_row(Listing *l, const Image *i, const char *tag, bool whole, usec_t now,
                Failure *reterr) {
        char id[DIGEST_MAX], since[HUMAN_AGO_MAX], date[HUMAN_DATE_MAX], size[HUMAN_SIZE_MAX];
        _cleanup_free_ char *repository = NULL;
        char *colon = NULL;

        if (tag) {
                repository = strdup(tag);
                if (!repository)
                        return -ENOMEM;
                colon = strrchr(repository, ':');
                if (colon && strchr(colon, '/')) /* a port of the registry's */
                        colon = NULL;
                if (colon)
                        *colon++ = '\0';
        }

        format_id(i, whole, id);
        human_ago(i->created_usec, now, since);
        human_date(i->created_usec, date);
        human_size(i->size, size);
        return listing_add(l, (const char *[_COLUMNS]) {
                [COLUMN_REPOSITORY] = repository ?: "<none>",
                [COLUMN_TAG] = colon ?: "<none>",
                [COLUMN_ID] = id,
                [COLUMN_CREATED_SINCE] = since,
                [COLUMN_SIZE] = size,
                [COLUMN_CREATED_AT] = date,
                [COLUMN_DIGEST] = "<none>",
                [COLUMN_CONTAINERS] = "N/A",
        }, NULL, reterr);
}

static int add_image(Listing *l, const Image *i, bool whole, usec_t now, Failure *reterr) {
        int r = 0;

        if (strv_length(i->tags) == 0)
                return add_row(l, i, NULL, whole, now, reterr);
        for (size_t n = 0; r >= 0 && i->tags[n]; n++)
                r = add_row(l, i, i->tags[n], whole, now, reterr);
        return r;
}

static int print_images(sd_bus_message *reply, const Arguments *args, Listing *l, Failure *reterr) {
        bool quiet = arguments_switch(args, "quiet", false),
             whole = arguments_switch(args, "no-trunc", false);
        usec_t now = now_realtime();
        char id[DIGEST_MAX];
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "(oa{sv})");
        while (r >= 0) {
                _cleanup_(image_done) Image i = {};

                r = read_image(reply, &i);
                if (r <= 0)
                        break;
                if (quiet) {
                        format_id(&i, whole, id);
                        puts(id);
                        continue;
                }
                r = add_image(l, &i, whole, now, reterr);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return client_message_error(r, reterr);
        return quiet ? 0 : listing_print(l, reterr);
}

static int append_filter(sd_bus_message *m, const Arguments *args, Failure *reterr) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0 && args->n_operands > 0)
                r = sd_bus_message_append(m, "{sv}", "reference", "as", 1, args->operands[0]);
        if (r < 0)
                return client_message_error(r, reterr);
        r = filters_append(m, args, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(m);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

int verb_images(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_(listing_freep) Listing *l = NULL;
        int r;

        if (!arguments_switch(args, "quiet", false)) {
                r = listing_new(arguments_string(args, "format"), columns, &l, reterr);
                if (r < 0)
                        return r;
        }

        r = client_new_call(c, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, "ListImages", &m, reterr);
        if (r >= 0)
                r = append_filter(m, args, reterr);
        if (r >= 0)
                r = client_send_call(c, m, CLIENT_TIMEOUT_USEC, &reply, reterr);
        return r < 0 ? r : print_images(reply, args, l, reterr);
}
