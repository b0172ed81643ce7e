/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "unit.h"
#include "base/str.h"
#include "model/limits.h"
#include "model/namespace-json.h"
#include "model/namespace-modes.h"

static void test_namespace_text_to_mode_knows_each_kinds_values(void **state) {
        static const struct {
                NamespaceKind kind;
                const char *text;
                NamespaceMode mode;
        } table[] = {
                { NAMESPACE_PID, NULL, NAMESPACE_PRIVATE },
                { NAMESPACE_PID, "", NAMESPACE_PRIVATE },
                { NAMESPACE_PID, "private", NAMESPACE_PRIVATE },
                { NAMESPACE_PID, "host", NAMESPACE_HOST },
                { NAMESPACE_PID, "container:web", NAMESPACE_CONTAINER },
                { NAMESPACE_PID,
                  "container:"
                  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                  NAMESPACE_CONTAINER },
                { NAMESPACE_PID, "none", _NAMESPACE_MODE_INVALID },
                { NAMESPACE_PID, "shareable", _NAMESPACE_MODE_INVALID },
                { NAMESPACE_PID, "container:", _NAMESPACE_MODE_INVALID },
                { NAMESPACE_PID, "container:a b", _NAMESPACE_MODE_INVALID },
                { NAMESPACE_PID, "Host", _NAMESPACE_MODE_INVALID },
                { NAMESPACE_IPC, "none", NAMESPACE_NONE },
                { NAMESPACE_IPC, "shareable", NAMESPACE_PRIVATE },
                { NAMESPACE_IPC, "container:web", NAMESPACE_CONTAINER },
                { NAMESPACE_UTS, "host", NAMESPACE_HOST },
                { NAMESPACE_UTS, "none", _NAMESPACE_MODE_INVALID },
                { NAMESPACE_CGROUP, "host", NAMESPACE_HOST },
                { NAMESPACE_CGROUP, "private", NAMESPACE_PRIVATE },
                { NAMESPACE_CGROUP, "container:web", _NAMESPACE_MODE_INVALID },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                assert_int_equal(namespace_text_to_mode(table[i].kind, table[i].text),
                                table[i].mode);
}

static void test_userns_text_to_mode(void **state) {
        assert_int_equal(userns_text_to_mode(NULL), USERNS_PRIVATE);
        assert_int_equal(userns_text_to_mode("private"), USERNS_PRIVATE);
        assert_int_equal(userns_text_to_mode("host"), USERNS_HOST);
        assert_int_equal(userns_text_to_mode("keep-id"), USERNS_KEEP_ID);
        assert_int_equal(userns_text_to_mode("keep-id:1000"), USERNS_KEEP_ID);
        assert_int_equal(userns_text_to_mode("keep-id:"), _USERNS_MODE_INVALID);
        assert_int_equal(userns_text_to_mode("keep-id:gid=7"), _USERNS_MODE_INVALID);
        assert_int_equal(userns_text_to_mode("auto"), _USERNS_MODE_INVALID);
        assert_int_equal(userns_text_gid("keep-id", 7), 7);
        assert_int_equal(userns_text_gid("keep-id:100", 7), 100);
}

static void assert_refused(const NamespaceModes *m, const char *network, bool hostname,
                const char *word) {
        _cleanup_failure_ Failure f = {};

        assert_true(namespace_modes_check(m, network, hostname, &f) < 0);
        assert_true(f.code == FAILURE_INVALID_SPEC || f.code == FAILURE_LIMIT_REACHED);
        assert_non_null(strstr(failure_message(&f), word));
}

static void test_namespace_modes_check_refuses_what_cannot_go_together(void **state) {
        NamespaceModes m = {};
        char host[] = "host", keep[] = "keep-id", other[] = "container:a", word[] = "nowhere",
             group[] = "a:b", empty[] = "";
        char *groups[] = { group, NULL }, *many[GROUPS_ADDED_MAX + 2] = {};

        assert_int_equal(namespace_modes_check(&m, NULL, true, NULL), 0);
        m.texts[NAMESPACE_UTS] = host;
        assert_int_equal(namespace_modes_check(&m, NULL, false, NULL), 0);
        assert_refused(&m, NULL, true, "'hostname' and 'uts'");
        m.texts[NAMESPACE_UTS] = word;
        assert_refused(&m, NULL, false, "'nowhere' is no value of 'uts'");
        m.texts[NAMESPACE_UTS] = NULL;

        m.userns = keep;
        assert_int_equal(namespace_modes_check(&m, "none", false, NULL), 0);
        assert_refused(&m, "container:a", false, "'network'");
        m.texts[NAMESPACE_IPC] = other;
        assert_refused(&m, NULL, false, "'ipc'");
        m.userns = word;
        assert_refused(&m, NULL, false, "'nowhere' is no value of 'userns'");
        m = (NamespaceModes){ .group_add = groups };
        assert_refused(&m, NULL, false, "'a:b'");
        groups[0] = empty;
        assert_refused(&m, NULL, false, "''");
        for (size_t i = 0; i <= GROUPS_ADDED_MAX; i++)
                many[i] = keep;
        m.group_add = many;
        assert_refused(&m, NULL, false, "groups");
}

static void test_namespace_modes_weakening_names_keys(void **state) {
        char host[] = "host", other[] = "container:a", group[] = "video";
        char *list[] = { group, NULL };
        NamespaceModes m = { .group_add = list };
        _cleanup_free_ char *text = NULL;
        Weakening w = {};

        m.texts[NAMESPACE_IPC] = other; /* may be one's own */
        namespace_modes_weakening(&m, &w);
        assert_int_equal(w.n, 0);

        m.texts[NAMESPACE_PID] = host;
        m.userns = host;
        m.privileged = true;
        m.devices = m.device_rules = list;
        namespace_modes_weakening(&m, &w);
        assert_int_equal(weakening_to_string(&w, &text), 0);
        assert_string_equal(text, "pid,userns,privileged,device,device-cgroup-rule");
}

static void test_namespace_modes_json_keeps_all(void **state) {
        _cleanup_json_ json_t *j = json_object(), *none = json_object();
        _cleanup_(namespace_modes_done) NamespaceModes got = {};
        char host[] = "host", one[] = "1";
        char *list[] = { one, host, NULL };
        NamespaceModes m = { .userns = host, .privileged = true, .devices = list,
                .device_rules = list, .group_add = list };

        for (size_t i = 0; i < ELEMENTSOF(m.texts); i++)
                m.texts[i] = host;
        assert_int_equal(namespace_modes_to_json(&m, j), 0);
        assert_int_equal(namespace_modes_from_json(j, &got), 0);
        for (size_t i = 0; i < ELEMENTSOF(m.texts); i++)
                assert_string_equal(got.texts[i], "host");
        assert_string_equal(got.userns, "host");
        assert_true(got.privileged);
        assert_true(strv_equal(got.devices, list) && strv_equal(got.device_rules, list) &&
                        strv_equal(got.group_add, list));

        assert_int_equal(namespace_modes_to_json(&(NamespaceModes){}, none), 0);
        assert_null(json_object_get(none, "namespaces"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_namespace_text_to_mode_knows_each_kinds_values),
                cmocka_unit_test(test_userns_text_to_mode),
                cmocka_unit_test(test_namespace_modes_check_refuses_what_cannot_go_together),
                cmocka_unit_test(test_namespace_modes_weakening_names_keys),
                cmocka_unit_test(test_namespace_modes_json_keeps_all),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
