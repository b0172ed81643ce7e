/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/archive-stream.h: a tar, plain or compressed, read once from an fd that need not seek, and hashed on the way.
 * Knows libarchive; knows no tree.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "model/digest.h"
#include "model/failure.h"

struct archive;
typedef struct ArchiveStream ArchiveStream;

/* Called after each piece of input: bytes read of it, bytes in all (0: not known), bytes unpacked from it. */
typedef void (*ArchiveStreamFn)(uint64_t done, uint64_t total, void *userdata);

/**
 * archive_stream_new() - read an archive
 * @fd:    borrowed; read from where it stands
 * @name:  what sentences call the archive; borrowed
 * @limit: of bytes after decompression
 * @fn:    may be NULL
 *
 * Compressions: gzip, bzip2, xz, zstd, also one in another; the checksums of gzip are
 * held, those of the others are libarchive's. No helper program is ever run. The tar dialects: ustar,
 * pax, GNU, V7. Nothing is read yet.
 *
 * Return: 0, or what fail() gives.
 */
int archive_stream_new(int fd, const char *name, uint64_t limit, ArchiveStreamFn fn, void *userdata,
                ArchiveStream **ret, Failure *reterr);
ArchiveStream *archive_stream_free(ArchiveStream *s);
DEFINE_CLEANUP(ArchiveStream *, archive_stream_free);

/**
 * archive_stream_open() - read the beginning: is it a tar?
 *
 * Return: 0, or FAILURE_INVALID_ARCHIVE.
 */
int archive_stream_open(ArchiveStream *s, Failure *reterr);

/** archive_stream_tar() - the reader to take entries and data from; borrowed. */
struct archive *archive_stream_tar(ArchiveStream *s);

/** archive_stream_fail() - why did the tar's reader fail? One sentence. @entry: where, as shown to people, or NULL. */
int archive_stream_fail(ArchiveStream *s, const char *entry, Failure *reterr);

/**
 * archive_stream_finish() - read what follows the tar's end, since it is hashed as well
 * @require_end: an archive without the zero block that ends a tar is refused: it has been cut off between two entries
 * @ret:         SHA-256 of all bytes after decompression
 */
int archive_stream_finish(ArchiveStream *s, bool require_end, Digest *ret, Failure *reterr);
