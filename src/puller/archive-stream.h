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
#include "puller/decompress.h"
#include "puller/tar-split.h"

struct archive;
typedef struct ArchiveStream ArchiveStream;

typedef struct ArchiveLimits {
        uint64_t bytes;      /* after decompression */
        uint64_t ratio;      /* of those to the bytes read; 0: any */
        uint64_t free_bytes; /* up to here the ratio may be any */
} ArchiveLimits;

/**
 * archive_stream_new() - read an archive
 * @fd:    borrowed; read from where it stands
 * @name:  what sentences call the archive; borrowed
 * @fn:    may be NULL
 *
 * Compressions: what decompress.h takes off. The tar dialects: ustar, pax, GNU, V7. Nothing is read yet.
 *
 * Return: 0, or what fail() gives.
 */
int archive_stream_new(int fd, const char *name, const ArchiveLimits *limits, DecompressorFn fn,
                void *userdata, ArchiveStream **ret, Failure *reterr);
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

/**
 * archive_stream_split() - have all that passes from now on written down: before archive_stream_open()
 * @writer: borrowed
 */
void archive_stream_split(ArchiveStream *s, TarSplitWriter *writer);

/**
 * archive_stream_content() - the entry whose header was just read has its data in a file of the tree
 * @size: of the data, which follows as it is; not for sparse files
 *
 * Return: 0, or what tar_split_file() gives.
 */
int archive_stream_content(ArchiveStream *s, const char *path, uint64_t size);

/** archive_stream_fail() - why did the tar's reader fail? One sentence. @entry: where, as shown to people, or NULL. */
int archive_stream_fail(ArchiveStream *s, const char *entry, Failure *reterr);

/**
 * archive_stream_finish() - read what follows the tar's end, since it is hashed as well
 * @require_end: an archive without the zero block that ends a tar is refused: it has been cut off between two entries
 * @ret:         SHA-256 of all bytes after decompression
 */
int archive_stream_finish(ArchiveStream *s, bool require_end, Digest *ret, Failure *reterr);
