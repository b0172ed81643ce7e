/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor/log-format.h: a container's log on disk. A contract: monitors of any version write it,
 * readers of any version read it.
 *
 * logs/ID/ holds files named by 8 hex digits, counting up and never used again ("00000001.log");
 * the highest is being written. Rotation makes the next file, then unlinks the oldest above the
 * limit: a reader that holds a file open reads it to its end and goes on with the next higher name.
 * A file is a LogFileHeader and then chunks: LogChunk, `length` bytes as the workload wrote them,
 * no padding. One chunk is what one read() of one stream gave, so lines may span chunks and a chunk
 * may hold many. An incomplete chunk at the end (a crash, or a write under way) is ignored by
 * readers, and overwritten by the next writer.
 */
#pragma once
#include <stdint.h>

#define LOG_FILE_MAGIC "PDLOG1\n"
#define LOG_FILE_VERSION 1U
#define LOG_CHUNK_BYTES_MAX (256U * 1024)

typedef struct LogFileHeader {
        char magic[8]; /* LOG_FILE_MAGIC */
        uint32_t version;
        uint32_t length; /* of this header: chunks start there */
} LogFileHeader;

typedef enum LogStream {
        LOG_STREAM_STDOUT = 1, /* also a terminal's output */
        LOG_STREAM_STDERR = 2,
        LOG_STREAM_GAP = 3,   /* no output, but what was lost: 8 bytes, little endian: bytes dropped
                                 for want of disk space */
        LOG_STREAM_START = 4, /* a run began; no bytes */
        LOG_STREAM_END = 5,   /* a run ended, nothing more of it follows; no bytes */
} LogStream;

typedef struct LogChunk {
        uint64_t time_nsec; /* realtime, when it was read */
        uint32_t length;    /* of the bytes that follow, at most LOG_CHUNK_BYTES_MAX */
        uint8_t stream;     /* LogStream; readers skip others */
        uint8_t reserved[3];
} LogChunk;

_Static_assert(sizeof(LogFileHeader) == 16 && sizeof(LogChunk) == 16, "the layout on disk");
