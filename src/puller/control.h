/* SPDX-License-Identifier: Apache-2.0 */
/* puller/control.h: the end of a control socket that a role reads with patience. Knows puller/fetch-control.h's form. */
#pragma once
#include "puller/fetch-control.h"

/** control_receive() - wait for a message. @ret_fd: what came with it, the caller's; -EBADF: nothing. Return: 1, 0 (the daemon is gone), -EBADMSG or what recvmsg(2) gives. */
int control_receive(int control_fd, FetchMessage *ret, int *ret_fd);
