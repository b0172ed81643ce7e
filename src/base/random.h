/* SPDX-License-Identifier: Apache-2.0 */
/* base/random.h: bytes from the kernel's generator, and the id of this boot. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/** random_bytes() - never short; waits for the generator early in boot. Return: 0 or negative errno. Source: getrandom(2). */
int random_bytes(void *ret, size_t size);

/** boot_id_get() - the 16 bytes of /proc/sys/kernel/random/boot_id. Return: 0 or negative errno (-EBADMSG: not a UUID). */
int boot_id_get(uint8_t ret[static 16]);
