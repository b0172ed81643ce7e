/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/gunzip-isal.c: takes gzip off a stream, with ISA-L: less than half of the time zlib needs for an image's layers.
 * Knows no archive. gunzip-zlib.c is the same where that library is not.
 */
#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include "puller/gunzip.h"

struct Gunzip {
        struct inflate_state state; /* next_in is borrowed */
        bool fed_all;               /* no more input */
        bool between;               /* members: a whole one is behind us */
        bool ended;
};

static void begin_member(Gunzip *g) {
        isal_inflate_reset(&g->state);
        g->state.crc_flag = ISAL_GZIP; /* header and trailer are read and held */
}

int gunzip_new(Gunzip **ret) {
        Gunzip *g;

        g = calloc(1, sizeof(*g));
        if (!g)
                return -ENOMEM;
        isal_inflate_init(&g->state);
        begin_member(g);
        *ret = g;
        return 0;
}

Gunzip *gunzip_free(Gunzip *g) {
        free(g);
        return NULL;
}

void gunzip_feed(Gunzip *g, const void *data, size_t size) {
        g->state.next_in = (uint8_t *) data; /* const but in name */
        g->state.avail_in = (uint32_t) size;
        g->fed_all = size == 0;
}

int gunzip_read(Gunzip *g, void *buffer, size_t size, size_t *ret_size) {
        *ret_size = 0;
        g->state.next_out = buffer;
        g->state.avail_out = (uint32_t) size;
        while (!g->ended && g->state.avail_out == size) {
                if (g->state.avail_in == 0 && !g->fed_all)
                        return 1;
                if (g->between) {
                        /* A byte tells: another member begins with the first one of gzip's mark. */
                        g->ended = g->state.avail_in == 0 || *g->state.next_in != 0x1f;
                        g->between = false;
                        if (!g->ended)
                                begin_member(g);
                        continue;
                }

                if (isal_inflate(&g->state) != ISAL_DECOMP_OK)
                        return -EBADMSG;
                if (g->state.block_state == ISAL_BLOCK_FINISH)
                        g->between = true;
                else if (g->fed_all && g->state.avail_out == size)
                        return -EBADMSG; /* there is no input left, and there should be */
        }

        *ret_size = size - g->state.avail_out;
        return g->ended && *ret_size == 0 ? 0 : 1;
}
