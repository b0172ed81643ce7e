/* SPDX-License-Identifier: Apache-2.0 */
/* model/cpuset.c: see cpuset.h. */
#include "model/cpuset.h"
#include <errno.h>
#include <stddef.h>

static int scan_number(const char **p, unsigned *ret) {
        const char *s = *p;
        unsigned n = 0;

        if (*s < '0' || *s > '9')
                return -EINVAL;
        for (; *s >= '0' && *s <= '9'; s++) {
                n = n * 10 + (unsigned) (*s - '0');
                if (n >= CPUSET_NUMBERS_MAX)
                        return -ERANGE;
        }
        *p = s;
        *ret = n;
        return 0;
}

int cpuset_parse(const char *s, CpuSet *ret) {
        CpuSet set = {};
        int r;

        while (*s != '\0') {
                unsigned first, last;

                r = scan_number(&s, &first);
                if (r < 0)
                        return r;
                last = first;
                if (*s == '-') {
                        s++;
                        r = scan_number(&s, &last);
                        if (r < 0)
                                return r;
                }
                if (last < first)
                        return -EINVAL;
                for (unsigned i = first; i <= last; i++)
                        set.bits[i / 8] |= (uint8_t) (1U << i % 8);
                if (*s == ',' && s[1] != '\0')
                        s++;
                else if (*s != '\0')
                        return -EINVAL;
        }
        *ret = set;
        return 0;
}

bool cpuset_contains(const CpuSet *whole, const CpuSet *part) {
        for (size_t i = 0; i < sizeof(part->bits); i++)
                if (part->bits[i] & ~whole->bits[i])
                        return false;
        return true;
}

unsigned cpuset_count(const CpuSet *set) {
        unsigned n = 0;

        for (size_t i = 0; i < sizeof(set->bits); i++)
                n += (unsigned) __builtin_popcount(set->bits[i]);
        return n;
}
