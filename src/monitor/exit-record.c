/* SPDX-License-Identifier: Apache-2.0 */
/* monitor/exit-record.c: see exit-record.h. Linked into the monitor, which writes, and the daemon,
 * which reads. */
#include "monitor/exit-record.h"
#include <errno.h>
#include <stddef.h>
#include "base/crc.h"
#include "base/fd.h"

static uint32_t checksum(const ExitRecord *record) {
        return crc32_ieee(0, record, offsetof(ExitRecord, checksum));
}

int exit_record_write(int fd, ExitRecord *record) {
        record->magic = EXIT_RECORD_MAGIC;
        record->version = EXIT_RECORD_VERSION;
        record->length = sizeof(*record);
        record->checksum = checksum(record);
        return pwrite_full(fd, record, sizeof(*record), 0);
}

int exit_record_read(int fd, ExitRecord *ret) {
        ExitRecord record;
        ssize_t n;

        n = pread_full(fd, &record, sizeof(record), 0);
        if (n < 0)
                return (int) n;
        if (n == 0)
                return -ENODATA;
        if (n != sizeof(record) || record.magic != EXIT_RECORD_MAGIC)
                return -EBADMSG;
        if (record.version > EXIT_RECORD_VERSION)
                return -EPROTO;
        if (record.checksum != checksum(&record) || record.kind >= _EXIT_KIND_MAX)
                return -EBADMSG;
        if (record.kind == EXIT_NONE)
                return -ENODATA;

        record.detail[sizeof(record.detail) - 1] = '\0';
        *ret = record;
        return 0;
}
