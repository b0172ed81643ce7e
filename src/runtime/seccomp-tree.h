/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/seccomp-tree.h: makes a filter short. Most calls have one answer whatever their arguments are, and neighbours
 * have the same: a search tree over ranges of numbers says it in a third of the instructions, and what the kernel does not have to
 * translate at each start is saved at each start. Knows classic BPF; knows no profile.
 */
#pragma once
#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>
#include "base/str.h"

#define SECCOMP_ANSWER_DEPENDS UINT32_MAX /* no SECCOMP_RET_…: on the arguments */

/** seccomp_answer() - what a program says of a call when it does not look at its arguments. Return: SECCOMP_RET_…, or SECCOMP_ANSWER_DEPENDS. */
uint32_t seccomp_answer(
                const struct sock_filter *program, size_t n, uint32_t arch, uint32_t number);

/** SeccompAnswerFn - the same, of whatever stands behind @userdata. */
typedef uint32_t (*SeccompAnswerFn)(uint32_t arch, uint32_t number, void *userdata);

/** seccomp_points() - the numbers at which a program's answers may change, in any order, many times. Return: 0 or -ENOMEM. */
int seccomp_points(const struct sock_filter *program, size_t n, StrBuf *points);

/**
 * seccomp_tree_append() - a program that answers as @fn does
 * @points: of uint32_t: where answers may change; sorted here
 * @tail: follows the tree at the end of @out: it is asked where the answer depends, and about all other architectures
 *
 * Return: 0 or -ENOMEM.
 */
int seccomp_tree_append(StrBuf *out, const uint32_t *arches, size_t n_arches, StrBuf *points,
                SeccompAnswerFn fn, void *userdata, const struct sock_filter *tail, size_t n_tail);
