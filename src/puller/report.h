/* SPDX-License-Identifier: Apache-2.0 */
/* puller/report.h: what a role tells the daemon, over its pipe. Knows the wire's form from the model. */
#pragma once
#include <stdint.h>
#include "base/usec.h"
#include "model/pull-report.h"

/* Zero-initialised but for fd, which is -EBADF where nobody listens. */
typedef struct Reporter {
        int fd; /* borrowed, blocking */
        usec_t last_usec;
} Reporter;

/** reporter_progress() - at most ten times a second; the others are dropped. */
void reporter_progress(Reporter *reporter, const PullProgress *progress);

/** reporter_result(), reporter_failure() - the last word. Return: 0 or negative errno: nobody has heard it. */
int reporter_result(Reporter *reporter, PullResult *result);
int reporter_failure(Reporter *reporter, Failure *failure);

/** reporter_manifest(), reporter_warning(), reporter_layer() - of fetch and load. The last one tells each state, and of bytes ten times a second in all. Return: as above. */
int reporter_manifest(Reporter *reporter, const PullManifest *manifest);
int reporter_warning(Reporter *reporter, const char *text);
int reporter_layer(Reporter *reporter, const PullLayerProgress *layer);
