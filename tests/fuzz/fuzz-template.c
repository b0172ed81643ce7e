/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds the template parser, and runs what it takes over a document. Nothing may crash, hang or print without bound. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "cli/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char document[] = "{\"Id\":\"abc\",\"State\":{\"Pid\":42,\"Running\":true,\"Error\":"
                               "null},\"Env\":[\"A=1\",\"B=2\"],"
                               "\"Labels\":{\"a\":\"1\",\"b\":\"2\"},\"Ports\":{\"80/"
                               "tcp\":[{\"HostPort\":\"8080\"}]}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(json_decrefp) json_t *value = json_loads(document, 0, NULL);
        _cleanup_(template_freep) Template *t = NULL;
        _cleanup_failure_ Failure f = {};
        _cleanup_free_ char *text = strndup((const char *) data, size), *printed = NULL;

        if (!value || !text)
                abort();
        if (template_new(text, &t, &f) < 0) {
                if (t || !failure_is_set(&f))
                        abort();
                return 0;
        }
        if (template_run(t, value, NULL, &printed, &f) < 0 && !failure_is_set(&f))
                abort();
        return 0;
}
