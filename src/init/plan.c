/* SPDX-License-Identifier: Apache-2.0 */
/* init/plan.c: the wire form of a plan. Believes nothing it reads; performs nothing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/str.h"
#include "init/plan.h"

typedef struct PlanHeader {
        char magic[8];
        uint32_t version;
        uint32_t length;
} PlanHeader;

typedef struct FieldHeader {
        uint16_t tag;
        uint16_t reserved;
        uint32_t length;
} FieldHeader;

/* On the wire: append only. */
typedef enum FieldTag {
        FIELD_KIND = 1,
        FIELD_FLAGS,
        FIELD_NAMESPACES,
        FIELD_FD,
        FIELD_LAYER_FD,
        FIELD_UID_MAP,
        FIELD_GID_MAP,
        FIELD_STORAGE_MAP,
        FIELD_ID,
        FIELD_HOSTNAME,
        FIELD_ARGV,
        FIELD_ENV,
        FIELD_WORKING_DIR,
        FIELD_USER,
        FIELD_MOUNT,
        FIELD_ULIMIT,
        FIELD_CAPABILITIES,
        FIELD_SECCOMP,
        FIELD_OOM_SCORE_ADJ,
        FIELD_TERMINAL_SIZE,
        FIELD_LOG,
        FIELD_BOOT_ID,
        FIELD_GROUP,
        FIELD_MOUNT_SOURCE, /* of the mount before it */
        FIELD_DEVICE,
        FIELD_SYSCTL,
} FieldTag;

typedef struct FdField {
        uint32_t role;
        int32_t fd;
} FdField;

typedef struct MountField { /* then target, source, fstype, data: each NUL-terminated, "" where
                               absent */
        uint32_t kind;
        uint32_t present; /* bit 0: source, 1: fstype, 2: data */
        uint64_t flags;
} MountField;

typedef struct MountSourceField {
        int32_t fd; /* -1: none */
        uint32_t map, propagation, uid, gid, options;
} MountSourceField;

typedef struct DeviceField { /* then its target, NUL-terminated */
        uint32_t mode, major, minor, gid;
} DeviceField;

typedef struct UlimitField {
        uint32_t resource, reserved;
        uint64_t soft, hard;
} UlimitField;

typedef struct LogField {
        uint64_t max_size;
        uint32_t max_files, reserved;
} LogField;

#define SECCOMP_BYTES_MAX (32U * 1024)

static const char *const step_names[_PLAN_STEP_MAX] = {
                [PLAN_STEP_NONE] = "none",
                [PLAN_STEP_PLAN] = "plan",
                [PLAN_STEP_CLONE] = "clone",
                [PLAN_STEP_ID_MAP] = "id map",
                [PLAN_STEP_LAYERS] = "layers",
                [PLAN_STEP_NAMESPACES] = "namespaces",
                [PLAN_STEP_ROOT] = "root",
                [PLAN_STEP_MOUNTS] = "mounts",
                [PLAN_STEP_DEVICES] = "devices",
                [PLAN_STEP_PIVOT_ROOT] = "pivot_root",
                [PLAN_STEP_HOSTNAME] = "hostname",
                [PLAN_STEP_NETWORK] = "network",
                [PLAN_STEP_TERMINAL] = "terminal",
                [PLAN_STEP_ULIMITS] = "ulimits",
                [PLAN_STEP_USER] = "user",
                [PLAN_STEP_CAPABILITIES] = "capabilities",
                [PLAN_STEP_SECCOMP] = "seccomp",
                [PLAN_STEP_WORKING_DIR] = "working directory",
                [PLAN_STEP_EXECVE] = "execve",
                [PLAN_STEP_SOURCE] = "mount source",
                [PLAN_STEP_MAPPED_MOUNT] = "mapped mount",
                [PLAN_STEP_VOLUME] = "volume",
                [PLAN_STEP_SYSCTL] = "sysctl",
};

const char *plan_step_to_string(PlanStep step) {
        return (unsigned) step < _PLAN_STEP_MAX ? step_names[step] : NULL;
}

void plan_init(Plan *plan) {
        *plan = (Plan){};
        for (size_t i = 0; i < _PLAN_FD_MAX; i++)
                plan->fds[i] = -EBADF;
}

void plan_done(Plan *plan) {
        free(plan->argv);
        free(plan->envp);
        free(plan->mounts);
        free(plan->sysctls);
        plan_init(plan);
}

static void put(StrBuf *b, FieldTag tag, const void *data, size_t size) {
        static const char zero[8];
        FieldHeader h = {.tag = tag, .length = (uint32_t) size};

        /* The buffer's error sticks; plan_encode() looks at it once. */
        (void) strbuf_append(b, &h, sizeof(h));
        if (size > 0)
                (void) strbuf_append(b, data, size);
        if (size % 8)
                (void) strbuf_append(b, zero, 8 - size % 8);
}

static void put_string(StrBuf *b, FieldTag tag, const char *s) {
        if (s)
                put(b, tag, s, strlen(s) + 1);
}

static void put_mount(StrBuf *b, const PlanMount *m) {
        const char *strings[] = {m->target, m->source, m->fstype, m->data};
        MountField f = {
                        .kind = m->kind,
                        .present = (m->source ? 1U : 0U) | (m->fstype ? 2U : 0U) |
                                   (m->data ? 4U : 0U),
                        .flags = m->flags,
        };
        _cleanup_strbuf_ StrBuf body = {};

        (void) strbuf_append(&body, &f, sizeof(f));
        for (size_t i = 0; i < ELEMENTSOF(strings); i++)
                (void) strbuf_append(&body, strempty(strings[i]), strlen(strempty(strings[i])) + 1);
        if (body.error < 0)
                b->error = body.error;
        else
                put(b, FIELD_MOUNT, body.data, body.size);
        if (m->kind == PLAN_MOUNT_FD)
                put(b, FIELD_MOUNT_SOURCE,
                                &(MountSourceField){
                                                .fd = m->source ? -1 : m->fd,
                                                .map = m->map,
                                                .propagation = m->propagation,
                                                .uid = m->uid,
                                                .gid = m->gid,
                                                .options = m->options,
                                },
                                sizeof(MountSourceField));
}

static void put_device(StrBuf *b, const PlanDevice *d) {
        DeviceField f = {.mode = d->mode, .major = d->major, .minor = d->minor, .gid = d->gid};
        _cleanup_strbuf_ StrBuf body = {};

        (void) strbuf_append(&body, &f, sizeof(f));
        (void) strbuf_append(&body, d->target, strlen(d->target) + 1);
        if (body.error < 0)
                b->error = body.error;
        else
                put(b, FIELD_DEVICE, body.data, body.size);
}

static void put_lists(StrBuf *b, const Plan *plan) {
        for (size_t i = 0; i < _PLAN_FD_MAX; i++)
                if (plan->fds[i] >= 0)
                        put(b, FIELD_FD, &(FdField){.role = (uint32_t) i, .fd = plan->fds[i]},
                                        sizeof(FdField));
        for (size_t i = 0; i < plan->n_layers; i++)
                put(b, FIELD_LAYER_FD, &plan->layer_fds[i], sizeof(int32_t));
        for (size_t i = 0; i < plan->n_uid_maps; i++)
                put(b, FIELD_UID_MAP, &plan->uid_maps[i], sizeof(PlanIdMap));
        for (size_t i = 0; i < plan->n_gid_maps; i++)
                put(b, FIELD_GID_MAP, &plan->gid_maps[i], sizeof(PlanIdMap));
        for (const char **a = plan->argv; a && *a; a++)
                put_string(b, FIELD_ARGV, *a);
        for (const char **e = plan->envp; e && *e; e++)
                put_string(b, FIELD_ENV, *e);
        for (size_t i = 0; i < plan->n_groups; i++)
                put_string(b, FIELD_GROUP, plan->groups[i]);
        for (const char **s = plan->sysctls; s && *s; s++)
                put_string(b, FIELD_SYSCTL, *s);
        for (size_t i = 0; i < plan->n_mounts; i++)
                put_mount(b, &plan->mounts[i]);
        for (size_t i = 0; i < plan->n_devices; i++)
                put_device(b, &plan->devices[i]);
        for (size_t i = 0; i < plan->n_ulimits; i++) {
                const PlanUlimit *u = &plan->ulimits[i];

                put(b, FIELD_ULIMIT,
                                &(UlimitField){.resource = u->resource,
                                                .soft = u->soft,
                                                .hard = u->hard},
                                sizeof(UlimitField));
        }
}

static size_t list_length(const char **l) {
        size_t n = 0;

        while (l && l[n])
                n++;
        return n;
}

int plan_encode(const Plan *plan, void **ret, size_t *ret_size) {
        _cleanup_strbuf_ StrBuf b = {.max_bytes = PLAN_BYTES_MAX};
        PlanHeader h = {.magic = PLAN_MAGIC, .version = PLAN_VERSION};
        uint16_t size[2] = {plan->rows, plan->columns};
        LogField log = {.max_size = plan->log_max_size, .max_files = plan->log_max_files};
        char *data;
        int r;

        if (plan->n_layers > PLAN_LAYERS_MAX || plan->n_mounts > PLAN_MOUNTS_MAX ||
                        plan->n_ulimits > PLAN_ULIMITS_MAX || plan->n_uid_maps > PLAN_ID_MAPS_MAX ||
                        plan->n_gid_maps > PLAN_ID_MAPS_MAX || plan->n_groups > PLAN_GROUPS_MAX ||
                        plan->n_devices > PLAN_DEVICES_MAX ||
                        plan->seccomp_len > SECCOMP_BYTES_MAX)
                return -EINVAL;
        if (list_length(plan->argv) > PLAN_LIST_MAX || list_length(plan->envp) > PLAN_LIST_MAX ||
                        list_length(plan->sysctls) > PLAN_SYSCTLS_MAX)
                return -E2BIG;

        (void) strbuf_append(&b, &h, sizeof(h));
        put(&b, FIELD_KIND, &(uint32_t){plan->kind}, sizeof(uint32_t));
        put(&b, FIELD_FLAGS, &plan->flags, sizeof(uint64_t));
        put(&b, FIELD_NAMESPACES, &plan->namespaces, sizeof(uint64_t));
        put(&b, FIELD_STORAGE_MAP, &plan->storage_map, sizeof(PlanIdMap));
        put_string(&b, FIELD_ID, plan->id);
        put_string(&b, FIELD_HOSTNAME, plan->hostname);
        put_string(&b, FIELD_WORKING_DIR, plan->working_dir);
        put_string(&b, FIELD_USER, plan->user);
        put_lists(&b, plan);
        put(&b, FIELD_CAPABILITIES, &plan->capabilities, sizeof(uint64_t));
        if (plan->seccomp)
                put(&b, FIELD_SECCOMP, plan->seccomp, plan->seccomp_len);
        put(&b, FIELD_OOM_SCORE_ADJ, &plan->oom_score_adj, sizeof(int32_t));
        put(&b, FIELD_TERMINAL_SIZE, size, sizeof(size));
        put(&b, FIELD_LOG, &log, sizeof(log));
        put(&b, FIELD_BOOT_ID, plan->boot_id, sizeof(plan->boot_id));

        r = strbuf_steal(&b, &data, ret_size);
        if (r < 0)
                return r;

        h.length = (uint32_t) *ret_size;
        memcpy(data, &h, sizeof(h));
        *ret = data;
        return 0;
}

static int get_string(const FieldHeader *f, const void *data, const char **ret) {
        const char *s = data;

        if (f->length == 0 || s[f->length - 1] != '\0' || strlen(s) + 1 != f->length)
                return -EBADMSG;
        *ret = s;
        return 0;
}

static int get_mount(const FieldHeader *f, const void *data, PlanMount *ret) {
        const char *p = (const char *) data + sizeof(MountField),
                   *end = (const char *) data + f->length;
        const char *strings[4];
        MountField m;

        if (f->length < sizeof(m) + ELEMENTSOF(strings))
                return -EBADMSG;
        memcpy(&m, data, sizeof(m));
        for (size_t i = 0; i < ELEMENTSOF(strings); i++) {
                const char *nul = p < end ? memchr(p, '\0', (size_t) (end - p)) : NULL;

                if (!nul)
                        return -EBADMSG;
                strings[i] = p;
                p = nul + 1;
        }
        if (p != end || m.kind >= _PLAN_MOUNT_KIND_MAX || strings[0][0] != '/')
                return -EBADMSG;

        *ret = (PlanMount){
                        .kind = (PlanMountKind) m.kind,
                        .flags = m.flags,
                        .target = strings[0],
                        .source = m.present & 1 ? strings[1] : NULL,
                        .fstype = m.present & 2 ? strings[2] : NULL,
                        .data = m.present & 4 ? strings[3] : NULL,
                        .fd = -EBADF,
        };
        return 0;
}

static int get_mount_source(const FieldHeader *f, const void *data, PlanMount *m) {
        MountSourceField s;

        if (f->length < sizeof(s) || m->kind != PLAN_MOUNT_FD)
                return -EBADMSG;
        memcpy(&s, data, sizeof(s));
        if (s.map >= _PLAN_MAP_MAX || s.propagation >= _PLAN_PROPAGATION_MAX)
                return -EBADMSG;
        m->fd = s.fd;
        m->map = (PlanMountMap) s.map;
        m->propagation = (PlanPropagation) s.propagation;
        m->uid = s.uid;
        m->gid = s.gid;
        m->options = s.options;
        return 0;
}

static int get_device(Plan *p, const FieldHeader *f, const void *data) {
        const char *target = (const char *) data + sizeof(DeviceField);
        DeviceField d;

        if (p->n_devices >= PLAN_DEVICES_MAX || f->length <= sizeof(d) || target[0] != '/' ||
                        memchr(target, '\0', f->length - sizeof(d)) !=
                                        (const char *) data + f->length - 1)
                return -EBADMSG;
        memcpy(&d, data, sizeof(d));
        p->devices[p->n_devices++] = (PlanDevice){
                        .target = target,
                        .mode = d.mode,
                        .major = d.major,
                        .minor = d.minor,
                        .gid = d.gid,
        };
        return 0;
}

static int get_id_map(const FieldHeader *f, const void *data, PlanIdMap *maps, size_t *n) {
        if (f->length != sizeof(PlanIdMap) || *n >= PLAN_ID_MAPS_MAX)
                return -EBADMSG;
        memcpy(&maps[(*n)++], data, sizeof(PlanIdMap));
        return 0;
}

static int get_fixed(const FieldHeader *f, const void *data, void *ret, size_t size) {
        if (f->length != size)
                return -EBADMSG;
        memcpy(ret, data, size);
        return 0;
}

typedef struct Counts {
        size_t argv, env, mounts, sysctls;
} Counts;

static int get_list_field(Plan *p, Counts *c, const FieldHeader *f, const void *data) {
        FdField fd;
        UlimitField u;
        int r;

        switch (f->tag) {
        case FIELD_FD:
                r = get_fixed(f, data, &fd, sizeof(fd));
                if (r < 0)
                        return r;
                if (fd.fd < 0)
                        return -EBADMSG;
                if (fd.role < _PLAN_FD_MAX) /* a newer role is none of ours */
                        p->fds[fd.role] = fd.fd;
                return 0;
        case FIELD_LAYER_FD:
                if (p->n_layers >= PLAN_LAYERS_MAX)
                        return -EBADMSG;
                r = get_fixed(f, data, &p->layer_fds[p->n_layers], sizeof(int32_t));
                if (r < 0)
                        return r;
                return p->layer_fds[p->n_layers++] < 0 ? -EBADMSG : 0;
        case FIELD_UID_MAP:
                return get_id_map(f, data, p->uid_maps, &p->n_uid_maps);
        case FIELD_GID_MAP:
                return get_id_map(f, data, p->gid_maps, &p->n_gid_maps);
        case FIELD_ARGV:
                return get_string(f, data, &p->argv[c->argv++]);
        case FIELD_ENV:
                return get_string(f, data, &p->envp[c->env++]);
        case FIELD_DEVICE:
                return get_device(p, f, data);
        case FIELD_GROUP:
                if (p->n_groups >= PLAN_GROUPS_MAX)
                        return -EBADMSG;
                return get_string(f, data, &p->groups[p->n_groups++]);
        case FIELD_SYSCTL:
                return get_string(f, data, &p->sysctls[c->sysctls++]);
        case FIELD_MOUNT:
                return get_mount(f, data, &p->mounts[p->n_mounts++]);
        case FIELD_MOUNT_SOURCE:
                return p->n_mounts == 0 ? -EBADMSG
                                        : get_mount_source(f, data, &p->mounts[p->n_mounts - 1]);
        case FIELD_ULIMIT:
                r = get_fixed(f, data, &u, sizeof(u));
                if (r < 0 || p->n_ulimits >= PLAN_ULIMITS_MAX)
                        return -EBADMSG;
                p->ulimits[p->n_ulimits++] = (PlanUlimit){
                                .resource = u.resource, .soft = u.soft, .hard = u.hard};
                return 0;
        default:
                return 0; /* a newer field: not for us */
        }
}

static int get_field(Plan *p, Counts *c, const FieldHeader *f, const void *data) {
        uint16_t size[2];
        LogField log;
        uint32_t kind;
        int r;

        switch (f->tag) {
        case FIELD_KIND:
                r = get_fixed(f, data, &kind, sizeof(kind));
                if (r < 0 || kind >= _PLAN_KIND_MAX)
                        return -EBADMSG;
                p->kind = (PlanKind) kind;
                return 0;
        case FIELD_FLAGS:
                return get_fixed(f, data, &p->flags, sizeof(uint64_t));
        case FIELD_NAMESPACES:
                return get_fixed(f, data, &p->namespaces, sizeof(uint64_t));
        case FIELD_STORAGE_MAP:
                return get_fixed(f, data, &p->storage_map, sizeof(PlanIdMap));
        case FIELD_ID:
                return get_string(f, data, &p->id);
        case FIELD_HOSTNAME:
                return get_string(f, data, &p->hostname);
        case FIELD_WORKING_DIR:
                return get_string(f, data, &p->working_dir);
        case FIELD_USER:
                return get_string(f, data, &p->user);
        case FIELD_CAPABILITIES:
                return get_fixed(f, data, &p->capabilities, sizeof(uint64_t));
        case FIELD_SECCOMP:
                if (f->length == 0 || f->length % 8 || f->length > SECCOMP_BYTES_MAX)
                        return -EBADMSG;
                p->seccomp = data;
                p->seccomp_len = f->length;
                return 0;
        case FIELD_OOM_SCORE_ADJ:
                return get_fixed(f, data, &p->oom_score_adj, sizeof(int32_t));
        case FIELD_TERMINAL_SIZE:
                r = get_fixed(f, data, size, sizeof(size));
                p->rows = r < 0 ? 0 : size[0];
                p->columns = r < 0 ? 0 : size[1];
                return r;
        case FIELD_LOG:
                r = get_fixed(f, data, &log, sizeof(log));
                if (r < 0)
                        return r;
                p->log_max_size = log.max_size;
                p->log_max_files = log.max_files;
                return 0;
        case FIELD_BOOT_ID:
                return get_fixed(f, data, p->boot_id, sizeof(p->boot_id));
        default:
                return get_list_field(p, c, f, data);
        }
}

/* Walks the fields: with @plan fills it in, without only counts what the arrays need. */
static int walk(const void *data, size_t size, Plan *plan, Counts *counts) {
        for (size_t at = sizeof(PlanHeader); at < size;) {
                FieldHeader f;
                size_t room, padded;
                int r;

                if (size - at < sizeof(f))
                        return -EBADMSG;
                memcpy(&f, (const char *) data + at, sizeof(f));
                at += sizeof(f);
                room = size - at;
                padded = ((size_t) f.length + 7) & ~(size_t) 7;
                if (padded > room)
                        return -EBADMSG;

                if (plan) {
                        r = get_field(plan, counts, &f, (const char *) data + at);
                        if (r < 0)
                                return r;
                } else {
                        counts->argv += f.tag == FIELD_ARGV;
                        counts->env += f.tag == FIELD_ENV;
                        counts->mounts += f.tag == FIELD_MOUNT;
                        counts->sysctls += f.tag == FIELD_SYSCTL;
                }
                at += padded;
        }
        return 0;
}

/* What the steps rely on without looking again. */
static int check_whole(const Plan *p) {
        if (!p->argv[0] || !p->id || strlen(p->id) != 64)
                return -EBADMSG;
        if (p->working_dir && p->working_dir[0] != '/')
                return -EBADMSG;
        if (p->fds[PLAN_FD_CGROUP] < 0 || p->fds[PLAN_FD_EXIT_RECORD] < 0)
                return -EBADMSG;
        if (p->kind == PLAN_RUN && (p->n_layers == 0 || p->fds[PLAN_FD_STATE_DIR] < 0))
                return -EBADMSG;
        if (p->kind == PLAN_EXEC && p->fds[PLAN_FD_TARGET] < 0)
                return -EBADMSG;
        if (p->fds[PLAN_FD_LOG_DIR] >= 0 && p->log_max_files == 0)
                return -EBADMSG;
        for (size_t i = 0; i < p->n_mounts; i++)
                if (p->mounts[i].kind == PLAN_MOUNT_FD && p->mounts[i].fd < 0 &&
                                (!p->mounts[i].source || p->mounts[i].source[0] != '/'))
                        return -EBADMSG;
        return 0;
}

int plan_decode(const void *data, size_t size, Plan *ret) {
        PlanHeader h;
        Counts need = {}, have = {};
        Plan p;
        int r;

        if (size < sizeof(h) || size > PLAN_BYTES_MAX)
                return -EBADMSG;
        memcpy(&h, data, sizeof(h));
        if (memcmp(h.magic, PLAN_MAGIC, sizeof(h.magic)) != 0)
                return -EBADMSG;
        if (h.version == 0 || h.version > PLAN_VERSION)
                return -EPROTO;
        if (h.length != size)
                return -EBADMSG;

        r = walk(data, size, NULL, &need);
        if (r < 0)
                return r;
        if (need.argv > PLAN_LIST_MAX || need.env > PLAN_LIST_MAX ||
                        need.mounts > PLAN_MOUNTS_MAX || need.sysctls > PLAN_SYSCTLS_MAX)
                return -EBADMSG;

        plan_init(&p);
        p.argv = calloc(need.argv + 1, sizeof(*p.argv));
        p.envp = calloc(need.env + 2, sizeof(*p.envp)); /* one more: the child may add HOME */
        p.mounts = calloc(need.mounts + 1, sizeof(*p.mounts));
        p.sysctls = calloc(need.sysctls + 1, sizeof(*p.sysctls));
        if (!p.argv || !p.envp || !p.mounts || !p.sysctls)
                r = -ENOMEM;
        else
                r = walk(data, size, &p, &have);
        if (r >= 0)
                r = check_whole(&p);
        if (r < 0) {
                plan_done(&p);
                return r;
        }
        *ret = p;
        return 0;
}
