/* SPDX-License-Identifier: Apache-2.0 */
/* puller/merged-tree.c: see merged-tree.h. */
#include "puller/merged-tree.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/parse.h"
#include "base/str.h"
#include "puller/foreign-ids.h"

#define PLACE "place"
#define MERGED "merged"
#define BOTTOM "bottom" /* an overlay wants two trees at least */
#define STATE "state"

/*
 * Mounts of their own, made while this is still the host's root: an overlay takes only those of its own mount namespace, and
 * from inside the new one nobody can walk to where the trees are.
 */
static int clone_trees(MergedTree *t, Failure *reterr) {
        for (size_t i = 0; i < t->n_trees; i++) {
                int fd;

                fd = open_tree(t->trees[i], "",
                                OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
                if (fd < 0)
                        return fail_errno(reterr, errno,
                                        "Failed to take hold of the container's layers");
                close_fd(t->trees[i]);
                t->trees[i] = fd;
        }
        if (t->state_fd >= 0) {
                int fd = open_tree(t->state_fd, "",
                                OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

                if (fd < 0)
                        return fail_errno(reterr, errno,
                                        "Failed to take hold of the container's own layer");
                close_fd(t->state_fd);
                t->state_fd = fd;
        }
        return 0;
}

/* Named 0, 1, 2, … in a tmpfs that only this process sees. */
static int attach_trees(MergedTree *t) {
        char name[24];

        for (size_t i = 0; i < t->n_trees; i++) {
                (void) snprintf(name, sizeof(name), "%zu", i); /* fits */
                if (mkdir(name, 0700) < 0 || move_mount(t->trees[i], "", AT_FDCWD, name,
                                                             MOVE_MOUNT_F_EMPTY_PATH) < 0)
                        return -errno;
                t->trees[i] = close_fd(t->trees[i]); /* they stay as long as the namespace */
        }
        if (t->state_fd < 0)
                return 0;
        if (mkdir(STATE, 0700) < 0 || move_mount(t->state_fd, "", AT_FDCWD, STATE,
                                                      MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return -errno;
        t->state_fd = close_fd(t->state_fd); /* as above */
        return 0;
}

static int overlay_options(const MergedTree *t, bool writable, char **ret) {
        _cleanup_strbuf_ StrBuf b = {};

        (void) strbuf_puts(&b, "userxattr,lowerdir=");
        for (size_t i = 0; i < t->n_trees; i++)
                (void) strbuf_printf(&b, "%zu:", i);
        (void) strbuf_puts(&b, BOTTOM);
        if (writable)
                (void) strbuf_puts(&b, ",upperdir=" STATE "/upper,workdir=" STATE "/work");
        return strbuf_steal(&b, ret, NULL);
}

/* Return: the root of what the container sees, without what is mounted in it, or what fail() gives. */
static int mount_merged(MergedTree *t, Failure *reterr) {
        bool writable = t->state_fd >= 0;
        unsigned long flags = MS_NOSUID | MS_NODEV | (writable ? 0 : MS_RDONLY);
        _cleanup_free_ char *options = NULL;
        int fd, r;

        r = overlay_options(t, writable, &options);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        /* The directory comes along into the new namespace; the descriptor would stay in the old one. */
        if (fchdir(t->staging_fd) < 0 || unshare(CLONE_NEWNS) < 0)
                return fail_errno(reterr, errno, "Failed to make a mount namespace");
        if (mkdir(PLACE, 0700) < 0 ||
                        mount("tmpfs", PLACE, "tmpfs", MS_NOSUID | MS_NODEV,
                                        "size=1m,mode=700") < 0 ||
                        chdir(PLACE) < 0 || mkdir(MERGED, 0755) < 0 || mkdir(BOTTOM, 0755) < 0)
                return fail_errno(reterr, errno, "Failed to make a place for the container's tree");
        r = attach_trees(t);
        if (r >= 0 && mount("overlay", MERGED, "overlay", flags, options) < 0)
                r = -errno;
        if (r < 0)
                return fail_errno(reterr, r, "Failed to put the container's layers together");
        fd = open(MERGED, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? fail_errno(reterr, errno, "Failed to open the container's tree") : fd;
}

int merged_tree_enter(MergedTree *t, Failure *reterr) {
        int r;

        r = clone_trees(t, reterr);
        if (r >= 0)
                r = foreign_ids_enter(t->staging_fd, reterr);
        return r < 0 ? r : mount_merged(t, reterr);
}

int merged_tree_read(MergedTree *t, char **operands) {
        for (; *operands; operands++) {
                uint32_t fd;

                if (t->n_trees == MERGED_TREES_MAX || parse_u32(*operands, &fd) < 0 ||
                                fd > INT32_MAX || !fd_is_open((int) fd))
                        return -EINVAL;
                t->trees[t->n_trees++] = (int) fd;
        }
        return 0;
}
