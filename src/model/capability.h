/* SPDX-License-Identifier: Apache-2.0 */
/* model/capability.h: capabilities by name. A set is a mask of bits, as in /proc/PID/status. */
#pragma once
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#define CAPABILITY_COUNT 41U /* Linux 5.9 and later */
#define CAPABILITIES_ALL ((UINT64_C(1) << CAPABILITY_COUNT) - 1)

/* Docker's fourteen: CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT
 * MKNOD AUDIT_WRITE SETFCAP. */
#define CAPABILITIES_DEFAULT UINT64_C(0xa80425fb)

/** capability_from_name() - "CAP_NET_RAW", "net_raw". Return: 0 to 40, or -EINVAL. */
int capability_from_name(const char *name);

/** capability_to_name() - "CAP_NET_RAW"; NULL for no capability. */
const char *capability_to_name(unsigned capability);
