/* SPDX-License-Identifier: Apache-2.0 */
/* model/weakening.c: see weakening.h. */
#include "model/weakening.h"
#include <assert.h>
#include "base/str.h"

void weakening_add(Weakening *w, const char *word) {
        for (size_t i = 0; i < w->n; i++)
                if (streq(w->words[i], word))
                        return;
        assert(w->n < WEAKENINGS_MAX);
        w->words[w->n++] = word;
}

int weakening_to_string(const Weakening *w, char **ret) {
        _cleanup_strv_free_ char **words = NULL;
        int r;

        *ret = NULL;
        if (w->n == 0)
                return 0;
        for (size_t i = 0; i < w->n; i++) {
                r = strv_push(&words, w->words[i]);
                if (r < 0)
                        return r;
        }
        return strv_join(words, ",", ret);
}
