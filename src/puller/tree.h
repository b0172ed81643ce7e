/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/tree.h: makes a layer's files below one directory, and nowhere else, whatever names and links it is given.
 * Knows whiteouts as overlayfs has them; knows no archive.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>
#include "base/cleanup.h"

/*
 * Paths are those of entry_path_normalize(). Links in the directories of a path are followed, within the tree: an
 * absolute one starts at its root, `..` ends there. The last component is never followed. Directories on the way that
 * do not exist are made (0:0, 0755). What stands where a thing is to be made gives way to it, as later entries of an
 * archive do to earlier ones; only a directory stays for a directory.
 *
 * All return 0 or negative errno; apart from what the kernel says: -ELOOP (too many links on the way), -ENOTDIR (a file
 * is on the way), -ENOENT (a link on the way leads nowhere; for a hard link also: there is no such target), -EISDIR (the
 * root itself cannot give way), -E2BIG (more files and directories than @limit).
 */
typedef struct Tree Tree;

typedef struct TreeAttributes {
        uid_t uid;
        gid_t gid;
        mode_t mode; /* 07777 */
        struct timespec mtime;
} TreeAttributes;

/**
 * tree_new() - a tree to be filled
 * @root_fd:     its root, O_RDONLY|O_DIRECTORY; borrowed
 * @keep_owners: false: all belongs to the caller; for runs without a user namespace
 * @limit:       of things made
 */
int tree_new(int root_fd, bool keep_owners, uint64_t limit, Tree **ret);
Tree *tree_free(Tree *t);
DEFINE_CLEANUP(Tree *, tree_free);

/*
 * What is about to give way: makes the name vanish, and returns 0 or negative errno. @path: as it was asked for, or NULL: it went
 * through a link, so that it may name something else later.
 */
typedef int (*TreeReplaceFn)(int parent_fd, const char *name, const char *path, void *userdata);

/** tree_on_replace() - without it what gives way is deleted. */
void tree_on_replace(Tree *t, TreeReplaceFn fn, void *userdata);

/** tree_refuse_links() - a path through a link fails with -ELOOP, wherever it leads. */
void tree_refuse_links(Tree *t);

/** tree_went_through_link() - did the way to the last thing made? */
bool tree_went_through_link(const Tree *t);

/** tree_make_dir() - @ret_fd: for attributes, O_RDONLY, borrowed until the next call. Its time is set by tree_finish(). */
int tree_make_dir(Tree *t, const char *path, const TreeAttributes *a, int *ret_fd);

/** tree_make_file() - @ret_fd: empty, O_WRONLY, the caller's; tree_seal_file() sets owner and mode once it is written, then come attributes, then tree_set_time(). */
int tree_make_file(Tree *t, const char *path, const TreeAttributes *a, int *ret_fd);
int tree_seal_file(Tree *t, int fd, const TreeAttributes *a);
int tree_set_time(int fd, const struct timespec *mtime);

int tree_make_symlink(Tree *t, const char *path, const char *target, const TreeAttributes *a);
int tree_make_fifo(Tree *t, const char *path, const TreeAttributes *a);

/** tree_make_link() - another name for what @target names, which is not followed. */
int tree_make_link(Tree *t, const char *path, const char *target);

/**
 * tree_hide() - hide PATH of the layers below; what this layer itself has there stays, alone
 *
 * Below a file or a link of this layer nothing of those below can be seen: then there is nothing to do.
 */
int tree_hide(Tree *t, const char *path);

/** tree_hide_below() - hide all that the layers below have in the directory PATH. */
int tree_hide_below(Tree *t, const char *path);

/** tree_finish() - set the directories' times: their last one counts. */
int tree_finish(Tree *t);
