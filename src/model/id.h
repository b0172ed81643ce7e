/* SPDX-License-Identifier: Apache-2.0 */
/* model/id.h: container ids and names. Randomness comes as an argument. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_BYTES 32U
#define ID_HEX 64U
#define ID_MAX (ID_HEX + 1)       /* with the NUL */
#define ID_SHORT_HEX 12U
#define ID_SHORT_MAX (ID_SHORT_HEX + 1)

/** id_from_bytes() - 64 lower-case hex digits of 32 random bytes; never digits alone in the first 12, which would look like a number. */
void id_from_bytes(const uint8_t random[static ID_BYTES], char ret[static ID_MAX]);

/** id_is_valid() - 64 lower-case hex digits. id_is_prefix() - 1 to 64 of them. NULL is neither. */
bool id_is_valid(const char *s);
bool id_is_prefix(const char *s);

/** id_shorten() - the first 12 digits. */
void id_shorten(const char *id, char ret[static ID_SHORT_MAX]);

/** container_name_is_valid() - [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most CONTAINER_NAME_MAX bytes; never 64 hex digits, which are an id. */
bool container_name_is_valid(const char *s);

#define GENERATED_NAME_MAX 48U

/**
 * generated_name() - a name such as "brave_heron"
 * @attempt: 0; from 1 on, after names that were taken, a number is appended
 */
void generated_name(const uint8_t random[static 8], unsigned attempt,
                char ret[static GENERATED_NAME_MAX]);

/** exec ids are the same 64 digits; request ids: 1 to REQUEST_ID_MAX - 1 printable ASCII characters without blanks. */
bool request_id_is_valid(const char *s);
