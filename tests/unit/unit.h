/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/unit.h: cmocka with what it wants included before it, and a word for "no failure". */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* fail() is model/failure.h's here. */
#undef fail
#undef fail_msg
#define fail_msg(...)                           \
        do {                                    \
                print_error(__VA_ARGS__);       \
                print_error("\n");              \
                _fail(__FILE__, __LINE__);      \
        } while (0)

#define assert_errno(error, expression) assert_int_equal((expression), -(error))

/** skip_without_openat2() - Debian 12's valgrind does not know that call. Before anything is allocated. */
static inline void skip_without_openat2(void) {
        if (syscall(SYS_openat2, -1, "", NULL, 0) < 0 && errno == ENOSYS)
                skip();
}
