/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/caller-group.c: see caller-group.h. */
#include "daemon/caller-group.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "base/fd.h"
#include "base/parse.h"
#include "base/str.h"

#define STATUS_BYTES_MAX 16384U
#define GROUPS_MAX 65536U /* the kernel's NGROUPS_MAX */

static int read_groups(Caller *caller, sd_bus_message *m) {
        const void *groups;
        size_t bytes;
        int r;

        r = sd_bus_message_enter_container(m, 'v', "au");
        if (r >= 0)
                r = sd_bus_message_read_array(m, 'u', &groups, &bytes);
        if (r < 0)
                return r;
        if (bytes > 0 && bytes <= GROUPS_MAX * sizeof(uint32_t)) {
                free(caller->groups);
                caller->groups = malloc(bytes);
                if (!caller->groups)
                        return -ENOMEM;
                memcpy(caller->groups, groups, bytes);
                caller->n_groups = bytes / sizeof(uint32_t);
        }
        return sd_bus_message_exit_container(m);
}

int caller_group_read(Caller *caller, sd_bus_message *m, const char *key, const char *signature) {
        int r;

        if (streq(key, "UnixGroupIDs") && streq(signature, "au")) {
                r = read_groups(caller, m);
                return r < 0 ? r : 1;
        }
        if (streq(key, "ProcessID") && streq(signature, "u")) {
                r = sd_bus_message_read(m, "v", "u", &caller->pid);
                return r < 0 ? r : 1;
        }
        return 0;
}

/* "Uid:\t1000\t…": the first is the real one. */
static int read_real(const char *status, const char *field, uint32_t *ret) {
        char number[16];
        const char *s = strstr(status, field);
        size_t n;

        if (!s)
                return -EBADMSG;
        s += strlen(field);
        n = strcspn(s, "\t\n");
        if (n >= sizeof(number))
                return -EBADMSG;
        memcpy(number, s, n);
        number[n] = '\0';
        return parse_u32(number, ret);
}

static int peer_group(Caller *caller, gid_t *ret) {
        struct ucred creds;
        socklen_t size = sizeof(creds);
        int fd;

        fd = sd_bus_get_fd(caller->link->bus);
        if (fd < 0)
                return fd;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &creds, &size) < 0)
                return -errno;
        *ret = creds.gid;
        return 0;
}

/* Of one there is no choice. */
static bool has_one(const Caller *caller) {
        for (size_t i = 1; i < caller->n_groups; i++)
                if (caller->groups[i] != caller->groups[0])
                        return false;
        return caller->n_groups > 0;
}

int caller_group(Caller *caller, gid_t *ret) {
        _cleanup_free_ char *status = NULL;
        char path[64];
        uint32_t uid, gid;

        if (caller->link->peer)
                return peer_group(caller, ret);
        if (has_one(caller)) {
                *ret = caller->groups[0];
                return 0;
        }
        (void) snprintf(path, sizeof(path), "/proc/%u/status", caller->pid);
        if (caller->pid == 0 || read_file(path, STATUS_BYTES_MAX, &status, NULL) < 0 ||
                        read_real(status, "\nUid:\t", &uid) < 0 ||
                        read_real(status, "\nGid:\t", &gid) < 0 || uid != caller->uid)
                return -ENXIO;
        for (size_t i = 0; i < caller->n_groups; i++)
                if (caller->groups[i] == gid) {
                        *ret = gid;
                        return 0;
                }
        return -ENXIO;
}
