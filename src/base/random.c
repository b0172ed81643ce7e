/* SPDX-License-Identifier: Apache-2.0 */
/* base/random.c: random bytes and the boot's id; builds with musl. */
#include "base/random.h"
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include "base/fd.h"
#include "base/str.h"

int random_bytes(void *ret, size_t size) {
        size_t done = 0;

        while (done < size) {
                ssize_t n = getrandom((char *) ret + done, size - done, 0);

                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                done += (size_t) n;
        }
        return 0;
}

int boot_id_get(uint8_t ret[static 16]) {
        _cleanup_free_ char *text = NULL;
        char hex[33];
        size_t n = 0;
        int r;

        r = read_file("/proc/sys/kernel/random/boot_id", 64, &text, NULL);
        if (r < 0)
                return r;

        /* 8-4-4-4-12 digits with dashes between, and a newline */
        for (const char *p = text; *p && *p != '\n'; p++)
                if (*p != '-') {
                        if (n == 32)
                                return -EBADMSG;
                        hex[n++] = *p;
                }
        hex[n] = '\0';
        return hex_decode(hex, ret, 16) < 0 ? -EBADMSG : 0;
}
