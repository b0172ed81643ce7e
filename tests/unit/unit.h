/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/unit.h: cmocka with what it wants included before it, and a word for "no failure". */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define assert_errno(error, expression) assert_int_equal((expression), -(error))
