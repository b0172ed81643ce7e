/* SPDX-License-Identifier: Apache-2.0 */
/* model/limits-namespace.h: bounds of what a container is given of the host; a part of limits.h. */
#pragma once

#define GROUPS_ADDED_MAX 32U
#define DEVICES_ADDED_MAX 64U /* options of each kind; and nodes in all, where one names a directory */
#define DEVICES_ADDED_BYTES_MAX (512U * 1024)
