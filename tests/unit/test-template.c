/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of cli/template-parse.c, template-run.c and template-functions.c, which are one thing to their users. */
#include <string.h>
#include "base/str.h"
#include "cli/template.h"
#include "unit.h"

static const char document[] = "{\"Id\":\"abc\",\"Name\":\"/"
                               "web\",\"State\":{\"Status\":\"running\",\"Pid\":42,\"ExitCode\":0,"
                               "\"OOMKilled\":false},"
                               "\"Config\":{\"Env\":[\"A=1\",\"B=2\"],\"Labels\":{\"b.c\":\"2\","
                               "\"a\":\"1\"},\"Cmd\":null},\"Mounts\":[],"
                               "\"Ports\":{\"80/tcp\":[{\"HostPort\":\"8080\"}]},\"Ratio\":1.5}";

static json_t *load(void) {
        json_error_t e;
        json_t *value = json_loads(document, 0, &e);

        assert_non_null(value);
        return value;
}

static int run(const char *text, char **ret, Failure *f) {
        _cleanup_(template_freep) Template *t = NULL;
        _cleanup_(json_decrefp) json_t *value = load(), *labels = json_object();
        int r;

        assert_int_equal(json_object_set_new_nocheck(labels, "k", json_string("v")), 0);
        r = template_new(text, &t, f);
        return r < 0 ? r : template_run(t, value, labels, ret, f);
}

static void test_template_run_prints_what_go_would(void **state) {
        static const struct {
                const char *text, *printed;
        } rows[] = {
                        {"", ""},
                        {"plain { } text", "plain { } text"},
                        {"{{.Id}}", "abc"},
                        {"{{ .State.Status }}!", "running!"},
                        {"{{.State.Pid}} {{.State.OOMKilled}} {{.Ratio}}", "42 false 1.5"},
                        {"{{$.Id}} {{(.State).Pid}} {{(index .Config.Env 0)}}", "abc 42 A=1"},
                        {"{{json .State}}", "{\"Status\":\"running\",\"Pid\":42,\"ExitCode\":0,"
                                            "\"OOMKilled\":false}"},
                        {"{{.Config.Env}} {{.Config.Labels}} {{.Mounts}}",
                                        "[A=1 B=2] map[b.c:2 a:1] []"},
                        {"{{.Config.Cmd}}", "<no value>"},
                        {"{{join .Config.Env \",\"}} {{len .Config.Env}} {{len .Name}}",
                                        "A=1,B=2 2 4"},
                        {"{{upper .Id}} {{title .State.Status}} {{lower \"ABC\"}}",
                                        "ABC Running abc"},
                        {"{{index .Config.Labels \"b.c\"}}{{index .Config.Labels \"none\"}}", "2"},
                        {"{{(index (index .Ports \"80/tcp\") 0).HostPort}} {{index .Ports "
                         "\"80/tcp\" 0}}",
                                        "8080 map[HostPort:8080]"},
                        {"{{range .Config.Env}}<{{.}}>{{end}}", "<A=1><B=2>"},
                        {"{{range .Mounts}}x{{else}}none{{end}}", "none"},
                        {"{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}", "a=1;b.c=2;"},
                        {"{{range $i, $e := .Config.Env}}{{$i}}{{$e}} {{$.Id}} {{end}}",
                                        "0A=1 abc 1B=2 abc "},
                        {"{{if .State.OOMKilled}}oom{{else if eq .State.Status "
                         "\"running\"}}up{{else}}down{{end}}",
                                        "up"},
                        {"{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}", "none"},
                        {"{{with .State}}{{.Pid}}{{end}}{{with .Config.Cmd}}x{{else}}-{{end}}",
                                        "42-"},
                        {"{{$x := .State.Pid}}{{$x}} {{$x}}", "42 42"},
                        {"{{.Name | upper | printf \"%s:%d:%q:%%\" .Id 7}}", "abc:7:\"/WEB\":%"},
                        {"{{println .Id 1}}{{print .Id .Id}}", "abc 1\nabcabc"},
                        {"a {{- .Id -}} \n b {{/* said */}}c {{- /* more */ -}} d", "aabcb cd"},
                        {"{{`raw \"x\"`}}{{\"t\\tn\\n\\\"\"}}", "raw \"x\"t\tn\n\""},
                        {"{{eq 1 2 1}} {{ne \"a\" \"b\"}} {{lt 1 2}} {{ge .State.Pid 43}} {{not "
                         "true}}",
                                        "true true true false false"},
                        {"{{and .Id .Nothing}} {{or .Nothing \"x\"}} {{not .Nothing}}",
                                        "<no value> x true"},
                        {"{{slice .Id 0 2}} {{truncate .Id 1}} {{pad .Id 1 2}}. {{slice "
                         ".Config.Env 1}}",
                                        "ab a  abc  . [B=2]"},
                        {"{{split \"a,b\" \",\"}} {{len (split \"\" \",\")}}", "[a b] 1"},
                        {"{{.Label \"k\"}}{{.Label \"none\"}}", "v"},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_failure_ Failure f = {};
                _cleanup_free_ char *printed = NULL;
                int r = run(rows[i].text, &printed, &f);

                if (r < 0)
                        fail_msg("'%s': %s", rows[i].text, failure_message(&f));
                assert_string_equal(printed, rows[i].printed);
        }
}

static void test_template_refuses_what_it_cannot_read_and_names_it(void **state) {
        static const struct {
                const char *text, *named;
        } rows[] = {
                { "{{", "missing" },
                { "{{.Id", "'}}' is expected" },
                { "{{.Id}", "a value" },
                { "{{}}", "a value" },
                { "{{nosuch .Id}}", "'nosuch'" },
                { "{{if .Id}}x", "'{{end}}'" },
                { "{{if .Id}}x{{else}}y", "'{{end}}'" },
                { "{{end}}", "'{{end}}'" },
                { "{{else}}", "'{{else}}'" },
                { "{{\"abc}}", "no end" },
                { "{{/* abc", "no end" },
                { "{{$x}}", "variable" },
                { "{{(.Id}}", "')'" },
                { "{{1x}}", "number" },
                { "{{99999999999999999999}}", "number" },
                { "{{.Nothing}}", "'Nothing'" },
                { "{{.Id.Sub}}", "'Sub'" },
                { "{{.State.Helath}}", "'Helath'" },
                { "{{.Id .Name}}", "no function" },
                { "{{.Id | .Name}}", "no function" },
                { "{{len}}", "'len'" },
                { "{{len .Id .Id}}", "'len'" },
                { "{{len .State.Pid}}", "'len'" },
                { "{{upper .State}}", "'upper'" },
                { "{{join .Id \",\"}}", "'join'" },
                { "{{index .Config.Env 2}}", "'index'" },
                { "{{index .Config.Env \"a\"}}", "'index'" },
                { "{{range .Id}}{{end}}", "ranges over" },
                { "{{printf \"%s\"}}", "'printf'" },
                { "{{printf \"%x\" 1}}", "'printf'" },
                { "{{slice .Id 2 1}}", "'slice'" },
                { "{{lt .Id 1}}", "'lt'" },
                { "{{pad .Id 100000 0}}", "'pad'" },
                { "{{.Label}}", "'.Label'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_failure_ Failure f = {};
                _cleanup_free_ char *printed = NULL;

                if (run(rows[i].text, &printed, &f) >= 0)
                        fail_msg("'%s' was taken and gave '%s'", rows[i].text, printed);
                if (!strstr(failure_message(&f), rows[i].named))
                        fail_msg("'%s': %s", rows[i].text, failure_message(&f));
        }
}

static char *repeat(const char *head, const char *s, size_t n, const char *tail) {
        char *text = malloc(strlen(head) + strlen(s) * n + strlen(tail) + 1), *p;

        assert_non_null(text);
        p = stpcpy(text, head);
        for (size_t i = 0; i < n; i++)
                p = stpcpy(p, s);
        strcpy(p, tail);
        return text;
}

static void test_template_new_refuses_what_is_too_large_or_too_deep(void **state) {
        char *texts[] = {
                repeat("", "x", TEMPLATE_SIZE_MAX + 1, ""),
                repeat("{{", "(", TEMPLATE_DEPTH_MAX + 1, "1"),
                repeat("", "{{if 1}}", TEMPLATE_DEPTH_MAX + 1, ""),
                repeat("", "{{1}}", TEMPLATE_NODES_MAX / 4 + 1, ""),
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_failure_ Failure f = {};
                Template *t = NULL;

                assert_int_equal(template_new(texts[i], &t, &f), -EINVAL);
                assert_null(t);
                free(texts[i]);
        }
}

static void test_template_run_refuses_output_without_end(void **state) {
        /* Four levels of a list of 32 KiB texts: more than the bound from a small template. */
        _cleanup_free_ char *words = repeat("", "aaaaaaaaaaaaaaa,", 2000, "");
        _cleanup_free_ char *text = NULL, *printed = NULL;
        _cleanup_failure_ Failure f = {};

        assert_int_equal(str_printf(&text, "{{$w := \"%s\"}}{{range split $w \",\"}}{{$w}}{{end}}",
                                         words),
                        0);
        assert_int_equal(run(text, &printed, &f), -EFBIG);
        assert_null(printed);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_template_run_prints_what_go_would),
                cmocka_unit_test(test_template_refuses_what_it_cannot_read_and_names_it),
                cmocka_unit_test(test_template_new_refuses_what_is_too_large_or_too_deep),
                cmocka_unit_test(test_template_run_refuses_output_without_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
