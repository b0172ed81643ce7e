/* SPDX-License-Identifier: Apache-2.0 */
/* puller/gunzip-zlib.c: takes gzip off a stream, with zlib, where there is nothing faster. Knows no archive. */
#include "puller/gunzip.h"
#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#define GZIP_ONLY (15 + 16) /* the largest window, and gzip's header and trailer: inflateInit2() */

struct Gunzip {
        z_stream stream; /* next_in is borrowed */
        bool fed_all;    /* no more input */
        bool between;    /* members: a whole one is behind us */
        bool ended;
};

int gunzip_new(Gunzip **ret) {
        Gunzip *g;

        g = calloc(1, sizeof(*g));
        if (!g)
                return -ENOMEM;
        if (inflateInit2(&g->stream, GZIP_ONLY) != Z_OK) {
                free(g);
                return -ENOMEM;
        }
        *ret = g;
        return 0;
}

Gunzip *gunzip_free(Gunzip *g) {
        if (!g)
                return NULL;
        (void) inflateEnd(&g->stream); /* fails for a stream that was never begun only */
        free(g);
        return NULL;
}

void gunzip_feed(Gunzip *g, const void *data, size_t size) {
        g->stream.next_in = (Bytef *) data; /* const but in name */
        g->stream.avail_in = (uInt) size;
        g->fed_all = size == 0;
}

int gunzip_read(Gunzip *g, void *buffer, size_t size, size_t *ret_size) {
        int r;

        *ret_size = 0;
        g->stream.next_out = buffer;
        g->stream.avail_out = (uInt) size;
        while (!g->ended && g->stream.avail_out == size) {
                if (g->stream.avail_in == 0 && !g->fed_all)
                        return 1;
                if (g->between) {
                        /* A byte tells: another member begins with the first one of gzip's mark. */
                        g->ended = g->stream.avail_in == 0 || *g->stream.next_in != 0x1f;
                        g->between = false;
                        if (!g->ended)
                                (void) inflateReset(&g->stream); /* fails without a state only */
                        continue;
                }

                r = inflate(&g->stream, Z_NO_FLUSH);
                if (r == Z_STREAM_END)
                        g->between = true;
                else if (r == Z_MEM_ERROR)
                        return -ENOMEM;
                else if (r != Z_OK)
                        return -EBADMSG; /* Z_BUF_ERROR too: there is no input left, and there should be */
        }

        *ret_size = size - g->stream.avail_out;
        return g->ended && *ret_size == 0 ? 0 : 1;
}
