/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor/exit-record.h: how a run ended, on disk. `containers/ID/exit` (and `run-root/…/exec-N`
 * for an exec) is allocated when the container is created and overwritten in place, so that a full
 * disk cannot lose it. Written with one pwrite() before anybody is told, and synced before the
 * monitor ends.
 */
#pragma once
#include <stdint.h>

#define EXIT_RECORD_MAGIC 0x50444558U /* "PDEX" */
#define EXIT_RECORD_VERSION 1U
#define EXIT_RECORD_FILE "exit"

typedef enum ExitKind {
        EXIT_NONE,     /* allocated; nothing ended yet */
        EXIT_STARTED,  /* a run is under way: with another boot id, or without its monitor, it ended
                          unseen */
        EXIT_EXITED,   /* value: exit code 0..255 */
        EXIT_SIGNALED, /* value: signal */
        EXIT_FAILED,   /* the start failed: step, value (errno), detail */
        _EXIT_KIND_MAX,
} ExitKind;

/* 512 bytes, one sector: written whole or not at all. Little endian. */
typedef struct ExitRecord {
        uint32_t magic;
        uint32_t version;
        uint32_t length;        /* sizeof(ExitRecord) of the writer */
        uint32_t kind;          /* ExitKind */
        uint64_t started_usec;  /* realtime */
        uint64_t finished_usec; /* realtime */
        uint8_t boot_id[16];
        uint32_t value;
        uint32_t step; /* PlanStep of EXIT_FAILED */
        uint64_t run;  /* counts the container's starts; set by the daemon when it allocates */
        char detail[256];
        uint8_t reserved[188];
        uint32_t checksum; /* CRC-32 (IEEE) of all before */
} ExitRecord;

_Static_assert(sizeof(ExitRecord) == 512, "the exit record is one sector");

/** exit_record_write() - seal (magic, version, length, checksum) and overwrite. Return: 0 or
 * negative errno. Source: pwrite(2). */
int exit_record_write(int fd, ExitRecord *record);

/** exit_record_read() - Return: 0, -ENODATA (empty or EXIT_NONE), -EBADMSG (damaged), -EPROTO
 * (newer major layout), or negative errno. */
int exit_record_read(int fd, ExitRecord *ret);
