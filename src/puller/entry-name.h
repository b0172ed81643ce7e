/* SPDX-License-Identifier: Apache-2.0 */
/* puller/entry-name.h: names as archives say them: made plain, read for whiteouts, shown to people. Knows no file. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "model/limits.h"

/**
 * entry_path_normalize() - "./usr//lib/../bin/" becomes "usr/bin"
 * @path: bytes as the archive has them; an absolute path is taken from the tree's root
 * @ret:  without `.`, `..`, empty components and slashes at either end; "" is the root itself
 *
 * `..` takes back the component before it, whatever that may be in the tree, as Docker does: no link is looked at.
 *
 * Return: 0, -EXDEV (leads out of the tree), -ENAMETOOLONG (a component over 255 bytes, the path over
 * ARCHIVE_PATH_MAX with its NUL), -EOVERFLOW (more than ARCHIVE_DEPTH_MAX components).
 */
int entry_path_normalize(const char *path, char ret[static ARCHIVE_PATH_MAX]);

/** entry_path_depth() - how many components a normalized path has. */
size_t entry_path_depth(const char *path);

typedef enum Whiteout {
        WHITEOUT_NONE,    /* an ordinary name */
        WHITEOUT_ENTRY,   /* hides the entry of that name in the layers below */
        WHITEOUT_OPAQUE,  /* hides all that the layers below have in this directory */
        WHITEOUT_IGNORED, /* another engine's bookkeeping */
        WHITEOUT_INVALID, /* hides nothing that could have a name */
} Whiteout;

/**
 * entry_whiteout() - does this last component of a path mean a whiteout?
 * @ret_hidden: the name that is hidden, within @name; only for WHITEOUT_ENTRY
 *
 * Source: OCI image-spec, layer.md, "Whiteouts"
 */
Whiteout entry_whiteout(const char *name, const char **ret_hidden);

#define ENTRY_SHOWN_MAX 256U

/**
 * entry_show() - a name for a sentence or a document: valid UTF-8, what cannot be shown as \xNN, cut off with "…" where too long
 * @size: of @ret, at least 16
 *
 * Return: @ret.
 */
const char *entry_show(const char *name, char *ret, size_t size);

/** entry_attribute_wanted() - is this extended attribute kept? security.capability and user.*, but for what overlayfs reads. */
bool entry_attribute_wanted(const char *name);
