/* SPDX-License-Identifier: Apache-2.0 */
#include "puller/readlog.h"
#include <endian.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "base/str.h"
#include "log-fixture.h"

static ReadlogArgs args_for(const LogFixture *l) {
        return (ReadlogArgs) {
                .dir_fd = l->dir_fd,
                .notify_fd = -EBADF,
                .end_fd = -EBADF,
                .print = { .out_fd = -EBADF,
                                .streams = { false, true, true },
                                .until_nsec = UINT64_MAX },
        };
}

static void assert_log(ReadlogArgs args, const char *expected) {
        _cleanup_close_ int fd = memfd_create("out", MFD_CLOEXEC);
        char text[4096];
        ssize_t n;

        args.print.out_fd = fd;
        assert_int_equal(readlog(&args), 0);
        n = pread_full(fd, text, sizeof(text) - 1, 0);
        assert_true(n >= 0);
        text[n] = '\0';
        assert_string_equal(text, expected);
}

static void assert_tail(const LogFixture *l, uint64_t n, const char *expected) {
        ReadlogArgs args = args_for(l);

        args.tail_set = true;
        args.tail = n;
        assert_log(args, expected);
}

static void test_readlog_gives_both_streams_as_written(void **state) {
        LogFixture *l = *state;

        assert_log(args_for(l), ""); /* no file yet */
        log_rotate(l);
        assert_log(args_for(l), "");
        log_mark(l, LOG_STREAM_START);
        log_out(l, "one\ntw");
        log_err(l, "error\n");
        log_out(l, "o\n");
        log_rotate(l);
        log_out(l, "three\nrest");
        log_mark(l, LOG_STREAM_END);
        assert_log(args_for(l), "one\ntwerror\no\nthree\nrest");
}

static void test_readlog_shows_one_stream(void **state) {
        LogFixture *l = *state;
        ReadlogArgs args = args_for(l);

        log_rotate(l);
        log_out(l, "out\n");
        log_err(l, "err\n");
        args.print.streams[LOG_STREAM_STDOUT] = false;
        assert_log(args, "err\n");
        args.print.streams[LOG_STREAM_STDOUT] = true;
        args.print.streams[LOG_STREAM_STDERR] = false;
        assert_log(args, "out\n");
}

static void test_readlog_stamps_each_line_once(void **state) {
        LogFixture *l = *state;
        ReadlogArgs args = args_for(l);

        log_rotate(l);
        log_out(l, "one\ntw");
        log_out(l, "o\n\n");
        log_err(l, "rest");
        args.print.timestamps = true;
        assert_log(args,
                        "2023-11-14T22:13:20.000000000Z one\n"
                        "2023-11-14T22:13:20.000000000Z two\n"
                        "2023-11-14T22:13:21.000000000Z \n"
                        "2023-11-14T22:13:22.000000000Z rest");
}

static void test_readlog_begins_a_line_with_each_run(void **state) {
        LogFixture *l = *state;
        ReadlogArgs args = args_for(l);

        log_rotate(l);
        log_out(l, "rest");
        log_mark(l, LOG_STREAM_END);
        log_mark(l, LOG_STREAM_START);
        log_out(l, "new\n");
        args.print.timestamps = true;
        assert_log(args, "2023-11-14T22:13:20.000000000Z rest2023-11-14T22:13:23.000000000Z new\n");
        assert_tail(l, 1, "new\n");
        assert_tail(l, 2, "restnew\n");
}

static void test_readlog_chooses_lines_by_their_beginning(void **state) {
        LogFixture *l = *state;
        ReadlogArgs args = args_for(l);

        log_rotate(l);
        log_out(l, "first\nsecond ");
        log_out(l, "goes on\nthird\n");
        log_out(l, "fourth\nfifth ");
        log_out(l, "goes on\nsixth\n");
        args.print.since_nsec = LOG_TIME + 1;
        assert_log(args, "third\nfourth\nfifth goes on\nsixth\n");
        args.print.until_nsec = LOG_TIME + 1000000000ULL;
        assert_log(args, "third\n");
        args.print.since_nsec = 0;
        assert_log(args, "first\nsecond goes on\nthird\n");
}

static void test_readlog_frames_name_stream_and_length(void **state) {
        LogFixture *l = *state;
        _cleanup_close_ int fd = memfd_create("out", MFD_CLOEXEC);
        static const uint8_t expected[] =
                        "\1\0\0\0\0\0\0\7one\ntwo\2\0\0\0\0\0\0\4err\n\1\0\0\0\0\0\0\1\n";
        ReadlogArgs args = args_for(l);
        uint8_t bytes[sizeof(expected)];

        log_rotate(l);
        log_out(l, "one\n");
        log_out(l, "two");
        log_err(l, "err\n");
        log_out(l, "\n");
        args.print.framed = true;
        args.print.out_fd = fd;
        assert_int_equal(readlog(&args), 0);
        assert_int_equal(pread_full(fd, bytes, sizeof(bytes), 0), sizeof(expected) - 1);
        assert_memory_equal(bytes, expected, sizeof(expected) - 1);
}

/* Large pieces are written from where they lie: frames and order stay. */
static void test_readlog_frames_large_pieces(void **state) {
        LogFixture *l = *state;
        _cleanup_close_ int fd = memfd_create("out", MFD_CLOEXEC);
        ReadlogArgs args = args_for(l);
        uint8_t frame[8];
        uint32_t length;
        char big[40000];
        off_t at = 0;

        memset(big, 'b', sizeof(big));
        log_rotate(l);
        for (int i = 0; i < 50; i++) {
                log_out(l, "small\n");
                log_bytes(l, LOG_STREAM_STDOUT, big, sizeof(big));
        }
        args.print.framed = true;
        args.print.out_fd = fd;
        assert_int_equal(readlog(&args), 0);

        for (int i = 0; i < 100; i++) {
                assert_int_equal(pread_full(fd, frame, sizeof(frame), at), sizeof(frame));
                memcpy(&length, frame + 4, sizeof(length));
                assert_int_equal(frame[0], LOG_STREAM_STDOUT);
                assert_int_equal(be32toh(length), i % 2 == 0 ? 6 : sizeof(big));
                at += (off_t) sizeof(frame) + be32toh(length);
        }
        assert_int_equal(lseek(fd, 0, SEEK_END), at);
}

static void test_readlog_tells_of_a_gap(void **state) {
        LogFixture *l = *state;
        ReadlogArgs args = args_for(l);
        uint64_t lost = htole64(12345);

        log_rotate(l);
        log_out(l, "before\n");
        log_bytes(l, LOG_STREAM_GAP, &lost, sizeof(lost));
        log_out(l, "after\n");
        assert_log(args, "before\n[pocketdocker: 12345 bytes of output lost: no space left on "
                         "device]\nafter\n");
        assert_tail(l, 2,
                        "[pocketdocker: 12345 bytes of output lost: no space left on "
                        "device]\nafter\n");
        args.print.streams[LOG_STREAM_STDERR] = false;
        assert_log(args, "before\nafter\n");
}

static void test_readlog_tail_counts_over_streams_and_files(void **state) {
        LogFixture *l = *state;

        log_rotate(l);
        log_out(l, "one\n");
        log_err(l, "two\n");
        log_rotate(l);
        log_out(l, "three\nfo");
        log_err(l, "five\n");
        log_rotate(l);
        log_out(l, "ur\n");
        log_err(l, "six");
        assert_tail(l, 0, "");
        assert_tail(l, 1, "six");
        assert_tail(l, 2, "five\nsix");
        assert_tail(l, 3, "fofive\nur\nsix");
        assert_tail(l, 4, "three\nfofive\nur\nsix");
        assert_tail(l, 5, "two\nthree\nfofive\nur\nsix");
        assert_tail(l, 6, "one\ntwo\nthree\nfofive\nur\nsix");
        assert_tail(l, 7, "one\ntwo\nthree\nfofive\nur\nsix");
        assert_tail(l, UINT64_MAX, "one\ntwo\nthree\nfofive\nur\nsix");
}

/* The oldest file begins inside a line whose beginning rotation has dropped: what is left of it counts as one. */
static void test_readlog_tail_after_old_files_are_dropped(void **state) {
        LogFixture *l = *state;

        log_rotate(l);
        log_out(l, "begin");
        log_rotate(l);
        log_out(l, "end\nnext\n");
        log_drop(l, 1);
        assert_tail(l, 1, "next\n");
        assert_tail(l, 5, "end\nnext\n");
}

static void test_readlog_tail_comes_before_the_other_choices(void **state) {
        LogFixture *l = *state;
        ReadlogArgs args = args_for(l);

        log_rotate(l);
        log_out(l, "one\n");
        log_err(l, "two\n");
        log_err(l, "three\n");
        args.tail_set = true;
        args.tail = 2;
        args.print.streams[LOG_STREAM_STDERR] = false;
        assert_log(args, "");
        args.tail = 3;
        assert_log(args, "one\n");
}

static void test_readlog_ignores_what_is_not_whole(void **state) {
        LogFixture *l = *state;
        LogChunk chunk = { .time_nsec = LOG_TIME, .length = 100, .stream = LOG_STREAM_STDOUT };

        log_rotate(l);
        log_out(l, "whole\n");
        assert_int_equal(write_full(l->fd, &chunk, sizeof(chunk)), 0);
        assert_int_equal(write_full(l->fd, "part", 4), 0);
        assert_log(args_for(l), "whole\n");
        log_rotate(l);
        log_out(l, "next\n");
        log_bytes(l, 77, "of a later version", 18);
        log_out(l, "last\n");
        assert_log(args_for(l), "whole\nnext\nlast\n");
        assert_tail(l, 2, "next\nlast\n");
}

static void test_readlog_goes_on_behind_damage(void **state) {
        LogFixture *l = *state;
        LogChunk chunk = { .time_nsec = LOG_TIME,
                .length = LOG_CHUNK_BYTES_MAX + 1,
                .stream = LOG_STREAM_STDOUT };
        _cleanup_close_ int other = -EBADF;

        log_rotate(l);
        log_out(l, "before\n");
        assert_int_equal(write_full(l->fd, &chunk, sizeof(chunk)), 0);
        log_out(l, "never seen\n");
        log_rotate(l);
        assert_int_equal(ftruncate(l->fd, 0), 0);
        assert_int_equal(pwrite_full(l->fd, "this is no log of ours", 22, 0), 0);
        log_rotate(l);
        log_out(l, "after\n");
        other = openat(l->dir_fd, "other", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_log(args_for(l),
                        "before\n"
                        "[pocketdocker: the log is damaged here, some output may be missing]\n"
                        "after\n");
}

/* A child that follows. @ret_out: what it prints. */
static pid_t follow(const LogFixture *l, uint64_t tail, int end_fd, int *ret_out) {
        ReadlogArgs args = args_for(l);
        int fds[2];
        pid_t pid;

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        args.notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        assert_true(inotify_add_watch(args.notify_fd, l->path, READLOG_EVENTS) >= 0);
        args.end_fd = end_fd;
        args.follow = true;
        args.tail_set = tail != UINT64_MAX;
        args.tail = tail;
        args.print.out_fd = fds[1];

        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                (void) signal(SIGPIPE, SIG_IGN);
                close(fds[0]);
                _exit(readlog(&args) < 0);
        }
        close(fds[1]);
        close(args.notify_fd);
        *ret_out = fds[0];
        return pid;
}

static void assert_next(int fd, const char *expected) {
        char text[4096];
        size_t n = strlen(expected);

        assert_int_equal(read_full(fd, text, n), n);
        assert_memory_equal(text, expected, n);
}

static void assert_ends(pid_t pid, int fd) {
        int status;
        char byte;

        assert_int_equal(read_full(fd, &byte, 1), 0);
        close(fd);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void test_readlog_follow_ends_with_the_run(void **state) {
        LogFixture *l = *state;
        pid_t pid;
        int out;

        log_rotate(l);
        log_mark(l, LOG_STREAM_START);
        log_out(l, "an older run\n");
        log_mark(l, LOG_STREAM_END);
        log_mark(l, LOG_STREAM_START);
        log_out(l, "here\n");
        pid = follow(l, UINT64_MAX, -EBADF, &out);
        assert_next(out, "an older run\nhere\n");
        log_out(l, "more\n");
        assert_next(out, "more\n");
        log_out(l, "last");
        log_mark(l, LOG_STREAM_END);
        log_mark(l, LOG_STREAM_START);
        log_out(l, "of another run\n");
        assert_next(out, "last");
        assert_ends(pid, out);
}

static void test_readlog_follow_gives_rotated_output_in_order(void **state) {
        LogFixture *l = *state;
        pid_t pid;
        int out;

        log_rotate(l);
        log_out(l, "0\n");
        pid = follow(l, UINT64_MAX, -EBADF, &out);
        for (int i = 1; i < 200; i++) {
                char text[32];

                if (i % 7 == 0)
                        log_rotate(l);
                snprintf(text, sizeof(text), "%d\n", i);
                log_out(l, text);
        }
        for (int i = 0; i < 200; i++) {
                char text[32];

                snprintf(text, sizeof(text), "%d\n", i);
                assert_next(out, text);
        }
        log_mark(l, LOG_STREAM_END);
        assert_ends(pid, out);
}

static void test_readlog_follow_takes_a_chunk_when_it_is_whole(void **state) {
        LogFixture *l = *state;
        LogChunk chunk = { .time_nsec = LOG_TIME, .length = 6, .stream = LOG_STREAM_STDOUT };
        pid_t pid;
        int out;

        log_rotate(l);
        pid = follow(l, UINT64_MAX, -EBADF, &out);
        assert_int_equal(write_full(l->fd, &chunk, 7), 0);
        assert_int_equal(write_full(l->fd, (char *) &chunk + 7, sizeof(chunk) - 7), 0);
        assert_int_equal(write_full(l->fd, "wh", 2), 0);
        assert_int_equal(write_full(l->fd, "ole\n", 4), 0);
        assert_next(out, "whole\n");
        log_mark(l, LOG_STREAM_END);
        assert_ends(pid, out);
}

/* A stream that is silent in the newest file begins a line with its next byte, as far as that file tells. */
static void test_readlog_follow_shows_a_stream_that_was_silent(void **state) {
        LogFixture *l = *state;
        pid_t pid;
        int out;

        log_rotate(l);
        log_err(l, "old\n");
        log_rotate(l);
        log_out(l, "one\ntwo\n");
        pid = follow(l, 1, -EBADF, &out);
        assert_next(out, "two\n");
        log_err(l, "new\n");
        assert_next(out, "new\n");
        log_mark(l, LOG_STREAM_END);
        assert_ends(pid, out);
}

static void test_readlog_follow_ends_when_told(void **state) {
        LogFixture *l = *state;
        int fds[2], out;
        pid_t pid;

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        log_rotate(l);
        log_out(l, "one\n");
        pid = follow(l, UINT64_MAX, fds[0], &out);
        close(fds[0]);
        assert_next(out, "one\n");
        log_rotate(l);
        log_out(l, "two");
        assert_int_equal(write_full(fds[1], "x", 1), 0);
        assert_next(out, "two");
        assert_ends(pid, out);
        close(fds[1]);
}

static void test_readlog_follow_outlives_who_would_tell(void **state) {
        LogFixture *l = *state;
        int fds[2], out;
        pid_t pid;

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        log_rotate(l);
        pid = follow(l, UINT64_MAX, fds[0], &out);
        close(fds[0]);
        close(fds[1]);
        log_out(l, "still here\n");
        assert_next(out, "still here\n");
        log_mark(l, LOG_STREAM_END);
        assert_ends(pid, out);
}

static void test_readlog_follow_ends_with_its_reader(void **state) {
        LogFixture *l = *state;
        int out, status;
        pid_t pid;

        log_rotate(l);
        log_out(l, "one\n");
        pid = follow(l, UINT64_MAX, -EBADF, &out);
        assert_next(out, "one\n");
        close(out);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

#define test(f) cmocka_unit_test_setup_teardown(f, log_setup, log_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                test(test_readlog_gives_both_streams_as_written),
                test(test_readlog_shows_one_stream),
                test(test_readlog_stamps_each_line_once),
                test(test_readlog_begins_a_line_with_each_run),
                test(test_readlog_chooses_lines_by_their_beginning),
                test(test_readlog_frames_name_stream_and_length),
                test(test_readlog_frames_large_pieces),
                test(test_readlog_tells_of_a_gap),
                test(test_readlog_tail_counts_over_streams_and_files),
                test(test_readlog_tail_after_old_files_are_dropped),
                test(test_readlog_tail_comes_before_the_other_choices),
                test(test_readlog_ignores_what_is_not_whole),
                test(test_readlog_goes_on_behind_damage),
                test(test_readlog_follow_ends_with_the_run),
                test(test_readlog_follow_gives_rotated_output_in_order),
                test(test_readlog_follow_takes_a_chunk_when_it_is_whole),
                test(test_readlog_follow_shows_a_stream_that_was_silent),
                test(test_readlog_follow_ends_when_told),
                test(test_readlog_follow_outlives_who_would_tell),
                test(test_readlog_follow_ends_with_its_reader),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
