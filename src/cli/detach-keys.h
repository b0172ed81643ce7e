/* SPDX-License-Identifier: Apache-2.0 */
/* cli/detach-keys.h: finds the key sequence that leaves an attached terminal. Knows no fd. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "model/failure.h"

enum { DETACH_KEYS_MAX = 16 };

typedef struct DetachKeys {
        unsigned char keys[DETACH_KEYS_MAX];
        size_t n_keys;  /* 0: nothing detaches */
        size_t matched; /* how many of them were just typed and are held back */
} DetachKeys;

/**
 * detach_keys_parse() - read `ctrl-p,ctrl-q`
 * @text: comma-separated: one character each, or `ctrl-` and one of a to z @ [ \ ] ^ _; empty: nothing detaches
 *
 * Return: 0, or -EINVAL with a sentence.
 */
int detach_keys_parse(const char *text, DetachKeys *ret, Failure *reterr);

/**
 * detach_keys_feed() - pass typed bytes on
 * @in:  @n bytes
 * @out: room for @n + DETACH_KEYS_MAX bytes; gets what the workload is to see
 *
 * A prefix of the sequence is held back until it is clear that it is none.
 *
 * Return: whether the sequence is complete; what was typed after it is dropped.
 */
bool detach_keys_feed(DetachKeys *k, const unsigned char *in, size_t n, unsigned char *out,
                size_t *ret_n);
