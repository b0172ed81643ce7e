/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "fuzz.h"
#include "model/image-ref.h"

/* What is accepted is completed, and what is shown means the same when it is typed again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(image_ref_freep) ImageRef *ref = NULL, *again = NULL;
        _cleanup_free_ char *text = fuzz_text(data, size), *normalized = NULL, *familiar = NULL,
                            *twice = NULL;
        _cleanup_failure_ Failure f = {};
        int r;

        r = image_ref_parse(text, &ref, &f);
        assert((r < 0) == failure_is_set(&f));
        assert(utf8_is_valid(failure_message(&f)));
        if (r < 0)
                return 0;

        assert(image_ref_normalized(ref, &normalized) >= 0);
        assert(image_ref_familiar(ref, &familiar) >= 0);
        assert(image_ref_parse(familiar, &again, NULL) >= 0);
        assert(image_ref_normalized(again, &twice) >= 0);
        assert(streq(normalized, twice));
        return 0;
}
