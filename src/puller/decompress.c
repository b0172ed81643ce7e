/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/decompress.c: two stages in a row: the first reads the fd and takes gzip or zstd off, if it begins so; the second
 * is libarchive's reader of anything, and is there only where what comes out looks packed. Knows no tar.
 */
#include "puller/decompress.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>
#include <zstd_errors.h>
#include "base/fd.h"
#include "base/str.h"
#include "puller/entry-name.h"
#include "puller/gunzip.h"

#define INPUT_BYTES (256U * 1024)
#define OUTPUT_BYTES (128U * 1024) /* half of what a core has for itself, so that who reads it next finds it near */

struct Decompressor {
        int fd;           /* borrowed */
        const char *name; /* borrowed */
        DecompressorFn fn;
        void *userdata;
        uint64_t n_input, n_total;
        bool begun;
        int error;        /* the first one */

        uint8_t *input;       /* owned, INPUT_BYTES */
        uint8_t *output;      /* owned, OUTPUT_BYTES; with one of the next two */
        Gunzip *gunzip;       /* owned; NULL: another */
        ZSTD_DCtx *zstd;      /* owned; NULL: another */
        ZSTD_inBuffer zstd_in;
        bool in_frame;        /* of zstd: its end is still to come */

        struct archive *library; /* owned; NULL: the first stage was all */
        const void *held;        /* the first stage's first piece, until the library has taken it */
        size_t held_size;
        bool is_held;
};

Decompressor *decompressor_free(Decompressor *d) {
        if (!d)
                return NULL;
        if (d->library)
                (void) archive_read_free(d->library); /* a reader has nothing to lose */
        gunzip_free(d->gunzip);
        ZSTD_freeDCtx(d->zstd);
        free(d->output);
        free(d->input);
        free(d);
        return NULL;
}

int decompressor_new(int fd, const char *name, DecompressorFn fn, void *userdata,
                Decompressor **ret, Failure *reterr) {
        _cleanup_(decompressor_freep) Decompressor *d = NULL;
        struct stat st;

        d = calloc(1, sizeof(*d));
        if (!d)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        d->fd = fd;
        d->name = name;
        d->fn = fn;
        d->userdata = userdata;
        d->input = malloc(INPUT_BYTES);
        if (!d->input)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (fstat(fd, &st) >= 0 && S_ISREG(st.st_mode)) {
                off_t at = lseek(fd, 0, SEEK_CUR);

                d->n_total = at >= 0 && at < st.st_size ? (uint64_t) (st.st_size - at) : 0;
        }
        *ret = TAKE_PTR(d);
        return 0;
}

/* Fills the input buffer. Return: bytes, 0 at the end, or negative errno. */
static ssize_t read_plain(Decompressor *d) {
        ssize_t n;

        n = read_full(d->fd, d->input, INPUT_BYTES);
        if (n < 0)
                return n;
        d->n_input += (uint64_t) n;
        if (d->fn)
                d->fn(d->n_input, d->n_total, d->userdata);
        return n;
}

static ssize_t read_gunzipped(Decompressor *d) {
        for (;;) {
                size_t size;
                ssize_t n;
                int r;

                r = gunzip_read(d->gunzip, d->output, OUTPUT_BYTES, &size);
                if (r < 0)
                        return r;
                if (r == 0 || size > 0)
                        return (ssize_t) size;
                n = read_plain(d);
                if (n < 0)
                        return n;
                gunzip_feed(d->gunzip, d->input, (size_t) n);
        }
}

static int unzstd_error(size_t code) {
        return ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation ? -ENOMEM : -EBADMSG;
}

/* Frames in a row are one stream. */
static ssize_t read_unzstd(Decompressor *d) {
        ZSTD_outBuffer out = { d->output, OUTPUT_BYTES, 0 };

        for (;;) {
                size_t left, taken = d->zstd_in.pos;

                left = ZSTD_decompressStream(d->zstd, &out, &d->zstd_in);
                if (ZSTD_isError(left))
                        return unzstd_error(left);
                if (d->zstd_in.pos > taken || out.pos > 0)
                        d->in_frame = left > 0;
                if (out.pos == OUTPUT_BYTES || (out.pos > 0 && d->zstd_in.pos == d->zstd_in.size))
                        return (ssize_t) out.pos;
                if (d->zstd_in.pos == d->zstd_in.size) {
                        ssize_t n = read_plain(d);

                        if (n < 0)
                                return n;
                        if (n == 0)
                                return d->in_frame ? -EBADMSG : (ssize_t) out.pos;
                        d->zstd_in = (ZSTD_inBuffer) { d->input, (size_t) n, 0 };
                }
        }
}

static ssize_t read_first_stage(Decompressor *d, const void **ret) {
        *ret = d->output;
        if (d->gunzip)
                return read_gunzipped(d);
        if (d->zstd)
                return read_unzstd(d);
        *ret = d->input;
        return read_plain(d);
}

static bool begins_with(const void *data, size_t size, const char *mark, size_t length) {
        return size >= length && memcmp(data, mark, length) == 0;
}
#define BEGINS_WITH(data, size, mark) begins_with(data, size, mark, sizeof(mark) - 1)

#define ZSTD_MARK "\x28\xb5\x2f\xfd"

/* A frame, or one to be skipped, as those that compress in parallel put before it. */
static bool is_zstd(const void *data, size_t size) {
        const uint8_t *bytes = data;

        return BEGINS_WITH(data, size, ZSTD_MARK) ||
               (size >= 4 && (bytes[0] & 0xf0) == 0x50 &&
                               memcmp(bytes + 1, "\x2a\x4d\x18", 3) == 0);
}

static bool looks_packed(const void *data, size_t size) {
        return gunzip_wanted(data, size) || is_zstd(data, size) ||
               BEGINS_WITH(data, size, "\xfd" "7zXZ") || BEGINS_WITH(data, size, "BZh");
}

/* By the first bytes; they go to the stage that wants them. */
static int choose_first_stage(Decompressor *d, size_t size) {
        int r;

        if (!gunzip_wanted(d->input, size) && !is_zstd(d->input, size))
                return 0;
        d->output = malloc(OUTPUT_BYTES);
        if (!d->output)
                return -ENOMEM;
        if (gunzip_wanted(d->input, size)) {
                r = gunzip_new(&d->gunzip);
                if (r >= 0)
                        gunzip_feed(d->gunzip, d->input, size);
                return r;
        }
        d->zstd = ZSTD_createDCtx(); /* its limit of 128 MiB for the window stays */
        if (!d->zstd)
                return -ENOMEM;
        d->zstd_in = (ZSTD_inBuffer) { d->input, size, 0 };
        return 0;
}

static la_ssize_t feed_library(struct archive *a, void *userdata, const void **ret) {
        Decompressor *d = userdata;
        ssize_t n;

        if (d->is_held) {
                d->is_held = false;
                *ret = d->held;
                return (la_ssize_t) d->held_size;
        }
        n = read_first_stage(d, ret);
        if (n < 0) {
                d->error = (int) n;
                archive_set_error(a, (int) -n, "input");
                return -1;
        }
        return n;
}

/*
 * Readers that know these formats by themselves: those that would run a program are not asked for. The raw format has one
 * entry, which is everything.
 */
static int begin_library(Decompressor *d) {
        struct archive_entry *entry;

        d->library = archive_read_new();
        if (!d->library)
                return -ENOMEM;
        if (archive_read_support_filter_gzip(d->library) != ARCHIVE_OK ||
                        archive_read_support_filter_bzip2(d->library) != ARCHIVE_OK ||
                        archive_read_support_filter_xz(d->library) != ARCHIVE_OK ||
                        archive_read_support_filter_zstd(d->library) != ARCHIVE_OK ||
                        archive_read_support_format_raw(d->library) != ARCHIVE_OK)
                return -EOPNOTSUPP;
        if (archive_read_open(d->library, d, NULL, feed_library, NULL) != ARCHIVE_OK ||
                        archive_read_next_header(d->library, &entry) != ARCHIVE_OK)
                return archive_errno(d->library) == ENOMEM ? -ENOMEM : -EBADMSG;
        return 0;
}

static ssize_t read_library(Decompressor *d, const void **ret) {
        la_int64_t offset;
        size_t size = 0;
        int r;

        while (size == 0) {
                r = archive_read_data_block(d->library, ret, &size, &offset);
                if (r == ARCHIVE_EOF)
                        return 0;
                if (r != ARCHIVE_OK)
                        return archive_errno(d->library) == ENOMEM ? -ENOMEM : -EBADMSG;
        }
        return (ssize_t) size;
}

static ssize_t read_begin(Decompressor *d, const void **ret) {
        ssize_t n;
        int r;

        d->begun = true;
        n = read_plain(d);
        if (n < 0)
                return n;
        r = choose_first_stage(d, (size_t) n);
        if (r < 0)
                return r;
        if (d->gunzip || d->zstd)
                n = read_first_stage(d, ret);
        else
                *ret = d->input;
        if (n <= 0 || !looks_packed(*ret, (size_t) n))
                return n;

        d->held = *ret;
        d->held_size = (size_t) n;
        d->is_held = true;
        r = begin_library(d);
        return r < 0 ? r : read_library(d, ret);
}

ssize_t decompressor_read(Decompressor *d, const void **ret) {
        ssize_t n;

        if (d->error < 0)
                return d->error;
        if (!d->begun)
                n = read_begin(d, ret);
        else if (d->library)
                n = read_library(d, ret);
        else
                n = read_first_stage(d, ret);
        if (n < 0 && d->error == 0)
                d->error = (int) n;
        return n < 0 ? d->error : n;
}

uint64_t decompressor_input(const Decompressor *d) {
        return d->n_input;
}

bool decompressor_failed(const Decompressor *d) {
        return d->error < 0;
}

int decompressor_fail(const Decompressor *d, Failure *reterr) {
        const char *text = d->library ? archive_error_string(d->library) : NULL;
        char shown[ENTRY_SHOWN_MAX];

        switch (d->error) {
        case -ENOMEM:
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM,
                                "'%s' needs more memory than it may have", d->name);
        case -EOPNOTSUPP:
                return fail(reterr, FAILURE_NOT_AVAILABLE, EOPNOTSUPP,
                                "libarchive lacks a format that '%s' may need", d->name);
        case -EBADMSG:
                if (d->library)
                        return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG,
                                        "'%s' is damaged or cut off: %s", d->name,
                                        entry_show(text ? text : "its end is missing", shown,
                                                        sizeof(shown)));
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG,
                                "'%s' is damaged or cut off: its %s data does not add up", d->name,
                                d->gunzip ? "gzip" : "zstd");
        }
        return fail_errno(reterr, d->error, "Failed to read '%s'", d->name);
}
