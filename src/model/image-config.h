/* SPDX-License-Identifier: Apache-2.0 */
/* model/image-config.h: what an image's config document says. Read with strict bounds: it comes from strangers. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "model/failure.h"

/* Docker's member of the config; kept for the health checks. */
typedef struct Healthcheck {
        char **test; /* "NONE"; "CMD", argv…; "CMD-SHELL", command */
        uint64_t interval_usec, timeout_usec, start_period_usec, start_interval_usec; /* 0: the default */
        uint32_t retries;                                                             /* 0: the default */
} Healthcheck;

/* One step of how an image was made. Strings are owned, and may be NULL. */
typedef struct HistoryEntry {
        char *created; /* RFC 3339 as it stands */
        char *created_by, *comment;
        bool empty_layer; /* it has no layer of its own */
} HistoryEntry;

/* Strings may be NULL; lists are NULL-terminated, NULL when empty. All owned. */
typedef struct ImageConfig {
        char *architecture; /* "amd64" */
        char *os;           /* "linux" */
        char *variant;
        char *created;      /* RFC 3339 as it stands */
        char *author;
        char *comment;      /* of the last entry of its history */
        char **env;         /* KEY=VALUE */
        char **entrypoint;
        char **cmd;
        char *working_dir;
        char *user;
        char *stop_signal;
        char **labels;        /* KEY=VALUE, sorted */
        char **exposed_ports; /* "80/tcp", sorted */
        char **volumes;       /* paths, sorted */
        char **diff_ids;      /* 64 hex digits each, base first */
        Healthcheck *healthcheck; /* NULL: none */
        HistoryEntry *history;    /* oldest first */
        size_t n_history;         /* at most HISTORY_MAX */
} ImageConfig;

/**
 * image_config_parse() - read a config document, OCI's or Docker's
 * @json, @size: bytes, at most IMAGE_CONFIG_BYTES_MAX; need not end with a NUL
 *
 * Members that are not listed above are skipped. A member of a wrong type, duplicate names, NULs in strings, lists over
 * model/limits.h and diff ids that are not SHA-256 are refused.
 *
 * Return: 0, -ENOMEM, or FAILURE_INVALID_ARCHIVE with a sentence.
 * Source: OCI image-spec, config.md; Docker's Healthcheck
 */
int image_config_parse(const char *json, size_t size, ImageConfig **ret, Failure *reterr);
ImageConfig *image_config_free(ImageConfig *config);
DEFINE_CLEANUP(ImageConfig *, image_config_free);

/** image_config_to_json() - the document again, keys sorted, members that are not set left out. Return: 0 or -ENOMEM. */
int image_config_to_json(const ImageConfig *config, char **ret);

/**
 * image_config_for_import() - the document of an imported root file system
 * @diff_id: 64 hex digits
 * @architecture: Go's name, "amd64"; image_architecture() has the machine's
 * @message: the image's comment, NULL or "": none
 *
 * It holds no time and nothing random: the same tar gives the same image id. Return: 0 or -ENOMEM.
 */
int image_config_for_import(
                const char *diff_id, const char *architecture, const char *message, char **ret);

/** image_architecture() - Go's name for what this program was built for. */
const char *image_architecture(void);
