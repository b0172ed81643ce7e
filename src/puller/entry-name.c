/* SPDX-License-Identifier: Apache-2.0 */
/* puller/entry-name.c: names as archives say them. Pure functions of their arguments. */
#include "puller/entry-name.h"
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "base/str.h"

#define WHITEOUT_PREFIX ".wh."
#define WHITEOUT_META_PREFIX ".wh..wh."
#define WHITEOUT_OPAQUE_NAME ".wh..wh..opq"

static size_t drop_last_component(char *path, size_t length) {
        while (length > 0 && path[length - 1] != '/')
                length--;
        return length > 0 ? length - 1 : 0;
}

int entry_path_normalize(const char *path, char ret[static ARCHIVE_PATH_MAX]) {
        char result[ARCHIVE_PATH_MAX];
        size_t length = 0, depth = 0;

        for (const char *p = path; *p != '\0';) {
                size_t n = strcspn(p, "/");

                if (n == 2 && memcmp(p, "..", 2) == 0) {
                        if (depth == 0)
                                return -EXDEV;
                        length = drop_last_component(result, length);
                        depth--;
                } else if (n > 0 && !(n == 1 && *p == '.')) {
                        if (n > NAME_MAX || length + n + 2 > sizeof(result))
                                return -ENAMETOOLONG;
                        if (depth >= ARCHIVE_DEPTH_MAX)
                                return -EOVERFLOW;
                        if (length > 0)
                                result[length++] = '/';
                        memcpy(result + length, p, n);
                        length += n;
                        depth++;
                }
                p += n;
                while (*p == '/')
                        p++;
        }

        memcpy(ret, result, length);
        ret[length] = '\0';
        return 0;
}

size_t entry_path_depth(const char *path) {
        size_t depth = *path != '\0';

        for (; *path != '\0'; path++)
                depth += *path == '/';
        return depth;
}

Whiteout entry_whiteout(const char *name, const char **ret_hidden) {
        const char *hidden;

        hidden = startswith(name, WHITEOUT_PREFIX);
        if (!hidden)
                return WHITEOUT_NONE;
        if (streq(name, WHITEOUT_OPAQUE_NAME))
                return WHITEOUT_OPAQUE;
        if (startswith(name, WHITEOUT_META_PREFIX))
                return WHITEOUT_IGNORED;
        if (*hidden == '\0' || streq(hidden, ".") || streq(hidden, ".."))
                return WHITEOUT_INVALID;

        *ret_hidden = hidden;
        return WHITEOUT_ENTRY;
}

/* The length of the UTF-8 sequence at @s that may be shown as it is; 0 if there is none. */
static size_t shown_sequence(const unsigned char *s) {
        uint32_t c;
        size_t n;

        if (*s < 0x80)
                return *s >= 0x20 && *s != 0x7f && *s != '\\' && *s != '\'';
        if (*s >= 0xc2 && *s <= 0xdf)
                n = 2, c = *s & 0x1f;
        else if ((*s & 0xf0) == 0xe0)
                n = 3, c = *s & 0x0f;
        else if (*s >= 0xf0 && *s <= 0xf4)
                n = 4, c = *s & 0x07;
        else
                return 0;

        for (size_t i = 1; i < n; i++) {
                if ((s[i] & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | (s[i] & 0x3f);
        }
        /* overlong, surrogates, beyond Unicode, C1 controls, and what turns the direction of the text round it */
        if ((n == 3 && c < 0x800) || (n == 4 && (c < 0x10000 || c > 0x10ffff)) ||
                        (c >= 0xd800 && c <= 0xdfff))
                return 0;
        if (c < 0xa0 || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
            (c >= 0x2066 && c <= 0x2069) || c == 0xfeff)
                return 0;
        return n;
}

const char *entry_show(const char *name, char *ret, size_t size) {
        static const char ellipsis[] = "…";
        const unsigned char *p = (const unsigned char *) name;
        size_t length = 0;

        while (*p != '\0') {
                char piece[5];
                size_t n;

                n = shown_sequence(p);
                if (n > 0)
                        memcpy(piece, p, n);
                else
                        n = (size_t) snprintf(piece, sizeof(piece), "\\x%02x", *p);

                if (length + n + sizeof(ellipsis) > size) {
                        memcpy(ret + length, ellipsis, sizeof(ellipsis) - 1);
                        length += sizeof(ellipsis) - 1;
                        break;
                }
                memcpy(ret + length, piece, n);
                length += n;
                p += *piece == '\\' ? 1 : n;
        }

        ret[length] = '\0';
        return ret;
}

bool entry_attribute_wanted(const char *name) {
        /* overlayfs believes user.overlay.*: a stranger's redirect or metacopy has no business in a layer */
        if (startswith(name, "user."))
                return !startswith(name, "user.overlay.") && strlen(name) <= 255;
        return streq(name, "security.capability");
}
