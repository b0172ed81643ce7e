/* SPDX-License-Identifier: Apache-2.0 */
/* cli/layout-tar.h: a directory that is an OCI layout as the tar that the service takes. Read as the caller, who may. */
#pragma once
#include "model/failure.h"

/**
 * layout_tar_write() - oci-layout, index.json and blobs/sha256/ of a directory, as a tar, into a pipe
 * @dir_fd, @out_fd: borrowed
 * @name: what sentences call the directory
 *
 * Return: 1, 0 (nobody reads any more), or negative errno with a sentence.
 */
int layout_tar_write(int dir_fd, int out_fd, const char *name, Failure *reterr);
