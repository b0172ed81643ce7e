/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/start-confinement.c: what a workload may: its capabilities and its filter of system calls. A filter takes
 * milliseconds to compile, so a start that finds none waits for it without holding up anybody.
 */
#include <assert.h>
#include <linux/capability.h>
#include <stdio.h>
#include "base/str.h"
#include "engine/container-private.h"
#include "engine/start-confinement.h"
#include "model/capability.h"

static uint64_t capabilities_of(const ContainerSpec *spec) {
        return confinement_capabilities(&spec->confinement, spec->namespaces.privileged);
}

/* The profile of a container's filter, as the cache knows it. Return: is there to be one? */
static bool get_profile(const Container *c, const char **ret) {
        const char *seccomp = c->spec->confinement.seccomp;

        *ret = seccomp;
        return seccomp ? !streq(seccomp, SECCOMP_UNCONFINED) : !c->spec->namespaces.privileged;
}

static void on_filter(void *userdata) {
        Container *c = userdata;

        c->filter_wait = NULL;
        c->depth++;
        container_begin_run(c);
        container_leave(c);
}

int container_await_filter(Container *c, Failure *reterr) {
        uint64_t capabilities = capabilities_of(c->spec);
        SeccompCache *filters = c->manager->filters;
        const char *profile;
        int r;

        if (c->filter || !get_profile(c, &profile))
                return 0;
        r = seccomp_cache_find(filters, profile, capabilities, &c->filter, reterr);
        if (r != 0)
                return r < 0 ? r : 0;
        r = seccomp_cache_call(filters, profile, capabilities, on_filter, c, &c->filter_wait);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to wait for the filter of container '%s'",
                                c->name);
        return 1;
}

int container_find_filter(Container *c, Failure *reterr) {
        const char *profile;
        int r;

        if (c->filter || !get_profile(c, &profile))
                return 0;
        r = seccomp_cache_wait(c->manager->filters, profile, capabilities_of(c->spec), &c->filter,
                        reterr);
        return r < 0 ? r : 0;
}

void container_prepare_filter(Container *c) {
        const char *profile;

        if (!c->filter && get_profile(c, &profile))
                (void) seccomp_cache_find(c->manager->filters, profile, capabilities_of(c->spec),
                                &c->filter, NULL); /* who needs it says what is wrong */
}

void container_release_filter(Container *c) {
        c->filter_wait = seccomp_wait_free(c->filter_wait);
        c->filter = seccomp_filter_unref(c->filter);
}

void container_fill_confinement(const Container *c, Plan *plan) {
        const Confinement *confinement = &c->spec->confinement;
        const char *profile;

        if (confinement->no_new_privileges ||
                        !(confinement->new_privileges || c->spec->namespaces.privileged))
                plan->flags |= PLAN_FLAG_NO_NEW_PRIVS;
        plan->capabilities = capabilities_of(c->spec);
        if (!get_profile(c, &profile))
                return;
        assert(c->filter); /* never without one by mistake */
        plan->seccomp = c->filter->program;
        plan->seccomp_len = c->filter->size;
}

size_t container_list_masks(
                const ContainerSpec *spec, PlanMount ret[static CONFINEMENT_MOUNTS_MAX]) {
        const Confinement *c = &spec->confinement;
        bool privileged = spec->namespaces.privileged;
        size_t n = 0;

        for (const char *const *p = confinement_masked(); *p && !privileged; p++)
                if (!confinement_unmasks(c, *p))
                        ret[n++] = (PlanMount){ .kind = PLAN_MOUNT_MASK, .target = *p };
        for (const char *const *p = confinement_read_only(); *p && !privileged; p++)
                if (!confinement_unmasks(c, *p))
                        ret[n++] = (PlanMount){ .kind = PLAN_MOUNT_READONLY, .target = *p };
        STRV_FOREACH(p, c->mask)
                if (n < CONFINEMENT_MOUNTS_MAX)
                        ret[n++] = (PlanMount){ .kind = PLAN_MOUNT_MASK, .target = *p };
        return n;
}

void container_size_shm(const ContainerSpec *spec, PlanMount *mounts, size_t n,
                char buffer[static SHM_OPTIONS_MAX]) {
        uint64_t size = spec->confinement.shm_size ?: SHM_SIZE_DEFAULT;

        (void) snprintf(buffer, SHM_OPTIONS_MAX, "mode=1777,size=%llu", (unsigned long long) size);
        if (container_spec_namespace(spec, NAMESPACE_IPC) != NAMESPACE_PRIVATE)
                return;
        for (size_t i = 0; i < n; i++) {
                if (!streq(mounts[i].target, SHM_PATH))
                        continue;
                mounts[i].data = buffer;
                return; /* what comes after it is the user's own */
        }
}

static void prepare(Manager *m, uint64_t capabilities) {
        SeccompFilter *filter = NULL;

        (void) seccomp_cache_find(m->filters, NULL, capabilities, &filter,
                        NULL); /* a start says what is wrong */
        seccomp_filter_unref(filter);
}

/* What everybody may have is compiled before anybody asks: of the default capabilities only one matters to a filter. */
int manager_open_filters(Manager *m, Failure *reterr) {
        int r;

        r = seccomp_cache_new(m->event, &m->filters);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to prepare the filters of system calls");
        prepare(m, CAPABILITIES_DEFAULT);
        prepare(m, CAPABILITIES_DEFAULT & ~(UINT64_C(1) << CAP_SYS_CHROOT));
        return 0;
}
