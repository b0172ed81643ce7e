/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/http-status.h"
#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "unit.h"

static void test_http_status_parse(void **state) {
        static const struct {
                const char *line;
                int status;
        } accepted[] = {
                { "HTTP/1.1 200 OK", 200 },
                { "HTTP/1.0 301 Moved Permanently", 301 },
                { "HTTP/1.1 204 ", 204 },
                { "HTTP/1.1 503", 503 },
                { "HTTP/2.0 100 Continue", 100 },
                { "HTTP/1.1 599 x", 599 },
        };
        static const char *const refused[] = {
                "",
                "H",
                "HTTP/1.1",
                "HTTP/1.1 ",
                "HTTP/1.1 20",
                "HTTP/1.1 2x0 OK",
                "HTTP/1.1 2000",
                "HTTP/1.1 200OK",
                "HTTP/1.1  200",
                "HTTP/1.1\t200 OK",
                "HTTP/2 200 OK",
                "http/1.1 200 OK",
                "HTTP/1.1 099 x",
                "HTTP/1.1 600 x",
                "HTTP/1.1 -10 x",
                "HTTP/11 200 OK",
                "SSH-2.0-OpenSSH_9",
        };

        for (size_t i = 0; i < ELEMENTSOF(accepted); i++)
                assert_int_equal(http_status_parse(accepted[i].line, strlen(accepted[i].line)),
                                accepted[i].status);
        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                assert_int_equal(http_status_parse(refused[i], strlen(refused[i])), -EBADMSG);
}

static void test_http_status_parse_reads_no_byte_more(void **state) {
        assert_int_equal(http_status_parse("HTTP/1.1 2000", 12), 200);
        assert_int_equal(http_status_parse("HTTP/1.1 200", 11), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_http_status_parse),
                cmocka_unit_test(test_http_status_parse_reads_no_byte_more),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
