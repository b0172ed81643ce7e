/* SPDX-License-Identifier: Apache-2.0 */
/* puller/entry-attributes.c: see entry-attributes.h. */
#include "puller/entry-attributes.h"
#include <archive_entry.h>

#define NSEC_MAX 999999999 /* what utimensat(2) takes; an archive may say anything */

void entry_attributes(struct archive_entry *header, TreeAttributes *ret) {
        *ret = (TreeAttributes) {
                .uid = (uid_t) archive_entry_uid(header),
                .gid = (gid_t) archive_entry_gid(header),
                .mode = archive_entry_perm(header) & 07777,
                .mtime = { .tv_sec = archive_entry_mtime(header),
                                .tv_nsec = archive_entry_mtime_nsec(header) },
        };
        if (ret->mtime.tv_nsec < 0 || ret->mtime.tv_nsec > NSEC_MAX)
                ret->mtime.tv_nsec = 0;
}
