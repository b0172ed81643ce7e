/* SPDX-License-Identifier: Apache-2.0 */
/* cli/client.c: sd-bus as one command needs it: connect late, call, translate errors once. */
#include "cli/client.h"
#include <stdarg.h>
#include <string.h>
#include "base/str.h"
#include "cli/embedded.h"
#include "cli/polkit-agent.h"
#include "model/id.h"
#include "model/names.h"

#define EMBEDDED_TRIES 50U /* connections to a daemon that is ending: it is gone after a few */

void client_done(Client *c) {
        if (c->bus)
                sd_bus_close(c->bus);
        c->bus = sd_bus_unref(c->bus);
        c->unsettled = false;
}

static int open_address(const char *address, sd_bus **ret, Failure *reterr) {
        _cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;
        int r;

        r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_address(bus, address);
        if (r >= 0)
                r = sd_bus_set_bus_client(bus, true);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r < 0)
                return fail(reterr, FAILURE_INTERNAL, r, "Nobody answers at '%s': %s", address,
                                strerror(-r));

        *ret = TAKE_PTR(bus);
        return 0;
}

static bool is_lost(int error) {
        return error == -ECONNRESET || error == -ENOTCONN || error == -EPIPE;
}

/* A daemon that is ending may still take connections for a moment: whoever does not authenticate serves nobody. */
static bool is_refused(int error) {
        return error == -ECONNREFUSED;
}

static int wait_until_ready(sd_bus *bus) {
        int r;

        for (;;) {
                r = sd_bus_is_ready(bus);
                if (r != 0)
                        return r;
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
                if (r < 0)
                        return r;
        }
}

/* A peer that we know to be ours needs no Hello, which saves a round trip. */
static int try_embedded(bool settled, sd_bus **ret, Failure *reterr) {
        _cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = embedded_connect(reterr);
        if (fd < 0)
                return fd;

        r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_fd(bus, fd, fd);
        if (r < 0)
                return client_message_error(r, reterr);
        TAKE_FD(fd);
        r = sd_bus_start(bus);
        if (r >= 0 && settled)
                r = wait_until_ready(bus);
        if (r < 0)
                return fail(reterr, FAILURE_INTERNAL, r,
                                "Failed to talk to the embedded daemon: %s", strerror(-r));

        *ret = TAKE_PTR(bus);
        return 0;
}

static int open_embedded(Client *c, bool settled, Failure *reterr) {
        int r;

        for (unsigned i = 0;; i++) {
                failure_done(reterr);
                r = try_embedded(settled, &c->bus, reterr);
                if (r >= 0)
                        c->unsettled = !settled;
                if (!is_refused(r) || i == EMBEDDED_TRIES)
                        return r;
        }
}

static int open_system(Client *c, bool settled, Failure *reterr) {
        int r;

        r = sd_bus_open_system(&c->bus);
        if (r == -ENOENT || r == -ECONNREFUSED || r == -ENOTDIR) {
                /* No bus, hence no service: a container, a build machine, a rescue shell. */
                c->embedded = true;
                return open_embedded(c, settled, reterr);
        }
        if (r < 0)
                return fail(reterr, FAILURE_INTERNAL, r, "Failed to connect to the system bus: %s",
                                strerror(-r));

        c->agent_due = c->ask_password;
        return 0;
}

/* What the manager finds and lists is for everybody, and so are properties or not, without a question. */
static bool may_ask(const char *interface, const char *member) {
        return startswith(interface, "org.pocketdocker.") &&
               !(streq(interface, BUS_INTERFACE_MANAGER) &&
                               (startswith(member, "Get") || startswith(member, "List")));
}

static int open_client(Client *c, bool settled, Failure *reterr) {
        const char *address = c->address ?: getenv(ENV_ADDRESS);
        int r;

        if (c->bus)
                return 0;

        if (!isempty(address))
                r = open_address(address, &c->bus, reterr);
        else if (c->embedded || !isempty(getenv(ENV_ROOT))) {
                c->embedded = true;
                r = open_embedded(c, settled, reterr);
        } else
                r = open_system(c, settled, reterr);
        if (r < 0)
                return r;

        return sd_bus_set_allow_interactive_authorization(c->bus, c->ask_password);
}

int client_open(Client *c, Failure *reterr) {
        if (c->unsettled && wait_until_ready(c->bus) < 0)
                client_done(c);
        c->unsettled = false;
        return open_client(c, true, reterr);
}

int client_reopen(Client *c, Failure *reterr) {
        client_done(c);
        return client_open(c, reterr);
}

int client_message_error(int error, Failure *reterr) {
        if (error == -ENOMEM)
                return fail(reterr, FAILURE_NO_MEMORY, error, "Out of memory");
        return fail(reterr, FAILURE_INTERNAL, error, "A message could not be made or read: %s",
                        strerror(-error));
}

bool client_lost(const sd_bus_error *e) {
        return sd_bus_error_has_names(e, SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_DISCONNECTED) ||
               (startswith(e->name, "System.Error.") && is_lost(-sd_bus_error_get_errno(e)));
}

int client_error(Client *c, const sd_bus_error *e, int error, Failure *reterr) {
        FailureCode code;

        if (!e || !e->name) {
                if (is_lost(error))
                        return fail(reterr, FAILURE_INTERNAL, error,
                                        "The connection to the service was lost");
                if (error == -ETIMEDOUT)
                        return fail(reterr, FAILURE_TIMED_OUT, error,
                                        "The service did not answer in time");
                return client_message_error(error, reterr);
        }

        if (sd_bus_error_has_names(e, SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                c->absent = true;
        /* Only a bus has words of its own for it: sd-bus puts an errno's text there. */
        if (client_lost(e))
                return fail(reterr, FAILURE_INTERNAL, ECONNRESET, "%s",
                                streq(e->name, SD_BUS_ERROR_NO_REPLY) && !isempty(e->message)
                                                ? e->message
                                                : "The connection to the service was lost");

        code = failure_from_bus_name(e->name);
        return fail(reterr, code < 0 ? FAILURE_INTERNAL : code, 0, "%s", strempty(e->message));
}

int client_new_call(Client *c, const char *path, const char *interface, const char *member,
                sd_bus_message **ret, Failure *reterr) {
        int r;

        r = open_client(c, false, reterr);
        if (r < 0)
                return r;

        /* It takes as long as all else that most commands do. */
        if (c->agent_due && may_ask(interface, member)) {
                c->agent_due = false;
                polkit_agent_start();
        }

        r = sd_bus_message_new_method_call(c->bus, ret, BUS_NAME, path, interface, member);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

int client_send_call(Client *c, sd_bus_message *m, uint64_t timeout_usec,
                sd_bus_message **ret_reply, Failure *reterr) {
        _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_call(c->bus, m, timeout_usec, &e, ret_reply);
        if (c->unsettled && is_refused(r)) {
                r = client_reopen(c, reterr);
                if (r < 0)
                        return r;
                r = sd_bus_call(c->bus, m, timeout_usec, &e, ret_reply);
        }
        c->unsettled = false;
        return r < 0 ? client_error(c, &e, r, reterr) : 0;
}

void client_call_done(ClientCall *call) {
        sd_bus_slot_unref(call->slot); /* a reply that comes after this is nobody's */
        sd_bus_message_unref(call->reply);
        *call = (ClientCall) {};
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ClientCall *call = userdata;

        call->reply = sd_bus_message_ref(m);
        return 0;
}

int client_begin_call(Client *c, sd_bus_message *m, uint64_t timeout_usec, ClientCall *call,
                Failure *reterr) {
        int r;

        r = client_open(c, reterr);
        if (r < 0)
                return r;
        r = sd_bus_call_async(c->bus, &call->slot, m, on_reply, call, timeout_usec);
        return r < 0 ? client_error(c, NULL, r, reterr) : 0;
}

int client_end_call(Client *c, ClientCall *call, sd_bus_message **ret_reply, Failure *reterr) {
        int r;

        /* Where the connection ends, sd-bus itself answers what is open with an error. */
        while (!call->reply) {
                r = sd_bus_process(c->bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(c->bus, UINT64_MAX);
                if (r < 0)
                        return client_error(c, NULL, r, reterr);
        }

        if (sd_bus_message_is_method_error(call->reply, NULL))
                return client_error(c, sd_bus_message_get_error(call->reply), 0, reterr);
        if (ret_reply)
                *ret_reply = TAKE_PTR(call->reply);
        return 0;
}

int client_call(Client *c, const char *path, const char *interface, const char *member,
                uint64_t timeout_usec, sd_bus_message **ret_reply, Failure *reterr,
                const char *types, ...) {
        _cleanup_message_ sd_bus_message *m = NULL;
        va_list ap;
        int r;

        r = client_new_call(c, path, interface, member, &m, reterr);
        if (r < 0)
                return r;

        if (types) {
                va_start(ap, types);
                r = sd_bus_message_appendv(m, types, ap);
                va_end(ap);
                if (r < 0)
                        return client_message_error(r, reterr);
        }
        return client_send_call(c, m, timeout_usec, ret_reply, reterr);
}

static int find(Client *c, const char *member, const char *name, char **ret_path, Failure *reterr) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *path;
        int r;

        r = client_call(c, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, member, CLIENT_TIMEOUT_USEC,
                        &reply, reterr, "s", name);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "o", &path);
        if (r < 0)
                return client_message_error(r, reterr);

        r = free_and_strdup(ret_path, path);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

int client_find(Client *c, const char *name, char **ret_path, Failure *reterr) {
        return find(c, "GetContainer", name, ret_path, reterr);
}

int client_find_image(Client *c, const char *name, char **ret_path, Failure *reterr) {
        return find(c, "GetImage", name, ret_path, reterr);
}

const char *path_id(const char *path) {
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}
