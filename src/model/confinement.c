/* SPDX-License-Identifier: Apache-2.0 */
/* model/confinement.c: see confinement.h. */
#include "model/confinement.h"
#include <fnmatch.h>
#include <string.h>
#include "base/str.h"
#include "model/capability.h"
#include "model/limits.h"
#include "model/seccomp-profile.h"

/* What would tell of the host or change it. */
static const char *const masked[] = {
        "/proc/acpi",
        "/proc/asound",
        "/proc/interrupts",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/sched_debug",
        "/proc/scsi",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/sys/devices/virtual/powercap",
        "/sys/firmware",
        NULL,
};
static const char *const read_only[] = {
        "/proc/bus",
        "/proc/fs",
        "/proc/irq",
        "/proc/sys",
        "/proc/sysrq-trigger",
        NULL,
};

/* Those of the IPC namespace; of the network's all that begin so. Source: ipc_namespaces(7), Docker's list */
static const char *const ipc_sysctls[] = {
        "fs.mqueue.msg_default",
        "fs.mqueue.msg_max",
        "fs.mqueue.msgsize_default",
        "fs.mqueue.msgsize_max",
        "fs.mqueue.queues_max",
        "kernel.msgmax",
        "kernel.msgmnb",
        "kernel.msgmni",
        "kernel.sem",
        "kernel.shm_rmid_forced",
        "kernel.shmall",
        "kernel.shmmax",
        "kernel.shmmni",
};
#define NETWORK_PREFIX "net."
#define SYSCTL_CHARACTERS                                                                          \
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

void confinement_done(Confinement *c) {
        strv_free(c->cap_add);
        strv_free(c->cap_drop);
        free(c->seccomp);
        strv_free(c->mask);
        strv_free(c->unmask);
        strv_free(c->sysctls);
        *c = (Confinement){};
}

const char *const *confinement_masked(void) {
        return masked;
}

const char *const *confinement_read_only(void) {
        return read_only;
}

static int check_capabilities(char *const *l, const char *key, Failure *reterr) {
        if (strv_length(l) > CAPABILITY_OPTIONS_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "There are more than %u capabilities in '%s'",
                                CAPABILITY_OPTIONS_MAX, key);
        STRV_FOREACH(s, l)
                if (!streq(*s, "ALL") && capability_from_name(*s) < 0)
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "There is no capability '%.64s'", *s);
        return 0;
}

static int check_paths(char *const *l, const char *what, Failure *reterr) {
        if (strv_length(l) > MASK_PATHS_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "There are more than %u paths to %s", MASK_PATHS_MAX, what);
        STRV_FOREACH(s, l) {
                if (streq(*s, UNMASK_ALL) && streq(what, "unmask"))
                        continue;
                if ((*s)[0] != '/' || strlen(*s) >= PATH_BYTES_MAX)
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "'%.160s' is no absolute path to %s", *s, what);
        }
        return 0;
}

bool confinement_sysctl_is_network(const char *assignment) {
        return startswith(assignment, NETWORK_PREFIX);
}

/* Of letters and single dots, so that it is a path below /proc/sys and nothing else. */
static bool is_key(const char *s, size_t n) {
        if (n == 0 || s[0] == '.' || s[n - 1] == '.' || strspn(s, SYSCTL_CHARACTERS) < n)
                return false;
        for (size_t i = 0; i + 1 < n; i++)
                if (s[i] == '.' && s[i + 1] == '.')
                        return false;
        return true;
}

static bool is_namespaced(const char *s, size_t n) {
        if (startswith(s, NETWORK_PREFIX))
                return true;
        for (size_t i = 0; i < ELEMENTSOF(ipc_sysctls); i++)
                if (strlen(ipc_sysctls[i]) == n && memcmp(ipc_sysctls[i], s, n) == 0)
                        return true;
        return false;
}

static int check_sysctl(const char *s, bool own_network, bool own_ipc, Failure *reterr) {
        size_t n = strcspn(s, "=");
        bool network = confinement_sysctl_is_network(s);

        if (s[n] != '=' || strlen(s) >= SYSCTL_BYTES_MAX || !is_key(s, n))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%.160s' is no sysctl of the form KEY=VALUE", s);
        if (!is_namespaced(s, n))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The sysctl '%.*s' is the whole machine's: a container has "
                                "'net.*', 'fs.mqueue.*', 'kernel.msg*', 'kernel.sem' and "
                                "'kernel.shm*'",
                                (int) n, s);
        if (!(network ? own_network : own_ipc))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The sysctl '%.*s' would change a namespace that is not the "
                                "container's own: 'network' or 'ipc' says so",
                                (int) n, s);
        return 0;
}

static int check_sysctls(
                const Confinement *c, bool own_network, bool own_ipc, Failure *reterr) {
        int r;

        if (strv_length(c->sysctls) > SYSCTLS_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG, "There are more than %u sysctls",
                                SYSCTLS_MAX);
        STRV_FOREACH(s, c->sysctls) {
                r = check_sysctl(*s, own_network, own_ipc, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

int confinement_check(const Confinement *c, bool own_network, bool own_ipc, Failure *reterr) {
        int r;

        r = check_capabilities(c->cap_add, "cap-add", reterr);
        if (r >= 0)
                r = check_capabilities(c->cap_drop, "cap-drop", reterr);
        if (r >= 0)
                r = check_paths(c->mask, "mask", reterr);
        if (r >= 0)
                r = check_paths(c->unmask, "unmask", reterr);
        if (r >= 0)
                r = check_sysctls(c, own_network, own_ipc, reterr);
        if (r < 0)
                return r;
        if (c->shm_size > SHM_SIZE_MAX)
                return fail(reterr, FAILURE_INVALID_ARGS, ERANGE,
                                "The size of the shared memory is too large");
        if (c->seccomp && strlen(c->seccomp) > SECCOMP_PROFILE_BYTES_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "The seccomp profile is longer than %u bytes",
                                SECCOMP_PROFILE_BYTES_MAX);
        return 0;
}

static uint64_t to_set(char *const *l) {
        uint64_t set = 0;

        STRV_FOREACH(s, l) {
                int capability = capability_from_name(*s);

                if (capability >= 0)
                        set |= UINT64_C(1) << capability;
        }
        return set;
}

uint64_t confinement_capabilities(const Confinement *c, bool privileged) {
        uint64_t added = to_set(c->cap_add), dropped = to_set(c->cap_drop);

        if (privileged)
                return CAPABILITIES_ALL;
        if (strv_contains(c->cap_add, "ALL"))
                return CAPABILITIES_ALL & ~dropped;
        if (strv_contains(c->cap_drop, "ALL"))
                return added;
        return (CAPABILITIES_DEFAULT & ~dropped) | added;
}

bool confinement_unmasks(const Confinement *c, const char *path) {
        STRV_FOREACH(s, c->unmask)
                if (streq(*s, UNMASK_ALL) || fnmatch(*s, path, FNM_PATHNAME) == 0)
                        return true;
        return false;
}

void confinement_weakening(const Confinement *c, Weakening *w) {
        if (confinement_capabilities(c, false) & ~CAPABILITIES_DEFAULT)
                weakening_add(w, "cap-add");
        if (c->seccomp)
                weakening_add(w, "seccomp");
        if (strv_length(c->unmask) > 0)
                weakening_add(w, "unmask");
        if (c->new_privileges)
                weakening_add(w, "no-new-privileges");
}

static int push_joined(char ***l, const char *key, char *const *paths) {
        _cleanup_free_ char *joined = NULL, *option = NULL;
        int r;

        if (strv_length(paths) == 0)
                return 0;
        r = strv_join(paths, ":", &joined);
        if (r >= 0)
                r = str_printf(&option, "%s=%s", key, joined);
        return r < 0 ? r : strv_push(l, option);
}

int confinement_security_opts(const Confinement *c, char ***ret) {
        _cleanup_strv_free_ char **l = NULL;
        char *seccomp[] = { c->seccomp, NULL };
        int r = 0;

        if (c->new_privileges)
                r = strv_push(&l, "no-new-privileges=false");
        else if (c->no_new_privileges)
                r = strv_push(&l, "no-new-privileges");
        if (r >= 0)
                r = push_joined(&l, "seccomp", c->seccomp ? seccomp : NULL);
        if (r >= 0)
                r = push_joined(&l, "mask", c->mask);
        if (r >= 0)
                r = push_joined(&l, "unmask", c->unmask);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(l);
        return 0;
}
