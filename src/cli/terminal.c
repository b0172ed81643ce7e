/* SPDX-License-Identifier: Apache-2.0 */
/* cli/terminal.c: termios of the one terminal that a command has. */
#include "cli/terminal.h"
#include <errno.h>
#include <sys/ioctl.h>
#include <termios.h>

/* A program has one terminal, and its state must be given back from wherever the program ends. */
static struct termios saved;
static int saved_fd = -EBADF;

int terminal_raw(int fd) {
        struct termios raw;

        if (tcgetattr(fd, &saved) < 0)
                return -errno;

        raw = saved;
        cfmakeraw(&raw);
        if (tcsetattr(fd, TCSADRAIN, &raw) < 0)
                return -errno;

        saved_fd = fd;
        return 0;
}

void terminal_restore(void) {
        if (saved_fd < 0)
                return;
        (void) tcsetattr(saved_fd, TCSADRAIN, &saved); /* a terminal that hung up needs nothing back */
        saved_fd = -EBADF;
}

int terminal_size(int fd, uint32_t *ret_rows, uint32_t *ret_columns) {
        struct winsize size;

        if (ioctl(fd, TIOCGWINSZ, &size) < 0)
                return -errno;

        *ret_rows = size.ws_row;
        *ret_columns = size.ws_col;
        return 0;
}
