/* SPDX-License-Identifier: Apache-2.0 */
/* puller/image-archive.c: reads headers, skips contents; believes neither names nor sizes. */
#include "puller/image-archive.h"
#include <string.h>
#include <sys/stat.h>
#include "base/fd.h"
#include "base/map.h"
#include "base/parse.h"
#include "base/str.h"
#include "model/limits.h"
#include "model/ustar.h"
#include "puller/entry-name.h"

#define EXTENSION_MAX (64U * 1024) /* bytes of a pax or GNU header that says more of the next entry */
#define LINKS_MAX 8U

struct ImageArchive {
        int fd;           /* borrowed */
        const char *name; /* borrowed */
        uint64_t size;
        Map *members;     /* by name; owned values */
        size_t n_entries, names_bytes;
};

/* What extended headers have said of the entry that follows. */
typedef struct Extension {
        char *name, *link; /* owned; NULL: nothing */
        uint64_t size;
        bool has_size;
} Extension;

static void extension_done(Extension *e) {
        free(e->name);
        free(e->link);
        *e = (Extension) {};
}

static void member_free(ArchiveMember *m) {
        free(m->name);
        free(m->link);
        free(m);
}

ImageArchive *image_archive_free(ImageArchive *a) {
        ArchiveMember *m;

        if (!a)
                return NULL;
        MAP_FOREACH(m, a->members)
                member_free(m);
        map_free(a->members);
        free(a);
        return NULL;
}

const char *image_archive_name(const ImageArchive *a) {
        return a->name;
}

static int refuse(const ImageArchive *a, const char *entry, const char *why, Failure *reterr) {
        char shown[ENTRY_SHOWN_MAX];

        return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG, "Entry '%s' of '%s' %s",
                        entry_show(entry, shown, sizeof(shown)), a->name, why);
}

static int read_at(const ImageArchive *a, void *data, size_t size, uint64_t offset,
                Failure *reterr) {
        ssize_t n;

        n = pread_full(a->fd, data, size, (off_t) offset);
        if (n < 0)
                return fail_errno(reterr, (int) n, "Failed to read '%s'", a->name);
        if ((size_t) n != size)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG, "'%s' is cut off", a->name);
        return 0;
}

/* One record of a pax header: "LENGTH KEY=VALUE\n"; @data is at its key. */
static int take_record(Extension *e, const char *data, size_t size) {
        const char *eq = memchr(data, '=', size);
        _cleanup_free_ char *key = NULL, *value = NULL;

        if (!eq || memchr(data, '\0', size))
                return -EBADMSG;
        key = strndup(data, (size_t) (eq - data));
        value = strndup(eq + 1, size - (size_t) (eq + 1 - data));
        if (!key || !value)
                return -ENOMEM;
        if (streq(key, "path"))
                return free_and_strdup(&e->name, value);
        if (streq(key, "linkpath"))
                return free_and_strdup(&e->link, value);
        if (streq(key, "size")) {
                e->has_size = true;
                return parse_u64(value, &e->size) < 0 ? -EBADMSG : 0;
        }
        return startswith(key, "GNU.sparse.") ? -EOPNOTSUPP : 0;
}

static int take_pax(Extension *e, const char *data, size_t size) {
        while (size > 0) {
                const char *blank = memchr(data, ' ', size);
                size_t length = 0;
                int r;

                if (!blank)
                        return -EBADMSG;
                for (const char *p = data; p < blank; p++) {
                        if (*p < '0' || *p > '9' || length > EXTENSION_MAX)
                                return -EBADMSG;
                        length = length * 10 + (size_t) (*p - '0');
                }
                if (length > size || length < (size_t) (blank - data) + 2 ||
                                data[length - 1] != '\n')
                        return -EBADMSG;
                r = take_record(e, blank + 1, length - (size_t) (blank + 1 - data) - 1);
                if (r < 0)
                        return r;
                data += length;
                size -= length;
        }
        return 0;
}

static int take_extension(ImageArchive *a, Extension *e, const UstarHeader *h, uint64_t offset,
                Failure *reterr) {
        _cleanup_free_ char *data = NULL;
        int r;

        if (h->size > EXTENSION_MAX)
                return refuse(a, h->name, "has an extended header that is too long", reterr);
        if (h->type == 'g') /* of all that follow: nothing that would count here */
                return 0;
        data = calloc(1, h->size + 1);
        if (!data)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = read_at(a, data, h->size, offset, reterr);
        if (r < 0)
                return r;

        if (h->type == 'L')
                r = free_and_strdup(&e->name, data);
        else if (h->type == 'K')
                r = free_and_strdup(&e->link, data);
        else
                r = take_pax(e, data, h->size);
        if (r == -ENOMEM)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        return r < 0 ? refuse(a, h->name, "has a damaged extended header", reterr) : 0;
}

/* A link is relative to its own directory, a hard link to the archive. */
static int plain_link(
                const ArchiveMember *m, const char *target, char ret[static ARCHIVE_PATH_MAX]) {
        _cleanup_free_ char *joined = NULL;
        const char *slash = strrchr(m->name, '/');
        int r;

        if (m->type == '1' || *target == '/' || !slash)
                return entry_path_normalize(target, ret);
        r = str_printf(&joined, "%.*s/%s", (int) (slash - m->name), m->name, target);
        return r < 0 ? r : entry_path_normalize(joined, ret);
}

static int new_member(const ImageArchive *a, const UstarHeader *h, const Extension *e,
                uint64_t offset, ArchiveMember **ret, Failure *reterr) {
        const char *name = e->name ?: h->name, *target = e->link ?: h->link;
        char path[ARCHIVE_PATH_MAX];
        ArchiveMember *m;
        int r;

        r = entry_path_normalize(name, path);
        if (r == -EXDEV)
                return refuse(a, name, "leads out of the archive", reterr);
        if (r < 0)
                return refuse(a, name, "has a name that is too long", reterr);

        m = calloc(1, sizeof(*m));
        if (!m)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        *m = (ArchiveMember) {
                .name = strdup(path),
                .offset = offset,
                .size = e->has_size ? e->size : h->size,
                .type = strchr("0125", h->type) ? h->type : '?',
        };
        r = m->name ? 0 : -ENOMEM;
        if (r >= 0 && (m->type == '1' || m->type == '2')) {
                if (plain_link(m, target, path) < 0) /* harmless until somebody follows it */
                        m->type = '?';
                else
                        r = free_and_strdup(&m->link, path);
        }
        if (r < 0) {
                member_free(m);
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        }
        *ret = m;
        return 0;
}

static int add_member(ImageArchive *a, ArchiveMember *m, Failure *reterr) {
        ArchiveMember *other = map_get(a->members, m->name);
        int r;

        if (other && other->type == '5' && m->type == '5') {
                member_free(m);
                return 0;
        }
        if (other)
                r = refuse(a, m->name, "is there twice", reterr);
        else if (++a->n_entries > IMAGE_ARCHIVE_ENTRIES_MAX ||
                        (a->names_bytes += strlen(m->name)) > IMAGE_ARCHIVE_NAMES_MAX)
                r = fail(reterr, FAILURE_LIMIT_REACHED, E2BIG, "'%s' has more than %u entries",
                                a->name, IMAGE_ARCHIVE_ENTRIES_MAX);
        else {
                r = map_put(a->members, m->name, m);
                if (r < 0)
                        r = fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        }
        if (r < 0)
                member_free(m);
        return r;
}

/* The root itself is no member. */
static int take_entry(ImageArchive *a, const UstarHeader *h, Extension *e, uint64_t offset,
                uint64_t *ret_size, Failure *reterr) {
        ArchiveMember *m = NULL;
        int r;

        r = new_member(a, h, e, offset, &m, reterr);
        extension_done(e);
        if (r < 0)
                return r;
        *ret_size = m->type == '0' || m->type == '?' ? m->size : 0;
        if (*ret_size > a->size - offset) {
                r = refuse(a, m->name, "is cut off", reterr);
                member_free(m);
                return r;
        }
        if (*m->name == '\0') {
                member_free(m);
                return 0;
        }
        return add_member(a, m, reterr);
}

static int read_headers(ImageArchive *a, Failure *reterr) {
        Extension e = {};
        uint64_t at = 0;
        int r = 0;

        while (r >= 0 && at <= a->size && a->size - at >= USTAR_BLOCK) {
                uint8_t block[USTAR_BLOCK];
                UstarHeader h;
                uint64_t size = 0;

                r = read_at(a, block, sizeof(block), at, reterr);
                if (r < 0)
                        break;
                at += USTAR_BLOCK;
                r = ustar_decode(block, &h);
                if (r == 0)
                        break;
                if (r < 0)
                        r = fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG, at == USTAR_BLOCK
                                                        ? "'%s' is no tar archive"
                                                        : "'%s' is damaged: there is no header "
                                                          "where one should be",
                                        a->name);
                else if (strchr("xgLK", h.type)) {
                        size = h.size;
                        r = take_extension(a, &e, &h, at, reterr);
                } else
                        r = take_entry(a, &h, &e, at, &size, reterr);
                at += MIN2(ustar_padded(size), UINT64_MAX - at);
        }
        extension_done(&e);
        return r;
}

int image_archive_new(int fd, const char *name, ImageArchive **ret, Failure *reterr) {
        _cleanup_(image_archive_freep) ImageArchive *a = NULL;
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return fail_errno(reterr, errno, "Failed to read '%s'", name);
        a = calloc(1, sizeof(*a));
        if (!a || map_new(&a->members) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        a->fd = fd;
        a->name = name;
        a->size = (uint64_t) st.st_size;
        r = read_headers(a, reterr);
        if (r < 0)
                return r;
        if (map_size(a->members) == 0)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, ENODATA, "'%s' is empty", name);
        *ret = TAKE_PTR(a);
        return 0;
}

bool image_archive_has(const ImageArchive *a, const char *path) {
        return map_get(a->members, path);
}

int image_archive_find(const ImageArchive *a, const char *path, const ArchiveMember **ret,
                Failure *reterr) {
        char plain[ARCHIVE_PATH_MAX];
        const ArchiveMember *m = NULL;
        int r;

        r = entry_path_normalize(path, plain);
        if (r < 0)
                return refuse(a, path, "is asked for, and leads out of the archive", reterr);
        for (unsigned i = 0; i < LINKS_MAX; i++) {
                m = map_get(a->members, m ? m->link : plain);
                if (!m)
                        return refuse(a, path, "is missing", reterr);
                if (m->type == '0') {
                        *ret = m;
                        return 0;
                }
                if (!m->link)
                        return refuse(a, path, m->type == '5' ? "is a directory, not a file"
                                                              : "is no file of the archive",
                                        reterr);
        }
        return refuse(a, path, "goes through too many links", reterr);
}

int image_archive_read(const ImageArchive *a, const ArchiveMember *member, size_t max, char **ret,
                size_t *ret_size, Failure *reterr) {
        _cleanup_free_ char *data = NULL;
        char shown[ENTRY_SHOWN_MAX];
        int r;

        if (member->size > max)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EFBIG,
                                "Entry '%s' of '%s' is %llu bytes long; the limit is %zu",
                                entry_show(member->name, shown, sizeof(shown)), a->name,
                                (unsigned long long) member->size, max);
        data = calloc(1, member->size + 1);
        if (!data)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = read_at(a, data, member->size, member->offset, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(data);
        *ret_size = member->size;
        return 0;
}
