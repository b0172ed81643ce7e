/* SPDX-License-Identifier: Apache-2.0 */
/* cli/bus/message.c: a message's life, its header and its wire form. */
#include <string.h>
#include "cli/bus/connection.h"
#include "cli/bus/message.h"

#define FLAG_NO_REPLY 1U
#define FLAG_INTERACTIVE 4U
#define PROTOCOL_VERSION 1
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ENDIAN 'l'
#else
#define ENDIAN 'B'
#endif

/* Of the header's fields. */
enum {
        FIELD_PATH = 1,
        FIELD_INTERFACE,
        FIELD_MEMBER,
        FIELD_ERROR_NAME,
        FIELD_REPLY_SERIAL,
        FIELD_DESTINATION,
        FIELD_SENDER,
        FIELD_SIGNATURE,
        FIELD_UNIX_FDS,
};

int message_new(uint8_t type, sd_bus_message **ret) {
        sd_bus_message *m;

        m = calloc(1, sizeof(*m));
        if (!m)
                return -ENOMEM;
        m->n_ref = 1;
        m->type = type;
        m->body.max_bytes = WIRE_MESSAGE_MAX;
        m->frames[0].signature = strdup("");
        if (!m->frames[0].signature) {
                free(m);
                return -ENOMEM;
        }
        *ret = m;
        return 0;
}

sd_bus_message *sd_bus_message_ref(sd_bus_message *m) {
        if (m)
                m->n_ref++;
        return m;
}

sd_bus_message *sd_bus_message_unref(sd_bus_message *m) {
        if (!m || --m->n_ref > 0)
                return NULL;

        while (m->depth > 0)
                frame_leave(m);
        for (uint32_t i = 0; i < m->n_fds; i++)
                close_fd(m->fds[i]);
        free(m->fds);
        free(m->frames[0].signature);
        free(m->peeked);
        free(m->path);
        free(m->interface);
        free(m->member);
        free(m->destination);
        free(m->sender);
        free((char *) m->error.name);
        strbuf_done(&m->body);
        free(m);
        return NULL;
}

int sd_bus_message_new_method_call(sd_bus *bus, sd_bus_message **ret, const char *destination,
                const char *path, const char *interface, const char *member) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = message_new(SD_BUS_MESSAGE_METHOD_CALL, &m);
        if (r < 0)
                return r;
        m->bus = bus;
        if (bus->interactive)
                m->flags |= FLAG_INTERACTIVE;
        if (free_and_strdup(&m->destination, destination) < 0 ||
                        free_and_strdup(&m->path, path) < 0 ||
                        free_and_strdup(&m->interface, interface) < 0 ||
                        free_and_strdup(&m->member, member) < 0)
                return -ENOMEM;
        *ret = TAKE_PTR(m);
        return 0;
}

int message_new_error(
                uint32_t reply_serial, const char *name, const char *text, sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = message_new(SD_BUS_MESSAGE_METHOD_ERROR, &m);
        if (r < 0)
                return r;
        m->reply_serial = reply_serial;
        m->error.name = strdup(name);
        if (!m->error.name)
                return -ENOMEM;
        m->error.message = text;
        *ret = TAKE_PTR(m);
        return 0;
}

int sd_bus_message_set_expect_reply(sd_bus_message *m, int b) {
        m->flags = (uint8_t) (b ? m->flags & ~FLAG_NO_REPLY : m->flags | FLAG_NO_REPLY);
        return 0;
}

int sd_bus_message_is_method_error(sd_bus_message *m, const char *name) {
        return m->type == SD_BUS_MESSAGE_METHOD_ERROR && (!name || streq(m->error.name, name));
}

int sd_bus_message_is_signal(sd_bus_message *m, const char *interface, const char *member) {
        return m->type == SD_BUS_MESSAGE_SIGNAL && (!interface || streq(m->interface, interface)) &&
               (!member || streq(m->member, member));
}

const sd_bus_error *sd_bus_message_get_error(sd_bus_message *m) {
        return m->type == SD_BUS_MESSAGE_METHOD_ERROR ? &m->error : NULL;
}

const char *sd_bus_message_get_path(sd_bus_message *m) {
        return m->path;
}

const char *sd_bus_message_get_sender(sd_bus_message *m) {
        return m->sender;
}

/* The header is a{yv} that is written and read with the means of a body. */
static int append_field(sd_bus_message *header, uint8_t field, const char *type, const char *text,
                uint32_t number) {
        if (*type == 'u' ? number == 0 : isempty(text))
                return 0;
        return *type == 'u' ? sd_bus_message_append(header, "(yv)", field, type, number)
                            : sd_bus_message_append(header, "(yv)", field, type, text);
}

int message_encode(sd_bus_message *m, uint32_t serial, StrBuf *buffer) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *h = NULL;
        int r;

        if (m->depth > 0)
                return -EBUSY;
        if (m->body.error < 0)
                return m->body.error;
        r = message_new(m->type, &h);
        if (r >= 0)
                r = sd_bus_message_append(h, "yyyyuu", ENDIAN, m->type, m->flags, PROTOCOL_VERSION,
                                (uint32_t) m->body.size, serial);
        if (r >= 0)
                r = sd_bus_message_open_container(h, 'a', "(yv)");
        if (r >= 0)
                r = append_field(h, FIELD_PATH, "o", m->path, 0);
        if (r >= 0)
                r = append_field(h, FIELD_INTERFACE, "s", m->interface, 0);
        if (r >= 0)
                r = append_field(h, FIELD_MEMBER, "s", m->member, 0);
        if (r >= 0)
                r = append_field(h, FIELD_DESTINATION, "s", m->destination, 0);
        if (r >= 0)
                r = append_field(h, FIELD_SIGNATURE, "g", m->frames[0].signature, 0);
        if (r >= 0)
                r = append_field(h, FIELD_UNIX_FDS, "u", NULL, m->n_fds);
        if (r >= 0)
                r = sd_bus_message_close_container(h);
        if (r < 0)
                return r;

        r = strbuf_append(&h->body, "\0\0\0\0\0\0\0", align(h->body.size, 8) - h->body.size);
        if (r >= 0)
                r = strbuf_append(buffer, h->body.data, h->body.size);
        if (r >= 0 && m->body.size > 0)
                r = strbuf_append(buffer, m->body.data, m->body.size);
        if (r >= 0)
                m->serial = serial;
        return r;
}

int message_size(const void *fixed, size_t *ret) {
        const uint8_t *bytes = fixed;
        uint32_t body, fields;
        size_t size;

        if (bytes[0] != ENDIAN || bytes[3] != PROTOCOL_VERSION)
                return -EBADMSG;
        memcpy(&body, bytes + 4, sizeof(body));
        memcpy(&fields, bytes + 12, sizeof(fields));
        if (body > WIRE_MESSAGE_MAX || fields > WIRE_MESSAGE_MAX)
                return -EBADMSG;
        size = align(WIRE_FIXED + (size_t) fields, 8) + body;
        if (size > WIRE_MESSAGE_MAX)
                return -EBADMSG;
        *ret = size;
        return 0;
}

static int set_text(char **field, const char *text) {
        return free_and_strdup(field, text);
}

static int read_field(sd_bus_message *m, sd_bus_message *h) {
        const struct {
                uint8_t field;
                const char *type;
                char **text;
        } texts[] = {
                { FIELD_PATH, "o", &m->path },
                { FIELD_INTERFACE, "s", &m->interface },
                { FIELD_MEMBER, "s", &m->member },
                { FIELD_ERROR_NAME, "s", (char **) &m->error.name },
                { FIELD_DESTINATION, "s", &m->destination },
                { FIELD_SENDER, "s", &m->sender },
                { FIELD_SIGNATURE, "g", &m->frames[0].signature },
        };
        const char *text;
        uint8_t field;
        int r;

        r = sd_bus_message_read(h, "y", &field);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (texts[i].field == field) {
                        r = sd_bus_message_read(h, "v", texts[i].type, &text);
                        return r < 0 ? r : set_text(texts[i].text, text);
                }
        if (field == FIELD_REPLY_SERIAL)
                return sd_bus_message_read(h, "v", "u", &m->reply_serial);
        if (field == FIELD_UNIX_FDS)
                return sd_bus_message_read(h, "v", "u", &m->n_fds);
        return sd_bus_message_skip(h, "v");
}

static int read_header(sd_bus_message *m, const char *data, size_t size, size_t *ret_body) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *h = NULL;
        uint32_t body_size;
        uint8_t unused;
        int r;

        r = message_new(m->type, &h);
        if (r >= 0)
                r = free_and_strdup(&h->frames[0].signature, "yyyyuua(yv)");
        if (r >= 0)
                r = strbuf_append(&h->body, data, size);
        if (r >= 0)
                r = sd_bus_message_read(h, "yyyyuu", &unused, &m->type, &m->flags, &unused,
                                &body_size, &m->serial);
        if (r >= 0)
                r = sd_bus_message_enter_container(h, 'a', "(yv)");
        while (r >= 0 && (r = sd_bus_message_enter_container(h, 'r', "yv")) > 0) {
                r = read_field(m, h);
                if (r >= 0)
                        r = sd_bus_message_exit_container(h);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(h);
        if (r < 0)
                return r;
        *ret_body = size - body_size;
        return 0;
}

static bool is_complete(const sd_bus_message *m) {
        switch (m->type) {
        case SD_BUS_MESSAGE_METHOD_CALL:
                return m->path && m->member;
        case SD_BUS_MESSAGE_METHOD_RETURN:
                return m->reply_serial != 0;
        case SD_BUS_MESSAGE_METHOD_ERROR:
                return m->reply_serial != 0 && m->error.name;
        case SD_BUS_MESSAGE_SIGNAL:
                return m->path && m->interface && m->member;
        default:
                return true; /* later versions may have more */
        }
}

/* An error's first text is what it says to people. */
static int read_error_text(sd_bus_message *m) {
        int r;

        if (m->type != SD_BUS_MESSAGE_METHOD_ERROR || m->frames[0].signature[0] != 's')
                return 0;
        r = sd_bus_message_read(m, "s", &m->error.message);
        m->at = 0;
        m->frames[0].next = 0;
        return r;
}

int message_decode(const void *data, size_t size, const int *fds, size_t n_fds,
                sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        size_t body, told;
        uint32_t n_told;
        int r;

        if (size < WIRE_FIXED || message_size(data, &told) < 0 || told != size)
                return -EBADMSG;
        r = message_new(0, &m);
        if (r >= 0)
                r = read_header(m, data, size, &body);
        if (r < 0)
                return r == -ENOMEM ? r : -EBADMSG;
        n_told = m->n_fds;
        m->n_fds = 0; /* none is ours yet */
        if (!is_complete(m) || n_told != n_fds)
                return -EBADMSG;
        r = strbuf_append(&m->body, (const char *) data + body, size - body);
        if (r >= 0)
                r = read_error_text(m);
        if (r < 0)
                return r == -ENOMEM ? r : -EBADMSG;
        if (n_fds > 0) {
                m->fds = calloc(n_fds, sizeof(*m->fds));
                if (!m->fds)
                        return -ENOMEM;
                memcpy(m->fds, fds, n_fds * sizeof(*fds));
                m->n_fds = (uint32_t) n_fds;
        }
        *ret = TAKE_PTR(m);
        return 0;
}
