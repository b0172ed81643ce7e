/* SPDX-License-Identifier: Apache-2.0 */
/* base/file-identity.c: see file-identity.h. */
#include "base/file-identity.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/str.h"

#define HANDLE_BYTES_MAX 128 /* MAX_HANDLE_SZ */
#define HANDLE_FID 0x200     /* AT_HANDLE_FID of Linux 6.5: one that need not be opened by */
#define MASK_INO_BTIME 0x900 /* STATX_INO | STATX_BTIME */
#define MASK_BTIME 0x800

typedef struct Handle {
        unsigned bytes;
        int type;
        unsigned char data[HANDLE_BYTES_MAX];
} Handle;

/* struct statx, as far as it is read. Source: linux/stat.h */
typedef struct Statx {
        uint32_t mask, block_size;
        uint64_t attributes;
        uint32_t n_links, uid, gid;
        uint16_t mode, pad;
        uint64_t ino, size, blocks, attributes_mask;
        int64_t atime_sec;
        uint32_t atime_nsec;
        int32_t pad_atime;
        int64_t btime_sec;
        uint32_t btime_nsec;
        int32_t pad_btime;
        uint64_t rest[24];
} Statx;

static int get_handle(int fd, Handle *ret) {
        int mount_id;

        *ret = (Handle) { .bytes = HANDLE_BYTES_MAX };
        if (syscall(SYS_name_to_handle_at, fd, "", ret, &mount_id, AT_EMPTY_PATH) == 0)
                return 0;
        ret->bytes = HANDLE_BYTES_MAX;
        if ((errno == EOPNOTSUPP || errno == EOVERFLOW) &&
                        syscall(SYS_name_to_handle_at, fd, "", ret, &mount_id,
                                        AT_EMPTY_PATH | HANDLE_FID) == 0)
                return 0;
        return -errno;
}

int file_identity(int fd, char ret[static FILE_IDENTITY_MAX]) {
        char hex[2 * HANDLE_BYTES_MAX + 1];
        struct statfs fs;
        unsigned id[2];
        Handle handle;
        Statx x;

        if (fstatfs(fd, &fs) < 0)
                return -errno;
        memcpy(id, &fs.f_fsid, sizeof(id));
        if (get_handle(fd, &handle) == 0 && handle.bytes <= HANDLE_BYTES_MAX) {
                hex_encode(handle.data, handle.bytes, hex);
                (void) snprintf(ret, FILE_IDENTITY_MAX, "%08x%08x:%d:%s", id[1], id[0],
                                handle.type, hex); /* fits */
                return 0;
        }
        if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, MASK_INO_BTIME, &x) < 0)
                return -errno;
        if (!(x.mask & MASK_BTIME))
                return -EOPNOTSUPP;
        (void) snprintf(ret, FILE_IDENTITY_MAX, "%08x%08x:btime:%llx.%llx.%x", id[1], id[0],
                        (unsigned long long) x.ino, (unsigned long long) x.btime_sec,
                        x.btime_nsec); /* fits */
        return 0;
}
