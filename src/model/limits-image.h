/* SPDX-License-Identifier: Apache-2.0 */
/* model/limits-image.h: the part of model/limits.h that bounds images and archives; included there. */
#pragma once

#define REFERENCE_MAX 512U             /* bytes of a reference as typed; host and path: 255 by the registries' specification */
#define REFERENCE_NAME_MAX 255U
#define REFERENCE_TAG_MAX 128U
#define URL_MAX 2048U                  /* of a tar that is pulled */
#define LAYERS_MAX 127U                /* of an image; the upper directory is one more of the overlay's */
#define IMAGES_BYTES_PER_OWNER_MAX (64ULL * GIB) /* unpacked; a layer that several of his images have counts once */
#define IMAGE_CONFIG_BYTES_MAX (1U * 1024 * 1024)
#define IMAGE_MESSAGE_MAX 1024U
#define HISTORY_MAX 1024U              /* steps that an image's config tells of */
#define ARCHIVE_ENTRIES_MAX 4000000ULL /* of one layer */
#define ARCHIVE_BYTES_MAX (256ULL * GIB) /* unpacked, of one layer */
#define ARCHIVE_RATIO_FREE_BYTES GIB   /* up to here the ratio may be any: a few zeros are no bomb */
#define ARCHIVE_PATH_MAX 4096U
#define ARCHIVE_DEPTH_MAX 512U         /* components of one path */
#define ARCHIVE_XATTRS_MAX 64U
#define ARCHIVE_XATTR_BYTES_MAX (64U * 1024)
#define IMAGE_ARCHIVE_ENTRIES_MAX 65536U /* of a docker-archive or oci-archive */
#define IMAGE_ARCHIVE_NAMES_MAX (16U * 1024 * 1024) /* bytes of their names */
#define IMAGE_ARCHIVE_IMAGES_MAX 256U
#define DEVICES_MAX 1024U              /* device nodes listed for a layer; more are counted only */
#define MANIFEST_BYTES_MAX (4U * 1024 * 1024) /* of a manifest or an index: what the registries' specification asks for */
#define MEDIA_TYPE_MAX 256U
#define CREDENTIALS_BYTES_MAX (64U * 1024) /* what a client hands over for one pull */
#define REPORT_BYTES_MAX (3U * 1024 * 1024) /* one report of a worker: an image's config twice, and its layers */
#define ARCHIVE_RATIO_DEFAULT 1000U     /* unpacked bytes for each packed one: what compresses better is made to */

/* Pulls */
#define PARALLEL_LAYERS_MAX 16U         /* of one pull, whatever the configuration says */
#define PULL_RETRIES_MAX 100U
#define PULL_TIMEOUT_USEC (300ULL * 1000 * 1000) /* without any progress */
#define PULL_TIMEOUT_MAX_USEC (24ULL * 3600 * 1000 * 1000)
#define PULL_WARNINGS_MAX 16U           /* of one pull that are kept to be shown */
#define PULL_AGAIN_MAX 100U             /* how often one layer is begun anew */
#define FETCHES_MAX 16U                 /* processes that fetch, at once; the others queue */
#define FETCHES_PER_OWNER_MAX 4U        /* of one owner but root */
#define LAYER_WORKERS_MAX 32U           /* unpackers of all pulls, at once */
#define LAYER_KEEP_USEC (24ULL * 3600 * 1000 * 1000) /* what a pull that did not end has finished */
#define CONFIG_LIST_MAX 64U             /* values of one key of the configuration */
#define CONFIG_FILE_BYTES_MAX (64U * 1024)
#define CONFIG_FILES_MAX 64U            /* in one directory */
