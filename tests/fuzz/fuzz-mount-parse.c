/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "cli/mount-flags.h"
#include "fuzz.h"
#include "model/container-spec.h"

/* Takes @m: a mount within its bounds is stored, and is the same when it is read again. */
static void check_stored(ContainerMount *m) {
        _cleanup_(container_spec_freep) ContainerSpec *spec = NULL, *again = NULL;
        _cleanup_free_ char *json = NULL, *twice = NULL;
        _cleanup_failure_ Failure f = {};
        ContainerMount *place;
        int r;

        assert(container_spec_new(&spec) >= 0);
        assert(free_and_strdup(&spec->image, "a") >= 0);
        assert(container_mounts_add(spec, &place) >= 0);
        *place = *m;
        free(place->token); /* is never stored */
        place->token = NULL;
        r = container_mounts_check(spec, &f);
        assert((r < 0) == failure_is_set(&f));
        assert(utf8_is_valid(failure_message(&f)));
        if (r < 0)
                return;
        assert(place->target[0] == '/');
        assert(container_spec_to_json(spec, &json) >= 0);
        assert(container_spec_from_json(json, &again, NULL) >= 0);
        assert(container_spec_to_json(again, &twice) >= 0);
        assert(streq(json, twice));
}

/* The first byte says which form the rest has: that of --volume, or that of --mount and of the option `mount`. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = NULL;
        _cleanup_failure_ Failure f = {};
        ContainerMount m = {};
        int r;

        if (size < 1)
                return 0;
        text = fuzz_text(data + 1, size - 1);
        r = data[0] == 'v' ? volume_flag_parse(text, &m, &f) : container_mount_parse(text, &m, &f);
        assert((r < 0) == failure_is_set(&f));
        assert(utf8_is_valid(failure_message(&f)));
        if (r < 0) {
                assert(!m.target && !m.source);
                return 0;
        }
        check_stored(&m);
        return 0;
}
