/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads what may be a log of two files. The input: a byte of options, a byte of lines for --tail, two of where the second
 * file begins, then both. What goes out is never more than what went in, but for stamps, frames and our own lines.
 */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "monitor/log-format.h"
#include "puller/readlog.h"
#include "fuzz.h"


static void write_log(int dir_fd, const char *name, const uint8_t *data, size_t size) {
        if (write_file_at(dir_fd, name, data, size, 0600, 0) < 0)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_close_ int dir_fd = -EBADF, out_fd = -EBADF;
        char path[] = "/dev/shm/fuzz-readlog-XXXXXX";
        size_t first;
        off_t end;

        if (size < 4)
                return 0;
        if (!mkdtemp(path))
                abort();
        dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        out_fd = memfd_create("out", MFD_CLOEXEC);
        if (dir_fd < 0 || out_fd < 0)
                abort();
        first = MIN2((size_t) data[2] | (size_t) data[3] << 8, size - 4);
        write_log(dir_fd, "00000001.log", data + 4, first);
        write_log(dir_fd, "00000002.log", data + 4 + first, size - 4 - first);

        if (readlog(&(ReadlogArgs) {
                            .dir_fd = dir_fd,
                            .notify_fd = -EBADF,
                            .end_fd = -EBADF,
                            .tail_set = data[0] & 1,
                            .tail = data[1],
                            .print = { .out_fd = out_fd,
                                    .streams = { false, !(data[0] & 2), !(data[0] & 4) },
                                    .timestamps = data[0] & 8,
                                    .framed = data[0] & 16,
                                    .since_nsec = data[0] & 32 ? 1 : 0,
                                    .until_nsec = data[0] & 64 ? 1ULL << 62 : UINT64_MAX },
                    }) < 0)
                abort();
        end = lseek(out_fd, 0, SEEK_END);
        if (end < 0 || (uint64_t) end > 256 + size * 40)
                abort();

        if (unlinkat(dir_fd, "00000001.log", 0) < 0 || unlinkat(dir_fd, "00000002.log", 0) < 0 ||
                        rmdir(path) < 0)
                abort();
        return 0;
}
