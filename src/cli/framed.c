/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/framed.c: blocking copies of a whole stream.
 *
 * A log of short lines has a chunk for each. They are gathered: all chunks of a buffer that go to one target are one
 * writev(), and no byte is moved.
 */
#include "cli/framed.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include "base/cleanup.h"
#include "base/fd.h"

enum {
        BUFFER_SIZE = 1024 * 1024,
        HEADER_SIZE = 8,
        GATHER_MAX = 512, /* chunks in one writev(); the kernel takes 1024 */
};

typedef struct Framed {
        int target[2];
        uint8_t header[HEADER_SIZE];
        size_t n_header; /* bytes of it that came; HEADER_SIZE: inside a chunk */
        uint32_t left;   /* bytes of the chunk to come */
        struct iovec gathered[GATHER_MAX];
        int n_gathered;
        int to;          /* index of the target of all that is gathered */
} Framed;

static int writev_full(int fd, struct iovec *v, int n) {
        ssize_t done;

        while (n > 0) {
                done = writev(fd, v, n);
                if (done < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                for (; n > 0 && (size_t) done >= v->iov_len; v++, n--)
                        done -= (ssize_t) v->iov_len;
                if (n > 0) {
                        v->iov_base = (char *) v->iov_base + done;
                        v->iov_len -= (size_t) done;
                }
        }
        return 0;
}

static int flush(Framed *f) {
        int r;

        r = writev_full(f->target[f->to], f->gathered, f->n_gathered);
        f->n_gathered = 0;
        return r;
}

static int gather(Framed *f, uint8_t *data, size_t size) {
        int to = f->header[0] - 1, r;

        if (size == 0)
                return 0;
        if (f->n_gathered > 0 && (to != f->to || f->n_gathered == GATHER_MAX)) {
                r = flush(f);
                if (r < 0)
                        return r;
        }
        f->to = to;
        f->gathered[f->n_gathered++] = (struct iovec) { .iov_base = data, .iov_len = size };
        return 0;
}

static int check_header(Framed *f) {
        const uint8_t *h = f->header;

        if ((h[0] != 1 && h[0] != 2) || h[1] || h[2] || h[3])
                return -EBADMSG;
        f->left = (uint32_t) h[4] << 24 | (uint32_t) h[5] << 16 | (uint32_t) h[6] << 8 | h[7];
        return 0;
}

/* One buffer as it was read; what it begins or ends in the middle of is kept in @f. */
static int feed(Framed *f, uint8_t *data, size_t size) {
        size_t n;
        int r;

        while (size > 0) {
                if (f->n_header < HEADER_SIZE) {
                        n = size < HEADER_SIZE - f->n_header ? size : HEADER_SIZE - f->n_header;
                        memcpy(f->header + f->n_header, data, n);
                        f->n_header += n;
                        r = f->n_header == HEADER_SIZE ? check_header(f) : 0;
                } else {
                        n = size < f->left ? size : f->left;
                        r = gather(f, data, n);
                        f->left -= (uint32_t) n;
                }
                if (r < 0)
                        return r;
                if (f->n_header == HEADER_SIZE && f->left == 0)
                        f->n_header = 0;
                data += n;
                size -= n;
        }
        return flush(f);
}

int framed_copy(int from, int out, int err) {
        _cleanup_free_ uint8_t *buffer = NULL;
        Framed f = { .target = { out, err } };
        ssize_t n;
        int r;

        buffer = malloc(BUFFER_SIZE);
        if (!buffer)
                return -ENOMEM;
        (void) fcntl(from, F_SETPIPE_SZ, BUFFER_SIZE); /* a smaller pipe is only slower */

        for (;;) {
                n = read(from, buffer, BUFFER_SIZE);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return f.n_header > 0 ? -EBADMSG : 0;
                r = feed(&f, buffer, (size_t) n);
                if (r < 0)
                        return r;
        }
}

static int copy_by_buffer(int from, int to) {
        _cleanup_free_ uint8_t *buffer = NULL;
        ssize_t n;
        int r;

        buffer = malloc(BUFFER_SIZE);
        if (!buffer)
                return -ENOMEM;
        for (;;) {
                n = read(from, buffer, BUFFER_SIZE);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : 0;
                r = write_full(to, buffer, (size_t) n);
                if (r < 0)
                        return r;
        }
}

int plain_copy(int from, int to) {
        ssize_t n;

        (void) fcntl(from, F_SETPIPE_SZ, BUFFER_SIZE); /* a smaller pipe is only slower */
        for (;;) {
                n = splice(from, NULL, to, NULL, BUFFER_SIZE, SPLICE_F_MOVE);
                if (n == 0)
                        return 0;
                if (n < 0 && errno == EINVAL)
                        return copy_by_buffer(from, to); /* a terminal, or a file opened for appending */
                if (n < 0 && errno != EINTR)
                        return -errno;
        }
}
