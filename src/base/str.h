/* SPDX-License-Identifier: Apache-2.0 */
/* base/str.h: strings and string lists. Knows nothing of containers. */
#pragma once
#include <stdbool.h>
#include <string.h>

#define streq(a, b) (strcmp((a), (b)) == 0)

/** streq_ptr() - equal, where NULL equals NULL alone. */
bool streq_ptr(const char *a, const char *b);
