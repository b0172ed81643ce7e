/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include "fuzz.h"
#include "monitor/http-status.h"

/* What is accepted begins with a version and exactly this number; nothing behind the bytes is read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char *line = malloc(size > 0 ? size : 1), number[16];
        int status;

        assert(line);
        if (size > 0)
                memcpy(line, data, size);
        status = http_status_parse(line, size);
        if (status >= 0) {
                assert(status >= 100 && status <= 599);
                (void) snprintf(number, sizeof(number), "%d", status);
                assert(size >= 12 && memcmp(line, "HTTP/", 5) == 0 &&
                                memcmp(line + 9, number, 3) == 0);
        }
        free(line);
        return 0;
}
