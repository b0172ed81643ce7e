/* SPDX-License-Identifier: Apache-2.0 */
#include "puller/manifest.h"
#include <string.h>
#include "base/macro.h"
#include "base/str.h"
#include "unit.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LAYER(type) "{\"mediaType\":\"" type "\",\"size\":7,\"digest\":\"sha256:" HEX "\"}"
#define CONFIG LAYER("application/vnd.oci.image.config.v1+json")
#define GZIP "application/vnd.oci.image.layer.v1.tar+gzip"
#define OF(layers) "{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[" layers "]}"
#define ENTRY(platform)                                                                            \
        "{\"mediaType\":\"" MANIFEST_TYPE_OCI "\",\"size\":9,\"digest\":\"sha256:" HEX             \
        "\"" platform "}"
#define ARM(variant)                                                                               \
        ",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"" variant "\"}"
#define ODD ",\"platform\":{\"os\":\"linux\",\"architecture\":\"a b\"}"
#define INDEX(entries) "{\"schemaVersion\":2,\"manifests\":[" entries "]}"

static int parse(const char *json, const char *type, Manifest **ret, Failure *failure) {
        return manifest_parse(json, strlen(json), type, "x:1", ret, failure);
}

static void test_manifest_parse_reads_layers(void **state) {
        _cleanup_(manifest_freep) Manifest *m = NULL;

        assert_int_equal(parse(OF(LAYER(GZIP) "," LAYER(
                                               "application/vnd.oci.image.layer.v1.tar+zstd")),
                                         MANIFEST_TYPE_OCI "; charset=utf-8", &m, NULL),
                        0);
        assert_false(m->is_index);
        assert_string_equal(m->media_type, MANIFEST_TYPE_OCI);
        assert_int_equal(m->n_layers, 2);
        assert_string_equal(m->layers[1].media_type, "application/vnd.oci.image.layer.v1.tar+zstd");
        assert_string_equal(m->layers[0].digest, HEX);
        assert_true(m->config.size_bytes == 7);
}

static void test_manifest_parse_every_cut(void **state) {
        static const char *const whole[] = { OF(LAYER(GZIP)),
                INDEX(ENTRY(",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":"
                            "\"v6\"}")) };

        for (size_t i = 0; i < ELEMENTSOF(whole); i++)
                for (size_t n = 0; n <= strlen(whole[i]); n++) {
                        _cleanup_(manifest_freep) Manifest *m = NULL;
                        int r = manifest_parse(whole[i], n, NULL, "x", &m, NULL);

                        if (n == strlen(whole[i]))
                                assert_int_equal(r, 0);
                        else
                                assert_errno(EBADMSG, r);
                }
}

static void test_manifest_parse_refuses(void **state) {
        static const struct {
                const char *json, *type;
                FailureCode code;
                const char *says;
        } rows[] = {
                { "", NULL, FAILURE_INVALID_ARCHIVE, "JSON" },
                { "[]", NULL, FAILURE_INVALID_ARCHIVE, "not an object" },
                { "{}", NULL, FAILURE_INVALID_ARCHIVE, "schema version" },
                { "{\"schemaVersion\":3}", NULL, FAILURE_INVALID_ARCHIVE, "schema version" },
                { "{\"schemaVersion\":1}", NULL, FAILURE_INVALID_ARCHIVE, "schema version" },
                { "{\"schemaVersion\":1,\"fsLayers\":[]}", NULL, FAILURE_UNSUPPORTED, "schema 1" },
                { "{\"schemaVersion\":2}", NULL, FAILURE_INVALID_ARCHIVE, "the config" },
                { "{\"schemaVersion\":2,\"schemaVersion\":2}", NULL, FAILURE_INVALID_ARCHIVE,
                                "JSON" },
                { "{\"schemaVersion\":2,\"config\":" CONFIG "}", NULL, FAILURE_INVALID_ARCHIVE,
                                "no list of layers" },
                { OF("7"), NULL, FAILURE_INVALID_ARCHIVE, "layer 1" },
                { OF("{}"), NULL, FAILURE_INVALID_ARCHIVE, "layer 1" },
                { OF(LAYER(GZIP) "," LAYER("text/plain")), NULL, FAILURE_UNSUPPORTED, "Layer 2" },
                { OF(LAYER("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")), NULL,
                                FAILURE_UNSUPPORTED, "foreign" },
                { OF(LAYER("application/vnd.oci.image.layer.nondistributable.v1.tar")), NULL,
                                FAILURE_UNSUPPORTED, "foreign" },
                { OF(LAYER(GZIP)), MANIFEST_TYPE_OCI_INDEX, FAILURE_INVALID_ARCHIVE,
                                "no list of manifests" },
                { INDEX(""), MANIFEST_TYPE_OCI, FAILURE_INVALID_ARCHIVE, "the config" },
                { "{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", NULL,
                                FAILURE_INVALID_ARCHIVE, "not clear" },
                { "{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST_TYPE_DOCKER "\"}",
                                MANIFEST_TYPE_OCI, FAILURE_INVALID_ARCHIVE, "came as" },
                { "{\"schemaVersion\":2,\"mediaType\":\"a/b\"}", NULL, FAILURE_UNSUPPORTED,
                                "'a/b'" },
                { "{\"schemaVersion\":2,\"mediaType\":7}", NULL, FAILURE_INVALID_ARCHIVE,
                                "media type" },
                { INDEX("{}"), NULL, FAILURE_INVALID_ARCHIVE, "an entry" },
                { INDEX(ENTRY(",\"platform\":7")), NULL, FAILURE_INVALID_ARCHIVE, "platform" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_failure_ Failure failure = {};
                Manifest *m = NULL;

                assert_true(parse(rows[i].json, rows[i].type, &m, &failure) < 0);
                assert_int_equal(failure.code, rows[i].code);
                if (!strstr(failure_message(&failure), rows[i].says))
                        fail_msg("row %zu says: %s", i, failure_message(&failure));
                assert_null(m);
        }
}

static void test_manifest_parse_holds_its_bounds(void **state) {
        _cleanup_strbuf_ StrBuf b = {};
        _cleanup_(manifest_freep) Manifest *m = NULL;

        (void) strbuf_puts(
                        &b, "{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[" LAYER(GZIP));
        for (unsigned i = 1; i < LAYERS_MAX; i++)
                (void) strbuf_puts(&b, "," LAYER(GZIP));
        (void) strbuf_puts(&b, "]}");
        assert_int_equal(manifest_parse(b.data, b.size, NULL, "x", &m, NULL), 0);
        assert_int_equal(m->n_layers, LAYERS_MAX);
        b.size -= 2;
        (void) strbuf_puts(&b, "," LAYER(GZIP) "]}");
        m = manifest_free(m);
        assert_errno(E2BIG, manifest_parse(b.data, b.size, NULL, "x", &m, NULL));
        assert_errno(E2BIG, manifest_parse(b.data, MANIFEST_BYTES_MAX + 1, NULL, "x", &m, NULL));
}

static void test_manifest_choose(void **state) {
        _cleanup_(manifest_freep) Manifest *m = NULL, *none = NULL;
        Platform wanted;
        static const char json[] =
                        INDEX(ENTRY("") "," ENTRY(ARM("v6")) "," ENTRY(ARM("v7")) "," ENTRY(ODD));

        assert_int_equal(parse(json, NULL, &m, NULL), 0);
        assert_int_equal(m->n_entries, 4);
        assert_int_equal(platform_parse("linux/arm/v7", &wanted, NULL), 0);
        assert_ptr_equal(manifest_choose(m, &wanted), m->entries + 2);
        assert_int_equal(platform_parse("linux/arm/v6", &wanted, NULL), 0);
        assert_ptr_equal(manifest_choose(m, &wanted), m->entries + 1);
        assert_int_equal(platform_parse("linux/amd64", &wanted, NULL), 0);
        assert_ptr_equal(manifest_choose(m, &wanted), m->entries); /* the one that does not say */

        assert_int_equal(parse(INDEX(""), NULL, &none, NULL), 0);
        assert_null(manifest_choose(none, &wanted));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_manifest_parse_reads_layers),
                cmocka_unit_test(test_manifest_parse_every_cut),
                cmocka_unit_test(test_manifest_parse_refuses),
                cmocka_unit_test(test_manifest_parse_holds_its_bounds),
                cmocka_unit_test(test_manifest_choose),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
