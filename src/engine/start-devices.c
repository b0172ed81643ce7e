/* SPDX-License-Identifier: Apache-2.0 */
/* engine/start-devices.c: see start-devices.h. Numbers and modes are the host's of this moment, so a start asks anew. */
#include "engine/start-devices.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "runtime/device-filter.h"

#define DEPTH_MAX 4U
#define ID_COUNT 65536U
#define RULES_MAX (ELEMENTSOF(defaults) + 2 * DEVICES_ADDED_MAX)

/*
 * What every container may use: any node may be made, and null, zero, full, random, urandom, tty, ptmx and the
 * pseudo-terminals be opened. Not 5:1, the host's console: a container's /dev/console is its own terminal.
 * Source: OCI runtime-spec, config-linux.md, "Default Devices"; Documentation/admin-guide/devices.txt
 */
static const DeviceRule defaults[] = {
        { 'c', DEVICE_ANY, DEVICE_ANY, DEVICE_MAKE },
        { 'b', DEVICE_ANY, DEVICE_ANY, DEVICE_MAKE },
        { 'c', 1, 3, DEVICE_ALL },
        { 'c', 1, 5, DEVICE_ALL },
        { 'c', 1, 7, DEVICE_ALL },
        { 'c', 1, 8, DEVICE_ALL },
        { 'c', 1, 9, DEVICE_ALL },
        { 'c', 5, 0, DEVICE_ALL },
        { 'c', 5, 2, DEVICE_ALL },
        { 'c', 136, DEVICE_ANY, DEVICE_ALL },
};
_Static_assert(RULES_MAX <= DEVICE_RULES_MAX, "a filter holds all rules");
_Static_assert(DEVICES_ADDED_MAX <= PLAN_DEVICES_MAX, "a plan carries all devices");

typedef struct Search {
        const DeviceMapping *mapping;
        Plan *plan;
        DeviceNodes *nodes;
} Search;

static bool is_node(const struct stat *st) {
        return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
}

/* Takes @target over. */
static int add_node(Search *s, char *target, const struct stat *st) {
        DeviceNodes *n = s->nodes;

        if (n->n == DEVICES_ADDED_MAX) {
                free(target);
                return -E2BIG;
        }
        s->plan->devices[n->n] = (PlanDevice){
                .target = target,
                .mode = st->st_mode & (S_IFMT | 0777),
                .major = major(st->st_rdev),
                .minor = minor(st->st_rdev),
                .gid = st->st_gid < ID_COUNT ? st->st_gid : 0,
        };
        n->targets[n->n] = target;
        n->access[n->n++] = s->mapping->access;
        s->plan->n_devices = n->n;
        return 0;
}

static int add_directory(Search *s, int dir_fd, const char *target, unsigned depth);

static int add_entry(Search *s, int dir_fd, const char *name, const char *target, unsigned depth) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *path = NULL;
        struct stat st;

        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno; /* unplugged meanwhile */
        if (!is_node(&st) && !S_ISDIR(st.st_mode))
                return 0;
        if (str_printf(&path, "%s/%s", target, name) < 0)
                return -ENOMEM;
        if (is_node(&st))
                return add_node(s, TAKE_PTR(path), &st);
        if (depth == DEPTH_MAX)
                return 0;
        fd = open_dir_at(dir_fd, name);
        return fd < 0 ? fd : add_directory(s, fd, path, depth + 1);
}

/* All nodes below a directory, as Docker has it; links lead to what has its own name. */
static int add_directory(Search *s, int dir_fd, const char *target, unsigned depth) {
        _cleanup_closedir_ DIR *dir = NULL;
        struct dirent *e;
        int fd, r = 0;

        fd = open_dir_at(dir_fd, ".");
        if (fd < 0)
                return fd;
        dir = fdopendir(fd);
        if (!dir) {
                r = -errno;
                close_fd(fd);
                return r;
        }
        while (r >= 0 && (e = readdir(dir)))
                if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
                        r = add_entry(s, fd, e->d_name, target, depth);
        return r;
}

static int add_mapping(Search *s, Failure *reterr) {
        const DeviceMapping *m = s->mapping;
        _cleanup_close_ int fd = -EBADF;
        size_t before = s->nodes->n;
        struct stat st;
        char *target;
        int r;

        fd = open(m->host, O_PATH | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return fail(reterr, FAILURE_START_FAILED, errno, "There is no device '%s': %s",
                                m->host, strerror(errno));
        if (is_node(&st)) {
                target = strdup(m->target);
                r = target ? add_node(s, target, &st) : -ENOMEM;
        } else
                r = S_ISDIR(st.st_mode) ? add_directory(s, fd, m->target, 0) : 0;
        if (r == -E2BIG)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "There are more than %u devices with those of '%s'",
                                DEVICES_ADDED_MAX, m->host);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to look at the device '%s'", m->host);
        if (s->nodes->n == before)
                return fail(reterr, FAILURE_START_FAILED, ENODEV,
                                "'%s' is neither a device nor a directory with one", m->host);
        return 0;
}

int container_find_devices(const Container *c, Plan *plan, DeviceNodes *ret, Failure *reterr) {
        int r;

        STRV_FOREACH (text, c->spec->namespaces.devices) {
                DeviceMapping mapping = {};

                r = device_mapping_parse(*text, &mapping, reterr);
                if (r >= 0)
                        r = add_mapping(&(Search){ &mapping, plan, ret }, reterr);
                device_mapping_done(&mapping);
                if (r < 0)
                        return r;
        }
        return 0;
}

void device_nodes_done(DeviceNodes *d) {
        for (size_t i = 0; i < d->n; i++)
                free(d->targets[i]);
        d->n = 0;
}

static bool is_narrow(const DeviceNodes *d) {
        for (size_t i = 0; i < d->n; i++)
                if ((d->access[i] & (DEVICE_READ | DEVICE_WRITE)) != (DEVICE_READ | DEVICE_WRITE))
                        return true;
        return false;
}

int container_filter_devices(const Container *c, const Plan *plan, const DeviceNodes *devices,
                int cgroup_fd, Failure *reterr) {
        const NamespaceModes *m = &c->spec->namespaces;
        DeviceRule rules[RULES_MAX];
        size_t n = 0;
        int r;

        if (m->privileged ||
                        (userns_text_to_mode(m->userns) != USERNS_HOST && !is_narrow(devices)))
                return 0;
        for (; n < ELEMENTSOF(defaults); n++)
                rules[n] = defaults[n];
        for (size_t i = 0; i < devices->n; i++)
                rules[n++] = (DeviceRule){
                        .type = S_ISBLK(plan->devices[i].mode) ? 'b' : 'c',
                        .major = (int32_t) plan->devices[i].major,
                        .minor = (int32_t) plan->devices[i].minor,
                        .access = devices->access[i],
                };
        STRV_FOREACH (text, m->device_rules) { /* DEVICES_ADDED_MAX at most */
                r = device_rule_parse(*text, &rules[n++], reterr);
                if (r < 0)
                        return r;
        }
        r = device_filter_attach(cgroup_fd, rules, n);
        return r < 0 ? fail_errno(reterr, r, "Failed to restrict the devices of container '%s'",
                                       c->name)
                     : 0;
}
