/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/fetch-client.h: the daemon's end of puller/fetch-control.h. Knows sockets and pipes; knows no pull. */
#pragma once
#include <stdint.h>
#include "base/cleanup.h"

/** fetch_client_pair() - @ret_ours: for the calls below, @ret_theirs: for the role; both the caller's. Return: 0 or negative errno. */
int fetch_client_pair(int *ret_ours, int *ret_theirs);

/** fetch_client_pipe() - as large as the kernel gives it; both ends the caller's, close-on-exec. Return: 0 or negative errno. */
int fetch_client_pipe(int *ret_read, int *ret_write);

/**
 * fetch_client_ask() - a layer's bytes into a pipe
 * @pipe_fd: borrowed; its write end
 *
 * Never waits. Return: 0, or negative errno: -EAGAIN (it reads its socket no more), -EPIPE (it is gone).
 */
int fetch_client_ask(int fd, uint32_t index, int pipe_fd);

/** fetch_client_hand() - the next part of what the role save writes. Return: as above. */
int fetch_client_hand(int fd, uint32_t index, int part_fd);

/** fetch_client_finish() - no more layers will be asked for. Return: as above. */
int fetch_client_finish(int fd);
