/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verb-table.h: what the tables of verbs have in common. */
#pragma once
#include "cli/verbs.h"

#define HELP { "help", 0, FLAG_SWITCH, NULL, NULL, "Show this text" }
#define TABLES(...) ((const Flag *const[]) { __VA_ARGS__, NULL })
