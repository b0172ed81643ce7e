/* SPDX-License-Identifier: Apache-2.0 */
/* cli/archive-late.c: libarchive's functions under their own names, loaded when something is copied into a container or out of it. */
#include <archive.h>
#include <archive_entry.h>
#include "cli/late.h"

/* The ABI that archive.h describes. */
#define LATE_LIBRARY "libarchive.so.13"

LATE(struct archive *, archive_read_new, (void), ())
LATE(int, archive_read_support_format_tar, (struct archive * a), (a))
LATE(int, archive_read_open_fd, (struct archive * a, int fd, size_t size), (a, fd, size))
LATE(int, archive_read_next_header, (struct archive * a, struct archive_entry **ret), (a, ret))
LATE(int, archive_read_data_block,
                (struct archive * a, const void **data, size_t *size, la_int64_t *offset),
                (a, data, size, offset))
LATE(int, archive_read_free, (struct archive * a), (a))
LATE(struct archive *, archive_write_new, (void), ())
LATE(int, archive_write_set_format_pax_restricted, (struct archive * a), (a))
LATE(int, archive_write_set_bytes_per_block, (struct archive * a, int n), (a, n))
LATE(int, archive_write_set_bytes_in_last_block, (struct archive * a, int n), (a, n))
LATE(int, archive_write_open,
                (struct archive * a, void *userdata, archive_open_callback *o,
                                archive_write_callback *w, archive_close_callback *c),
                (a, userdata, o, w, c))
LATE(int, archive_write_header, (struct archive * a, struct archive_entry *e), (a, e))
LATE(la_ssize_t, archive_write_data,
                (struct archive * a, const void *data, size_t size),
                (a, data, size))
LATE(int, archive_write_close, (struct archive * a), (a))
LATE(int, archive_write_free, (struct archive * a), (a))
LATE(const char *, archive_error_string, (struct archive * a), (a))
LATE(int, archive_errno, (struct archive * a), (a))
LATE(struct archive_entry *, archive_entry_new, (void), ())
LATE(struct archive_entry *, archive_entry_clear, (struct archive_entry * e), (e))
LATE(void, archive_entry_free, (struct archive_entry * e), (e))
LATE(void, archive_entry_copy_pathname, (struct archive_entry * e, const char *s), (e, s))
LATE(void, archive_entry_copy_hardlink, (struct archive_entry * e, const char *s), (e, s))
LATE(void, archive_entry_copy_symlink, (struct archive_entry * e, const char *s), (e, s))
LATE(void, archive_entry_set_mode, (struct archive_entry * e, __LA_MODE_T mode), (e, mode))
LATE(void, archive_entry_set_uid, (struct archive_entry * e, la_int64_t uid), (e, uid))
LATE(void, archive_entry_set_gid, (struct archive_entry * e, la_int64_t gid), (e, gid))
LATE(void, archive_entry_set_mtime,
                (struct archive_entry * e, time_t sec, long nsec),
                (e, sec, nsec))
LATE(void, archive_entry_set_size, (struct archive_entry * e, la_int64_t size), (e, size))
LATE(void, archive_entry_set_rdevmajor, (struct archive_entry * e, dev_t n), (e, n))
LATE(void, archive_entry_set_rdevminor, (struct archive_entry * e, dev_t n), (e, n))
LATE(void, archive_entry_xattr_add_entry,
                (struct archive_entry * e, const char *name, const void *value, size_t size),
                (e, name, value, size))
LATE(int, archive_entry_xattr_reset, (struct archive_entry * e), (e))
LATE(int, archive_entry_xattr_next,
                (struct archive_entry * e, const char **name, const void **value, size_t *size),
                (e, name, value, size))
LATE(const char *, archive_entry_pathname, (struct archive_entry * e), (e))
LATE(const char *, archive_entry_hardlink, (struct archive_entry * e), (e))
LATE(const char *, archive_entry_symlink, (struct archive_entry * e), (e))
LATE(__LA_MODE_T, archive_entry_filetype, (struct archive_entry * e), (e))
LATE(__LA_MODE_T, archive_entry_perm, (struct archive_entry * e), (e))
LATE(la_int64_t, archive_entry_uid, (struct archive_entry * e), (e))
LATE(la_int64_t, archive_entry_gid, (struct archive_entry * e), (e))
LATE(time_t, archive_entry_mtime, (struct archive_entry * e), (e))
LATE(long, archive_entry_mtime_nsec, (struct archive_entry * e), (e))
LATE(la_int64_t, archive_entry_size, (struct archive_entry * e), (e))
