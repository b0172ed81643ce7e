/* SPDX-License-Identifier: Apache-2.0 */
/* puller/tar-split-reader.c: makes a layer's tar again. Knows the form of `split` from tar-split.h and believes none of it. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>
#include "base/fd.h"
#include "base/str.h"
#include "model/limits.h"
#include "puller/entry-name.h"
#include "puller/tar-split.h"

#define WINDOW_LOG_MAX 20
#define INPUT_BYTES (64U * 1024)
#define GONE_PATH_MAX (sizeof("4294967295/") + ARCHIVE_PATH_MAX)

typedef struct Moved {
        uint64_t before; /* FILEs counted so far when it was moved */
        size_t length;   /* of path */
        char *path;      /* owned */
} Moved;

typedef struct Record {
        uint8_t type;
        uint64_t length; /* RAW, FILE; of MOVED the number */
        char path[ARCHIVE_PATH_MAX];
} Record;

struct TarSplitReader {
        const char *name; /* borrowed */
        int split_fd, root_fd, gone_fd; /* owned; gone_fd only where something was moved */
        ZSTD_DCtx *frame; /* owned */
        uint8_t *input;   /* owned, INPUT_BYTES */
        ZSTD_inBuffer in;
        bool frame_ended;

        uint64_t tar_bytes, n_given, n_files;
        Moved *moved;     /* owned, in their order */
        size_t n_moved, n_moved_allocated;

        Record record;    /* the present one */
        uint64_t left;    /* of it */
        int file_fd;      /* owned; of a FILE */
        bool ended;
};

TarSplitReader *tar_split_reader_free(TarSplitReader *r) {
        if (!r)
                return NULL;
        for (size_t i = 0; i < r->n_moved; i++)
                free(r->moved[i].path);
        free(r->moved);
        ZSTD_freeDCtx(r->frame);
        close_fd(r->split_fd);
        close_fd(r->root_fd);
        close_fd(r->gone_fd);
        close_fd(r->file_fd);
        free(r->input);
        free(r);
        return NULL;
}

static int damaged(const TarSplitReader *r, Failure *reterr) {
        return fail(reterr, FAILURE_INTERNAL, EBADMSG,
                        "What is stored of the layer '%s' to make its archive again is damaged",
                        r->name);
}

/* Exactly @size bytes of the frame. */
static int take(TarSplitReader *r, void *buffer, size_t size, Failure *reterr) {
        ZSTD_outBuffer out = { buffer, size, 0 };

        while (out.pos < size) {
                size_t left;

                if (r->frame_ended)
                        return damaged(r, reterr);
                if (r->in.pos == r->in.size) {
                        ssize_t n = read_full(r->split_fd, r->input, INPUT_BYTES);

                        if (n < 0)
                                return fail_errno(reterr, (int) n,
                                                "Failed to read what is stored of the layer '%s'",
                                                r->name);
                        r->in = (ZSTD_inBuffer) { r->input, (size_t) n, 0 };
                        if (n == 0) {
                                /* what the library still holds may be all that is missing */
                                size_t before = out.pos;

                                left = ZSTD_decompressStream(r->frame, &out, &r->in);
                                if (ZSTD_isError(left) || out.pos == before)
                                        return damaged(r, reterr);
                                r->frame_ended = left == 0;
                                continue;
                        }
                }
                left = ZSTD_decompressStream(r->frame, &out, &r->in);
                if (ZSTD_isError(left))
                        return damaged(r, reterr);
                r->frame_ended = left == 0;
        }
        return 0;
}

/* After END: the frame's checksum is right, and nothing follows. */
static int take_end(TarSplitReader *r, Failure *reterr) {
        uint8_t byte;
        ZSTD_outBuffer out = { &byte, 1, 0 };

        while (!r->frame_ended) {
                size_t left;

                if (r->in.pos == r->in.size) {
                        ssize_t n = read_full(r->split_fd, r->input, INPUT_BYTES);

                        if (n <= 0)
                                return damaged(r, reterr);
                        r->in = (ZSTD_inBuffer) { r->input, (size_t) n, 0 };
                }
                left = ZSTD_decompressStream(r->frame, &out, &r->in);
                if (ZSTD_isError(left) || out.pos > 0)
                        return damaged(r, reterr);
                r->frame_ended = left == 0;
        }
        if (r->in.pos < r->in.size || read_full(r->split_fd, &byte, 1) != 0)
                return damaged(r, reterr);
        return 0;
}

static uint64_t number_at(const uint8_t *bytes, size_t size) {
        uint64_t value = 0;

        memcpy(&value, bytes, size);
        return le64toh(value);
}

static bool path_is_plain(const char *path, size_t length) {
        char plain[ARCHIVE_PATH_MAX];

        return length > 0 && strlen(path) == length && entry_path_normalize(path, plain) >= 0 &&
               streq(path, plain);
}

static int take_path(TarSplitReader *r, Failure *reterr) {
        uint8_t size[2];
        size_t length;
        int e;

        e = take(r, size, sizeof(size), reterr);
        if (e < 0)
                return e;
        length = (size_t) number_at(size, sizeof(size));
        if (length >= sizeof(r->record.path))
                return damaged(r, reterr);
        e = take(r, r->record.path, length, reterr);
        if (e < 0)
                return e;
        r->record.path[length] = '\0';
        return path_is_plain(r->record.path, length) ? 0 : damaged(r, reterr);
}

/* The next record into r->record, the bytes of RAW excepted. */
static int take_record(TarSplitReader *r, Failure *reterr) {
        static const uint8_t number_sizes[] = {
                [TAR_SPLIT_RAW] = 4,
                [TAR_SPLIT_FILE] = 8,
                [TAR_SPLIT_MOVED] = 4,
                [TAR_SPLIT_END] = 0,
        };
        uint8_t number[8];
        int e;

        e = take(r, &r->record.type, 1, reterr);
        if (e < 0)
                return e;
        if (r->record.type == 0 || r->record.type >= ELEMENTSOF(number_sizes))
                return damaged(r, reterr);
        e = take(r, number, number_sizes[r->record.type], reterr);
        if (e < 0)
                return e;
        r->record.length = number_at(number, number_sizes[r->record.type]);

        switch (r->record.type) {
        case TAR_SPLIT_RAW:
                if (r->record.length > TAR_SPLIT_RAW_MAX)
                        return damaged(r, reterr);
                return r->record.length > 0 ? 0 : damaged(r, reterr);
        case TAR_SPLIT_FILE:
                r->n_files++;
                if (r->record.length == 0 || r->record.length > INT64_MAX)
                        return damaged(r, reterr);
                return take_path(r, reterr);
        case TAR_SPLIT_MOVED:
                return take_path(r, reterr);
        }
        return take_end(r, reterr);
}

static int remember_moved(TarSplitReader *r, uint32_t limit, Failure *reterr) {
        Moved *moved;

        if (r->n_moved >= limit || r->record.length != r->n_moved)
                return damaged(r, reterr);
        if (r->n_moved == r->n_moved_allocated) {
                size_t n = r->n_moved_allocated ? r->n_moved_allocated * 2 : 16;

                moved = reallocarray(r->moved, n, sizeof(*moved));
                if (!moved)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
                r->moved = moved;
                r->n_moved_allocated = n;
        }
        moved = &r->moved[r->n_moved];
        *moved = (Moved) { r->n_files, strlen(r->record.path), strdup(r->record.path) };
        if (!moved->path)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r->n_moved++;
        return 0;
}

/* Reads all of it once for what was moved, which must be known before the files are given, and begins anew. */
static int scan_moved(TarSplitReader *r, uint32_t n_moved, Failure *reterr) {
        char skipped[4096];
        int e;

        do {
                e = take_record(r, reterr);
                if (e >= 0 && r->record.type == TAR_SPLIT_MOVED)
                        e = remember_moved(r, n_moved, reterr);
                if (r->record.type == TAR_SPLIT_RAW)
                        for (uint64_t left = r->record.length; e >= 0 && left > 0;) {
                                size_t n = (size_t) MIN2(left, (uint64_t) sizeof(skipped));

                                e = take(r, skipped, n, reterr);
                                left -= n;
                        }
                if (e < 0)
                        return e;
        } while (r->record.type != TAR_SPLIT_END);
        if (r->n_moved != n_moved)
                return damaged(r, reterr);

        if (lseek(r->split_fd, TAR_SPLIT_HEADER_BYTES, SEEK_SET) < 0)
                return fail_errno(reterr, errno, "Failed to read what is stored of the layer '%s'",
                                r->name);
        (void) ZSTD_DCtx_reset(r->frame, ZSTD_reset_session_only); /* fails for parameters only */
        r->in = (ZSTD_inBuffer) {};
        r->frame_ended = false;
        r->n_files = 0;
        return 0;
}

static int read_header(TarSplitReader *r, uint32_t *ret_moved, Failure *reterr) {
        uint8_t header[TAR_SPLIT_HEADER_BYTES];
        uint32_t version, flags;

        if (read_full(r->split_fd, header, sizeof(header)) != (ssize_t) sizeof(header) ||
                        memcmp(header, TAR_SPLIT_MAGIC, 8) != 0)
                return damaged(r, reterr);
        version = (uint32_t) number_at(header + 8, 4);
        if (version != TAR_SPLIT_VERSION)
                return fail(reterr, FAILURE_NOT_AVAILABLE, EPROTO,
                                "The layer '%s' was stored by another version of this program",
                                r->name);
        flags = (uint32_t) number_at(header + 12, 4);
        if (flags & TAR_SPLIT_INCOMPLETE)
                return fail(reterr, FAILURE_NOT_AVAILABLE, ENODATA,
                                "The archive of the layer '%s' replaces its own files in a way "
                                "that cannot be made again",
                                r->name);
        r->tar_bytes = number_at(header + 16, 8);
        *ret_moved = (uint32_t) number_at(header + 24, 4);
        if (flags != 0 || *ret_moved > TAR_SPLIT_MOVED_MAX || r->tar_bytes > INT64_MAX ||
                        number_at(header + 28, 4) != 0)
                return damaged(r, reterr);
        return 0;
}

static int open_layer(TarSplitReader *r, int layer_fd, Failure *reterr) {
        struct stat st;

        r->split_fd = openat(layer_fd, TAR_SPLIT_NAME,
                        O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (r->split_fd < 0 && errno == ENOENT)
                return fail(reterr, FAILURE_NOT_AVAILABLE, ENODATA,
                                "The layer '%s' was stored without what it takes to make its "
                                "archive again",
                                r->name);
        if (r->split_fd < 0)
                return fail_errno(reterr, errno, "Failed to read what is stored of the layer '%s'",
                                r->name);
        if (fstat(r->split_fd, &st) < 0 || !S_ISREG(st.st_mode))
                return damaged(r, reterr);

        r->root_fd = open_dir_at(layer_fd, "root");
        if (r->root_fd < 0)
                return fail_errno(reterr, r->root_fd, "Failed to open the tree of the layer '%s'",
                                r->name);
        return 0;
}

int tar_split_reader_new(int layer_fd, const char *name, TarSplitReader **ret, Failure *reterr) {
        _cleanup_(tar_split_reader_freep) TarSplitReader *r = NULL;
        uint32_t n_moved = 0;
        int e;

        r = calloc(1, sizeof(*r));
        if (!r)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        *r = (TarSplitReader) {
                .name = name,
                .split_fd = -EBADF,
                .root_fd = -EBADF,
                .gone_fd = -EBADF,
                .file_fd = -EBADF,
        };
        r->input = malloc(INPUT_BYTES);
        r->frame = ZSTD_createDCtx();
        if (!r->input || !r->frame)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        /* fails for a number out of bounds only */
        (void) ZSTD_DCtx_setParameter(r->frame, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);

        e = open_layer(r, layer_fd, reterr);
        if (e < 0)
                return e;
        e = read_header(r, &n_moved, reterr);
        if (e >= 0 && n_moved > 0) {
                r->gone_fd = open_dir_at(layer_fd, TAR_SPLIT_GONE);
                e = r->gone_fd < 0 ? damaged(r, reterr) : scan_moved(r, n_moved, reterr);
        }
        if (e < 0)
                return e;
        *ret = TAKE_PTR(r);
        return 0;
}

uint64_t tar_split_size(const TarSplitReader *r) {
        return r->tar_bytes;
}

/* Opens the present FILE where its content is now. Return: an fd, or negative errno. */
static int open_content(const TarSplitReader *r) {
        const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
        const char *path = r->record.path;
        char gone[GONE_PATH_MAX];

        for (size_t i = 0; i < r->n_moved; i++) {
                const Moved *moved = &r->moved[i];

                if (moved->before < r->n_files ||
                                strncmp(path, moved->path, moved->length) != 0 ||
                                (path[moved->length] != '/' && path[moved->length] != '\0'))
                        continue;
                (void) snprintf(gone, sizeof(gone), "%zu%s", i, path + moved->length); /* fits */
                return open_beneath(r->gone_fd, gone, flags, 0);
        }
        return open_beneath(r->root_fd, path, flags, 0);
}

static int open_file(TarSplitReader *r, Failure *reterr) {
        char shown[ENTRY_SHOWN_MAX];
        struct stat st;

        r->file_fd = open_content(r);
        entry_show(r->record.path, shown, sizeof(shown));
        if (r->file_fd < 0)
                return fail_errno(reterr, r->file_fd, "Failed to open '%s' of the layer '%s'",
                                shown, r->name);
        if (fstat(r->file_fd, &st) < 0 || !S_ISREG(st.st_mode) ||
                        (uint64_t) st.st_size != r->record.length)
                return fail(reterr, FAILURE_INTERNAL, EBADMSG,
                                "'%s' of the layer '%s' is not the file that was stored", shown,
                                r->name);
        return 0;
}

/* Goes on to the next record that has bytes. Return: 1, 0 at the end, or what fail() gives. */
static int next_record(TarSplitReader *r, Failure *reterr) {
        int e;

        r->file_fd = close_fd(r->file_fd);
        do {
                e = take_record(r, reterr);
                if (e < 0)
                        return e;
        } while (r->record.type == TAR_SPLIT_MOVED);

        if (r->record.type == TAR_SPLIT_END) {
                r->ended = true;
                return r->n_given == r->tar_bytes ? 0 : damaged(r, reterr);
        }
        if (r->record.length > r->tar_bytes - r->n_given)
                return damaged(r, reterr);
        r->left = r->record.length;
        if (r->record.type == TAR_SPLIT_FILE) {
                e = open_file(r, reterr);
                if (e < 0)
                        return e;
        }
        return 1;
}

ssize_t tar_split_read(TarSplitReader *r, void *buffer, size_t size, Failure *reterr) {
        size_t n;
        int e;

        if (r->ended)
                return 0;
        if (r->left == 0) {
                e = next_record(r, reterr);
                if (e <= 0)
                        return e;
        }

        n = (size_t) MIN2(r->left, (uint64_t) size);
        if (r->record.type == TAR_SPLIT_RAW) {
                e = take(r, buffer, n, reterr);
                if (e < 0)
                        return e;
        } else {
                ssize_t got = read_full(r->file_fd, buffer, n);
                char shown[ENTRY_SHOWN_MAX];

                if (got != (ssize_t) n) {
                        entry_show(r->record.path, shown, sizeof(shown));
                        return fail_errno(reterr, got < 0 ? (int) got : -ENODATA,
                                        "Failed to read '%s' of the layer '%s'", shown, r->name);
                }
        }
        r->left -= n;
        r->n_given += n;
        return (ssize_t) n;
}
