/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/container-dir.h: what a container has on disk: containers/ID/{upper,work,exit}, logs/ID/,
 * and RUN_ROOT/containers/ID/control. Knows names and owners of files; knows no row.
 */
#pragma once
#include <stdint.h>
#include "base/cleanup.h"
#include "monitor/exit-record.h"

typedef struct ContainerDirs {
        int containers_fd, logs_fd, run_fd, trash_fd; /* owned; of all containers */
} ContainerDirs;

/** container_dirs_open() - the directories of all containers, made if absent. Return: 0 or negative
 * errno. */
int container_dirs_open(int state_dir_fd, int run_dir_fd, ContainerDirs *ret);
void container_dirs_done(ContainerDirs *d);

/**
 * container_dir_make() - those of one container
 *
 * The exit record is allocated, so that a full disk cannot lose it; upper and work belong to the
 * foreign ids' root. On failure nothing is left.
 *
 * Return: 0, -EEXIST, -ENOSPC, or negative errno.
 */
int container_dir_make(const ContainerDirs *d, const char *id);

/* Opened for a start; owned. */
typedef struct ContainerDir {
        int state_fd, log_fd, record_fd, run_fd;
} ContainerDir;
#define CONTAINER_DIR_CLOSED ((ContainerDir){-EBADF, -EBADF, -EBADF, -EBADF})

/** container_dir_open() - Return: 0 or negative errno. */
int container_dir_open(const ContainerDirs *d, const char *id, ContainerDir *ret);
void container_dir_close(ContainerDir *d);

/** container_dir_begin_run() - the record says that run number @run has not ended. Return: 0 or
 * negative errno. */
int container_dir_begin_run(const ContainerDir *d, uint64_t run);

/** container_dir_discard() - rename all of it to the trash, under names that a worker deletes.
 * Return: 0 (also if there is nothing) or negative errno. */
int container_dir_discard(const ContainerDirs *d, const char *id);

/** container_dir_list() - ids that have a directory in containers/ or logs/; string list. Return: 0
 * or negative errno. */
int container_dir_list(const ContainerDirs *d, char ***ret);
