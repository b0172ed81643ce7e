/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/fetch-client.c: see fetch-client.h. */
#include "runtime/fetch-client.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "puller/fetch-control.h"

#define PIPE_BYTES (1024 * 1024) /* what /proc/sys/fs/pipe-max-size allows everybody */

int fetch_client_pair(int *ret_ours, int *ret_theirs) {
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        *ret_ours = pair[0];
        *ret_theirs = pair[1];
        return 0;
}

int fetch_client_pipe(int *ret_read, int *ret_write) {
        int pair[2];

        if (pipe2(pair, O_CLOEXEC) < 0)
                return -errno;
        (void) fcntl(pair[1], F_SETPIPE_SZ, PIPE_BYTES); /* a smaller one is slower, that is all */
        *ret_read = pair[0];
        *ret_write = pair[1];
        return 0;
}

static int send_message(int fd, FetchOp op, uint32_t index, int pipe_fd) {
        FetchMessage message = {
                .magic = FETCH_CONTROL_MAGIC,
                .version = FETCH_CONTROL_VERSION,
                .op = (uint16_t) op,
                .index = index,
        };
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int))];
        } control = {};
        struct iovec iov = { &message, sizeof(message) };
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

        if (pipe_fd >= 0) {
                m.msg_control = control.bytes;
                m.msg_controllen = sizeof(control.bytes);
                control.header = (struct cmsghdr) {
                        .cmsg_level = SOL_SOCKET,
                        .cmsg_type = SCM_RIGHTS,
                        .cmsg_len = CMSG_LEN(sizeof(int)),
                };
                memcpy(CMSG_DATA(&control.header), &pipe_fd, sizeof(int));
        }
        return sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int fetch_client_ask(int fd, uint32_t index, int pipe_fd) {
        return send_message(fd, FETCH_LAYER, index, pipe_fd);
}

int fetch_client_hand(int fd, uint32_t index, int part_fd) {
        return send_message(fd, SAVE_NEXT, index, part_fd);
}

int fetch_client_finish(int fd) {
        return send_message(fd, FETCH_END, 0, -EBADF);
}
