/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/archive-stream.c: what comes off the compression is hashed, written down where that is wanted, and taken apart by
 * libarchive. Knows no tree.
 */
#include "puller/archive-stream.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "puller/entry-name.h"

#define TAR_BLOCK 512U

struct ArchiveStream {
        const char *name; /* borrowed */
        ArchiveLimits limits;

        Decompressor *input; /* owned */
        struct archive *tar; /* owned */
        Hasher *hasher;      /* owned */
        uint64_t n_unpacked;
        uint64_t n_zeros;    /* how many zero bytes end what was unpacked so far */
        bool over_limit, over_ratio;
        bool tar_ended;      /* its reader takes nothing more */
        bool padded;         /* it was given what fills the last block */

        /* What is written down of it: all before n_settled, and content up to n_content. Offsets in the tar. */
        TarSplitWriter *split; /* borrowed; NULL: nothing */
        uint64_t n_settled, n_content;
        StrBuf pending;        /* before the piece at hand, and not settled yet */
        const uint8_t *piece;  /* borrowed, ends at n_unpacked */
        size_t piece_size;
        int split_error;       /* negative errno */
};

ArchiveStream *archive_stream_free(ArchiveStream *s) {
        if (!s)
                return NULL;
        if (s->tar)
                (void) archive_read_free(s->tar); /* a reader has nothing to lose */
        decompressor_free(s->input);
        hasher_free(s->hasher);
        strbuf_done(&s->pending);
        free(s);
        return NULL;
}

int archive_stream_new(int fd, const char *name, const ArchiveLimits *limits, DecompressorFn fn,
                void *userdata, ArchiveStream **ret, Failure *reterr) {
        _cleanup_(archive_stream_freep) ArchiveStream *s = NULL;
        int r;

        s = calloc(1, sizeof(*s));
        if (!s)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        s->name = name;
        s->limits = *limits;
        s->tar = archive_read_new();
        if (!s->tar)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = hasher_new(&s->hasher);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to prepare the hash of '%s'", name);
        if (archive_read_support_format_tar(s->tar) != ARCHIVE_OK)
                return fail(reterr, FAILURE_NOT_AVAILABLE, EOPNOTSUPP,
                                "libarchive lacks the format that '%s' needs", name);
        r = decompressor_new(fd, name, fn, userdata, &s->input, reterr);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(s);
        return 0;
}

static uint64_t trailing_zeros(const uint8_t *data, size_t size) {
        size_t n = 0;

        while (n < size && data[size - n - 1] == 0)
                n++;
        return n;
}

/* How much of the tar its reader has taken. */
static uint64_t position(const ArchiveStream *s) {
        la_int64_t n = archive_filter_bytes(s->tar, 0);

        return n > 0 ? (uint64_t) n : 0;
}

/* Writes down as bytes what is before @end and not settled. */
static int settle(ArchiveStream *s, uint64_t end) {
        uint64_t piece_begin = s->n_unpacked - s->piece_size;
        size_t n;
        int r;

        if (s->n_settled < s->n_content)
                s->n_settled = MIN2(s->n_content, s->n_unpacked);
        if (s->n_settled < piece_begin && end > s->n_settled) {
                uint64_t pending_begin = piece_begin - s->pending.size;

                n = (size_t) (MIN2(end, piece_begin) - s->n_settled);
                r = tar_split_raw(s->split, s->pending.data + (s->n_settled - pending_begin), n);
                if (r < 0)
                        return s->split_error = r;
                s->n_settled += n;
        }
        if (end > s->n_settled) {
                n = (size_t) (end - s->n_settled);
                r = tar_split_raw(s->split, s->piece + (s->n_settled - piece_begin), n);
                if (r < 0)
                        return s->split_error = r;
                s->n_settled = end;
        }
        return 0;
}

/* The piece at hand goes: what the tar's reader has not taken yet may still turn out to be content, and is kept. */
static int settle_piece(ArchiveStream *s) {
        uint64_t piece_begin = s->n_unpacked - s->piece_size;
        size_t n;
        int r;

        if (!s->split)
                return 0;
        r = settle(s, s->tar_ended ? s->n_unpacked : MIN2(position(s), s->n_unpacked));
        if (r < 0)
                return r;
        if (s->n_settled >= piece_begin)
                s->pending.size = 0;
        n = (size_t) (s->n_unpacked - MAX2(s->n_settled, piece_begin));
        if (n > 0 && strbuf_append(&s->pending, s->piece + s->piece_size - n, n) < 0)
                return s->split_error = -ENOMEM;
        s->piece_size = 0;
        return 0;
}

void archive_stream_split(ArchiveStream *s, TarSplitWriter *writer) {
        s->split = writer;
}

int archive_stream_content(ArchiveStream *s, const char *path, uint64_t size) {
        uint64_t begin = position(s);
        int r;

        if (!s->split)
                s->n_content = begin + size;
        if (!s->split || size == 0)
                return 0;
        r = settle(s, begin);
        if (r >= 0)
                r = tar_split_file(s->split, path, size);
        if (r < 0)
                return s->split_error = r;
        s->n_content = begin + size;
        return 0;
}

/* The next piece after decompression. Return: its size, 0 at the end, or negative errno. */
static ssize_t next_piece(ArchiveStream *s, const void **ret) {
        const void *data;
        size_t size;
        ssize_t n;
        int r;

        r = settle_piece(s);
        if (r < 0)
                return r;
        n = decompressor_read(s->input, &data);
        if (n <= 0)
                return n;

        size = (size_t) n;
        if (size > s->limits.bytes - s->n_unpacked) {
                s->over_limit = true;
                return -EFBIG;
        }
        if (s->limits.ratio > 0 && s->n_unpacked + size > s->limits.free_bytes &&
                        (s->n_unpacked + size) / s->limits.ratio > decompressor_input(s->input)) {
                s->over_ratio = true;
                return -EFBIG;
        }
        s->n_unpacked += size;
        s->piece = data;
        s->piece_size = size;
        r = hasher_add(s->hasher, data, size);
        if (r < 0)
                return r;
        if (((const uint8_t *) data)[size - 1] != 0)
                s->n_zeros = 0;
        else {
                uint64_t zeros = trailing_zeros(data, size);

                s->n_zeros = zeros == size ? s->n_zeros + zeros : zeros;
        }
        *ret = data;
        return (ssize_t) size;
}

/*
 * Some writers (umoci insert) leave out what fills the block after the last content, together with the tar's end; others'
 * readers do not mind. It is given to the library, not to the hash, and only where all of the content is there.
 */
static ssize_t pad(ArchiveStream *s, const void **ret) {
        static const uint8_t zeros[TAR_BLOCK];
        size_t n = (size_t) (s->n_unpacked % TAR_BLOCK);

        if (n == 0 || s->padded || s->n_unpacked < s->n_content)
                return 0;
        s->padded = true;
        *ret = zeros;
        return (ssize_t) (TAR_BLOCK - n);
}

static la_ssize_t read_piece(struct archive *a, void *userdata, const void **ret) {
        ssize_t n;

        n = next_piece(userdata, ret);
        if (n < 0) {
                archive_set_error(a, EIO, "input");
                return -1;
        }
        return n > 0 ? n : pad(userdata, ret);
}

/* The library's words, cut short, without what could harm a terminal. */
static const char *library_error(struct archive *a, char buffer[static ENTRY_SHOWN_MAX]) {
        const char *text = archive_error_string(a);

        return entry_show(text ? text : "its end is missing", buffer, ENTRY_SHOWN_MAX);
}

int archive_stream_fail(ArchiveStream *s, const char *entry, Failure *reterr) {
        char text[ENTRY_SHOWN_MAX];

        if (decompressor_failed(s->input))
                return decompressor_fail(s->input, reterr);
        if (s->split_error < 0)
                return fail_errno(reterr, s->split_error,
                                "Failed to store what makes the archive '%s' again", s->name);
        if (s->over_limit)
                return fail(reterr, FAILURE_LIMIT_REACHED, EFBIG,
                                "'%s' is larger than %ju bytes when unpacked", s->name,
                                (uintmax_t) s->limits.bytes);
        if (s->over_ratio)
                return fail(reterr, FAILURE_LIMIT_REACHED, EFBIG,
                                "'%s' is more than %ju times as large when unpacked", s->name,
                                (uintmax_t) s->limits.ratio);
        if (archive_errno(s->tar) == ENOMEM)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM,
                                "'%s' needs more memory than it may have", s->name);
        if (entry)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG,
                                "'%s' is damaged at its entry '%s': %s", s->name, entry,
                                library_error(s->tar, text));
        return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG, "'%s' is damaged or cut off: %s",
                        s->name, library_error(s->tar, text));
}

int archive_stream_open(ArchiveStream *s, Failure *reterr) {
        int r;

        r = archive_read_open(s->tar, s, NULL, read_piece, NULL);
        if (decompressor_input(s->input) == 0 && !decompressor_failed(s->input))
                return fail(reterr, FAILURE_INVALID_ARCHIVE, ENODATA, "'%s' is empty", s->name);
        if (r != ARCHIVE_OK) {
                if (decompressor_failed(s->input) || s->over_limit || s->over_ratio ||
                                s->split_error < 0)
                        return archive_stream_fail(s, NULL, reterr);
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG, "'%s' is not a tar archive",
                                s->name);
        }
        return 0;
}

struct archive *archive_stream_tar(ArchiveStream *s) {
        return s->tar;
}

int archive_stream_finish(ArchiveStream *s, bool require_end, Digest *ret, Failure *reterr) {
        const void *data;
        ssize_t n;
        int r;

        s->tar_ended = true;
        do
                n = next_piece(s, &data);
        while (n > 0);
        if (n >= 0 && s->split)
                n = settle(s, s->n_unpacked);
        if (n < 0)
                return archive_stream_fail(s, NULL, reterr);
        if (require_end && s->n_zeros < TAR_BLOCK)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG,
                                "'%s' is cut off: the end of the tar is missing", s->name);

        r = hasher_finish(s->hasher, ret);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to hash '%s'", s->name);
        return 0;
}
