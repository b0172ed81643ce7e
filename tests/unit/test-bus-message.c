/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of cli/bus/: what is written is read back, what is damaged is refused, and a connection keeps its promises. */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include "base/fd.h"
#include "cli/bus/connection.h"
#include "unit.h"

#define PATH "/org/pocketdocker/test"

typedef struct Pair {
        sd_bus *bus;
        int peer;
} Pair;

/* A connection whose peer is the test; it has been let in. */
static int setup(void **state) {
        static const char accepted[] = "DATA\r\nOK 0123456789abcdef0123456789abcdef\r\n"
                                       "AGREE_UNIX_FD\r\n";
        static Pair p;
        char request[256];
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        assert_int_equal(sd_bus_new(&p.bus), 0);
        assert_int_equal(sd_bus_set_fd(p.bus, fds[0], fds[0]), 0);
        assert_int_equal(sd_bus_start(p.bus), 0);
        assert_true(read(fds[1], request, sizeof(request)) > 0);
        assert_int_equal(write_full(fds[1], accepted, sizeof(accepted) - 1), 0);
        assert_int_equal(sd_bus_process(p.bus, NULL), 1);
        assert_int_equal(sd_bus_is_ready(p.bus), 1);
        p.peer = fds[1];
        *state = &p;
        return 0;
}

static int teardown(void **state) {
        Pair *p = *state;

        p->bus = sd_bus_close_unref(p->bus);
        close_fd(p->peer);
        return 0;
}

static sd_bus_message *new_call(sd_bus *bus) {
        sd_bus_message *m;

        assert_int_equal(sd_bus_message_new_method_call(bus, &m, "a.b", PATH, "a.b.C", "Do"), 0);
        return m;
}

static sd_bus_message *through_the_wire(sd_bus_message *m) {
        StrBuf wire = {};
        sd_bus_message *got;
        size_t size;

        assert_int_equal(message_encode(m, 7, &wire), 0);
        assert_int_equal(message_size(wire.data, &size), 0);
        assert_int_equal(size, wire.size);
        assert_int_equal(message_decode(wire.data, wire.size, NULL, 0, &got), 0);
        strbuf_done(&wire);
        return got;
}

static void test_type_length_knows_complete_types(void **state) {
        static const struct {
                const char *types;
                size_t length;
        } table[] = {
                { "", 0 },
                { "s", 1 },
                { "su", 1 },
                { "as", 2 },
                { "aas", 3 },
                { "a{sv}s", 5 },
                { "(sv)", 4 },
                { "a(oa{sv})", 9 },
                { "a", 0 },
                { "(", 0 },
                { "()", 0 },
                { "{s}", 0 },
                { "{sss}", 0 },
                { "{vs}", 0 },
                { "(s", 0 },
                { "z", 0 },
                { "a}", 0 },
                { "((s)", 0 },
        };
        char deep[128];

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                assert_int_equal(type_length(table[i].types), table[i].length);
        memset(deep, 'a', sizeof(deep));
        deep[40] = 's';
        deep[41] = '\0';
        assert_int_equal(type_length(deep), 0);
        assert_false(types_are_valid("sa"));
        assert_true(types_are_valid("sa{s(uv)}"));
}

static void test_message_read_gives_what_was_appended(void **state) {
        Pair *p = *state;
        sd_bus_message *m = new_call(p->bus), *got;
        const char *text, *other, *name;
        char **list, *words[] = { (char *) "one", (char *) "two", NULL };
        uint64_t t;
        uint32_t u;
        uint8_t y;
        int i, b;

        assert_int_equal(sd_bus_message_append(m, "ysbt", 3, "text", 1, UINT64_MAX), 0);
        assert_int_equal(sd_bus_message_append(m, "a{sv}", 2, "size", "t", UINT64_C(5), "name", "s",
                                         "web"),
                        0);
        assert_int_equal(sd_bus_message_append_strv(m, words), 0);
        assert_int_equal(sd_bus_message_append(m, "(iu)v", -4, 9U, "as", 1, "x"), 0);
        got = through_the_wire(m);

        assert_string_equal(got->path, PATH);
        assert_string_equal(got->member, "Do");
        assert_int_equal(sd_bus_message_read(got, "ysbt", &y, &text, &b, &t), 1);
        assert_int_equal(y, 3);
        assert_string_equal(text, "text");
        assert_int_equal(b, 1);
        assert_true(t == UINT64_MAX);
        assert_int_equal(sd_bus_message_enter_container(got, 'a', "{sv}"), 1);
        assert_int_equal(sd_bus_message_read(got, "{sv}", &name, "t", &t), 1);
        assert_string_equal(name, "size");
        assert_int_equal(t, 5);
        assert_int_equal(sd_bus_message_enter_container(got, 'e', "sv"), 1);
        assert_int_equal(sd_bus_message_read(got, "s", &name), 1);
        assert_int_equal(sd_bus_message_read(got, "v", "u", &u), -ENXIO); /* it is another type */
        assert_int_equal(sd_bus_message_read(got, "v", "s", &other), 1);
        assert_string_equal(other, "web");
        assert_int_equal(sd_bus_message_exit_container(got), 1);
        assert_int_equal(sd_bus_message_read(got, "{sv}", &name, "t", &t), 0);
        assert_int_equal(sd_bus_message_exit_container(got), 1);
        assert_int_equal(sd_bus_message_read_strv(got, &list), 1);
        assert_string_equal(list[1], "two");
        assert_null(list[2]);
        assert_int_equal(sd_bus_message_read(got, "(iu)", &i, &u), 1);
        assert_int_equal(i, -4);
        assert_int_equal(sd_bus_message_skip(got, "v"), 1);
        assert_int_equal(sd_bus_message_read(got, "s", &text), -ENXIO);
        strv_free(list);
        sd_bus_message_unref(got);
        sd_bus_message_unref(m);
}

static void test_message_peek_type_tells_what_comes(void **state) {
        Pair *p = *state;
        sd_bus_message *m = new_call(p->bus), *got;
        const char *contents;
        char type;

        assert_int_equal(sd_bus_message_append(m, "va{su}", "as", 0, 0), 0);
        got = through_the_wire(m);
        assert_int_equal(sd_bus_message_peek_type(got, &type, &contents), 1);
        assert_int_equal(type, 'v');
        assert_string_equal(contents, "as");
        assert_int_equal(sd_bus_message_skip(got, NULL), 1);
        assert_int_equal(sd_bus_message_peek_type(got, &type, &contents), 1);
        assert_int_equal(type, 'a');
        assert_string_equal(contents, "{su}");
        assert_int_equal(sd_bus_message_skip(got, NULL), 1);
        assert_int_equal(sd_bus_message_peek_type(got, &type, NULL), 0);
        sd_bus_message_unref(got);
        sd_bus_message_unref(m);
}

static void test_message_append_refuses_what_does_not_fit(void **state) {
        Pair *p = *state;
        sd_bus_message *m = new_call(p->bus);
        StrBuf wire = {};

        assert_int_equal(sd_bus_message_open_container(m, 'a', "{sv}"), 0);
        assert_int_equal(sd_bus_message_append(m, "s", "x"), -ENXIO);
        assert_int_equal(sd_bus_message_open_container(m, 'e', "sv"), 0);
        assert_int_equal(sd_bus_message_close_container(m), -EINVAL); /* half an entry */
        assert_int_equal(message_encode(m, 1, &wire), -EBUSY);
        strbuf_done(&wire);
        sd_bus_message_unref(m);
        m = new_call(p->bus);
        assert_int_equal(sd_bus_message_open_container(m, 'a', "ss"), -EINVAL);
        assert_int_equal(sd_bus_message_close_container(m), -EINVAL);
        sd_bus_message_unref(m);
}

/* Each byte changed in turn: it is refused, or read to its end without harm. */
static void test_message_decode_survives_damage(void **state) {
        Pair *p = *state;
        sd_bus_message *m = new_call(p->bus), *got;
        StrBuf wire = {};
        size_t size;

        assert_int_equal(sd_bus_message_append(m, "sa{sv}as", "x", 1, "k", "b", 1, 2, "y", "z"), 0);
        assert_int_equal(message_encode(m, 7, &wire), 0);
        for (size_t i = 0; i < wire.size; i++)
                for (unsigned bit = 0; bit < 8; bit++) {
                        wire.data[i] = (char) (wire.data[i] ^ 1 << bit);
                        if (message_size(wire.data, &size) >= 0 && size == wire.size &&
                                        message_decode(wire.data, wire.size, NULL, 0, &got) >= 0) {
                                while (sd_bus_message_skip(got, NULL) > 0)
                                        ;
                                sd_bus_message_unref(got);
                        }
                        wire.data[i] = (char) (wire.data[i] ^ 1 << bit);
                }
        for (size_t n = WIRE_FIXED; n < wire.size; n++)
                assert_true(message_decode(wire.data, n, NULL, 0, &got) < 0);
        strbuf_done(&wire);
        sd_bus_message_unref(m);
}

static int take(sd_bus_message *m, void *userdata, sd_bus_error *unused) {
        *(sd_bus_message **) userdata = sd_bus_message_ref(m);
        return 0;
}

static void test_call_async_is_answered_when_the_connection_ends(void **state) {
        Pair *p = *state;
        sd_bus_message *m = new_call(p->bus), *reply = NULL;
        int r;

        assert_int_equal(sd_bus_call_async(p->bus, NULL, m, take, &reply, UINT64_MAX), 0);
        p->peer = close_fd(p->peer);
        while ((r = sd_bus_process(p->bus, NULL)) > 0)
                ;
        assert_int_equal(r, -ENOTCONN);
        assert_non_null(reply);
        assert_true(sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NO_REPLY));
        assert_int_equal(sd_bus_is_open(p->bus), 0);
        sd_bus_message_unref(reply);
        sd_bus_message_unref(m);
}

static void test_call_async_is_answered_when_its_time_is_over(void **state) {
        Pair *p = *state;
        sd_bus_message *m = new_call(p->bus), *reply = NULL;

        assert_int_equal(sd_bus_call_async(p->bus, NULL, m, take, &reply, 1), 0);
        assert_true(sd_bus_wait(p->bus, UINT64_MAX) >= 0);
        while (!reply)
                assert_true(sd_bus_process(p->bus, NULL) >= 0);
        assert_true(sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NO_REPLY));
        assert_int_equal(sd_bus_is_open(p->bus), 1);
        sd_bus_message_unref(reply);
        sd_bus_message_unref(m);
}

static void test_slot_unref_lets_go_of_a_call(void **state) {
        Pair *p = *state;
        sd_bus_message *m = new_call(p->bus), *reply = NULL;
        sd_bus_slot *slot;

        assert_int_equal(sd_bus_call_async(p->bus, &slot, m, take, &reply, UINT64_MAX), 0);
        sd_bus_slot_unref(slot);
        p->peer = close_fd(p->peer);
        while (sd_bus_process(p->bus, NULL) > 0)
                ;
        assert_null(reply);
        sd_bus_message_unref(m);
}

static void test_message_carries_fds(void **state) {
        Pair *p = *state;
        sd_bus_message *m = new_call(p->bus);
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(sizeof(int) * 4)];
        } control;
        char data[1024];
        struct iovec iov = { data, sizeof(data) };
        struct msghdr mh = { .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = control.room,
                .msg_controllen = sizeof(control) };
        int fds[2], got;

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_int_equal(sd_bus_message_append(m, "h", fds[1]), 0);
        close(fds[1]);
        assert_int_equal(sd_bus_send(p->bus, m, NULL), 0);
        sd_bus_message_unref(m);
        assert_true(recvmsg(p->peer, &mh, 0) > 0);
        assert_int_equal(control.header.cmsg_type, SCM_RIGHTS);
        memcpy(&got, CMSG_DATA(&control.header), sizeof(got));
        assert_int_equal(write(got, "x", 1), 1);
        close(got);
        assert_int_equal(read(fds[0], data, 2), 1);
        assert_int_equal(read(fds[0], data, 2), 0); /* nobody else has it */
        close(fds[0]);
}

static void test_start_refuses_who_does_not_authenticate(void **state) {
        sd_bus *bus;
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        assert_int_equal(sd_bus_new(&bus), 0);
        assert_int_equal(sd_bus_set_fd(bus, fds[0], fds[0]), 0);
        assert_int_equal(sd_bus_start(bus), 0);
        assert_int_equal(write_full(fds[1], "REJECTED EXTERNAL\r\n", 19), 0);
        assert_int_equal(sd_bus_process(bus, NULL), -EPERM);
        sd_bus_close_unref(bus);
        close(fds[1]);
}

static void test_set_address_refuses_what_is_none(void **state) {
        static const struct {
                const char *address;
                int error;
        } table[] = {
                { "", EINVAL },
                { "tcp:host=x", EINVAL },
                { "unix:path=", EINVAL },
                { "unix:path=%zz", EINVAL },
                { "unix:path=/nonexistent/socket", ENOENT },
                { "tcp:host=x;unix:path=/nonexistent/%73ocket,guid=00", ENOENT },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                sd_bus *bus;

                assert_int_equal(sd_bus_new(&bus), 0);
                assert_int_equal(sd_bus_set_address(bus, table[i].address), 0);
                assert_errno(table[i].error, sd_bus_start(bus));
                sd_bus_unref(bus);
        }
}

static void test_error_get_errno_reads_names(void **state) {
        assert_int_equal(sd_bus_error_get_errno(
                                         &SD_BUS_ERROR_MAKE_CONST("System.Error.ECONNRESET", "")),
                        ECONNRESET);
        assert_int_equal(sd_bus_error_get_errno(&SD_BUS_ERROR_MAKE_CONST("a.b.C", "")), EIO);
        assert_int_equal(sd_bus_error_has_names(
                                         &SD_BUS_ERROR_MAKE_CONST("a.b.C", ""), "x.y", "a.b.C"),
                        1);
        assert_int_equal(sd_bus_error_has_names(&SD_BUS_ERROR_MAKE_CONST("a.b.C", ""), "x.y"), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_type_length_knows_complete_types),
                cmocka_unit_test_setup_teardown(
                                test_message_read_gives_what_was_appended, setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_message_peek_type_tells_what_comes, setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_message_append_refuses_what_does_not_fit, setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_message_decode_survives_damage, setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_call_async_is_answered_when_the_connection_ends, setup,
                                teardown),
                cmocka_unit_test_setup_teardown(
                                test_call_async_is_answered_when_its_time_is_over, setup, teardown),
                cmocka_unit_test_setup_teardown(test_slot_unref_lets_go_of_a_call, setup, teardown),
                cmocka_unit_test_setup_teardown(test_message_carries_fds, setup, teardown),
                cmocka_unit_test(test_start_refuses_who_does_not_authenticate),
                cmocka_unit_test(test_set_address_refuses_what_is_none),
                cmocka_unit_test(test_error_get_errno_reads_names),
        };

        return cmocka_run_group_tests_name("bus-message", tests, NULL, NULL);
}
