/* SPDX-License-Identifier: Apache-2.0 */
/* escape NAME [WORD]...: see escape.h. */
#include "escape.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
        const char *name;
        int n_arguments;
        Escape run;
} escapes[] = {
        { "fds", 0, escape_fds },       /* what was left open, and where we stand */
        { "walk", 1, escape_walk },     /* FILE of the host, by `..` from everywhere */
        { "chroot", 1, escape_chroot }, /* FILE of the host, by a second chroot */
        { "handle", 0, escape_handle }, /* the host's root, by a file handle made up */
        { "mknod", 0, escape_mknod },   /* the disk, by a node of its own */
        { "swap", 2, escape_swap },     /* two NAMEs, until a file /stop is there */
        { "release-agent", 0,
                        escape_release_agent }, /* a program that the kernel runs for a cgroup */
        { "core-pattern", 0, escape_core_pattern }, /* the same for a crash, a module, a uevent */
        { "masked", 0, escape_masked },     /* /proc as it is beneath what hides parts of it */
        { "beneath", 0, escape_beneath },   /* the same, where the masks can be taken off */
        { "terminal", 0, escape_terminal }, /* typing into the terminal that we were given */
        { "keys", 1, escape_keys },         /* the host's key NAME */
        { "key-session", 1,
                        escape_key_session }, /* on the host: NAME COMMAND...: with such a key */
        { "watch", 0, escape_watch },   /* what the engine brings in, until a file /stop is there;
                                           with a word more: only whether that can be written */
        { "signal", 1, escape_signal }, /* PID of the host's */
        { "ids", 1, escape_ids },       /* ID of the host's */
};

int escaped(const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        fputs("ESCAPED: ", stdout);
        vprintf(format, ap);
        va_end(ap);
        putchar('\n');
        return 1;
}

int held(void) {
        puts("held");
        return 0;
}

bool told(const char *what, long result) {
        printf("%s: %s\n", what, result < 0 ? strerror(errno) : "worked");
        return result >= 0;
}

bool is_inside(int fd) {
        struct statx root, st;

        return statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &root) == 0 &&
               statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) == 0 &&
               st.stx_mnt_id == root.stx_mnt_id;
}

int main(int argc, char **argv) {
        setvbuf(stdout, NULL, _IOLBF, 0);
        for (size_t i = 0; argc > 1 && i < sizeof(escapes) / sizeof(escapes[0]); i++)
                if (strcmp(escapes[i].name, argv[1]) == 0 && argc - 2 >= escapes[i].n_arguments)
                        return escapes[i].run(argv + 2);
        fputs("usage: escape NAME [WORD]...\n", stderr);
        return 2;
}
