/* SPDX-License-Identifier: Apache-2.0 */
/* model/pull-devices.c: device nodes of an archive as JSON; apart from the reports, which programs without a JSON library write. */
#include "base/str.h"
#include "model/json.h"
#include "model/pull-report.h"

static json_t *device_to_json(const PullDevice *d) {
        const char type[] = { d->type, '\0' };
        _cleanup_free_ char *path = NULL;

        /* A path is bytes; JSON is text. */
        path = strdup(d->path);
        if (!path)
                return NULL;
        text_clean(path);
        return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "path", path, "type", type, "major",
                        (json_int_t) d->major, "minor", (json_int_t) d->minor, "mode",
                        (json_int_t) d->mode, "uid", (json_int_t) d->uid, "gid",
                        (json_int_t) d->gid);
}

int pull_devices_to_json(const PullDevice *devices, size_t n, char **ret) {
        _cleanup_json_ json_t *array = NULL;

        if (n == 0) {
                *ret = NULL;
                return 0;
        }

        array = json_array();
        for (size_t i = 0; i < n; i++)
                if (json_array_append_new(array, device_to_json(devices + i)) < 0)
                        return -ENOMEM;
        return json_print(array, ret);
}
