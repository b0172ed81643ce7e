/* SPDX-License-Identifier: Apache-2.0 */
/* cli/pull.c: PullImage, what changes meanwhile, and what came of it. */
#include "cli/pull.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include "base/str.h"
#include "cli/credentials.h"
#include "cli/pull-show.h"
#include "model/image-ref.h"
#include "model/limits.h"
#include "model/names.h"

#define BUS "org.freedesktop.DBus"
#define PROPERTIES "org.freedesktop.DBus.Properties"

/* A signal's handler reaches nothing else. */
static volatile sig_atomic_t interrupted;

typedef struct Watch {
        Client *client;   /* borrowed */
        const char *path; /* borrowed; of the operation */
        PullShow show;
        bool dirty;       /* there is more to be shown */
        bool cancelled;
        sd_bus_slot *filter; /* owned */
        ClientCall wait, layers, cancel;
} Watch;

void pull_outcome_done(PullOutcome *o) {
        free(o->id);
        free(o->reference);
        free(o->digest);
        *o = (PullOutcome) {};
}

/* What a name without a registry means is for the service to say. */
static int use_default_registry(Client *c, Failure *reterr) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *key, *registry;
        int r;

        r = client_call(c, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, "GetInfo", CLIENT_TIMEOUT_USEC,
                        &reply, reterr, NULL);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
                r = sd_bus_message_read(reply, "s", &key);
                if (r < 0)
                        break;
                if (!streq(key, "DefaultRegistry"))
                        r = sd_bus_message_skip(reply, "v");
                else {
                        r = sd_bus_message_read(reply, "v", "s", &registry);
                        if (r >= 0 && strlen(registry) <= REFERENCE_NAME_MAX)
                                image_ref_use_registry(registry);
                }
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
        }
        return r < 0 ? client_message_error(r, reterr) : 0;
}

/* @ret_fd: -EBADF: no credentials. */
static int prepare(Client *c, const PullArgs *args, char **ret_reference, int *ret_fd,
                Failure *reterr) {
        _cleanup_(image_ref_freep) ImageRef *ref = NULL;
        int r;

        *ret_fd = -EBADF;
        if (image_ref_is_url(args->reference)) {
                *ret_reference = strdup(args->reference);
                return *ret_reference ? 0 : client_message_error(-ENOMEM, reterr);
        }
        r = use_default_registry(c, reterr);
        if (r >= 0)
                r = image_ref_parse(args->reference, &ref, reterr);
        if (r < 0)
                return r;
        if (ref->id)
                return fail(reterr, FAILURE_INVALID_REFERENCE, EINVAL,
                                "'%s' is an image id: no registry is asked by those",
                                args->reference);
        if (image_ref_normalized(ref, ret_reference) < 0)
                return client_message_error(-ENOMEM, reterr);
        r = credentials_for(ref->domain, reterr);
        if (r < 0 && r != -ENODATA)
                return r;
        *ret_fd = r == -ENODATA ? -EBADF : r;
        return 0;
}

static int append_options(sd_bus_message *m, const PullArgs *args, int fd) {
        const struct {
                const char *name, *value;
        } options[] = {
                { "platform", args->platform },
                { "policy", args->policy },
                { "sha256", args->sha256 },
        };
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(options); i++)
                if (options[i].value)
                        r = sd_bus_message_append(
                                        m, "{sv}", options[i].name, "s", options[i].value);
        if (r >= 0 && fd >= 0)
                r = sd_bus_message_append(m, "{sv}", "credentials", "h", fd);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int begin(Client *c, const PullArgs *args, int fd, char **ret_path, Failure *reterr) {
        _cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
        const char *path;
        int r;

        r = client_new_call(c, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, "PullImage", &m, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "s", args->reference);
        if (r >= 0)
                r = append_options(m, args, fd);
        if (r < 0)
                return client_message_error(r, reterr);
        r = client_send_call(c, m, CLIENT_TIMEOUT_USEC, &reply, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "o", &path);
        if (r >= 0)
                r = free_and_strdup(ret_path, path);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Watch *w = userdata;
        const char *path = sd_bus_message_get_path(m);

        if (sd_bus_message_is_signal(m, PROPERTIES, "PropertiesChanged") > 0 &&
                        streq_ptr(path, w->path))
                w->dirty = true;
        return 0;
}

static int subscribe(Watch *w, Failure *reterr) {
        _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *rule = NULL;
        int r;

        r = sd_bus_add_filter(w->client->bus, &w->filter, on_message, w);
        if (r >= 0)
                r = str_printf(&rule,
                                "type='signal',sender='" BUS_NAME "',interface='" PROPERTIES
                                "',path='%s'",
                                w->path);
        if (r < 0)
                return client_message_error(r, reterr);
        r = sd_bus_call_method(w->client->bus, BUS, "/org/freedesktop/DBus", BUS, "AddMatch", &e,
                        NULL, "s", rule);
        return r < 0 ? client_error(w->client, &e, r, reterr) : 0;
}

static int begin_call(Watch *w, const char *interface, const char *member, const char *property,
                ClientCall *call, Failure *reterr) {
        _cleanup_message_ sd_bus_message *m = NULL;
        int r;

        r = client_new_call(w->client, w->path, interface, member, &m, reterr);
        if (r < 0)
                return r;
        if (property) {
                r = sd_bus_message_append(m, "ss", BUS_INTERFACE_OPERATION, property);
                if (r < 0)
                        return client_message_error(r, reterr);
        }
        return client_begin_call(w->client, m, CLIENT_FOR_EVER, call, reterr);
}

static int show_layers(Watch *w) {
        PullLine lines[LAYERS_MAX];
        sd_bus_message *m = w->layers.reply;
        size_t n = 0;
        int r;

        if (sd_bus_message_is_method_error(m, NULL))
                return 0; /* it is forgotten already: its end comes */
        r = sd_bus_message_enter_container(m, 'v', "a(stts)");
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "(stts)");
        while (r >= 0 && n < LAYERS_MAX &&
                        (r = sd_bus_message_read(m, "(stts)", &lines[n].digest, &lines[n].done,
                                         &lines[n].total, &lines[n].state)) > 0)
                n++;
        return r < 0 ? r : pull_show_update(&w->show, lines, n);
}

static void on_signal(int sig) {
        if (interrupted++ > 0)
                _exit(128 + sig);
}

static void set_signals(bool catch, struct sigaction before[2]) {
        static const int signals[] = { SIGINT, SIGTERM };
        struct sigaction action = { .sa_handler = on_signal };

        for (size_t i = 0; i < ELEMENTSOF(signals); i++) /* valid arguments cannot fail */
                (void) sigaction(signals[i], catch ? &action : &before[i],
                                catch ? &before[i] : NULL);
}

static int wait_more(Watch *w, Failure *reterr) {
        struct pollfd p = {
                .fd = sd_bus_get_fd(w->client->bus),
                .events = (short) MAX2(sd_bus_get_events(w->client->bus), 0),
        };

        if (poll(&p, 1, -1) < 0 && errno != EINTR)
                return fail_errno(reterr, errno, "Failed to wait");
        return 0;
}

static int follow(Watch *w, Failure *reterr) {
        int r = 0;

        while (!w->wait.reply) {
                r = sd_bus_process(w->client->bus, NULL);
                if (r < 0)
                        return client_error(w->client, NULL, r, reterr);
                if (r > 0)
                        continue;
                if (w->layers.reply) {
                        r = show_layers(w);
                        client_call_done(&w->layers);
                        if (r < 0)
                                return client_message_error(r, reterr);
                }
                if (w->show.out && w->dirty && !w->layers.slot) {
                        w->dirty = false;
                        r = begin_call(w, PROPERTIES, "Get", "Layers", &w->layers, reterr);
                } else if (interrupted && !w->cancelled) {
                        w->cancelled = true;
                        r = begin_call(w, BUS_INTERFACE_OPERATION, "Cancel", NULL, &w->cancel,
                                        reterr);
                } else
                        r = wait_more(w, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int watch(Client *c, const char *path, FILE *out, char **ret_id, Failure *reterr) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        Watch w = { .client = c, .path = path, .dirty = true };
        struct sigaction before[2];
        const char *id;
        int r;

        pull_show_init(&w.show, out);
        set_signals(true, before);
        r = subscribe(&w, reterr);
        if (r >= 0)
                r = begin_call(&w, BUS_INTERFACE_OPERATION, "Wait", NULL, &w.wait, reterr);
        if (r >= 0)
                r = follow(&w, reterr);
        if (r >= 0)
                r = client_end_call(c, &w.wait, &reply, reterr);
        /* The last change of all may have come with the end; where the service has gone, nobody is asked any more. */
        if (r >= 0 && w.show.out) {
                _cleanup_failure_ Failure unused = {};

                client_call_done(&w.layers);
                if (begin_call(&w, PROPERTIES, "Get", "Layers", &w.layers, &unused) >= 0 &&
                                client_end_call(c, &w.layers, NULL, &unused) >= 0)
                        (void) show_layers(&w); /* shown is not what counts */
        }
        set_signals(false, before);
        client_call_done(&w.layers);
        client_call_done(&w.cancel);
        client_call_done(&w.wait);
        sd_bus_slot_unref(w.filter);
        pull_show_done(&w.show);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "s", &id);
        if (r >= 0)
                r = free_and_strdup(ret_id, id);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

static int read_detail(sd_bus_message *m, const char *key, PullOutcome *o) {
        _cleanup_strv_free_ char **warnings = NULL;
        const char *digest;
        int value, r;

        if (streq(key, "Digest")) {
                r = sd_bus_message_read(m, "v", "s", &digest);
                return r < 0 ? r : free_and_strdup(&o->digest, digest);
        }
        if (streq(key, "Unchanged")) {
                r = sd_bus_message_read(m, "v", "b", &value);
                o->unchanged = r >= 0 && value;
                return r;
        }
        if (!streq(key, "Warnings"))
                return sd_bus_message_skip(m, "v");
        r = sd_bus_message_enter_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_read_strv(m, &warnings);
        STRV_FOREACH(warning, warnings)
                fprintf(stderr, "Warning: %s\n", *warning);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int get_details(Client *c, const char *path, PullOutcome *o, Failure *reterr) {
        _cleanup_message_ sd_bus_message *m = NULL;
        const char *key;
        int r;

        r = client_call(c, path, PROPERTIES, "Get", CLIENT_TIMEOUT_USEC, &m, reterr, "ss",
                        BUS_INTERFACE_OPERATION, "Details");
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(m, 'v', "a{sv}");
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &key);
                if (r >= 0)
                        r = read_detail(m, key, o);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? client_message_error(r, reterr) : 0;
}

int pull_image(Client *c, const PullArgs *args, PullOutcome *ret, Failure *reterr) {
        _cleanup_(pull_outcome_done) PullOutcome o = {};
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = prepare(c, args, &o.reference, &fd, reterr);
        if (r >= 0)
                r = begin(c, args, fd, &path, reterr);
        if (r >= 0)
                r = watch(c, path, args->out, &o.id, reterr);
        if (r >= 0)
                r = get_details(c, path, &o, reterr);
        if (r < 0)
                return r;
        *ret = o;
        o = (PullOutcome) {};
        return 0;
}
