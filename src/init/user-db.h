/* SPDX-License-Identifier: Apache-2.0 */
/* init/user-db.h: /etc/passwd and /etc/group as text that nobody vouches for. Knows no fd;
 * allocates nothing. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define USER_GROUPS_MAX 256U

typedef struct UserEntry {
        bool found;
        uid_t uid;
        gid_t gid;
        char name[64];
        char home[256];
} UserEntry;

/**
 * user_parse_id() - a decimal id
 * Return: true and @ret, or false: not a number, or above 2^31 - 1.
 */
bool user_parse_id(const char *s, unsigned *ret);

/**
 * user_match_passwd() - one line of passwd(5) at a time
 * @line: NUL-terminated, without its newline; changed
 * @want: a name, or a decimal uid
 *
 * Return: true and @ret filled in if this line is the one. A malformed line is none.
 */
bool user_match_passwd(char *line, const char *want, UserEntry *ret);

/* A line of group(5); the texts are in the line. */
typedef struct UserGroup {
        gid_t gid;
        const char *name, *members; /* members: separated by commas; NULL: none */
} UserGroup;

/** user_parse_group() - @line: as above. Return: true and @ret, or false: malformed. */
bool user_parse_group(char *line, UserGroup *ret);

/** user_group_is() - is that its name, or its number in decimal? user_group_has() - is that user a member? */
bool user_group_is(const UserGroup *g, const char *want);
bool user_group_has(const UserGroup *g, const char *member);
