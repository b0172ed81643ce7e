/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "fuzz.h"
#include "model/container-resolve.h"
#include "model/image-config.h"

#define ID "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789"

/* What is read is printed and read to the same text, and a container can be made of it or is refused. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(image_config_freep) ImageConfig *config = NULL, *again = NULL;
        _cleanup_(container_spec_freep) ContainerSpec *spec = NULL;
        _cleanup_free_ char *json = NULL, *twice = NULL;
        _cleanup_failure_ Failure f = {};
        int r;

        r = image_config_parse((const char *) data, size, &config, &f);
        assert((r < 0) == failure_is_set(&f));
        if (r < 0)
                return 0;

        assert(image_config_to_json(config, &json) >= 0);
        /* Escapes may make it longer than what may be read: not longer than the bound is not promised. */
        if (image_config_parse(json, strlen(json), &again, NULL) >= 0) {
                assert(image_config_to_json(again, &twice) >= 0);
                assert(streq(json, twice));
        }

        assert(container_spec_new(&spec) >= 0);
        assert(free_and_strdup(&spec->image, "bb") >= 0);
        r = container_spec_resolve(spec, config, ID, &f);
        assert((r < 0) == failure_is_set(&f));
        assert(r < 0 || spec->argv[0]);
        return 0;
}
