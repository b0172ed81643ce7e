/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/pull-report.h: what a worker tells the daemon over its pipe. Written by a process that meets hostile archives, so
 * the reader believes nothing.
 *
 * A report is a header {u32 magic "PDPR", u16 version, u16 type, u32 length of the rest} and then fields {u16 tag, u16 0,
 * u32 length, bytes}, little endian, without padding. Unknown tags are skipped, unknown types are skipped.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/str.h"
#include "model/digest.h"
#include "model/failure.h"

#define PULL_REPORT_MAGIC 0x52504450U /* "PDPR" in little endian */
#define PULL_REPORT_VERSION 1U
#define PULL_REPORT_HEADER_BYTES 12U

typedef enum PullReportType {
        PULL_REPORT_PROGRESS = 1,
        PULL_REPORT_RESULT = 2,  /* the last one of a success */
        PULL_REPORT_FAILURE = 3, /* the last one of a failure */
        /* of the roles fetch and load (where MANIFEST comes once for each image): */
        PULL_REPORT_MANIFEST = 4, /* once, before the first of the layers */
        PULL_REPORT_LAYER = 5,
        PULL_REPORT_WARNING = 6,
        _PULL_REPORT_TYPE_MAX,
} PullReportType;

typedef struct PullProgress {
        uint64_t bytes_done, bytes_total; /* of the input; total 0: unknown */
        uint64_t entries;
} PullProgress;

/* A device node that an archive has and a layer cannot. */
typedef struct PullDevice {
        char type; /* 'c' or 'b' */
        uint32_t major, minor, mode, uid, gid;
        char *path; /* owned; relative, without `..` */
} PullDevice;

typedef struct PullResult {
        char diff_id[DIGEST_HEX_MAX];   /* of the uncompressed tar; "": none (pack, remove) */
        char config_id[DIGEST_HEX_MAX]; /* SHA-256 of config, the image id; "": none */
        uint64_t size_bytes;            /* of the files unpacked or written */
        uint64_t entries;
        char *config;                   /* owned; the document, NUL-terminated, may be NULL */
        size_t config_size;
        PullDevice *devices;            /* owned */
        size_t n_devices;               /* at most DEVICES_MAX */
        bool unchanged;                 /* fetch: the reference still names the digest that was known */
} PullResult;

/* One of a manifest, base first. */
typedef struct PullLayer {
        char digest[DIGEST_HEX_MAX];  /* of the blob as it is fetched */
        char diff_id[DIGEST_HEX_MAX]; /* of the uncompressed tar, as the config says: to be held against the unpacker's */
        uint64_t size_bytes;          /* of the blob */
} PullLayer;

/* What a reference names, verified: sizes, digests, and that there is a diff id for each layer. All members are set. */
typedef struct PullManifest {
        char digest[DIGEST_HEX_MAX];          /* of what the reference names, an index or a manifest: NAME@sha256:… */
        char manifest_digest[DIGEST_HEX_MAX]; /* of the manifest of this platform: the same where there is no index */
        char config_id[DIGEST_HEX_MAX];       /* SHA-256 of raw_config: the image id */
        char *media_type;                     /* owned; of the manifest */
        char *raw_config;                     /* owned; byte for byte, and a NUL after it */
        size_t raw_config_size;
        char *config;                         /* owned; the same by image_config_to_json() */
        PullLayer *layers;                    /* owned */
        size_t n_layers;                      /* at most LAYERS_MAX; 0: an image without layers */
        char **references;                    /* owned; load: the names that it is to get, normalized; fetch: NULL */
} PullManifest;

typedef enum PullLayerState {
        PULL_LAYER_FETCHING,
        PULL_LAYER_VERIFIED, /* delivered whole and its digest is right: the pipe is closed */
        PULL_LAYER_AGAIN,    /* what went into the pipe was wrong; another is needed: FETCH_LAYER again (puller/fetch-control.h) */
        _PULL_LAYER_STATE_MAX,
} PullLayerState;

typedef struct PullLayerProgress {
        uint32_t index;        /* below the manifest's n_layers; 0 where a plain tar is fetched */
        PullLayerState state;
        uint64_t bytes_done, bytes_total; /* of the blob; total 0: unknown */
} PullLayerProgress;

typedef struct PullReport {
        PullReportType type;
        PullProgress progress;
        PullResult result;
        Failure failure;
        PullManifest manifest;
        PullLayerProgress layer;
        char *warning; /* owned; one sentence of the registry's, without control characters */
} PullReport;

void pull_manifest_done(PullManifest *manifest);
void pull_report_done(PullReport *report);
#define _cleanup_pull_report_ _cleanup_(pull_report_done)

/** pull_report_encode() - append one report. Return: 0, -ENOMEM, -E2BIG (over REPORT_BYTES_MAX), -EINVAL (a string or list over its bound). */
int pull_report_encode(const PullReport *report, StrBuf *buffer);

/**
 * pull_report_decode() - read one report from the front of what came so far
 * @ret:      owned by the caller: pull_report_done()
 * @ret_used: bytes it took, also of a skipped report (then 0 is returned)
 *
 * Return: 1 a report, 0 none yet (read on; @ret_used bytes may be dropped), -ENOMEM, -EBADMSG (damaged, over a bound, or
 * no report: end the worker), -EPROTO (a version above ours).
 */
int pull_report_decode(const void *data, size_t size, PullReport *ret, size_t *ret_used);

/** pull_devices_to_json() - the JSON array for a layer's row and meta.json; @ret NULL for none. Return: 0 or -ENOMEM. */
int pull_devices_to_json(const PullDevice *devices, size_t n, char **ret);
