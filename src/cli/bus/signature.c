/* SPDX-License-Identifier: Apache-2.0 */
/* cli/bus/signature.c: D-Bus types, and where one stands among them. */
#include <stdio.h>
#include <string.h>
#include "cli/bus/message.h"

bool type_is_basic(char type) {
        return type != '\0' && strchr("ybnqiuxtdsogh", type);
}

size_t type_size(char type) {
        switch (type) {
        case 'y':
                return 1;
        case 'n':
        case 'q':
                return 2;
        case 'b':
        case 'i':
        case 'u':
        case 'h':
                return 4;
        case 'x':
        case 't':
        case 'd':
                return 8;
        default:
                return 0;
        }
}

size_t type_alignment(char type) {
        switch (type) {
        case 's':
        case 'o':
        case 'a':
                return 4;
        case 'g':
        case 'v':
                return 1;
        case '(':
        case '{':
        case 'r':
        case 'e':
                return 8;
        default:
                return type_size(type);
        }
}

static size_t length_within(const char *types, unsigned arrays, unsigned structures) {
        char close = *types == '(' ? ')' : '}';
        unsigned members = 0;
        size_t n, at = 1;

        if (type_is_basic(*types) || *types == 'v')
                return 1;
        if (*types == 'a' && arrays < WIRE_DEPTH_MAX) {
                n = length_within(types + 1, arrays + 1, structures);
                return n > 0 ? n + 1 : 0;
        }
        if ((*types != '(' && *types != '{') || structures == WIRE_DEPTH_MAX)
                return 0;
        if (*types == '{' && !type_is_basic(types[1]))
                return 0;

        for (; types[at] != close; members++) {
                n = length_within(types + at, arrays, structures + 1);
                if (n == 0)
                        return 0;
                at += n;
        }
        return (*types == '{' ? members == 2 : members > 0) ? at + 1 : 0;
}

size_t type_length(const char *types) {
        return length_within(types, 0, 0);
}

bool types_are_valid(const char *types) {
        size_t n;

        if (strnlen(types, WIRE_SIGNATURE_MAX + 1) > WIRE_SIGNATURE_MAX)
                return false;
        for (; *types; types += n) {
                n = type_length(types);
                if (n == 0)
                        return false;
        }
        return true;
}

int frame_enter(sd_bus_message *m, char type, const char *contents, size_t n) {
        Frame *f;

        if (m->depth == WIRE_DEPTH_MAX)
                return -EXFULL;
        f = m->frames + m->depth + 1;
        *f = (Frame) { .type = type, .signature = strndup(contents, n) };
        if (!f->signature)
                return -ENOMEM;
        m->depth++;
        return 0;
}

void frame_leave(sd_bus_message *m) {
        Frame *f = frame_now(m);

        free(f->signature);
        *f = (Frame) {};
        m->depth--;
}

int arguments_open(
                Arguments *arguments, const char *types, size_t size, ContainerArguments *ret) {
        const char *contents = types + 1;
        size_t n = *types == 'a' ? size - 1 : size - 2;

        *ret = (ContainerArguments) { .type = *types, .times = 1 };
        if (*types == 'v') {
                contents = va_arg(arguments->list, const char *);
                n = strlen(contents);
        } else if (*types == 'a')
                ret->times = va_arg(arguments->list, unsigned);
        else
                ret->type = *types == '(' ? 'r' : 'e';
        if (n >= sizeof(ret->contents))
                return -EINVAL;
        memcpy(ret->contents, contents, n);
        return 0;
}
