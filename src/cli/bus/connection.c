/* SPDX-License-Identifier: Apache-2.0 */
/* cli/bus/connection.c: calls, replies and signals over a connection. */
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include "base/usec.h"
#include "cli/bus/connection.h"

#define SYSTEM_BUS "unix:path=/run/dbus/system_bus_socket"
#define DBUS "org.freedesktop.DBus"
#define DBUS_PATH "/org/freedesktop/DBus"
#define CALL_TIMEOUT_USEC (25ULL * 1000 * 1000) /* sd-bus's */

int sd_bus_new(sd_bus **ret) {
        sd_bus *bus;

        bus = calloc(1, sizeof(*bus));
        if (!bus)
                return -ENOMEM;
        bus->n_ref = 1;
        bus->fd = -EBADF;
        bus->in.max_bytes = WIRE_MESSAGE_MAX;
        list_init(&bus->queue);
        list_init(&bus->out);
        list_init(&bus->calls);
        list_init(&bus->filters);
        *ret = bus;
        return 0;
}

int sd_bus_set_address(sd_bus *bus, const char *address) {
        return free_and_strdup(&bus->address, address);
}

int sd_bus_set_fd(sd_bus *bus, int input_fd, int output_fd) {
        if (input_fd != output_fd)
                return -EINVAL;
        bus->fd = input_fd;
        return 0;
}

int sd_bus_set_bus_client(sd_bus *bus, int b) {
        bus->is_bus = b;
        return 0;
}

int sd_bus_set_allow_interactive_authorization(sd_bus *bus, int b) {
        bus->interactive = b;
        return 0;
}

int sd_bus_get_fd(sd_bus *bus) {
        return bus->fd >= 0 ? bus->fd : -ENOTCONN;
}

int sd_bus_is_open(sd_bus *bus) {
        return bus->state != CONNECTION_UNSET && bus->state < CONNECTION_CLOSING;
}

int sd_bus_is_ready(sd_bus *bus) {
        return sd_bus_is_open(bus) ? bus->state == CONNECTION_RUNNING : -ENOTCONN;
}

int sd_bus_get_events(sd_bus *bus) {
        if (bus->state == CONNECTION_UNSET || bus->state >= CONNECTION_CLOSING)
                return -ENOTCONN;
        return POLLIN | (bus->state != CONNECTION_AUTH && !list_is_empty(&bus->out) ? POLLOUT : 0);
}

/* Those to come are looked for at each turn: a command has a handful. */
int sd_bus_get_timeout(sd_bus *bus, uint64_t *ret) {
        struct sd_bus_slot *slot;
        uint64_t until = UINT64_MAX;

        if (bus->n_queue > 0 || bus->state == CONNECTION_CLOSING)
                until = 0;
        LIST_FOREACH(slot, &bus->calls, struct sd_bus_slot, list)
                until = MIN2(until, slot->until_usec);
        *ret = until;
        return until != UINT64_MAX;
}

static int on_hello(sd_bus_message *m, void *userdata, sd_bus_error *unused) {
        sd_bus *bus = userdata;

        if (sd_bus_message_is_method_error(m, NULL))
                return -EACCES;
        bus->state = CONNECTION_RUNNING;
        return 0;
}

int sd_bus_start(sd_bus *bus) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = bus->fd >= 0 ? connection_begin(bus) : connection_open(bus);
        if (r < 0 || !bus->is_bus)
                return r;
        r = sd_bus_message_new_method_call(bus, &m, DBUS, DBUS_PATH, DBUS, "Hello");
        if (r < 0)
                return r;
        return sd_bus_call_async(bus, NULL, m, on_hello, bus, 0);
}

int sd_bus_open_system(sd_bus **ret) {
        _cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;
        const char *address = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
        int r;

        r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_address(bus, address ?: SYSTEM_BUS);
        if (r < 0)
                return r;
        bus->is_bus = true;
        r = sd_bus_start(bus);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(bus);
        return 0;
}

sd_bus_slot *sd_bus_slot_unref(sd_bus_slot *slot) {
        if (!slot)
                return NULL;
        if (--slot->n_ref == 0) {
                list_remove(&slot->list);
                free(slot);
                return NULL;
        }
        /* The caller has let go of a call that is open: it has no one to tell. */
        if (slot->n_ref == 1 && list_is_linked(&slot->list)) {
                list_remove(&slot->list);
                free(slot);
        }
        return NULL;
}

static int slot_new(List *to, sd_bus_slot **ret_slot, sd_bus_message_handler_t fn, void *userdata,
                struct sd_bus_slot **ret) {
        struct sd_bus_slot *slot;

        slot = calloc(1, sizeof(*slot));
        if (!slot)
                return -ENOMEM;
        slot->n_ref = ret_slot ? 2 : 1;
        slot->fn = fn;
        slot->userdata = userdata;
        list_append(to, &slot->list);
        if (ret_slot)
                *ret_slot = slot;
        *ret = slot;
        return 0;
}

/* The connection's reference goes. */
static void slot_drop(struct sd_bus_slot *slot) {
        list_remove(&slot->list);
        if (--slot->n_ref == 0)
                free(slot);
}

int sd_bus_add_filter(
                sd_bus *bus, sd_bus_slot **slot, sd_bus_message_handler_t fn, void *userdata) {
        struct sd_bus_slot *added;

        return slot_new(&bus->filters, slot, fn, userdata, &added);
}

int sd_bus_send(sd_bus *bus, sd_bus_message *m, uint64_t *ret_cookie) {
        int r;

        if (!sd_bus_is_open(bus))
                return -ENOTCONN;
        r = connection_send(bus, m);
        if (r >= 0 && ret_cookie)
                *ret_cookie = m->serial;
        return r;
}

int sd_bus_call_async(sd_bus *bus, sd_bus_slot **slot, sd_bus_message *m,
                sd_bus_message_handler_t fn, void *userdata, uint64_t usec) {
        struct sd_bus_slot *added;
        uint64_t now = now_monotonic();
        int r;

        r = sd_bus_send(bus, m, NULL);
        if (r < 0)
                return r;
        r = slot_new(&bus->calls, slot, fn, userdata, &added);
        if (r < 0)
                return r;
        if (usec == 0)
                usec = CALL_TIMEOUT_USEC;
        added->serial = m->serial;
        added->until_usec = usec < UINT64_MAX - now ? now + usec : UINT64_MAX;
        return 0;
}

static struct sd_bus_slot *find_call(sd_bus *bus, uint32_t serial) {
        struct sd_bus_slot *slot;

        LIST_FOREACH(slot, &bus->calls, struct sd_bus_slot, list)
                if (slot->serial == serial)
                        return slot;
        return NULL;
}

static bool is_reply(const sd_bus_message *m) {
        return m->type == SD_BUS_MESSAGE_METHOD_RETURN || m->type == SD_BUS_MESSAGE_METHOD_ERROR;
}

static int dispatch(sd_bus *bus, sd_bus_message *m) {
        _cleanup_(sd_bus_error_free) sd_bus_error unused = SD_BUS_ERROR_NULL;
        struct sd_bus_slot *slot;
        int r;

        if (is_reply(m)) {
                slot = find_call(bus, m->reply_serial);
                if (!slot)
                        return 0; /* nobody waits for it any more */
                list_remove(&slot->list);
                r = slot->fn(m, slot->userdata, &unused);
                slot_drop(slot);
                return r;
        }
        LIST_FOREACH(slot, &bus->filters, struct sd_bus_slot, list) {
                r = slot->fn(m, slot->userdata, &unused);
                if (r != 0)
                        return r;
        }
        return 0;
}

/* One call that will have no reply. Return: 1, 0 if there is none. */
static int end_call(sd_bus *bus, uint64_t until_usec, const char *text) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        struct sd_bus_slot *slot;
        int r;

        LIST_FOREACH(slot, &bus->calls, struct sd_bus_slot, list) {
                if (slot->until_usec > until_usec)
                        continue;
                r = message_new_error(slot->serial, SD_BUS_ERROR_NO_REPLY, text, &m);
                if (r < 0)
                        return r;
                (void) dispatch(bus, m); /* its own business */
                return 1;
        }
        return 0;
}

static bool is_end(int error) {
        return error == -ECONNRESET || error == -EPIPE || error == -ENOTCONN;
}

/* Before the peer has let us in it has heard nothing. */
static int end_of(const sd_bus *bus, int error) {
        return bus->state == CONNECTION_AUTH && is_end(error) ? -ECONNREFUSED : error;
}

static sd_bus_message *take_first(sd_bus *bus) {
        sd_bus_message *m = list_first(&bus->queue, sd_bus_message, list);

        if (m) {
                list_remove(&m->list);
                bus->n_queue--;
        }
        return m;
}

static int process_one(sd_bus *bus) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        ConnectionState before = bus->state;
        int r;

        r = end_call(bus, now_monotonic(), "Method call timed out");
        if (r != 0)
                return r;
        r = connection_write(bus);
        if (r < 0)
                return r;
        m = take_first(bus);
        if (!m) {
                r = connection_read(bus);
                if (r <= 0)
                        return r;
                m = take_first(bus);
        }
        if (!m)
                return 1; /* authenticated */
        r = dispatch(bus, m);
        /* Whom the bus does not want has no connection. */
        return r < 0 && before == CONNECTION_HELLO && bus->state == CONNECTION_HELLO ? r : 1;
}

int sd_bus_process(sd_bus *bus, sd_bus_message **ret) {
        int r;

        if (bus->state == CONNECTION_UNSET || bus->state == CONNECTION_CLOSED)
                return -ENOTCONN;
        if (bus->state == CONNECTION_CLOSING) {
                r = end_call(bus, UINT64_MAX, "Connection terminated");
                if (r == 0)
                        bus->state = CONNECTION_CLOSED;
                return r < 0 ? r : 1;
        }
        bus->n_ref++; /* a callback may let go of it */
        r = end_of(bus, process_one(bus));
        if (r == -ECONNREFUSED)
                bus->state = CONNECTION_CLOSED;
        else if (is_end(r)) {
                bus->state = bus->state == CONNECTION_RUNNING ? CONNECTION_CLOSING
                                                              : CONNECTION_CLOSED;
                if (bus->state == CONNECTION_CLOSING)
                        r = 1;
        }
        sd_bus_unref(bus);
        return r;
}

int sd_bus_wait(sd_bus *bus, uint64_t timeout_usec) {
        struct pollfd p = { .fd = bus->fd };
        uint64_t until, now = now_monotonic();
        int r, milliseconds = -1;

        r = sd_bus_get_events(bus);
        if (r < 0)
                return r;
        p.events = (short) r;
        (void) sd_bus_get_timeout(bus, &until); /* for ever is one, too */
        if (timeout_usec < UINT64_MAX - now)
                until = MIN2(until, now + timeout_usec);
        if (until != UINT64_MAX)
                milliseconds = until <= now ? 0
                                            : (int) MIN2((until - now) / USEC_PER_MSEC + 1,
                                                              (uint64_t) INT_MAX);
        r = poll(&p, 1, milliseconds);
        return r < 0 ? (errno == EINTR ? 1 : -errno) : r > 0;
}

static int call_failed(sd_bus_error *error, const char *name, const char *message) {
        if (error) {
                error->name = strdup(name);
                error->message = strdup(strempty(message));
                error->_need_free = 1;
                if (!error->name || !error->message) {
                        sd_bus_error_free(error);
                        return -ENOMEM;
                }
        }
        return -EIO; /* the name says more */
}

/* The reply to @serial among those that wait, or NULL. */
static sd_bus_message *take_reply(sd_bus *bus, uint32_t serial) {
        sd_bus_message *m;

        LIST_FOREACH(m, &bus->queue, sd_bus_message, list)
                if (is_reply(m) && m->reply_serial == serial) {
                        list_remove(&m->list);
                        bus->n_queue--;
                        return m;
                }
        return NULL;
}

/* Hello's reply is ours alone: no verb may run before it, and none waits for it. */
static int take_hello(sd_bus *bus) {
        struct sd_bus_slot *slot = list_first(&bus->calls, struct sd_bus_slot, list);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        if (bus->state != CONNECTION_HELLO || !slot)
                return 0;
        m = take_reply(bus, slot->serial);
        return m ? dispatch(bus, m) : 0;
}

static int wait_for_reply(sd_bus *bus, uint32_t serial, uint64_t until_usec, sd_bus_message **ret) {
        uint64_t now;
        int r;

        for (;;) {
                r = take_hello(bus);
                if (r < 0)
                        return r;
                *ret = take_reply(bus, serial);
                if (*ret)
                        return 0;
                r = connection_write(bus);
                if (r >= 0)
                        r = connection_read(bus);
                if (r < 0)
                        return r;
                if (r > 0)
                        continue;
                now = now_monotonic();
                if (now >= until_usec)
                        return -ETIMEDOUT;
                struct pollfd p = { .fd = bus->fd, .events = (short) sd_bus_get_events(bus) };

                if (poll(&p, 1, until_usec == UINT64_MAX
                                                ? -1
                                                : (int) MIN2((until_usec - now) / USEC_PER_MSEC + 1,
                                                                  (uint64_t) INT_MAX)) < 0 &&
                                errno != EINTR)
                        return -errno;
        }
}

int sd_bus_call(sd_bus *bus, sd_bus_message *m, uint64_t usec, sd_bus_error *error,
                sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        uint64_t now = now_monotonic(), until;
        int r;

        if (usec == 0)
                usec = CALL_TIMEOUT_USEC;
        until = usec < UINT64_MAX - now ? now + usec : UINT64_MAX;
        r = sd_bus_send(bus, m, NULL);
        if (r >= 0)
                r = wait_for_reply(bus, m->serial, until, &reply);
        r = end_of(bus, r);
        if (is_end(r) || r == -ECONNREFUSED)
                bus->state = CONNECTION_CLOSING;
        if (r < 0)
                return r;
        if (reply->type == SD_BUS_MESSAGE_METHOD_ERROR)
                return call_failed(error, reply->error.name, reply->error.message);
        if (ret)
                *ret = TAKE_PTR(reply);
        return 1;
}

int sd_bus_call_method(sd_bus *bus, const char *destination, const char *path,
                const char *interface, const char *member, sd_bus_error *error,
                sd_bus_message **ret, const char *types, ...) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        va_list ap;
        int r;

        r = sd_bus_message_new_method_call(bus, &m, destination, path, interface, member);
        if (r >= 0 && !isempty(types)) {
                va_start(ap, types);
                r = sd_bus_message_appendv(m, types, ap);
                va_end(ap);
        }
        return r < 0 ? r : sd_bus_call(bus, m, 0, error, ret);
}

void sd_bus_close(sd_bus *bus) {
        if (!bus)
                return;
        bus->state = CONNECTION_CLOSED;
        bus->fd = close_fd(bus->fd);
}

sd_bus *sd_bus_unref(sd_bus *bus) {
        struct sd_bus_slot *slot;
        sd_bus_message *m;

        if (!bus || --bus->n_ref > 0)
                return NULL;

        LIST_FOREACH(slot, &bus->calls, struct sd_bus_slot, list)
                slot_drop(slot);
        LIST_FOREACH(slot, &bus->filters, struct sd_bus_slot, list)
                slot_drop(slot);
        while ((m = take_first(bus)))
                sd_bus_message_unref(m);
        connection_drop_outgoing(bus);
        for (size_t i = 0; i < bus->n_in_fds; i++)
                close_fd(bus->in_fds[i]);
        close_fd(bus->fd);
        strbuf_done(&bus->auth);
        strbuf_done(&bus->in);
        free(bus->address);
        free(bus);
        return NULL;
}

sd_bus *sd_bus_close_unref(sd_bus *bus) {
        sd_bus_close(bus);
        return sd_bus_unref(bus);
}
