/* SPDX-License-Identifier: Apache-2.0 */
#include "base/macro.h"
#include "fuzz.h"
#include "puller/manifest.h"

/* A document of a registry's, as each of the types that it may come with; what is taken holds its bounds. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const types[] = { NULL, MANIFEST_TYPE_OCI, MANIFEST_TYPE_OCI_INDEX,
                MANIFEST_TYPE_DOCKER, MANIFEST_TYPE_DOCKER_LIST, "text/plain; charset=utf-8" };
        Platform wanted;

        platform_of_machine(&wanted);
        for (size_t i = 0; i < ELEMENTSOF(types); i++) {
                _cleanup_failure_ Failure failure = {};
                Manifest *m = NULL;

                if (manifest_parse((const char *) data, size, types[i], "x", &m, &failure) < 0) {
                        assert(!m && failure.code != FAILURE_NONE);
                        continue;
                }
                assert(m->n_layers <= LAYERS_MAX && m->n_entries <= INDEX_ENTRIES_MAX);
                for (size_t k = 0; k < m->n_layers; k++)
                        assert(strlen(m->layers[k].digest) == 64 &&
                                        m->layers[k].size_bytes <= INT64_MAX);
                if (m->is_index)
                        (void) manifest_choose(m, &wanted);
                manifest_free(m);
        }
        return 0;
}
