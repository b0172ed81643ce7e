/* SPDX-License-Identifier: Apache-2.0 */
/* cli/late.c: dlopen() and dlsym(), with an end that a person can read. */
#include "cli/late.h"
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>
#include "model/names.h"

void *late_resolve(const char *library, const char *name) {
        void *handle, *f;

        /* Opened once more for each function: the loader counts, and finds it by name at once. */
        handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
        f = handle ? dlsym(handle, name) : NULL;
        if (!f) {
                /* A package is missing; there is nothing to fall back to, and no caller expects this. */
                fprintf(stderr, PROGRAM_CLI ": Failed to load '%s': %s\n", library, dlerror());
                _exit(1);
        }
        return f;
}
