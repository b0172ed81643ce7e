/* SPDX-License-Identifier: Apache-2.0 */
/* cli/human.h: times and sizes in the words of Docker's tables. */
#pragma once
#include "base/usec.h"

enum {
        HUMAN_DATE_MAX = 40,
        HUMAN_AGO_MAX = HUMAN_DURATION_MAX + 8,
        HUMAN_SIZE_MAX = 16,
};

/** human_date() - "2026-01-02 15:04:05 +0000 UTC" in local time; "" for 0. */
void human_date(usec_t t, char ret[static HUMAN_DATE_MAX]);

/** human_ago() - "3 minutes ago"; "" for 0. A time to come counts as now. */
void human_ago(usec_t t, usec_t now, char ret[static HUMAN_AGO_MAX]);

/** human_size() - "1.23MB": powers of 1000, three digits. */
void human_size(uint64_t bytes, char ret[static HUMAN_SIZE_MAX]);

/** human_size_binary() - "1.234GiB": powers of 1024, four digits. */
void human_size_binary(uint64_t bytes, char ret[static HUMAN_SIZE_MAX]);

/** human_shorten() - cut UTF-8 text to @width characters, the last of them an ellipsis; in place, since it only gets shorter. */
void human_shorten(char *text, size_t width);
