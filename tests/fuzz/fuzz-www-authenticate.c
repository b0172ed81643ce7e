/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "fuzz.h"
#include "puller/auth.h"
#include "puller/url.h"

/* Header values, a line each, and what is made of them: the URL where a token is had must be one that leads where it says. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_text(data, size);
        _cleanup_challenges_ Challenges c = {};
        char *rest = text, *line;

        while ((line = strsep(&rest, "\n")))
                (void) challenges_add(&c, line);
        assert(c.n <= CHALLENGES_MAX);
        for (size_t i = 0; i < c.n; i++) {
                _cleanup_free_ char *url = NULL, *form = NULL;

                assert(strv_length(c.list[i].parameters) <= CHALLENGE_PARAMETERS_MAX);
                if (token_url(c.list + i, "repository:x:pull", "ann", &url) >= 0)
                        for (const char *s = url; *s; s++)
                                assert(*s > ' ' && *s <= '~' && *s != '#');
                assert(token_form(c.list + i, "repository:x:pull", "t", &form) >= 0);
                for (const char *s = form; *s; s++)
                        assert(*s > ' ' && *s <= '~');
        }
        return 0;
}
