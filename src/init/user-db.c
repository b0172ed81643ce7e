/* SPDX-License-Identifier: Apache-2.0 */
/* init/user-db.c: see user-db.h. */
#include "init/user-db.h"
#include <string.h>

bool user_parse_id(const char *s, unsigned *ret) {
        unsigned long value = 0;

        if (!*s)
                return false;
        for (; *s; s++) {
                if (*s < '0' || *s > '9')
                        return false;
                value = value * 10 + (unsigned long) (*s - '0');
                if (value > 0x7fffffffUL)
                        return false;
        }
        *ret = (unsigned) value;
        return true;
}

/* Cuts @line at its colons. Return: how many fields, at most @max. */
static size_t split_fields(char *line, char *fields[], size_t max) {
        size_t n = 0;

        for (char *p = line; p && n < max;) {
                char *colon = strchr(p, ':');

                fields[n++] = p;
                if (colon)
                        *colon++ = '\0';
                p = colon;
        }
        return n;
}

static void copy_cut(char *to, size_t size, const char *from) {
        size_t n = strnlen(from, size - 1);

        memcpy(to, from, n);
        to[n] = '\0';
}

bool user_match_passwd(char *line, const char *want, UserEntry *ret) {
        char *f[7];
        unsigned uid, gid, id;

        if (split_fields(line, f, 7) < 6 || !user_parse_id(f[2], &uid) ||
                        !user_parse_id(f[3], &gid))
                return false;
        if (strcmp(f[0], want) != 0 && !(user_parse_id(want, &id) && id == uid))
                return false;

        *ret = (UserEntry){.found = true, .uid = uid, .gid = gid};
        copy_cut(ret->name, sizeof(ret->name), f[0]);
        copy_cut(ret->home, sizeof(ret->home), f[5]);
        return true;
}

static bool list_has(const char *list, const char *name) {
        size_t n = strlen(name);

        while (list && *list) {
                size_t m = strcspn(list, ",");

                if (m == n && memcmp(list, name, n) == 0)
                        return true;
                list += m + (list[m] == ',');
        }
        return false;
}

bool user_parse_group(char *line, UserGroup *ret) {
        char *f[4];
        unsigned gid;
        size_t n;

        n = split_fields(line, f, 4);
        if (n < 3 || !user_parse_id(f[2], &gid))
                return false;
        *ret = (UserGroup){.gid = gid, .name = f[0], .members = n < 4 ? NULL : f[3]};
        return true;
}

bool user_group_is(const UserGroup *g, const char *want) {
        unsigned id;

        return strcmp(g->name, want) == 0 || (user_parse_id(want, &id) && id == g->gid);
}

bool user_group_has(const UserGroup *g, const char *member) {
        return list_has(g->members, member);
}
