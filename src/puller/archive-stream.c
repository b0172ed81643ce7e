/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/archive-stream.c: two of libarchive's readers in a row, the hash between them: the first takes compression off,
 * the second takes the tar apart. Knows no tree.
 */
#include "puller/archive-stream.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "puller/entry-name.h"
#include "puller/gunzip.h"

#define INPUT_BYTES (256U * 1024)
#define TAR_BLOCK 512U

struct ArchiveStream {
        int fd;           /* borrowed */
        const char *name; /* borrowed */
        uint64_t limit;
        ArchiveStreamFn fn;
        void *userdata;

        struct archive *raw; /* owned; input, decompression */
        struct archive *tar; /* owned */
        Hasher *hasher;      /* owned */
        uint8_t *input;      /* owned, INPUT_BYTES */
        Gunzip *gunzip;      /* owned; NULL: the outermost compression is another or none */
        uint8_t *unzipped;   /* owned, INPUT_BYTES, with gunzip */
        uint64_t n_input, n_total, n_unpacked;
        uint64_t n_zeros;    /* how many zero bytes end what was unpacked so far */
        int input_error;     /* negative errno of read() */
        int gunzip_error;    /* negative errno of gunzip_read() */
        bool over_limit, raw_failed, ended;
};

ArchiveStream *archive_stream_free(ArchiveStream *s) {
        if (!s)
                return NULL;
        if (s->tar)
                (void) archive_read_free(s->tar); /* a reader has nothing to lose */
        if (s->raw)
                (void) archive_read_free(s->raw);
        hasher_free(s->hasher);
        gunzip_free(s->gunzip);
        free(s->unzipped);
        free(s->input);
        free(s);
        return NULL;
}

/*
 * Readers that know these formats by themselves: those that would run a program are not asked for. gzip comes here only
 * within another compression.
 */
static int add_formats(ArchiveStream *s) {
        if (archive_read_support_filter_gzip(s->raw) != ARCHIVE_OK ||
            archive_read_support_filter_bzip2(s->raw) != ARCHIVE_OK ||
            archive_read_support_filter_xz(s->raw) != ARCHIVE_OK ||
            archive_read_support_filter_zstd(s->raw) != ARCHIVE_OK ||
            archive_read_support_format_raw(s->raw) != ARCHIVE_OK ||
            archive_read_support_format_tar(s->tar) != ARCHIVE_OK)
                return -EOPNOTSUPP;
        return 0;
}

int archive_stream_new(int fd, const char *name, uint64_t limit, ArchiveStreamFn fn, void *userdata,
                ArchiveStream **ret, Failure *reterr) {
        _cleanup_(archive_stream_freep) ArchiveStream *s = NULL;
        struct stat st;
        int r;

        s = calloc(1, sizeof(*s));
        if (!s)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        s->fd = fd;
        s->name = name;
        s->limit = limit;
        s->fn = fn;
        s->userdata = userdata;

        s->raw = archive_read_new();
        s->tar = archive_read_new();
        s->input = malloc(INPUT_BYTES);
        if (!s->raw || !s->tar || !s->input)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = hasher_new(&s->hasher);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to prepare the hash of '%s'", name);
        r = add_formats(s);
        if (r < 0)
                return fail(reterr, FAILURE_NOT_AVAILABLE, r,
                                "libarchive lacks a format that '%s' may need", name);

        if (fstat(fd, &st) >= 0 && S_ISREG(st.st_mode)) {
                off_t at = lseek(fd, 0, SEEK_CUR);

                s->n_total = at >= 0 && at < st.st_size ? (uint64_t) (st.st_size - at) : 0;
        }
        *ret = TAKE_PTR(s);
        return 0;
}

/* Fills the input buffer. Return: bytes, 0 at the end, or negative errno. */
static ssize_t read_plain(ArchiveStream *s) {
        bool begin = s->n_input == 0;
        ssize_t n;
        int r;

        n = read_full(s->fd, s->input, INPUT_BYTES);
        if (n < 0) {
                s->input_error = (int) n;
                return n;
        }
        s->n_input += (uint64_t) n;
        if (s->fn)
                s->fn(s->n_input, s->n_total, s->userdata);

        if (begin && gunzip_wanted(s->input, (size_t) n)) {
                r = gunzip_new(&s->gunzip);
                if (r >= 0 && !(s->unzipped = malloc(INPUT_BYTES)))
                        r = -ENOMEM;
                if (r < 0) {
                        s->gunzip_error = r;
                        return r;
                }
        }
        return n;
}

/* The same with gzip taken off. @ret: where the bytes are. */
static ssize_t read_unzipped(ArchiveStream *s, const void **ret) {
        ssize_t n;

        if (!s->gunzip) {
                n = read_plain(s);
                if (n < 0 || !s->gunzip) {
                        *ret = s->input;
                        return n;
                }
                gunzip_feed(s->gunzip, s->input, (size_t) n);
        }
        for (;;) {
                size_t size;
                int r;

                r = gunzip_read(s->gunzip, s->unzipped, INPUT_BYTES, &size);
                if (r < 0)
                        return s->gunzip_error = r;
                if (r == 0 || size > 0) {
                        *ret = s->unzipped;
                        return (ssize_t) size;
                }
                n = read_plain(s);
                if (n < 0)
                        return n;
                gunzip_feed(s->gunzip, s->input, (size_t) n);
        }
}

static la_ssize_t read_input(struct archive *a, void *userdata, const void **ret) {
        ssize_t n;

        n = read_unzipped(userdata, ret);
        if (n < 0) {
                archive_set_error(a, (int) -n, "input");
                return -1;
        }
        return n;
}

static uint64_t trailing_zeros(const uint8_t *data, size_t size) {
        size_t n = 0;

        while (n < size && data[size - n - 1] == 0)
                n++;
        return n;
}

/* The next piece after decompression. Return: its size, 0 at the end, or negative errno. */
static ssize_t next_piece(ArchiveStream *s, const void **ret) {
        const void *data = NULL;
        la_int64_t offset;
        size_t size = 0;
        int r;

        while (size == 0) {
                if (s->ended)
                        return 0;
                r = archive_read_data_block(s->raw, &data, &size, &offset);
                if (r == ARCHIVE_EOF) {
                        s->ended = true;
                        size = 0;
                        return 0;
                }
                if (r != ARCHIVE_OK) {
                        s->raw_failed = true;
                        return -EBADMSG;
                }
        }

        if (size > s->limit - s->n_unpacked) {
                s->over_limit = true;
                return -EFBIG;
        }
        s->n_unpacked += size;
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

static la_ssize_t read_piece(struct archive *a, void *userdata, const void **ret) {
        ssize_t n;

        n = next_piece(userdata, ret);
        if (n < 0) {
                archive_set_error(a, EIO, "input");
                return -1;
        }
        return n;
}

/* The library's words, cut short, without what could harm a terminal. */
static const char *library_error(struct archive *a, char buffer[static ENTRY_SHOWN_MAX]) {
        const char *text = archive_error_string(a);

        return entry_show(text ? text : "its end is missing", buffer, ENTRY_SHOWN_MAX);
}

static bool out_of_memory(struct archive *a) {
        return archive_errno(a) == ENOMEM;
}

int archive_stream_fail(ArchiveStream *s, const char *entry, Failure *reterr) {
        char text[ENTRY_SHOWN_MAX];

        if (s->input_error < 0)
                return fail_errno(reterr, s->input_error, "Failed to read '%s'", s->name);
        if (s->over_limit)
                return fail(reterr, FAILURE_LIMIT_REACHED, EFBIG,
                                "'%s' is larger than %ju bytes when unpacked", s->name,
                                (uintmax_t) s->limit);
        if (s->gunzip_error == -ENOMEM || (s->raw_failed && out_of_memory(s->raw)) ||
                        (!s->raw_failed && out_of_memory(s->tar)))
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM,
                                "'%s' needs more memory than it may have", s->name);
        if (s->gunzip_error == -EBADMSG)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG,
                                "'%s' is damaged or cut off: its gzip data does not add up",
                                s->name);
        if (s->raw_failed)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG,
                                "'%s' is damaged or cut off: %s", s->name,
                                library_error(s->raw, text));
        if (entry)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG,
                                "'%s' is damaged at its entry '%s': %s", s->name, entry,
                                library_error(s->tar, text));
        return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG, "'%s' is damaged or cut off: %s",
                        s->name, library_error(s->tar, text));
}

int archive_stream_open(ArchiveStream *s, Failure *reterr) {
        struct archive_entry *entry;
        int r;

        /* The raw format has one entry, which is everything; where there is no byte at all it is none. */
        r = archive_read_open(s->raw, s, NULL, read_input, NULL);
        if (r == ARCHIVE_OK)
                r = archive_read_next_header(s->raw, &entry);
        if (r != ARCHIVE_OK && s->n_input == 0 && s->input_error == 0)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, ENODATA, "'%s' is empty", s->name);
        if (r != ARCHIVE_OK) {
                s->raw_failed = true;
                return archive_stream_fail(s, NULL, reterr);
        }
        if (archive_read_open(s->tar, s, NULL, read_piece, NULL) != ARCHIVE_OK) {
                if (s->input_error < 0 || s->over_limit || s->raw_failed)
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

        do
                n = next_piece(s, &data);
        while (n > 0);
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
