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
        COLUMN_REPOSITORY, COLUMN_TAG, COLUMN_DIGEST, COLUMN_ID, COLUMN_CREATED_SINCE, COLUMN_SIZE,
        COLUMN_SHARED_SIZE, COLUMN_UNIQUE_SIZE, COLUMN_CREATED_AT, COLUMN_CONTAINERS, _COLUMNS,
};

static const Column columns[_COLUMNS + 1] = {
        [COLUMN_REPOSITORY] = { "Repository", "REPOSITORY", true },
        [COLUMN_TAG] = { "Tag", "TAG", true },
        [COLUMN_DIGEST] = { "Digest", "DIGEST", false },
        [COLUMN_ID] = { "ID", "IMAGE ID", true },
        [COLUMN_CREATED_SINCE] = { "CreatedSince", "CREATED", true },
        [COLUMN_SIZE] = { "Size", "SIZE", true },
        [COLUMN_SHARED_SIZE] = { "SharedSize", "SHARED SIZE", false },
        [COLUMN_UNIQUE_SIZE] = { "UniqueSize", "UNIQUE SIZE", false },
        [COLUMN_CREATED_AT] = { "CreatedAt", "CREATED AT", false },
        [COLUMN_CONTAINERS] = { "Containers", "CONTAINERS", false },
};

typedef struct Image {
        const char *id; /* borrowed from the reply */
        uint64_t created_usec, size, shared_size;
        char **tags, **digests; /* owned */
} Image;

static void image_done(Image *i) {
        strv_free(i->tags);
        strv_free(i->digests);
}

static int read_names(sd_bus_message *m, char ***ret) {
        int r;

        r = sd_bus_message_enter_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_read_strv(m, ret);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_property(sd_bus_message *m, const char *name, Image *i) {
        if (streq(name, "Id"))
                return sd_bus_message_read(m, "v", "s", &i->id);
        if (streq(name, "CreatedAt"))
                return sd_bus_message_read(m, "v", "t", &i->created_usec);
        if (streq(name, "Size"))
                return sd_bus_message_read(m, "v", "t", &i->size);
        if (streq(name, "SharedSize"))
                return sd_bus_message_read(m, "v", "t", &i->shared_size);
        if (streq(name, "Tags"))
                return read_names(m, &i->tags);
        if (streq(name, "Digests"))
                return read_names(m, &i->digests);
        return sd_bus_message_skip(m, "v");
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

/* How long the repository of "repository:tag" or "repository@digest" is. */
static size_t repository_length(const char *name) {
        const char *at = strchr(name, '@'), *colon = at ? NULL : strrchr(name, ':');

        if (colon && strchr(colon, '/')) /* a port of the registry's */
                colon = NULL;
        return at      ? (size_t) (at - name)
               : colon ? (size_t) (colon - name)
                       : strlen(name);
}

static bool same_repository(const char *a, const char *b) {
        size_t n = repository_length(a);

        return repository_length(b) == n && strncmp(a, b, n) == 0;
}

/* One of @names in the repository of @name, without it; NULL: there is none. */
static const char *find_beside(char *const *names, const char *name) {
        STRV_FOREACH(other, names)
                if (same_repository(*other, name))
                        return *other + repository_length(*other) + 1;
        return NULL;
}

/* @name: "repository:tag" or "repository@digest", NULL for an image without any. */
static int add_row(Listing *l, const Image *i, const char *name, bool whole, usec_t now,
                Failure *reterr) {
        char id[DIGEST_MAX], since[HUMAN_AGO_MAX], date[HUMAN_DATE_MAX], size[HUMAN_SIZE_MAX],
                        shared[HUMAN_SIZE_MAX], unique[HUMAN_SIZE_MAX];
        _cleanup_free_ char *repository = NULL;
        const char *tag = NULL, *digest = NULL;

        if (name) {
                size_t n = repository_length(name);

                repository = strndup(name, n);
                if (!repository)
                        return -ENOMEM;
                if (name[n] == ':')
                        tag = name + n + 1;
                digest = name[n] == '@' ? name + n + 1 : find_beside(i->digests, name);
        }

        format_id(i, whole, id);
        human_ago(i->created_usec, now, since);
        human_date(i->created_usec, date);
        human_size(i->size, size);
        human_size(i->shared_size, shared);
        human_size(i->size - MIN2(i->size, i->shared_size), unique);
        return listing_add(l, (const char *[_COLUMNS]) {
                [COLUMN_REPOSITORY] = repository ?: "<none>",
                [COLUMN_TAG] = tag ?: "<none>",
                [COLUMN_ID] = id,
                [COLUMN_CREATED_SINCE] = since,
                [COLUMN_SIZE] = size,
                [COLUMN_SHARED_SIZE] = shared,
                [COLUMN_UNIQUE_SIZE] = unique,
                [COLUMN_CREATED_AT] = date,
                [COLUMN_DIGEST] = digest ?: "<none>",
                [COLUMN_CONTAINERS] = "N/A",
        }, NULL, reterr);
}

/* A row for each tag, and for what it was pulled by where no tag is of that repository. */
static int add_image(Listing *l, const Image *i, bool whole, usec_t now, Failure *reterr) {
        size_t n = 0;
        int r = 0;

        STRV_FOREACH(tag, i->tags) {
                n++;
                if (r >= 0)
                        r = add_row(l, i, *tag, whole, now, reterr);
        }
        STRV_FOREACH(digest, i->digests) {
                if (find_beside(i->tags, *digest))
                        continue;
                n++;
                if (r >= 0)
                        r = add_row(l, i, *digest, whole, now, reterr);
        }
        return n > 0 || r < 0 ? r : add_row(l, i, NULL, whole, now, reterr);
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
        Column shown[_COLUMNS + 1];
        int r;

        memcpy(shown, columns, sizeof(shown));
        shown[COLUMN_DIGEST].shown = arguments_switch(args, "digests", false);
        if (!arguments_switch(args, "quiet", false)) {
                r = listing_new(arguments_string(args, "format"), shown, &l, reterr);
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
