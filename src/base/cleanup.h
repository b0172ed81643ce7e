/* SPDX-License-Identifier: Apache-2.0 */
/* base/cleanup.h: scope-bound release of what a function owns. */
#pragma once
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__((__cleanup__(fn)))

/* Moves a pointer out of its variable, which the cleanup then finds empty. */
#define TAKE_PTR(p)                              \
        ({                                       \
                __typeof__(p) *_pp = &(p);       \
                __typeof__(p) _taken = *_pp;     \
                *_pp = NULL;                     \
                _taken;                          \
        })

/* The same for a file descriptor; unset is -EBADF. */
#define TAKE_FD(fd)                \
        ({                         \
                int *_fdp = &(fd); \
                int _fd = *_fdp;   \
                *_fdp = -EBADF;    \
                _fd;               \
        })

/* DEFINE_CLEANUP(Foo*, foo_free) makes foo_freep() for _cleanup_(foo_freep). */
#define DEFINE_CLEANUP(type, fn)                           \
        static inline void fn##p(type *p) {                \
                if (*p)                                    \
                        (void) fn(*p);                     \
        }                                                  \
        struct _defines_nothing_ /* takes the caller's semicolon */

static inline void freep(void *p) {
        free(*(void **) p);
}

/* Closes and returns -EBADF; errno is kept, so that it may stand between a failure and its report. */
static inline int close_fd(int fd) {
        if (fd >= 0) {
                int saved = errno;

                (void) close(fd); /* nothing can be done about its failure: the fd is gone either way */
                errno = saved;
        }
        return -EBADF;
}

static inline void close_fdp(int *fd) {
        *fd = close_fd(*fd);
}

static inline void fclosep(FILE **f) {
        if (*f)
                (void) fclose(*f); /* readers only: a writer calls fclose() itself and checks it */
}

static inline void closedirp(DIR **d) {
        if (*d)
                (void) closedir(*d); /* a read-only stream has nothing to lose */
}

#define _cleanup_free_ _cleanup_(freep)
#define _cleanup_close_ _cleanup_(close_fdp)
#define _cleanup_fclose_ _cleanup_(fclosep)
#define _cleanup_closedir_ _cleanup_(closedirp)
