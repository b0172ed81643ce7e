/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/container-dir.h: a container's files: containers/ID/{upper,work,exit} and logs/ID/ under the state directory,
 * containers/ID/ under the runtime directory. Knows names and owners; knows no container.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "model/failure.h"

/* The directories above them, opened once. Owned. */
typedef struct ContainerTree {
        int containers_fd, logs_fd, trash_fd; /* of the state directory */
        int run_fd;                           /* containers/ of the runtime directory */
} ContainerTree;
#define CONTAINER_TREE_CLOSED ((ContainerTree) { -EBADF, -EBADF, -EBADF, -EBADF })

int container_tree_open(int state_dir_fd, int run_dir_fd, ContainerTree *ret, Failure *reterr);
void container_tree_close(ContainerTree *t);

/* One container's, O_DIRECTORY but for the record. Owned. */
typedef struct ContainerDir {
        int state_fd, record_fd, run_fd;
        int log_fd; /* -EBADF: no log was asked for */
} ContainerDir;
#define CONTAINER_DIR_CLOSED ((ContainerDir) { -EBADF, -EBADF, -EBADF, -EBADF })

/**
 * container_dir_make() - make what is missing of a container's files and open them
 *
 * `upper` and `work` belong to the foreign range's root. The exit record has its room on the disk afterwards.
 *
 * Return: 0 or negative errno (-ENOSPC).
 */
int container_dir_make(const ContainerTree *t, const char *id, bool log, ContainerDir *ret);

/**
 * container_dir_mark() - before anything of it is made, that it is no container's yet: the sticky bit of its directory below
 * the runtime directory. Return: 0 or negative errno.
 */
int container_dir_mark(const ContainerTree *t, const char *id);

/** container_dir_unmark() - it is a container's now. Return: 0 or negative errno. */
int container_dir_unmark(const ContainerDir *d);

/** container_dir_remove() - of one in which nothing has run. What cannot be removed is left to the next start. */
void container_dir_remove(const ContainerTree *t, const char *id);

/**
 * container_dir_reuse() - let overlayfs take files again that it had as `volatile`
 * It refuses them, since they may be half written after a loss of power; here they are of this boot, and its mount is gone.
 * Source: kernel documentation, filesystems/overlayfs, "Volatile mount"
 */
void container_dir_reuse(const ContainerDir *d);
void container_dir_close(ContainerDir *d);

/** container_dir_open_record(), container_dir_open_run() - of one that exists. Return: an fd, or negative errno. */
int container_dir_open_record(const ContainerTree *t, const char *id);
int container_dir_open_run(const ContainerTree *t, const char *id);

/** container_dir_open_upper() - what it has changed of its image, O_PATH. Return: the same. */
int container_dir_open_upper(const ContainerTree *t, const char *id);

/** container_dir_clear_run() - the runtime directory's part goes at once; it holds but sockets and records. */
void container_dir_clear_run(const ContainerTree *t, const char *id);

/**
 * container_dir_trash() - nothing of it is visible any more: its directories are names in the trash
 * @names: string list; the names of what is to be deleted there are appended
 *
 * What is not there is fine. Return: 0 or negative errno.
 */
int container_dir_trash(const ContainerTree *t, const char *id, char ***names);

/** container_tree_list() - the names in a directory. @ret: string list, owned. Return: 0 or negative errno. */
int container_tree_list(int dir_fd, char ***ret);
