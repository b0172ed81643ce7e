/* SPDX-License-Identifier: Apache-2.0 */
/* cli/bus/read.c: reads a message's body. Nothing in it is believed. */
#include <string.h>
#include "cli/bus/message.h"

static size_t end_of(sd_bus_message *m) {
        for (unsigned i = m->depth; i > 0; i--)
                if (m->frames[i].type == 'a')
                        return m->frames[i].end;
        return m->body.size;
}

/* Where @size bytes with this alignment stand. */
static int take(sd_bus_message *m, size_t alignment, size_t size, const char **ret) {
        size_t begin = align(m->at, alignment), end = end_of(m);

        if (begin > end || size > end - begin)
                return -EBADMSG;
        for (size_t i = m->at; i < begin; i++)
                if (m->body.data[i] != '\0')
                        return -EBADMSG;
        *ret = m->body.data + begin;
        m->at = begin + size;
        return 0;
}

static bool at_end(sd_bus_message *m) {
        const Frame *f = frame_now(m);

        return f->type == 'a' ? m->at >= f->end : f->signature[f->next] == '\0';
}

/* The end of an array is what a loop looks for; anywhere else there should have been more. */
static int at_end_result(sd_bus_message *m) {
        return frame_now(m)->type == 'a' ? 0 : -ENXIO;
}

/* @n characters of the signature have been read. */
static void pass(sd_bus_message *m, size_t n) {
        Frame *f = frame_now(m);

        f->next = f->type == 'a' ? 0 : f->next + n;
}

static int take_text(sd_bus_message *m, char type, const char **ret) {
        const char *data;
        uint32_t size;
        int r;

        r = take(m, type_alignment(type), type == 'g' ? 1 : sizeof(size), &data);
        if (r < 0)
                return r;
        if (type == 'g')
                size = *(const uint8_t *) data;
        else
                memcpy(&size, data, sizeof(size));
        if (size >= WIRE_MESSAGE_MAX)
                return -EBADMSG;
        r = take(m, 1, (size_t) size + 1, &data);
        if (r < 0)
                return r;
        if (data[size] != '\0' || strlen(data) != size || !utf8_is_valid(data))
                return -EBADMSG;
        if (type == 'g' && !types_are_valid(data))
                return -EBADMSG;
        *ret = data;
        return 0;
}

static int take_fixed(sd_bus_message *m, char type, void *ret) {
        uint32_t number;
        const char *data;
        int fd, r;

        r = take(m, type_alignment(type), type_size(type), &data);
        if (r < 0)
                return r;
        if (type != 'b' && type != 'h') {
                if (ret)
                        memcpy(ret, data, type_size(type));
                return 0;
        }
        memcpy(&number, data, sizeof(number));
        if (number >= (type == 'b' ? 2 : m->n_fds))
                return -EBADMSG;
        fd = type == 'b' ? (int) number : m->fds[number];
        if (ret)
                memcpy(ret, &fd, sizeof(fd));
        return 0;
}

int sd_bus_message_read_basic(sd_bus_message *m, char type, void *ret) {
        const char *text;
        size_t at = m->at;
        int r;

        if (!type_is_basic(type))
                return -EINVAL;
        if (at_end(m))
                return at_end_result(m);
        if (frame_now(m)->signature[frame_now(m)->next] != type)
                return -ENXIO;
        if (type_size(type) > 0)
                r = take_fixed(m, type, ret);
        else {
                r = take_text(m, type, &text);
                if (r >= 0 && ret)
                        *(const char **) ret = text;
        }
        if (r < 0) {
                m->at = at;
                return r;
        }
        pass(m, 1);
        return 1;
}

static int enter_array(sd_bus_message *m, const char *contents, size_t n) {
        const char *data;
        uint32_t size;
        int r;

        r = take(m, 4, sizeof(size), &data);
        if (r < 0)
                return r;
        memcpy(&size, data, sizeof(size));
        r = take(m, type_alignment(*contents), 0, &data);
        if (r < 0)
                return r;
        if (size > end_of(m) - m->at)
                return -EBADMSG;
        r = frame_enter(m, 'a', contents, n);
        if (r < 0)
                return r;
        frame_now(m)->begin = m->at;
        frame_now(m)->end = m->at + size;
        return 0;
}

/* @contents NULL: whatever is there */
static int enter(sd_bus_message *m, char type, const char *contents) {
        const Frame *f = frame_now(m);
        const char *here = f->signature + f->next, *within = here + 1, *data;
        size_t n;
        int r = 0;

        n = type_length(here);
        if (n == 0)
                return -EBADMSG;
        if ((type == 'a' && *here != 'a') || (type == 'v' && *here != 'v') ||
                        (type == 'r' && *here != '(') || (type == 'e' && *here != '{'))
                return -ENXIO;
        if (type == 'v') {
                r = take_text(m, 'g', &within);
                if (r >= 0 && type_length(within) != strlen(within))
                        r = -EBADMSG;
        } else if (type != 'a')
                r = take(m, 8, 0, &data);
        if (r < 0)
                return r;

        n = type == 'v' ? strlen(within) : type == 'a' ? n - 1 : n - 2;
        if (contents && (strlen(contents) != n || strncmp(contents, within, n) != 0))
                return -ENXIO;
        return type == 'a' ? enter_array(m, within, n) : frame_enter(m, type, within, n);
}

int sd_bus_message_enter_container(sd_bus_message *m, char type, const char *contents) {
        size_t at = m->at;
        int r;

        if (!strchr("arev", type))
                return -EINVAL;
        if (at_end(m))
                return at_end_result(m);
        r = enter(m, type, contents);
        if (r < 0) {
                m->at = at;
                return r;
        }
        return 1;
}

int sd_bus_message_exit_container(sd_bus_message *m) {
        Frame *f = frame_now(m);
        char type = f->type;
        size_t n;

        if (m->depth == 0)
                return -ENXIO;
        if (!at_end(m))
                return -EBUSY;
        frame_leave(m);
        f = frame_now(m);
        n = type == 'v' ? 1 : type_length(f->signature + f->next);
        pass(m, n);
        return 1;
}

static int skip_one(sd_bus_message *m) {
        const Frame *f = frame_now(m);
        char type = f->signature[f->next];
        int r;

        if (type_is_basic(type))
                return sd_bus_message_read_basic(m, type, NULL);
        r = sd_bus_message_enter_container(
                        m, type == '(' ? 'r' : type == '{' ? 'e' : type, NULL);
        while (r > 0 && !at_end(m))
                r = skip_one(m);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

int sd_bus_message_skip(sd_bus_message *m, const char *types) {
        size_t n;
        int r = 0;

        if (!types)
                return at_end(m) ? 0 : skip_one(m);
        for (; *types; types += n) {
                const Frame *f = frame_now(m);

                n = type_length(types);
                if (n == 0)
                        return -EINVAL;
                if (at_end(m))
                        return r == 0 ? at_end_result(m) : -ENXIO;
                if (strncmp(f->signature + f->next, types, n) != 0)
                        return -ENXIO;
                r = skip_one(m);
                if (r < 0)
                        return r;
        }
        return r;
}

/* A variant's signature is within it, so it is looked at and gone back from. */
int sd_bus_message_peek_type(sd_bus_message *m, char *type, const char **contents) {
        const Frame *f = frame_now(m);
        const char *here = f->signature + f->next, *text = NULL;
        size_t at = m->at;
        int r;

        if (at_end(m)) {
                if (type)
                        *type = '\0';
                if (contents)
                        *contents = NULL;
                return 0;
        }
        if (*here == 'v') {
                r = take_text(m, 'g', &text);
                m->at = at;
                if (r < 0)
                        return r;
        } else if (*here == 'a' || *here == '(' || *here == '{') {
                size_t n = type_length(here);

                if (contents) {
                        free(m->peeked);
                        m->peeked = strndup(here + 1, *here == 'a' ? n - 1 : n - 2);
                        if (!m->peeked)
                                return -ENOMEM;
                        text = m->peeked;
                }
        }
        if (type)
                *type = *here == '(' ? 'r' : *here == '{' ? 'e' : *here;
        if (contents)
                *contents = text;
        return 1;
}

static int read_types(sd_bus_message *m, const char *types, size_t size, Arguments *arguments);

static int read_container(sd_bus_message *m, const char *types, size_t size, Arguments *arguments) {
        ContainerArguments c;
        int r;

        r = arguments_open(arguments, types, size, &c);
        if (r >= 0)
                r = sd_bus_message_enter_container(m, c.type, c.contents);
        if (r <= 0)
                return r;
        for (unsigned i = 0; i < c.times; i++) {
                r = read_types(m, c.contents, strlen(c.contents), arguments);
                if (r <= 0)
                        return r < 0 ? r : -ENXIO;
        }
        return sd_bus_message_exit_container(m);
}

/* Return: 0 where the container is at its end before the first of them. */
static int read_types(sd_bus_message *m, const char *types, size_t size, Arguments *arguments) {
        bool first = true;
        size_t n;
        int r;

        for (const char *end = types + size; types < end; types += n, first = false) {
                n = type_length(types);
                if (n == 0)
                        return -EINVAL;
                r = type_is_basic(*types)
                                    ? sd_bus_message_read_basic(m, *types,
                                                      va_arg(arguments->list, void *))
                                    : read_container(m, types, n, arguments);
                if (r <= 0)
                        return r < 0 || first ? r : -ENXIO;
        }
        return 1;
}

int sd_bus_message_read(sd_bus_message *m, const char *types, ...) {
        Arguments arguments;
        int r;

        va_start(arguments.list, types);
        r = read_types(m, types, strlen(types), &arguments);
        va_end(arguments.list);
        return r;
}

int sd_bus_message_read_strv(sd_bus_message *m, char ***ret) {
        _cleanup_strv_free_ char **list = NULL;
        const char *text;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "s");
        if (r <= 0)
                return r;
        while ((r = sd_bus_message_read_basic(m, 's', &text)) > 0) {
                r = strv_push(&list, text);
                if (r < 0)
                        return r;
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(list);
        return 1;
}
