/* SPDX-License-Identifier: Apache-2.0 */
/* base/fd.c: file descriptors. Knows paths and bytes, not what they mean; builds with musl. */
#include "base/fd.h"
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "base/random.h"
#include "base/str.h"

ssize_t read_full(int fd, void *data, size_t size) {
        size_t done = 0;

        while (done < size) {
                ssize_t n = read(fd, (char *) data + done, size - done);

                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                if (n == 0)
                        break;
                done += (size_t) n;
        }
        return (ssize_t) done;
}

ssize_t pread_full(int fd, void *data, size_t size, off_t offset) {
        size_t done = 0;

        while (done < size) {
                ssize_t n = pread(fd, (char *) data + done, size - done, offset + (off_t) done);

                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                if (n == 0)
                        break;
                done += (size_t) n;
        }
        return (ssize_t) done;
}

int write_full(int fd, const void *data, size_t size) {
        size_t done = 0;

        while (done < size) {
                ssize_t n = write(fd, (const char *) data + done, size - done);

                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                done += (size_t) n;
        }
        return 0;
}

int pwrite_full(int fd, const void *data, size_t size, off_t offset) {
        size_t done = 0;

        while (done < size) {
                ssize_t n = pwrite(
                                fd, (const char *) data + done, size - done, offset + (off_t) done);

                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                done += (size_t) n;
        }
        return 0;
}

int open_beneath(int dir_fd, const char *path, int flags, mode_t mode) {
        struct open_how how = {
                .flags = (uint64_t) (flags | O_CLOEXEC),
                .mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? mode : 0,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };
        long fd;

        /* EAGAIN: something was renamed on the way while the kernel looked; it asks for another try. */
        for (unsigned i = 0; i < 32; i++) {
                fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
                if (fd >= 0)
                        return (int) fd;
                if (errno != EAGAIN && errno != EINTR)
                        break;
        }
        return -errno;
}

int open_dir_at(int dir_fd, const char *name) {
        int fd;

        fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int mkdir_open_at(int dir_fd, const char *name, mode_t mode) {
        if (mkdirat(dir_fd, name, mode) < 0 && errno != EEXIST)
                return -errno;
        return open_dir_at(dir_fd, name);
}

/* To the end of file, whatever fstat() says: files of /proc have no size, others may grow meanwhile. */
static int read_all(int fd, size_t max_bytes, char **ret, size_t *ret_size) {
        _cleanup_strbuf_ StrBuf b = { .max_bytes = max_bytes };
        char chunk[4096];
        ssize_t n;
        int r;

        while ((n = read_full(fd, chunk, sizeof(chunk))) > 0) {
                r = strbuf_append(&b, chunk, (size_t) n);
                if (r < 0)
                        return r == -E2BIG ? -EFBIG : r;
        }
        if (n < 0)
                return (int) n;

        return strbuf_steal(&b, ret, ret_size);
}

int read_file_at(int dir_fd, const char *name, size_t max_bytes, char **ret, size_t *ret_size) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        /* O_NONBLOCK: a FIFO in the file's place must not hold us. */
        fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return -errno;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode))
                return -EISDIR;
        if (!S_ISREG(st.st_mode))
                return -EBADF;
        return read_all(fd, max_bytes, ret, ret_size);
}

int read_file(const char *path, size_t max_bytes, char **ret, size_t *ret_size) {
        _cleanup_close_ int fd = -EBADF;

        fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        return read_all(fd, max_bytes, ret, ret_size);
}

/* Fills a new file beside its place; the caller unlinks it on failure. */
static int write_temporary(int dir_fd, const char *temporary, const void *data, size_t size,
                mode_t mode, WriteFlag flags) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;

        r = write_full(fd, data, size);
        if (r < 0)
                return r;

        /* Not by open(): the umask is somebody else's. */
        if (fchmod(fd, mode) < 0)
                return -errno;
        if ((flags & WRITE_SYNC) && fsync(fd) < 0)
                return -errno;
        return 0;
}

static int sync_directory(int dir_fd) {
        _cleanup_close_ int fd = -EBADF;

        fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        return fsync(fd) < 0 ? -errno : 0;
}

int write_file_at(int dir_fd, const char *name, const void *data, size_t size, mode_t mode,
                WriteFlag flags) {
        char temporary[NAME_MAX + 1], suffix[17];
        uint8_t random[4];
        int r;

        r = random_bytes(random, sizeof(random));
        if (r < 0)
                return r;
        hex_encode(random, sizeof(random), suffix);
        r = snprintf(temporary, sizeof(temporary), ".%s.%s", name, suffix);
        if (r < 0 || (size_t) r >= sizeof(temporary))
                return -ENAMETOOLONG;

        r = write_temporary(dir_fd, temporary, data, size, mode, flags);
        if (r == -EEXIST)
                return r; /* not ours: chance or mischief chose the same name */
        if (r >= 0 && syscall(SYS_renameat2, dir_fd, temporary, dir_fd, name,
                                      flags & WRITE_NEW ? 1U /* RENAME_NOREPLACE */ : 0U) < 0)
                r = -errno;
        if (r < 0) {
                (void) unlinkat(dir_fd, temporary, 0); /* the first error is the one to tell */
                return r;
        }

        return flags & WRITE_SYNC ? sync_directory(dir_fd) : 0;
}

int write_existing_at(int dir_fd, const char *path, const char *text) {
        _cleanup_close_ int fd = -EBADF;
        size_t size = strlen(text);
        ssize_t n;

        fd = openat(dir_fd, path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return -errno;

        /* An attribute takes its value by one write(). */
        do
                n = write(fd, text, size);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        return (size_t) n == size ? 0 : -EIO;
}

int fd_set_cloexec(int fd, bool on) {
        int flags;

        flags = fcntl(fd, F_GETFD);
        if (flags < 0)
                return -errno;
        flags = on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC;
        return fcntl(fd, F_SETFD, flags) < 0 ? -errno : 0;
}

int fd_set_nonblock(int fd, bool on) {
        int flags;

        flags = fcntl(fd, F_GETFL);
        if (flags < 0)
                return -errno;
        flags = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
        return fcntl(fd, F_SETFL, flags) < 0 ? -errno : 0;
}

bool fd_is_open(int fd) {
        return fd >= 0 && fcntl(fd, F_GETFD) >= 0;
}

/* close_range(2) is as old as Linux 5.9; a seccomp filter around us may refuse it all the same. */
static int close_all_listed(int first) {
        _cleanup_closedir_ DIR *d = NULL;
        struct dirent *e;

        d = opendir("/proc/self/fd");
        if (!d)
                return -errno;

        while ((e = readdir(d))) {
                int fd = atoi(e->d_name);

                if (e->d_name[0] != '.' && fd >= first && fd != dirfd(d))
                        (void) close(fd); /* gone either way */
        }
        return 0;
}

int close_all_from(int first) {
        if (syscall(SYS_close_range, (unsigned) first, ~0U, 0U) >= 0)
                return 0;
        return close_all_listed(first);
}

int fd_move_above(int fd, int lowest) {
        int moved;

        if (fd >= lowest)
                return fd;

        moved = fcntl(fd, F_DUPFD_CLOEXEC, lowest);
        if (moved < 0)
                return -errno;
        (void) close_fd(fd);
        return moved;
}

void fd_path(int fd, char ret[static FD_PATH_MAX]) {
        (void) snprintf(ret, FD_PATH_MAX, "/proc/self/fd/%d", fd); /* fits any int that is an fd */
}
