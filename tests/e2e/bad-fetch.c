/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bad-fetch.c: stands in the place of pocketdocker-pull for 71-pull.bats. What `fetch` does follows from the reference:
 *   flood    reports warnings and layers that nobody asked for, without end
 *   garbage  reports what is no report
 *   early    says that all is done before anything is
 *   deaf     says nothing at all
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void report(int fd, uint16_t type, const void *fields, uint32_t size) {
        uint8_t header[12] = { 'P', 'D', 'P', 'R', 1, 0, (uint8_t) type, 0, (uint8_t) size };

        if (write(fd, header, sizeof(header)) < 0 || write(fd, fields, size) < 0)
                _exit(1);
}

int main(int argc, char **argv) {
        /* fields: tag, 0, length, bytes */
        static const uint8_t warning[] = { 11, 0, 0, 0, 5, 0, 0, 0, 'n', 'o', 'i', 's', 'e' };
        static const uint8_t layer[] = { 18, 0, 0, 0, 8, 0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0 };
        const char *reference = "";
        int fd = -1;

        for (int i = 1; i + 1 < argc; i++) {
                if (strcmp(argv[i], "--report-fd") == 0)
                        fd = atoi(argv[i + 1]);
                if (strcmp(argv[i], "--reference") == 0)
                        reference = argv[i + 1];
        }
        if (strstr(reference, "garbage"))
                for (;;)
                        if (write(fd, "this is no report ", 18) < 0)
                                return 1;
        if (strstr(reference, "early")) {
                report(fd, 2, NULL, 0);
                return 0;
        }
        while (strstr(reference, "flood")) {
                report(fd, 6, warning, sizeof(warning));
                report(fd, 5, layer, sizeof(layer));
        }
        for (;;)
                (void) pause();
}
