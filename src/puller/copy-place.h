/* SPDX-License-Identifier: Apache-2.0 */
/* puller/copy-place.h: where a path inside of a root leads, as cp(1) reads paths. Knows no archive. */
#pragma once
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include "model/failure.h"

typedef struct CopyPlace {
        int dir_fd;              /* owned, O_PATH: the directory that it is in */
        char name[NAME_MAX + 1]; /* in it; ".": it is @dir_fd itself */
        char as[NAME_MAX + 1];   /* what it was called; "." where only its contents were */
        bool exists;
        bool wants_dir; /* the path ends like one of a directory */
        struct stat st; /* if it exists; a link only where none was to be followed */
} CopyPlace;

/**
 * copy_place_find() - resolve a path, whatever its links say, inside of a root
 * @follow: the last component as well if it is a link; one that leads nowhere is refused
 *
 * The last component need not exist.
 *
 * Return: 0, or FAILURE_INVALID_ARGS with a sentence.
 */
int copy_place_find(int root_fd, const char *path, bool follow, CopyPlace *ret, Failure *reterr);
void copy_place_done(CopyPlace *p);

/** copy_place_is_dir() - does a directory stand there? */
static inline bool copy_place_is_dir(const CopyPlace *p) {
        return p->exists && S_ISDIR(p->st.st_mode);
}
