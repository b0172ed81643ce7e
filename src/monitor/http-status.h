/* SPDX-License-Identifier: Apache-2.0 */
/* monitor/http-status.h: the first line of an HTTP answer, from whoever listens in a container. */
#pragma once
#include <stddef.h>

/**
 * http_status_parse() - the status of an answer's first line
 * @line, @size: what came so far, without the end of the line; need not end with a NUL
 *
 * Return: 100 to 599, or -EBADMSG.
 * Source: RFC 9112, section 4
 */
int http_status_parse(const char *line, size_t size);
