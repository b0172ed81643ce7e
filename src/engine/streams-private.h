/* SPDX-License-Identifier: Apache-2.0 */
/* engine/streams-private.h: the two ends of a client's streams. */
#pragma once
#include "engine/container-streams.h"

#define STREAM_FDS_CLOSED ((StreamFds) { -EBADF, -EBADF, -EBADF })
void stream_fds_close(StreamFds *fds);

/** streams_make() - a pipe for each of @streams; both ends close-on-exec. Return: 0 or negative errno; then none is open. */
int streams_make(unsigned streams, StreamFds *ours, StreamFds *theirs);
