/* SPDX-License-Identifier: Apache-2.0 */
/* base/mountinfo.c: see mountinfo.h. */
#include "base/mountinfo.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/fd.h"
#include "base/str.h"

#define TABLE_BYTES_MAX (16U * 1024 * 1024)
#define ID_FIELD "mnt_id:\t"

int mountinfo_type(int fd, char *ret, size_t size) {
        _cleanup_free_ char *info = NULL, *table = NULL;
        const char *id, *line, *type;
        char path[64], wanted[32];
        int r;

        (void) snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
        r = read_file(path, 4096, &info, NULL);
        if (r < 0)
                return r;
        id = strstr(info, ID_FIELD);
        if (!id)
                return -EBADMSG;
        id += strlen(ID_FIELD);
        r = read_file("/proc/self/mountinfo", TABLE_BYTES_MAX, &table, NULL);
        if (r < 0)
                return r;

        /* Names in the table have no line's end of their own: it is written \012. */
        (void) snprintf(wanted, sizeof(wanted), "\n%.*s ", (int) strcspn(id, "\n"), id);
        line = startswith(table, wanted + 1) ? table : strstr(table, wanted);
        if (!line)
                return -ENOENT;
        type = strstr(line, " - ");
        if (!type)
                return -EBADMSG;
        type += strlen(" - ");
        (void) snprintf(ret, size, "%.*s", (int) strcspn(type, " \n"), type);
        return 0;
}
