/* SPDX-License-Identifier: Apache-2.0 */
/* puller/control.c: one message a packet, at most one fd with it. */
#include "puller/control.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

int control_receive(int control_fd, FetchMessage *ret, int *ret_fd) {
        union {
                struct cmsghdr align;
                uint8_t bytes[CMSG_SPACE(sizeof(int))];
        } control = {};
        struct iovec data = { .iov_base = ret, .iov_len = sizeof(*ret) };
        struct msghdr m = {
                .msg_iov = &data,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control),
        };
        struct cmsghdr *c;
        ssize_t n;

        *ret_fd = -EBADF;
        do
                n = recvmsg(control_fd, &m, MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        if (n <= 0)
                return n < 0 ? -errno : 0;
        c = CMSG_FIRSTHDR(&m);
        if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
                memcpy(ret_fd, CMSG_DATA(c), sizeof(*ret_fd));
        if (n != sizeof(*ret) || ret->magic != FETCH_CONTROL_MAGIC ||
                        ret->version != FETCH_CONTROL_VERSION)
                return -EBADMSG;
        return 1;
}
