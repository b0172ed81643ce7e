/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/template.h"
#include "fuzz.h"

static const char document[] =
        "{\"Id\":\"abc\",\"State\":{\"Pid\":42,\"Running\":true,\"Error\":null},"
        "\"Env\":[\"A=1\",\"B=2\"],"
        "\"Labels\":{\"a\":\"1\",\"b\":\"2\"},\"Ports\":{\"80/tcp\":[{\"HostPort\":\"8080\"}]}}";

/* What is not understood has a sentence, and so has what cannot be printed over a document. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(json_decrefp) json_t *value = json_loads(document, 0, NULL);
        _cleanup_free_ char *text = fuzz_text(data, size), *printed = NULL;
        _cleanup_(template_freep) Template *t = NULL;
        _cleanup_failure_ Failure f = {};
        int r;

        assert(value);
        r = template_new(text, &t, &f);
        assert((r < 0) == failure_is_set(&f));
        if (r < 0)
                return 0;

        r = template_run(t, value, NULL, &printed, &f);
        assert((r < 0) == failure_is_set(&f));
        assert((r < 0) == !printed);
        return 0;
}
