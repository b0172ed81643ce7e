/* SPDX-License-Identifier: Apache-2.0 */
/* puller/pack.h: a tree as a tar, all of it: names, types, modes, owners by number, times, attributes, hard links. */
#pragma once
#include "puller/archive-out.h"

/* Called now and then: bytes written so far. */
typedef void (*PackProgressFn)(uint64_t bytes, void *userdata);

/**
 * pack_tree() - write a directory's tree as a pax archive
 * @root_fd: O_RDONLY|O_DIRECTORY; borrowed. Nothing outside of it is opened, and no link is followed
 *
 * A tree that changes meanwhile gives what was seen of it: a file that shrinks is filled up with zeros. Sockets are left out.
 *
 * Return: 0, or what fail() gives, naming the entry.
 * Source: pax(1), tar(5) of libarchive
 */
int pack_tree(int root_fd, ArchiveOut *out, PackProgressFn fn, void *userdata, Failure *reterr);

/**
 * pack_entry() - the same of one thing and all below it
 * @dir_fd: of its directory
 * @name:   one component, or "." for @dir_fd itself
 * @as:     what it is called in the archive
 *
 * What other file systems of the kernel's are mounted below it (proc, sysfs, cgroup2) is an empty directory.
 */
int pack_entry(int dir_fd, const char *name, const char *as, ArchiveOut *out, PackProgressFn fn,
                void *userdata, Failure *reterr);
