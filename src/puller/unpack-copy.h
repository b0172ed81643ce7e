/* SPDX-License-Identifier: Apache-2.0 */
/* puller/unpack-copy.h: puts what an archive has into a tree that is there already, as cp(1) does. Knows no process. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "model/failure.h"

struct archive;

typedef struct CopyInto {
        int root_fd;        /* borrowed, O_RDONLY|O_DIRECTORY: nothing outside of it is made or changed */
        const char *place;  /* below it, as entry_path_normalize() gives it; "" is the root itself */
        const char *shown;  /* what sentences call it */
        bool place_is_dir;  /* what is there already */
        bool wants_dir;     /* else it must become one */
        bool one;           /* the archive has one thing: it comes into a directory, and becomes what is none */
        bool keep_owners;   /* by number; else all is the caller's */
        bool refuse_links;  /* no entry may lie behind a link */
        bool skip_devices;  /* leave them out; else they are refused */
        const char *name;   /* what sentences call the archive */
        uint64_t limit_entries;
        uint64_t n_skipped; /* filled in: devices left out */
} CopyInto;

/**
 * copy_into() - read a tar to its end
 * @tar: opened; its caller frees it
 *
 * A file gives way to a file. A directory gives way to nothing, and nothing but a directory to one. What is there already is
 * left as far as it came on failure.
 *
 * Return: 0, or what fail() gives, naming the entry.
 */
int copy_into(struct archive *tar, CopyInto *into, Failure *reterr);
