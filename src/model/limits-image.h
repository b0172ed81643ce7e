/* SPDX-License-Identifier: Apache-2.0 */
/* model/limits-image.h: the part of model/limits.h that bounds images and archives; included there. */
#pragma once

#define REFERENCE_MAX 512U             /* bytes of a reference as typed; host and path: 255 by the registries' specification */
#define REFERENCE_NAME_MAX 255U
#define REFERENCE_TAG_MAX 128U
#define LAYERS_MAX 127U                /* of an image; the upper directory is one more of the overlay's */
#define IMAGE_CONFIG_BYTES_MAX (1U * 1024 * 1024)
#define IMAGE_MESSAGE_MAX 1024U
#define ARCHIVE_ENTRIES_MAX 4000000ULL /* of one layer */
#define ARCHIVE_BYTES_MAX (256ULL * GIB) /* unpacked, of one layer */
#define ARCHIVE_PATH_MAX 4096U
#define ARCHIVE_DEPTH_MAX 512U         /* components of one path */
#define ARCHIVE_XATTRS_MAX 64U
#define ARCHIVE_XATTR_BYTES_MAX (64U * 1024)
#define DEVICES_MAX 1024U              /* device nodes listed for a layer; more are counted only */
#define REPORT_BYTES_MAX (2U * 1024 * 1024) /* one report of a worker */
