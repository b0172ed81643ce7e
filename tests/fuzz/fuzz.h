/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/fuzz.h: what each target gives: one function, called with bytes of a stranger. It must come back. */
#pragma once
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** fuzz_text() - the bytes as a string, cut at the first NUL; owned by the caller. */
static inline char *fuzz_text(const uint8_t *data, size_t size) {
        char *s = strndup((const char *) data, size);

        assert(s);
        return s;
}
