/* SPDX-License-Identifier: Apache-2.0 */
/* cli/bus/append.c: writes a message's body. */
#include <fcntl.h>
#include <string.h>
#include "cli/bus/message.h"

static int pad(sd_bus_message *m, size_t alignment) {
        static const char zeros[8];

        return strbuf_append(&m->body, zeros, align(m->body.size, alignment) - m->body.size);
}

/* The message grows by what is appended to it; in a container the next type is given. */
static int expect(sd_bus_message *m, const char *type, size_t n) {
        Frame *f = frame_now(m);
        char *grown;

        if (f->type != '\0') {
                if (strncmp(f->signature + f->next, type, n) != 0)
                        return -ENXIO;
                f->next = f->type == 'a' ? 0 : f->next + n;
                return 0;
        }
        if (f->next + n > WIRE_SIGNATURE_MAX)
                return -E2BIG;
        grown = realloc(f->signature, f->next + n + 1);
        if (!grown)
                return -ENOMEM;
        memcpy(grown + f->next, type, n);
        f->signature = grown;
        f->next += n;
        grown[f->next] = '\0';
        return 0;
}

static int append_fd(sd_bus_message *m, int fd) {
        uint32_t index = m->n_fds;
        int *grown, copy;

        if (m->n_fds == WIRE_FDS_MAX)
                return -E2BIG;
        copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (copy < 0)
                return -errno;
        grown = reallocarray(m->fds, m->n_fds + 1, sizeof(*grown));
        if (!grown) {
                close_fd(copy);
                return -ENOMEM;
        }
        m->fds = grown;
        m->fds[m->n_fds++] = copy;
        return strbuf_append(&m->body, &index, sizeof(index));
}

static int append_text(sd_bus_message *m, char type, const char *text) {
        size_t n = strlen(text);
        uint32_t size = (uint32_t) n;
        uint8_t small = (uint8_t) n;
        int r;

        if (n > (type == 'g' ? WIRE_SIGNATURE_MAX : WIRE_MESSAGE_MAX))
                return -E2BIG;
        r = type == 'g' ? strbuf_append(&m->body, &small, sizeof(small))
                        : strbuf_append(&m->body, &size, sizeof(size));
        return r < 0 ? r : strbuf_append(&m->body, text, n + 1);
}

static int append_basic(sd_bus_message *m, char type, const void *value) {
        int r;

        r = expect(m, &type, 1);
        if (r >= 0)
                r = pad(m, type_alignment(type));
        if (r < 0)
                return r;
        if (type == 'h')
                return append_fd(m, *(const int *) value);
        if (type_size(type) == 0)
                return append_text(m, type, value);
        return strbuf_append(&m->body, value, type_size(type));
}

int sd_bus_message_open_container(sd_bus_message *m, char type, const char *contents) {
        size_t n = strlen(contents);
        char whole[WIRE_SIGNATURE_MAX + 1];
        uint32_t length = 0;
        int r;

        if (n + 2 >= sizeof(whole) || !types_are_valid(contents))
                return -EINVAL;
        (void) snprintf(whole, sizeof(whole),
                        type == 'a'   ? "a%s"
                        : type == 'r' ? "(%s)"
                        : type == 'e' ? "{%s}"
                                      : "v",
                        contents);
        if (!strchr("arev", type) || (type != 'v' && type_length(whole) != strlen(whole)) ||
                        (type == 'v' && type_length(contents) != n))
                return -EINVAL;

        r = expect(m, whole, strlen(whole));
        if (r >= 0)
                r = pad(m, type_alignment(type));
        if (r >= 0 && type == 'v')
                r = append_text(m, 'g', contents);
        if (r >= 0)
                r = frame_enter(m, type, contents, n);
        if (r < 0 || type != 'a')
                return r;

        frame_now(m)->length = m->body.size;
        r = strbuf_append(&m->body, &length, sizeof(length));
        if (r >= 0)
                r = pad(m, type_alignment(*contents)); /* not counted in the length */
        frame_now(m)->begin = m->body.size;
        return r;
}

int sd_bus_message_close_container(sd_bus_message *m) {
        Frame *f = frame_now(m);
        uint32_t length;

        if (m->depth == 0)
                return -EINVAL;
        if (f->type != 'a' && f->signature[f->next] != '\0')
                return -EINVAL;
        if (f->type == 'a') {
                length = (uint32_t) (m->body.size - f->begin);
                memcpy(m->body.data + f->length, &length, sizeof(length));
        }
        frame_leave(m);
        return 0;
}

static int append_types(sd_bus_message *m, const char *types, size_t size, Arguments *arguments);

static int append_argument(sd_bus_message *m, char type, Arguments *arguments) {
        union {
                uint8_t y;
                uint16_t q;
                uint32_t u;
                uint64_t t;
                double d;
                int h;
        } v;
        const char *text;

        switch (type) {
        case 'y':
                v.y = (uint8_t) va_arg(arguments->list, int);
                break;
        case 'n':
        case 'q':
                v.q = (uint16_t) va_arg(arguments->list, int);
                break;
        case 'b':
                v.u = va_arg(arguments->list, int) != 0;
                break;
        case 'i':
        case 'u':
                v.u = va_arg(arguments->list, uint32_t);
                break;
        case 'h':
                v.h = va_arg(arguments->list, int);
                break;
        case 'd':
                v.d = va_arg(arguments->list, double);
                break;
        case 'x':
        case 't':
                v.t = va_arg(arguments->list, uint64_t);
                break;
        default:
                text = va_arg(arguments->list, const char *);
                return append_basic(m, type, text ?: "");
        }
        return append_basic(m, type, &v);
}

static int append_container(
                sd_bus_message *m, const char *types, size_t size, Arguments *arguments) {
        ContainerArguments c;
        int r;

        r = arguments_open(arguments, types, size, &c);
        if (r >= 0)
                r = sd_bus_message_open_container(m, c.type, c.contents);
        for (unsigned i = 0; r >= 0 && i < c.times; i++)
                r = append_types(m, c.contents, strlen(c.contents), arguments);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_types(sd_bus_message *m, const char *types, size_t size, Arguments *arguments) {
        size_t n;
        int r;

        for (const char *end = types + size; types < end; types += n) {
                n = type_length(types);
                if (n == 0)
                        return -EINVAL;
                r = type_is_basic(*types) ? append_argument(m, *types, arguments)
                                          : append_container(m, types, n, arguments);
                if (r < 0)
                        return r;
        }
        return 0;
}

int sd_bus_message_appendv(sd_bus_message *m, const char *types, va_list ap) {
        Arguments arguments;
        int r;

        va_copy(arguments.list, ap);
        r = append_types(m, types, strlen(types), &arguments);
        va_end(arguments.list);
        return r;
}

int sd_bus_message_append(sd_bus_message *m, const char *types, ...) {
        va_list ap;
        int r;

        va_start(ap, types);
        r = sd_bus_message_appendv(m, types, ap);
        va_end(ap);
        return r;
}

int sd_bus_message_append_strv(sd_bus_message *m, char **l) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "s");
        for (; r >= 0 && l && *l; l++)
                r = append_basic(m, 's', *l);
        return r < 0 ? r : sd_bus_message_close_container(m);
}
