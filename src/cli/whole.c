/* SPDX-License-Identifier: Apache-2.0 */
/* cli/whole.c: what the whole program does where the small one would become it: nothing. */
#include "cli/whole.h"

void whole_prepare(char **argv) {
}

void whole_instead(void) {
}
