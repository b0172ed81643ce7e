/* SPDX-License-Identifier: Apache-2.0 */
/* base/str.c: strings and string lists. Knows nothing of containers. */
#include "base/str.h"

bool streq_ptr(const char *a, const char *b) {
        if (!a || !b)
                return a == b;
        return strcmp(a, b) == 0;
}
