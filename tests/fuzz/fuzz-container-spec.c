/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "fuzz.h"
#include "model/container-spec.h"

/* What is read is within its bounds, and is printed and read to the same text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(container_spec_freep) ContainerSpec *spec = NULL, *again = NULL;
        _cleanup_free_ char *text = fuzz_text(data, size), *json = NULL, *twice = NULL;
        _cleanup_failure_ Failure f = {};
        int r;

        r = container_spec_from_json(text, &spec, &f);
        assert((r < 0) == failure_is_set(&f));
        if (r < 0)
                return 0;

        assert(container_spec_check(spec, NULL) >= 0);
        assert(container_spec_to_json(spec, &json) >= 0);
        assert(container_spec_from_json(json, &again, NULL) >= 0);
        assert(container_spec_to_json(again, &twice) >= 0);
        assert(streq(json, twice));
        return 0;
}
