/* SPDX-License-Identifier: Apache-2.0 */
/* monitor/http-status.c: see http-status.h. */
#include "monitor/http-status.h"
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define PREFIX "HTTP/"
#define STATUS_AT (sizeof(PREFIX "1.1 ") - 1)
#define STATUS_END (STATUS_AT + 3)

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

int http_status_parse(const char *line, size_t size) {
        int status = 0;

        if (size < STATUS_END || memcmp(line, PREFIX, strlen(PREFIX)) != 0)
                return -EBADMSG;
        if (!is_digit(line[5]) || line[6] != '.' || !is_digit(line[7]) || line[8] != ' ')
                return -EBADMSG;
        for (size_t i = STATUS_AT; i < STATUS_END; i++) {
                if (!is_digit(line[i]))
                        return -EBADMSG;
                status = 10 * status + (line[i] - '0');
        }
        if (size > STATUS_END && line[STATUS_END] != ' ')
                return -EBADMSG; /* a longer number */
        return status >= 100 && status <= 599 ? status : -EBADMSG;
}
