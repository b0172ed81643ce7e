/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/bus/message.h: the part of sd-bus that the command uses, on the C library alone. Every start of the command pays for
 * what it is linked with, and libsystemd of Debian 12 brings libgcrypt, liblzma, libzstd, liblz4 and libcap along: 0.9 ms
 * of a start that takes 8. The functions are libsystemd's by name and by its manual pages, declared by its
 * header, so the verbs read like any client of sd-bus, and linking libsystemd instead is a line in a meson.build; what no
 * verb calls is not here. The daemon uses the real one.
 *
 * This header is for the files of this folder: a message from within, and its types.
 * Source: D-Bus Specification 0.41; sd_bus_message_append(3), sd_bus_message_read(3)
 */
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include "base/cleanup.h"
#include "base/list.h"
#include "base/str.h"

#define WIRE_DEPTH_MAX 32U                      /* containers in one another: arrays, and all others */
#define WIRE_MESSAGE_MAX (128U * 1024U * 1024U) /* the specification's */
#define WIRE_SIGNATURE_MAX 255U
#define WIRE_FDS_MAX 253U /* what the kernel passes at once */
#define WIRE_FIXED 16U    /* bytes of a message before its header's fields */

/* Where one stands: the message itself, or a container that was opened or entered. */
typedef struct Frame {
        char type;       /* 0: the message; 'a', 'v', 'r', 'e' */
        char *signature; /* owned; of what is within */
        size_t next;     /* in the signature: what comes next */
        size_t begin;    /* array: of its contents, in the body */
        size_t end;      /* array that is read: behind them */
        size_t length;   /* array that is written: where its length goes, in the body */
} Frame;

struct sd_bus_message {
        unsigned n_ref;
        sd_bus *bus; /* borrowed; NULL: one that was received */
        List list;   /* in a queue of the connection */
        uint8_t type, flags;
        uint32_t serial, reply_serial;
        char *path, *interface, *member, *destination, *sender; /* owned */
        sd_bus_error error; /* owned: of an error; the name here, the message in the body */
        StrBuf body;
        size_t at; /* of the body: what is read next */
        int *fds;  /* owned, each of them */
        uint32_t n_fds;
        Frame frames[WIRE_DEPTH_MAX + 1];
        unsigned depth; /* of the frame we are in */
        char *peeked;   /* owned: what sd_bus_message_peek_type() has told last */
};

/** message_new() - one without a header. @ret: one reference. Return: 0 or -ENOMEM. */
int message_new(uint8_t type, sd_bus_message **ret);

/** message_new_error() - what stands for a reply that will not come. @text: borrowed for ever. */
int message_new_error(
                uint32_t reply_serial, const char *name, const char *text, sd_bus_message **ret);

/** message_encode() - the wire form, with the serial @serial. Return: 0, -ENOMEM, -E2BIG, -EBUSY (a container is open). */
int message_encode(sd_bus_message *m, uint32_t serial, StrBuf *buffer);

/** message_size() - of a message that begins with these WIRE_FIXED bytes. Return: 0, or -EBADMSG: none of ours, or over its bound. */
int message_size(const void *fixed, size_t *ret);

/**
 * message_decode() - read one message
 * @data: all of it; copied
 * @fds:  that came with it; the message's on success, the caller's on failure
 *
 * Return: 0, -ENOMEM, or -EBADMSG.
 */
int message_decode(const void *data, size_t size, const int *fds, size_t n_fds,
                sd_bus_message **ret);

/* signature.c */

/** type_length() - of the complete type at @types, which ends at its NUL. Return: 0: none there. */
size_t type_length(const char *types);

/** types_are_valid() - nothing but complete types. */
bool types_are_valid(const char *types);
bool type_is_basic(char type);
size_t type_alignment(char type);

/** type_size() - of a basic type of fixed size; 0: it has none. */
size_t type_size(char type);

/** frame_enter() - one deeper: @contents, @n characters. Return: 0, -ENOMEM, -EXFULL (too deep). */
int frame_enter(sd_bus_message *m, char type, const char *contents, size_t n);
void frame_leave(sd_bus_message *m);
static inline Frame *frame_now(sd_bus_message *m) {
        return m->frames + m->depth;
}

/** align() - the next multiple of @alignment, a power of two. */
static inline size_t align(size_t offset, size_t alignment) {
        return (offset + alignment - 1) & ~(alignment - 1);
}

/* A caller's arguments, where functions that call each other share them. */
typedef struct Arguments {
        va_list list;
} Arguments;

typedef struct ContainerArguments {
        char type;                             /* as in Frame */
        char contents[WIRE_SIGNATURE_MAX + 1]; /* a variant's come as an argument */
        unsigned times;                        /* an array's too: how often they follow */
} ContainerArguments;

/** arguments_open() - what the arguments say of the container at @types, of @size characters. Return: 0 or -EINVAL. */
int arguments_open(
                Arguments *arguments, const char *types, size_t size, ContainerArguments *ret);
