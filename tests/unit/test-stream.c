/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of cli/stream.c. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include "base/fd.h"
#include "cli/stream.h"
#include "unit.h"

enum { SOURCE, TARGET };

static void make_pipe(int p[2]) {
        assert_int_equal(pipe2(p, O_CLOEXEC), 0);
}

/* Until the stream ends or there is nothing to do. */
static int pump(Stream *s) {
        struct pollfd p[2];
        int r = 0;

        while (r == 0 && !stream_ended(s)) {
                stream_poll(s, p);
                if (poll(p, 2, 0) <= 0)
                        break;
                r = stream_dispatch(s, p);
        }
        return r;
}

static void test_stream_dispatch_copies_a_pipe_to_its_end(void **state) {
        Stream s;
        int from[2], to[2];
        char text[16];

        make_pipe(from);
        make_pipe(to);
        stream_init(&s, from[0], to[1], NULL);
        assert_true(s.splice);
        assert_int_equal(write_full(from[1], "hello", 5), 0);
        assert_int_equal(pump(&s), 0);
        assert_int_equal(read(to[0], text, sizeof(text)), 5);
        assert_memory_equal(text, "hello", 5);
        close(from[1]);
        assert_int_equal(pump(&s), 1);
        assert_true(stream_ended(&s));
        assert_int_equal(read(to[0], text, sizeof(text)), 0); /* the target was closed as well */
        close(to[0]);
        stream_done(&s);
}

static void test_stream_dispatch_waits_for_a_full_target(void **state) {
        Stream s;
        int from[2], to[2];
        struct pollfd p[2];
        char *data = calloc(1, 1 << 20), *back = calloc(1, 1 << 20);
        size_t written = 0, got = 0;
        ssize_t n;

        assert_non_null(data);
        assert_non_null(back);
        for (size_t i = 0; i < 1 << 20; i++)
                data[i] = (char) (i * 7 + i / 251);
        make_pipe(from);
        make_pipe(to);
        assert_int_equal(fd_set_nonblock(from[1], true), 0);
        stream_init(&s, from[0], to[1], NULL);

        while (got < 1 << 20) {
                n = written < 1 << 20 ? write(from[1], data + written, (1 << 20) - written) : 0;
                written += n > 0 ? (size_t) n : 0;
                assert_int_equal(pump(&s), 0);
                /* What stopped it is a full target, so it must not ask for the source, which is readable for ever. */
                stream_poll(&s, p);
                n = read(to[0], back + got, 4096);
                assert_true(n > 0);
                got += (size_t) n;
        }
        assert_memory_equal(data, back, 1 << 20);

        close(from[1]);
        close(to[0]);
        stream_done(&s);
        free(data);
        free(back);
}

static void test_stream_dispatch_falls_back_where_nothing_can_be_spliced(void **state) {
        Stream s;
        int from[2], to[2];
        char text[16];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, from), 0);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, to), 0);
        stream_init(&s, from[0], to[1], NULL);
        assert_false(s.splice);
        assert_int_equal(write_full(from[1], "abc", 3), 0);
        assert_int_equal(pump(&s), 0);
        assert_int_equal(read(to[0], text, sizeof(text)), 3);
        close(from[1]);
        assert_int_equal(pump(&s), 1);
        close(to[0]);
        stream_done(&s);
}

static void test_stream_dispatch_tells_when_nobody_reads(void **state) {
        Stream s;
        int from[2], to[2];

        make_pipe(from);
        make_pipe(to);
        stream_init(&s, from[0], to[1], NULL);
        close(to[0]);
        assert_int_equal(pump(&s), -EPIPE); /* although there is nothing to write */
        assert_true(stream_ended(&s));
        close(from[1]);
        stream_done(&s);
}

static void test_stream_dispatch_stops_at_the_detach_keys(void **state) {
        DetachKeys keys;
        Stream s;
        int from[2], to[2];
        char text[16];

        assert_int_equal(detach_keys_parse("ctrl-p,ctrl-q", &keys, NULL), 0);
        make_pipe(from);
        make_pipe(to);
        stream_init(&s, from[0], to[1], &keys);
        assert_int_equal(write_full(from[1], "a\x10", 2), 0);
        assert_int_equal(pump(&s), 0);
        assert_int_equal(read(to[0], text, sizeof(text)), 1);
        assert_int_equal(write_full(from[1], "\x11", 1), 0);
        assert_int_equal(pump(&s), -ECANCELED);
        close(from[1]);
        close(to[0]);
        stream_done(&s);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_stream_dispatch_copies_a_pipe_to_its_end),
                cmocka_unit_test(test_stream_dispatch_waits_for_a_full_target),
                cmocka_unit_test(test_stream_dispatch_falls_back_where_nothing_can_be_spliced),
                cmocka_unit_test(test_stream_dispatch_tells_when_nobody_reads),
                cmocka_unit_test(test_stream_dispatch_stops_at_the_detach_keys),
        };

        (void) signal(SIGPIPE, SIG_IGN); /* as a session does */
        return cmocka_run_group_tests(tests, NULL, NULL);
}
