/* SPDX-License-Identifier: Apache-2.0 */
/* base/fd.h: file descriptors: whole reads and writes, opening without following links, replacing a file at once. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/cleanup.h"

/** read_full() - until @size bytes or the end of file; EINTR is retried. Return: bytes read, or negative errno. */
ssize_t read_full(int fd, void *data, size_t size);

/** pread_full() - the same at an offset. */
ssize_t pread_full(int fd, void *data, size_t size, off_t offset);

/** write_full() - all of it; short writes and EINTR are retried, EAGAIN is not. Return: 0 or negative errno. */
int write_full(int fd, const void *data, size_t size);
int pwrite_full(int fd, const void *data, size_t size, off_t offset);

/**
 * open_beneath() - open a path below a directory, following no link anywhere
 * @flags: of openat(2); O_CLOEXEC is added
 *
 * Return: an fd, or negative errno: -ELOOP (a link on the way), -EXDEV (`..` or an absolute path leads out).
 * Source: openat2(2), RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS
 */
int open_beneath(int dir_fd, const char *path, int flags, mode_t mode);

/** open_dir_at() - a directory by one name, no link. Return: an fd, or negative errno. */
int open_dir_at(int dir_fd, const char *name);

/** mkdir_open_at() - the same, made with @mode if absent. */
int mkdir_open_at(int dir_fd, const char *name, mode_t mode);

/**
 * read_file_at() - a whole regular file
 * @max_bytes: -EFBIG above it
 * @ret:       malloc()ed, NUL-terminated after its bytes, owned by the caller; @ret_size may be NULL
 *
 * Return: 0, -ENOMEM, -EFBIG, -EISDIR, -ELOOP (a link), or what openat(2) and read(2) give.
 */
int read_file_at(int dir_fd, const char *name, size_t max_bytes, char **ret, size_t *ret_size);

/** read_file() - for files of /proc and /sys, whose size is not known before; the same otherwise. */
int read_file(const char *path, size_t max_bytes, char **ret, size_t *ret_size);

typedef enum WriteFlag {
        WRITE_SYNC = 1 << 0, /* fsync() the file before the rename and the directory after it */
        WRITE_NEW = 1 << 1,  /* -EEXIST instead of replacing */
} WriteFlag;

/**
 * write_file_at() - a file that is there whole or not at all: written under a temporary name, then renamed
 * @name: one component; the temporary name is ".NAME.XXXXXXXX" beside it
 *
 * Return: 0 or negative errno; then @name is as it was and no temporary file stays.
 */
int write_file_at(int dir_fd, const char *name, const void *data, size_t size, mode_t mode,
                WriteFlag flags);

/** write_existing_at() - one write() into a file that exists (cgroup and /proc attributes). Return: 0 or negative errno. */
int write_existing_at(int dir_fd, const char *path, const char *text);

/** fd_set_cloexec(), fd_set_nonblock() - Return: 0 or negative errno. */
int fd_set_cloexec(int fd, bool on);
int fd_set_nonblock(int fd, bool on);

/** fd_is_open() */
bool fd_is_open(int fd);

/** close_all_from() - close every fd from @first upwards. Source: close_range(2); falls back to /proc/self/fd. Return: 0 or negative errno. */
int close_all_from(int first);

/** fd_move_above() - keep @fd out of 0..@lowest-1: a duplicate at or above @lowest, @fd closed; as it is when high enough. Return: an fd, or negative errno and @fd still open. */
int fd_move_above(int fd, int lowest);

/** fd_path() - "/proc/self/fd/N" of @fd into @ret. */
#define FD_PATH_MAX sizeof("/proc/self/fd/2147483647")
void fd_path(int fd, char ret[static FD_PATH_MAX]);
