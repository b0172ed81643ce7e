/* SPDX-License-Identifier: Apache-2.0 */
/* model/cpuset.h: lists of CPUs and memory nodes as the kernel writes them: "0-3,8". Knows no host. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define CPUSET_NUMBERS_MAX 8192U /* the kernel's largest number of CPUs */

typedef struct CpuSet {
        uint8_t bits[CPUSET_NUMBERS_MAX / 8];
} CpuSet;

/**
 * cpuset_parse() - "N" and "N-M", separated by commas; "" is the empty set
 *
 * Return: 0, -EINVAL, -ERANGE (a number that no kernel has).
 * Source: cpuset(7), list format
 */
int cpuset_parse(const char *s, CpuSet *ret);

/** cpuset_contains() - is each number of @part in @whole? */
bool cpuset_contains(const CpuSet *whole, const CpuSet *part);

/** cpuset_count() - how many numbers it has. */
unsigned cpuset_count(const CpuSet *set);
