/* SPDX-License-Identifier: Apache-2.0 */
#include "model/image-ref.h"
#include <string.h>
#include "base/str.h"
#include "model/limits.h"
#include "unit.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST "sha256:" HEX64

static void test_image_ref_parse_accepts(void **state) {
        static const struct {
                const char *text, *domain, *path, *tag, *digest, *normalized, *familiar;
        } table[] = {
                { "bb", "docker.io", "library/bb", NULL, NULL, "docker.io/library/bb:latest",
                  "bb:latest" },
                { "bb:1", "docker.io", "library/bb", "1", NULL, "docker.io/library/bb:1", "bb:1" },
                { "library/bb", "docker.io", "library/bb", NULL, NULL,
                  "docker.io/library/bb:latest", "bb:latest" },
                { "docker.io/bb", "docker.io", "library/bb", NULL, NULL,
                  "docker.io/library/bb:latest", "bb:latest" },
                { "index.docker.io/bb", "docker.io", "library/bb", NULL, NULL,
                  "docker.io/library/bb:latest", "bb:latest" },
                { "me/app:v1.0_x-y", "docker.io", "me/app", "v1.0_x-y", NULL,
                  "docker.io/me/app:v1.0_x-y", "me/app:v1.0_x-y" },
                { "localhost/bb", "localhost", "bb", NULL, NULL, "localhost/bb:latest",
                  "localhost/bb:latest" },
                { "localhost:5000/x/y:tag", "localhost:5000", "x/y", "tag", NULL,
                  "localhost:5000/x/y:tag", "localhost:5000/x/y:tag" },
                { "localhost:5000", "docker.io", "library/localhost", "5000", NULL,
                  "docker.io/library/localhost:5000",
                  "localhost:5000" },
                { "quay.io/a/b/c", "quay.io", "a/b/c", NULL, NULL, "quay.io/a/b/c:latest",
                  "quay.io/a/b/c:latest" },
                { "Registry/x", "Registry", "x", NULL, NULL, "Registry/x:latest",
                  "Registry/x:latest" },
                { "[::1]:5000/x", "[::1]:5000", "x", NULL, NULL, "[::1]:5000/x:latest",
                  "[::1]:5000/x:latest" },
                { "[::1]/x", "[::1]", "x", NULL, NULL, "[::1]/x:latest", "[::1]/x:latest" },
                { "a--b__c.d_e", "docker.io", "library/a--b__c.d_e", NULL, NULL,
                  "docker.io/library/a--b__c.d_e:latest",
                  "a--b__c.d_e:latest" },
                { "bb@" DIGEST, "docker.io", "library/bb", NULL, DIGEST,
                  "docker.io/library/bb@" DIGEST, "bb@" DIGEST },
                { "bb:1@" DIGEST, "docker.io", "library/bb", "1", DIGEST,
                  "docker.io/library/bb@" DIGEST, "bb@" DIGEST },
                { "0123abcd", "docker.io", "library/0123abcd", NULL, NULL,
                  "docker.io/library/0123abcd:latest", "0123abcd:latest" },
                { "docker.io/localhost/x", "docker.io", "localhost/x", NULL, NULL,
                  "docker.io/localhost/x:latest",
                  "docker.io/localhost/x:latest" },
                { "bb:_", "docker.io", "library/bb", "_", NULL, "docker.io/library/bb:_", "bb:_" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(image_ref_freep) ImageRef *ref = NULL, *again = NULL;
                _cleanup_free_ char *normalized = NULL, *familiar = NULL, *twice = NULL;
                _cleanup_failure_ Failure f = {};

                assert_int_equal(image_ref_parse(table[i].text, &ref, &f), 0);
                assert_null(ref->id);
                assert_string_equal(ref->domain, table[i].domain);
                assert_string_equal(ref->path, table[i].path);
                assert_true(streq_ptr(ref->tag, table[i].tag));
                assert_true(streq_ptr(ref->digest, table[i].digest));
                assert_int_equal(image_ref_normalized(ref, &normalized), 0);
                assert_string_equal(normalized, table[i].normalized);
                assert_int_equal(image_ref_familiar(ref, &familiar), 0);
                assert_string_equal(familiar, table[i].familiar);

                /* What people read means the same when it is typed. */
                assert_int_equal(image_ref_parse(familiar, &again, &f), 0);
                assert_int_equal(image_ref_normalized(again, &twice), 0);
                assert_string_equal(twice, normalized);
        }
}

static void test_image_ref_parse_takes_ids(void **state) {
        static const char *const ids[] = { HEX64, DIGEST };

        for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
                _cleanup_(image_ref_freep) ImageRef *ref = NULL;
                _cleanup_free_ char *normalized = NULL, *familiar = NULL, *repository = NULL;

                assert_int_equal(image_ref_parse(ids[i], &ref, NULL), 0);
                assert_string_equal(ref->id, HEX64);
                assert_null(ref->domain);
                assert_int_equal(image_ref_normalized(ref, &normalized), 0);
                assert_string_equal(normalized, HEX64);
                assert_int_equal(image_ref_familiar(ref, &familiar), 0);
                assert_string_equal(familiar, HEX64);
                assert_int_equal(image_ref_repository(ref, &repository), 0);
                assert_string_equal(repository, HEX64);
        }
}

static void test_image_ref_parse_refuses(void **state) {
        static const char *const bad[] = {
                "", " ", "BB", "me/App", ":1", "bb:", "bb:.x", "bb:-x", "bb:a/b", "bb:a b", "/bb",
                "bb/", "a//b", "-bb", "bb-", "a..b", "a___b", "_a", "a_", "bb@", "bb@sha256:",
                "bb@sha256:" "0123", "bb@md5:abc", "bb@sha512:" HEX64 HEX64, "@" DIGEST,
                "a@" DIGEST "@" DIGEST, "-x.y/bb", "x-.y/bb", "x..y/bb", ".x/bb", "x./bb",
                "x.y:/bb", "x.y:p/bb", "x.y:123456/bb", "[::1/bb", "[]/bb", "[::1]x/bb",
                "b\xc3\xa4", "bb\n", "localhost/", "docker.io/", "x.y:1:2/bb", "bb:1:2:",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_failure_ Failure f = {};
                ImageRef *ref = NULL;

                if (image_ref_parse(bad[i], &ref, &f) >= 0)
                        fail_msg("accepted '%s'", bad[i]);
                assert_int_equal(f.code, FAILURE_INVALID_REFERENCE);
                assert_true(utf8_is_valid(failure_message(&f)));
        }
}

static void test_image_ref_parse_bounds_its_parts(void **state) {
        char text[REFERENCE_MAX + 1];
        ImageRef *ref = NULL;

        memset(text, 'a', sizeof(text) - 1);
        text[REFERENCE_MAX] = '\0';
        assert_errno(ENAMETOOLONG, image_ref_parse(text, &ref, NULL));
        text[REFERENCE_NAME_MAX] = '\0';
        assert_errno(ENAMETOOLONG, image_ref_parse(text, &ref, NULL));
        text[REFERENCE_NAME_MAX - strlen("docker.io/library/")] = '\0';
        assert_int_equal(image_ref_parse(text, &ref, NULL), 0);
        ref = image_ref_free(ref);

        memset(text, 'a', sizeof(text) - 1);
        text[1] = ':';
        text[2 + REFERENCE_TAG_MAX + 1] = '\0';
        assert_errno(EINVAL, image_ref_parse(text, &ref, NULL));
        text[2 + REFERENCE_TAG_MAX] = '\0';
        assert_int_equal(image_ref_parse(text, &ref, NULL), 0);
        image_ref_free(ref);
}

static void test_image_ref_parse_tag_wants_a_name(void **state) {
        _cleanup_(image_ref_freep) ImageRef *ref = NULL, *tagged = NULL;
        _cleanup_failure_ Failure f = {};
        ImageRef *none = NULL;

        assert_int_equal(image_ref_parse_tag("bb", &ref, &f), 0);
        assert_string_equal(ref->tag, "latest");
        assert_int_equal(image_ref_parse_tag("bb:2", &tagged, &f), 0);
        assert_string_equal(tagged->tag, "2");
        assert_errno(EINVAL, image_ref_parse_tag(HEX64, &none, &f));
        assert_errno(EINVAL, image_ref_parse_tag("bb@" DIGEST, &none, &f));
        assert_errno(EINVAL, image_ref_parse_tag("BB", &none, &f));
        assert_null(none);
}

static void test_image_ref_familiar_from(void **state) {
        static const char *const table[][2] = {
                { "docker.io/library/bb:1", "bb:1" },
                { "localhost:5000/bb:1", "localhost:5000/bb:1" },
                { "!?", "!?" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *s = NULL;

                assert_int_equal(image_ref_familiar_from(table[i][0], &s), 0);
                assert_string_equal(s, table[i][1]);
        }
}

static void test_image_ref_free_takes_null(void **state) {
        assert_null(image_ref_free(NULL));
}

static void test_image_ref_same_repository_compares_up_to_tag_and_digest(void **state) {
        static const char digest[] =
                        "docker.io/library/bb@sha256:"
                        "0000000000000000000000000000000000000000000000000000000000000000";

        assert_true(image_ref_same_repository("docker.io/library/bb:1", digest));
        assert_true(image_ref_same_repository("h:5000/x:1", "h:5000/x:2"));
        assert_false(image_ref_same_repository("h:5000/x:1", "h:5000/xy:1"));
        assert_false(image_ref_same_repository("h:5000/x:1", "h:5001/x:1"));
        assert_true(image_ref_is_digest(digest));
        assert_false(image_ref_is_digest("h:5000/x:1"));
}

static void test_image_ref_use_registry_changes_what_short_names_mean(void **state) {
        static const char *const pairs[][2] = {
                { "bb", "quay.io/bb:latest" },
                { "a/bb:1", "quay.io/a/bb:1" },
                { "docker.io/bb", "docker.io/library/bb:latest" },
        };
        _cleanup_free_ char *familiar = NULL, *other = NULL;

        image_ref_use_registry("quay.io");
        for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
                _cleanup_(image_ref_freep) ImageRef *ref = NULL;
                _cleanup_free_ char *text = NULL;

                assert_int_equal(image_ref_parse(pairs[i][0], &ref, NULL), 0);
                assert_int_equal(image_ref_normalized(ref, &text), 0);
                assert_string_equal(text, pairs[i][1]);
        }
        assert_int_equal(image_ref_familiar_from("quay.io/library/bb:1", &familiar), 0);
        assert_string_equal(familiar, "library/bb:1");
        assert_int_equal(image_ref_familiar_from("docker.io/library/bb:1", &other), 0);
        assert_string_equal(other, "docker.io/library/bb:1");
        image_ref_use_registry("docker.io");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_image_ref_use_registry_changes_what_short_names_mean),
                cmocka_unit_test(test_image_ref_same_repository_compares_up_to_tag_and_digest),
                cmocka_unit_test(test_image_ref_parse_accepts),
                cmocka_unit_test(test_image_ref_parse_takes_ids),
                cmocka_unit_test(test_image_ref_parse_refuses),
                cmocka_unit_test(test_image_ref_parse_bounds_its_parts),
                cmocka_unit_test(test_image_ref_parse_tag_wants_a_name),
                cmocka_unit_test(test_image_ref_familiar_from),
                cmocka_unit_test(test_image_ref_free_takes_null),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
