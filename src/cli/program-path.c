/* SPDX-License-Identifier: Apache-2.0 */
/* cli/program-path.c: see program-path.h. */
#include "cli/program-path.h"
#include <limits.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/str.h"

int program_path(const char *name, const char *folder, char **ret, Failure *reterr) {
        const char *const places[] = { ".", folder };
        char self[PATH_MAX];
        ssize_t n;
        int r;

        n = readlink("/proc/self/exe", self, sizeof(self) - 1);
        if (n < 0)
                return fail_errno(reterr, errno, "Failed to find this program's own path");
        self[n] = '\0';
        *strrchr(self, '/') = '\0';

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                _cleanup_free_ char *path = NULL;

                r = str_printf(&path, "%s/%s/%s", self, places[i], name);
                if (r < 0)
                        return fail(reterr, FAILURE_NO_MEMORY, r, "Out of memory");
                if (access(path, X_OK) == 0) {
                        *ret = TAKE_PTR(path);
                        return 0;
                }
        }
        r = str_printf(ret, LIBEXECDIR "/%s", name);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, r, "Out of memory");
        if (access(*ret, X_OK) < 0)
                return fail_errno(reterr, errno, "Failed to find '%s'", *ret);
        return 0;
}
