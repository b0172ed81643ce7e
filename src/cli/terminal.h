/* SPDX-License-Identifier: Apache-2.0 */
/* cli/terminal.h: the caller's terminal: raw mode and size. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/** terminal_raw() - make it pass every key on. Done once; terminal_restore() undoes it. Return: 0 or negative errno. */
int terminal_raw(int fd);

/** terminal_restore() - give the terminal back as it was found; nothing if it was not changed. */
void terminal_restore(void);

/** terminal_size() - in characters. Return: 0, or -ENOTTY. */
int terminal_size(int fd, uint32_t *ret_rows, uint32_t *ret_columns);
