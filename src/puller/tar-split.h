/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/tar-split.h: what it takes to make a layer's tar again, byte for byte, from the layer's tree: the tar without
 * the contents of its files. Knows zstd; knows no archive and no entry.
 *
 * The file `split` beside a layer's `root`, all numbers little endian:
 *
 *      {u8 magic[8] "PDSPLIT\n", u32 version 1, u32 flags, u64 bytes of the tar, u32 how many MOVED, u32 0}
 *      one zstd frame with its checksum and a window of at most 1 MiB, in it records without padding, up to END:
 *        RAW   {u8 1, u32 length, bytes}          these bytes; 1 to 1 MiB
 *        FILE  {u8 2, u64 length, u16 n, path}    the content of root/PATH, a regular file of exactly that length
 *        MOVED {u8 3, u32 number, u16 n, path}    from here on what was root/PATH is gone/NUMBER: a later entry took its place
 *        END   {u8 4}                             and nothing after it
 *
 * Paths are relative, without `.`, `..`, empty components and links, 1 to ARCHIVE_PATH_MAX - 1 bytes, none of them NUL.
 * A MOVED counts for the FILEs before it, as deep below PATH as they may be. Of the version only what this page says
 * exists; a reader refuses another one. With the flag INCOMPLETE some content is no more: such a tar cannot be made again.
 */
#pragma once
#include <stdint.h>
#include <sys/types.h>
#include "base/cleanup.h"
#include "model/failure.h"

#define TAR_SPLIT_NAME "split" /* beside "root" */
#define TAR_SPLIT_GONE "gone"  /* the directory of what was moved; only where there is any */
#define TAR_SPLIT_MAGIC "PDSPLIT\n"
#define TAR_SPLIT_VERSION 1U
#define TAR_SPLIT_HEADER_BYTES 32U
#define TAR_SPLIT_RAW_MAX (1U << 20)  /* bytes of one RAW */
#define TAR_SPLIT_MOVED_MAX 4096U     /* of one layer; with more it is INCOMPLETE */
#define TAR_SPLIT_INCOMPLETE (1U << 0)

typedef enum TarSplitType {
        TAR_SPLIT_RAW = 1,
        TAR_SPLIT_FILE = 2,
        TAR_SPLIT_MOVED = 3,
        TAR_SPLIT_END = 4,
} TarSplitType;

typedef struct TarSplitWriter TarSplitWriter;

/** tar_split_writer_new() - @fd: an empty file, O_RDWR or O_WRONLY; borrowed. Return: 0, -ENOMEM, or what write(2) gives. */
int tar_split_writer_new(int fd, TarSplitWriter **ret);
TarSplitWriter *tar_split_writer_free(TarSplitWriter *w);
DEFINE_CLEANUP(TarSplitWriter *, tar_split_writer_free);

/*
 * The tar, in its order. All return 0, -ENOMEM, -EINVAL (a path that is none), -EIO (the library refused), or what
 * write(2) gives. Once one has failed, so do all that follow.
 */
int tar_split_raw(TarSplitWriter *w, const void *data, size_t size);
int tar_split_file(TarSplitWriter *w, const char *path, uint64_t length);

/** tar_split_moved() - @ret_number: the name in gone/ that PATH is to get now. Return also: -E2BIG (TAR_SPLIT_MOVED_MAX; it is INCOMPLETE now). */
int tar_split_moved(TarSplitWriter *w, const char *path, uint32_t *ret_number);

/** tar_split_incomplete() - some content that was told of by FILE is not there any more. */
void tar_split_incomplete(TarSplitWriter *w);

/** tar_split_finish() - write the end and the header. The file's data is not synced. */
int tar_split_finish(TarSplitWriter *w);

typedef struct TarSplitReader TarSplitReader;

/**
 * tar_split_reader_new() - make a layer's tar again
 * @layer_fd: the directory with `split`, `root` and perhaps `gone`; borrowed
 * @name:     what sentences call the layer; borrowed
 *
 * The reader believes nothing that is in `split`: it opens regular files below root/ and gone/ only, follows no link and
 * needs openat2(2). Who asks must be able to read whatever the layer has (root of the foreign id range, or the host's).
 *
 * Return: 0, or what fail() gives: FAILURE_NOT_AVAILABLE (the layer has no `split`, another version, or INCOMPLETE),
 * FAILURE_INTERNAL (damaged).
 */
int tar_split_reader_new(int layer_fd, const char *name, TarSplitReader **ret, Failure *reterr);
TarSplitReader *tar_split_reader_free(TarSplitReader *r);
DEFINE_CLEANUP(TarSplitReader *, tar_split_reader_free);

/** tar_split_size() - bytes of the tar, as the header says; tar_split_read() gives no other number. */
uint64_t tar_split_size(const TarSplitReader *r);

/**
 * tar_split_read() - the next bytes of the tar
 *
 * What comes out is to be hashed: it is the layer's tar only if it has the layer's diff id.
 *
 * Return: 1 to @size, 0 (the end), or what fail() gives: FAILURE_INTERNAL, naming the file that is missing or of another
 * length than it was, or the damage.
 */
ssize_t tar_split_read(TarSplitReader *r, void *buffer, size_t size, Failure *reterr);
