/* SPDX-License-Identifier: Apache-2.0 */
/* monitor/hold.h: keeps the containers' cgroup while daemons come and go. */
#pragma once

/** hold_run() - set the tree up, say so, sleep until SIGTERM. Return: the program's exit status. */
int hold_run(void);
