/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/image-archive.h: the tar around images (docker-archive, oci-archive): which files it has and where. Knows tar;
 * knows no image. Nothing of it is ever written to a path: its names are looked up among themselves.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "model/failure.h"

typedef struct ImageArchive ImageArchive;

/* One file. Owned by the archive. */
typedef struct ArchiveMember {
        char *name;      /* made plain: entry_path_normalize() */
        char *link;      /* NULL: a file or a directory; else where it leads, the same, or NULL with type '?' */
        uint64_t offset; /* of its bytes in the archive */
        uint64_t size;
        char type;       /* '0' a file, '5' a directory, '1' and '2' links, '?' anything else */
} ArchiveMember;

/**
 * image_archive_new() - read the headers of a tar
 * @fd:   a regular file, plain; borrowed: read with pread()
 * @name: what sentences call it; borrowed
 *
 * Two files of one name, a name that leads out, and more than IMAGE_ARCHIVE_ENTRIES_MAX entries are refused.
 *
 * Return: 0, or what fail() gives: FAILURE_INVALID_ARCHIVE, FAILURE_LIMIT_REACHED.
 */
int image_archive_new(int fd, const char *name, ImageArchive **ret, Failure *reterr);
ImageArchive *image_archive_free(ImageArchive *a);
DEFINE_CLEANUP(ImageArchive *, image_archive_free);

const char *image_archive_name(const ImageArchive *a);

/** image_archive_has() - is there an entry of this name, whatever it is? */
bool image_archive_has(const ImageArchive *a, const char *path);

/**
 * image_archive_find() - a file, through links within the archive
 * @path: as a document in the archive has it
 *
 * Return: 0, or FAILURE_INVALID_ARCHIVE: there is none, it is no file, it leads out or in circles.
 */
int image_archive_find(const ImageArchive *a, const char *path, const ArchiveMember **ret,
                Failure *reterr);

/** image_archive_read() - all of a file that has at most @max bytes; NUL-terminated, owned by the caller. */
int image_archive_read(const ImageArchive *a, const ArchiveMember *member, size_t max,
                char **ret, size_t *ret_size, Failure *reterr);
