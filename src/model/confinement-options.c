/* SPDX-License-Identifier: Apache-2.0 */
/* model/confinement-options.c: see confinement-options.h. Bounds and names are confinement_check()'s. */
#include "model/confinement-options.h"
#include <string.h>
#include <strings.h>
#include "base/parse.h"
#include "base/str.h"
#include "model/capability.h"
#include "model/limits.h"
#include "model/seccomp-profile.h"

static int out_of_memory(Failure *reterr) {
        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
}

/* Each once, in its long form; what is no capability is kept for the sentence about it. */
static int set_capabilities(char ***p, const OptionValue *value, Failure *reterr) {
        _cleanup_strv_free_ char **l = NULL;

        STRV_FOREACH(s, value->strings) {
                int capability = capability_from_name(*s);
                const char *name = capability >= 0 ? capability_to_name((unsigned) capability)
                                   : strcasecmp(*s, "ALL") == 0 ? "ALL"
                                                                : *s;

                if (!strv_contains(l, name) && strv_push(&l, name) < 0)
                        return out_of_memory(reterr);
        }
        strv_free(*p);
        *p = TAKE_PTR(l);
        return 0;
}

int confinement_option_cap_add(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return set_capabilities(&o->spec->confinement.cap_add, value, reterr);
}

int confinement_option_cap_drop(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return set_capabilities(&o->spec->confinement.cap_drop, value, reterr);
}

int confinement_option_shm_size(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        o->spec->confinement.shm_size = value->number;
        return 0;
}

int confinement_option_sysctl(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        _cleanup_strv_free_ char **l = NULL;

        STRV_FOREACH(s, value->strings)
                if (strv_env_set(&l, *s) < 0) /* a key that comes twice: the later value */
                        return out_of_memory(reterr);
        strv_free(o->spec->confinement.sysctls);
        o->spec->confinement.sysctls = TAKE_PTR(l);
        return 0;
}

int confinement_option_seccomp_profile(
                ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        SeccompProfile *profile = NULL;
        int r;

        if (isempty(value->string))
                return 0;
        r = seccomp_profile_parse(value->string, &profile, reterr);
        if (r < 0)
                return r;
        seccomp_profile_free(profile);
        return free_and_strdup(&o->spec->confinement.seccomp, value->string) < 0
                               ? out_of_memory(reterr)
                               : 0;
}

static int set_seccomp(Confinement *c, const char *value, Failure *reterr) {
        if (streq(value, SECCOMP_UNCONFINED))
                return free_and_strdup(&c->seccomp, value) < 0 ? out_of_memory(reterr) : 0;
        if (streq(value, "default") || streq(value, "builtin"))
                return 0;
        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                        "'seccomp' is unconfined or default, not '%.64s': the text of a profile is "
                        "the option 'seccomp-profile'",
                        value);
}

static int set_no_new_privileges(Confinement *c, const char *value, Failure *reterr) {
        bool enabled;

        if (parse_bool(value, &enabled) < 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'no-new-privileges' is true or false, not '%.64s'", value);
        c->new_privileges = !enabled;
        c->no_new_privileges = enabled;
        return 0;
}

/* Paths with colons between them. */
static int add_paths(char ***p, const char *value, Failure *reterr) {
        _cleanup_strv_free_ char **l = NULL;

        if (strv_split(value, ':', &l) < 0)
                return out_of_memory(reterr);
        STRV_FOREACH(s, l)
                if (strv_push(p, *s) < 0)
                        return out_of_memory(reterr);
        return 0;
}

/* Docker's older form has a colon where the equals sign is. */
static int set_security_opt(Confinement *c, const char *s, Failure *reterr) {
        size_t n = strcspn(s, "=:");
        const char *value = s[n] ? s + n + 1 : "";
        _cleanup_free_ char *key = strndup(s, n);

        if (!key)
                return out_of_memory(reterr);
        if (streq(key, "no-new-privileges"))
                return set_no_new_privileges(c, s[n] ? value : "true", reterr);
        if (streq(key, "seccomp"))
                return set_seccomp(c, value, reterr);
        if (streq(key, "mask"))
                return add_paths(&c->mask, value, reterr);
        if (streq(key, "unmask"))
                return add_paths(&c->unmask,
                                strcasecmp(value, UNMASK_ALL) == 0 ? UNMASK_ALL : value, reterr);
        if (streq(key, "systempaths") && streq(value, "unconfined"))
                return add_paths(&c->unmask, UNMASK_ALL, reterr);
        if (streq(key, "apparmor") || streq(key, "label") || streq(key, "credentialspec"))
                return fail(reterr, FAILURE_UNSUPPORTED, EOPNOTSUPP,
                                "The security option '%s' is not supported by this version", key);
        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "There is no security option '%.64s'", s);
}

/* What the option 'seccomp-profile' has set stays, whichever of the two comes first. */
int confinement_option_security_opt(
                ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        Confinement *c = &o->spec->confinement;
        int r;

        strv_free(TAKE_PTR(c->mask));
        strv_free(TAKE_PTR(c->unmask));
        c->new_privileges = c->no_new_privileges = false;
        if (c->seccomp && streq(c->seccomp, SECCOMP_UNCONFINED))
                free(TAKE_PTR(c->seccomp));
        if (strv_length(value->strings) > SECURITY_OPTS_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "There are more than %u security options", SECURITY_OPTS_MAX);
        STRV_FOREACH(s, value->strings) {
                r = set_security_opt(c, *s, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}
