/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "runtime/seccomp-filter.h"

#define COMPILED_RULES_MAX 8U /* each takes a while */

/* libseccomp 2.5.4 loses some nodes of a call's tree where rules of several architectures meet in it. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
        return "leak:libseccomp.so";
}

/* A profile that is read has all of a profile; one that is small is compiled as well. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(seccomp_profile_freep) SeccompProfile *p = NULL;
        _cleanup_(seccomp_filter_unrefp) SeccompFilter *filter = NULL;
        _cleanup_free_ char *text = fuzz_text(data, size);
        _cleanup_failure_ Failure f = {}, why = {};
        int r;

        r = seccomp_profile_parse(text, &p, &f);
        assert((r < 0) == failure_is_set(&f));
        if (r < 0)
                return 0;

        for (size_t i = 0; i < p->n_rules; i++) {
                assert(p->rules[i].n_args <= SECCOMP_ARGS_MAX);
                for (size_t k = 0; k < p->rules[i].n_args; k++)
                        assert(p->rules[i].args[k].index < SECCOMP_ARGS_MAX);
                for (const char *const *name = p->rules[i].names; *name; name++)
                        (void) strlen(*name);
        }
        if (p->n_rules > COMPILED_RULES_MAX)
                return 0;
        r = seccomp_filter_compile(p, seccomp_profile_capabilities(p), &filter, &why);
        assert((r < 0) == failure_is_set(&why));
        assert(r < 0 || filter->size % 8 == 0);
        return 0;
}
