/* SPDX-License-Identifier: Apache-2.0 */
/* base/macro.h: what every C program writes once. */
#pragma once

/* Entries of an array, as a constant. */
#define ELEMENTSOF(a) (sizeof(a) / sizeof((a)[0]))

#define MIN2(a, b)                           \
        ({                                   \
                __typeof__(a) _min_a = (a);  \
                __typeof__(b) _min_b = (b);  \
                _min_a < _min_b ? _min_a : _min_b; \
        })
#define MAX2(a, b)                           \
        ({                                   \
                __typeof__(a) _max_a = (a);  \
                __typeof__(b) _max_b = (b);  \
                _max_a > _max_b ? _max_a : _max_b; \
        })
