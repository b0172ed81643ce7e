/* SPDX-License-Identifier: Apache-2.0 */
/* puller/entry-attributes.h: an archive's entry as a tree takes it. Knows libarchive; makes no file. */
#pragma once
#include "puller/tree.h"

struct archive_entry;

/** entry_attributes() - owner, mode and time of @header. Its ids are checked by the caller: each reader has bounds of its own. */
void entry_attributes(struct archive_entry *header, TreeAttributes *ret);
