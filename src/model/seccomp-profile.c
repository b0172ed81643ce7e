/* SPDX-License-Identifier: Apache-2.0 */
/* model/seccomp-profile.c: see seccomp-profile.h. */
#include "model/seccomp-profile.h"
#include "base/str.h"

static bool names_arch(const SeccompWhen *w, const char *arch) {
        for (const char *const *a = w->arches; *a; a++)
                if (streq(*a, arch))
                        return true;
        return false;
}

static bool is_kernel(const SeccompWhen *w, unsigned kernel, unsigned major) {
        return kernel > w->kernel || (kernel == w->kernel && major >= w->major);
}

static bool has_kernel(const SeccompWhen *w) {
        return w->kernel > 0 || w->major > 0;
}

/* As Docker reads it: one reason to leave a rule out is enough, and to take it in all must be there. */
bool seccomp_rule_applies(const SeccompRule *rule, uint64_t capabilities, const char *arch,
                unsigned kernel, unsigned major) {
        const SeccompWhen *in = &rule->includes, *out = &rule->excludes;

        if (names_arch(out, arch) || (out->capabilities & capabilities) ||
                        (has_kernel(out) && is_kernel(out, kernel, major)))
                return false;
        return (!in->arches[0] || names_arch(in, arch)) &&
               (in->capabilities & capabilities) == in->capabilities &&
               is_kernel(in, kernel, major);
}

uint64_t seccomp_profile_capabilities(const SeccompProfile *p) {
        uint64_t set = 0;

        for (size_t i = 0; i < p->n_rules; i++)
                set |= p->rules[i].includes.capabilities | p->rules[i].excludes.capabilities;
        return set;
}
