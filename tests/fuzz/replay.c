/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/replay.c: hands each file of the directories named to a target: what a fuzzer found once is found again without one. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include "base/fd.h"
#include "fuzz.h"

static int replay_directory(const char *path) {
        _cleanup_closedir_ DIR *d = NULL;
        const struct dirent *e;
        int n = 0, r;

        d = opendir(path);
        if (!d) {
                perror(path);
                return -1;
        }

        while ((e = readdir(d))) {
                _cleanup_free_ char *data = NULL;
                size_t size;

                if (e->d_name[0] == '.')
                        continue;
                r = read_file_at(dirfd(d), e->d_name, 64 * 1024 * 1024, &data, &size);
                if (r < 0) {
                        fprintf(stderr, "%s/%s: %s\n", path, e->d_name, strerror(-r));
                        return -1;
                }
                (void) LLVMFuzzerTestOneInput((const uint8_t *) data, size); /* always 0 */
                n++;
        }
        return n;
}

int main(int argc, char **argv) {
        int inputs = 0;

        for (int i = 1; i < argc; i++) {
                int n = replay_directory(argv[i]);

                if (n < 0)
                        return EXIT_FAILURE;
                inputs += n;
        }

        printf("%d inputs\n", inputs);
        return inputs > 0 ? EXIT_SUCCESS : EXIT_FAILURE; /* a corpus that went is a failure */
}
