/* SPDX-License-Identifier: Apache-2.0 */
#include "model/platform.h"
#include <string.h>
#include "base/macro.h"
#include "model/image-config.h"
#include "unit.h"

static void test_platform_parse_accepts(void **state) {
        static const char *const rows[][2] = {
                { "linux/amd64", "linux/amd64" },       { "linux/amd64/v1", "linux/amd64" },
                { "linux/amd64/v3", "linux/amd64/v3" }, { "linux/arm64", "linux/arm64" },
                { "linux/arm64/v8", "linux/arm64" },    { "linux/arm64/8", "linux/arm64" },
                { "linux/arm64/v9", "linux/arm64/v9" }, { "linux/arm", "linux/arm/v7" },
                { "linux/arm/6", "linux/arm/v6" },      { "linux/armhf", "linux/arm/v7" },
                { "linux/armel", "linux/arm/v6" },      { "Linux/AMD64", "linux/amd64" },
                { "x86_64", "linux/amd64" },            { "aarch64", "linux/arm64" },
                { "i386", "linux/386" },                { "windows/amd64", "windows/amd64" },
                { "linux/riscv64", "linux/riscv64" },
                { "linux/ppc64le/power9", "linux/ppc64le/power9" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                char text[PLATFORM_MAX];
                Platform p;

                assert_int_equal(platform_parse(rows[i][0], &p, NULL), 0);
                assert_string_equal(platform_to_string(&p, text), rows[i][1]);
        }
}

static void test_platform_parse_completes_an_os(void **state) {
        Platform p, machine;

        platform_of_machine(&machine);
        assert_int_equal(platform_parse("linux", &p, NULL), 0);
        assert_memory_equal(&p, &machine, sizeof(p));
        assert_string_equal(machine.architecture, image_architecture());
}

static void test_platform_parse_refuses(void **state) {
        static const char *const bad[] = { "", "/", "linux/", "/amd64", "linux/amd64/", "a/b/c/d",
                "linux/am d64", "linux/amd64\n", "linux/0123456789012345678901234567890123456789" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_failure_ Failure failure = {};
                Platform p;

                assert_errno(EINVAL, platform_parse(bad[i], &p, &failure));
                assert_int_equal(failure.code, FAILURE_INVALID_ARGS);
                assert_non_null(strstr(failure_message(&failure), "is not a platform"));
        }
}

/* What is wanted, and what there may be, best first; the last of each row does not run there. */
static void test_platform_rank_orders(void **state) {
        static const char *const rows[][8] = {
                { "linux/amd64", "linux/amd64", "linux/386", "!linux/amd64/v2" },
                { "linux/amd64/v3", "linux/amd64/v3", "linux/amd64/v2", "linux/amd64", "linux/386",
                        "!linux/amd64/v4" },
                { "linux/arm/v7", "linux/arm/v7", "linux/arm/v6", "linux/arm/v5", "!linux/arm/v8" },
                { "linux/arm/v6", "linux/arm/v6", "linux/arm/v5", "!linux/arm/v7" },
                { "linux/arm64", "linux/arm64", "linux/arm/v8", "linux/arm/v7", "linux/arm/v6",
                        "linux/arm/v5", "!linux/arm64/v9" },
                { "linux/arm64/v9", "linux/arm64/v9", "linux/arm64", "linux/arm/v8",
                        "!linux/arm/v9" },
                { "linux/riscv64", "linux/riscv64", "!linux/amd64" },
                { "linux/386", "linux/386", "!linux/amd64" },
                { "linux/amd64", "linux/amd64", "!windows/amd64" },
                { "linux/ppc64le/power9", "linux/ppc64le/power9", "!linux/ppc64le/power8" },
                { "linux/amd64", "linux/amd64", "!unknown/unknown" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Platform wanted, offered;
                int last = -1;

                assert_int_equal(platform_parse(rows[i][0], &wanted, NULL), 0);
                for (size_t j = 1; j < 8 && rows[i][j]; j++) {
                        bool fits = rows[i][j][0] != '!';
                        int r;

                        assert_int_equal(platform_parse(rows[i][j] + !fits, &offered, NULL), 0);
                        r = platform_rank(&wanted, &offered);
                        if (fits) {
                                assert_true(r > last);
                                last = r;
                        } else
                                assert_errno(ENOENT, r);
                }
        }
}

static void test_platform_set_refuses_what_is_no_word(void **state) {
        Platform p;

        assert_errno(EINVAL, platform_set(NULL, "amd64", NULL, &p));
        assert_errno(EINVAL, platform_set("linux", "", NULL, &p));
        assert_errno(EINVAL, platform_set("linux", "amd64", "v1/2", &p));
        assert_int_equal(platform_set("linux", "arm", NULL, &p), 0);
        assert_string_equal(p.variant, "v7");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_platform_parse_accepts),
                cmocka_unit_test(test_platform_parse_completes_an_os),
                cmocka_unit_test(test_platform_parse_refuses),
                cmocka_unit_test(test_platform_rank_orders),
                cmocka_unit_test(test_platform_set_refuses_what_is_no_word),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
