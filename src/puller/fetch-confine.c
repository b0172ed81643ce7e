/* SPDX-License-Identifier: Apache-2.0 */
/* puller/fetch-confine.c: the profile of the role fetch. */
#include "puller/fetch-confine.h"
#include <errno.h>
#include <stddef.h>
#include "model/limits.h"
#include "puller/confine.h"

#define MEMORY_BYTES (1 * GIB) /* of address space: each thread takes some and uses little */
#define CPU_SECONDS (6 * 3600ULL)

static const char *const users[] = { "pocketdocker-pull", "nobody", NULL };

/* The resolver, the certificates that the system trusts, and libraries that either loads when it is needed. */
static const char *const readable[] = {
        "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf",
        "/etc/ld.so.cache", "/etc/ssl", "/etc/pki", "/usr/share/ca-certificates",
        "/usr/local/share/ca-certificates", "/usr/share/pki", "/usr/lib", "/usr/lib64", "/lib",
        "/lib64",
        /* where resolv.conf leads, if it is a link: the file is replaced when the network changes */
        "/run/systemd/resolve", "/run/NetworkManager", "/run/resolvconf", "/run/connman",
        NULL,
};

int fetch_confine(pid_t parent, Failure *reterr) {
        int r;

        r = confine_user(users, reterr);
        if (r < 0)
                return r;
        return confine_finish(&(ConfineProfile) {
                .root_fd = -EBADF,
                .access = CONFINE_NETWORK,
                .readable = readable,
                .memory_bytes = MEMORY_BYTES,
                .cpu_seconds = CPU_SECONDS,
                .parent = parent,
        }, reterr);
}
