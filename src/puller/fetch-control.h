/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/fetch-control.h: what the daemon asks of a run of `pocketdocker-pull fetch` over its control socket (SOCK_SEQPACKET):
 * one message a packet, in the machine's own byte order, since both ends are of one build. Reports come back over the
 * other pipe (model/pull-report.h).
 *
 * A pull goes: MANIFEST is reported; the daemon sends FETCH_LAYER for each layer that it does not have, as many at once
 * as it wants to have in flight; LAYER is reported as bytes pass; after VERIFIED the pipe is closed; after AGAIN the
 * daemon ends the unpacker that read the pipe and sends FETCH_LAYER anew, with another. A layer whose pipe nobody reads any
 * more is fetched to its end all the same, so that its digest tells whose fault that is. FETCH_END may be sent as soon as
 * all has been asked for, also while layers are under way and when none is needed; then, with the last layer verified,
 * the result is reported and the run ends. A layer that had AGAIN counts as under way. A plain tar has no MANIFEST: it
 * is layer 0, asked for at once.
 *
 * The end of file on the socket means that the daemon is gone: fetch exits at once. Whatever is no message of this kind
 * is reported as a failure of ours (FAILURE_INTERNAL).
 */
#pragma once
#include <stdint.h>

#define FETCH_CONTROL_MAGIC 0x43464450U /* "PDFC" in little endian */
#define FETCH_CONTROL_VERSION 1U

typedef enum FetchOp {
        FETCH_LAYER = 1, /* index; with it, by SCM_RIGHTS, one fd: the write end of a pipe, as large as F_SETPIPE_SZ makes it */
        FETCH_END = 2,   /* no more layers will be asked for; no fd */
        SAVE_NEXT = 3,   /* save: index, and with it a layer's directory, or an image's config, in the order of the plan */
} FetchOp;

typedef struct FetchMessage {
        uint32_t magic;
        uint16_t version;
        uint16_t op;
        uint32_t index; /* of the layer in the manifest; 0 with FETCH_END */
} FetchMessage;
