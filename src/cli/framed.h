/* SPDX-License-Identifier: Apache-2.0 */
/* cli/framed.h: two streams in one: chunks after 8 bytes: stream (1 or 2), three 0, length as big-endian u32. */
#pragma once

/**
 * framed_copy() - until the end of file, what is in the chunks to two targets
 *
 * Return: 0, -EPIPE (nobody reads a target any more), -EBADMSG (no such format, or cut off), or what reading or writing
 * failed with. SIGPIPE must be ignored or fatal to the caller's taste.
 */
int framed_copy(int from, int out, int err);

/** plain_copy() - until the end of file, byte by byte the same; pages are moved where the kernel can. */
int plain_copy(int from, int to);
