/* SPDX-License-Identifier: Apache-2.0 */
/* base/base64.h: bytes as text in the standard alphabet. */
#pragma once
#include <stddef.h>

/** base64_encode() - with padding, without line breaks. @ret: NUL-terminated, owned by the caller. Return: 0 or -ENOMEM. */
int base64_encode(const void *data, size_t size, char **ret);

/**
 * base64_decode() - the other way; padding may be left out
 * @ret: a NUL follows its bytes, which may hold others; owned by the caller
 *
 * Return: 0, -ENOMEM, -EINVAL (a character that has no place there, or bits left over).
 * Source: RFC 4648, section 4
 */
int base64_decode(const char *text, char **ret, size_t *ret_size);
