/* SPDX-License-Identifier: Apache-2.0 */
/* cli/detach-keys.c: a small matcher over typed bytes. Knows no terminal. */
#include "cli/detach-keys.h"
#include <string.h>
#include "base/str.h"

static int key_parse(const char *text, size_t n, unsigned char *ret) {
        char c;

        if (n == 1) {
                *ret = (unsigned char) text[0];
                return 0;
        }
        if (n != strlen("ctrl-x") || strncmp(text, "ctrl-", 5) != 0)
                return -EINVAL;

        c = text[5];
        if (c >= 'a' && c <= 'z')
                *ret = (unsigned char) (c - 'a' + 1);
        else if (strchr("@[\\]^_", c))
                *ret = (unsigned char) (c - '@');
        else
                return -EINVAL;
        return 0;
}

int detach_keys_parse(const char *text, DetachKeys *ret, Failure *reterr) {
        DetachKeys k = {};

        for (const char *p = text; *text; p += strcspn(p, ",") + 1) {
                size_t n = strcspn(p, ",");

                if (k.n_keys == DETACH_KEYS_MAX || key_parse(p, n, &k.keys[k.n_keys]) < 0)
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "'%s' is no sequence of keys like 'ctrl-p,ctrl-q'", text);
                k.n_keys++;
                if (!p[n])
                        break;
        }

        *ret = k;
        return 0;
}

/* How many keys are matched after `matched` of them and then @c: the longest prefix that what was typed ends in. */
static size_t advance(const DetachKeys *k, unsigned char c) {
        unsigned char typed[DETACH_KEYS_MAX];
        size_t n = k->matched;

        memcpy(typed, k->keys, n);
        typed[n++] = c;
        for (size_t drop = 0; drop < n; drop++)
                if (memcmp(typed + drop, k->keys, n - drop) == 0)
                        return n - drop;
        return 0;
}

bool detach_keys_feed(DetachKeys *k, const unsigned char *in, size_t n, unsigned char *out,
                size_t *ret_n) {
        size_t n_out = 0;

        for (size_t i = 0; i < n; i++) {
                size_t held, now;

                if (k->n_keys == 0) {
                        out[n_out++] = in[i];
                        continue;
                }

                held = k->matched;
                now = advance(k, in[i]);
                /* Of the held bytes and this one, all but the last `now` are the workload's after all. */
                for (size_t j = 0; j + now < held + 1; j++)
                        out[n_out++] = j < held ? k->keys[j] : in[i];
                k->matched = now;
                if (now == k->n_keys) {
                        k->matched = 0;
                        *ret_n = n_out;
                        return true;
                }
        }

        *ret_n = n_out;
        return false;
}
