/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of cli/embedded.c: where the daemon of a state directory is looked for. Starting one is the end-to-end tests'. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/cleanup.h"
#include "base/str.h"
#include "cli/embedded.h"
#include "unit.h"

static char *run_root(const char *root) {
        char *path = NULL;

        assert_int_equal(embedded_run_root(root, &path, NULL), 0);
        return path;
}

static void test_embedded_run_root_is_a_hash_of_the_path(void **state) {
        _cleanup_free_ char *path = run_root("/nowhere/state");

        /* The first 16 digits of: printf %s /nowhere/state | sha256sum */
        assert_string_equal(path, "/run/pocketdocker-dda21b959962c696");
}

static void test_embedded_run_root_is_the_same_by_every_way(void **state) {
        char dir[] = "/tmp/test-embedded-XXXXXX";
        _cleanup_free_ char *real = NULL, *link = NULL, *before = NULL;

        assert_non_null(mkdtemp(dir));
        assert_int_equal(str_printf(&real, "%s/real", dir), 0);
        assert_int_equal(str_printf(&link, "%s/link", dir), 0);
        before = run_root(real); /* the directory is not made yet */
        assert_int_equal(mkdir(real, 0700), 0);
        assert_int_equal(symlink(real, link), 0);

        char *again[] = { run_root(real), run_root(link), NULL, NULL };
        assert_int_equal(str_printf(&again[2], "%s/link/../link//", dir), 0);
        again[3] = run_root(again[2]);
        assert_string_equal(again[0], before);
        assert_string_equal(again[1], before);
        assert_string_equal(again[3], before);
        for (size_t i = 0; i < ELEMENTSOF(again); i++)
                free(again[i]);

        assert_int_equal(unlink(link), 0);
        assert_int_equal(rmdir(real), 0);
        assert_int_equal(rmdir(dir), 0);
}

static void test_embedded_run_root_is_the_environments_if_set(void **state) {
        _cleanup_free_ char *path = NULL;

        assert_int_equal(setenv("POCKETDOCKER_RUN_ROOT", "/x/run", 1), 0);
        path = run_root("/nowhere/state");
        assert_string_equal(path, "/x/run");
        assert_int_equal(unsetenv("POCKETDOCKER_RUN_ROOT"), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_embedded_run_root_is_a_hash_of_the_path),
                cmocka_unit_test(test_embedded_run_root_is_the_same_by_every_way),
                cmocka_unit_test(test_embedded_run_root_is_the_environments_if_set),
        };

        (void) unsetenv("POCKETDOCKER_RUN_ROOT");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
