/* SPDX-License-Identifier: Apache-2.0 */
/* puller/report.c: what a role tells the daemon. Knows its pipe; decides nothing. */
#include "puller/report.h"
#include "base/fd.h"

#define PROGRESS_INTERVAL_USEC (100 * USEC_PER_MSEC)

static int send_report(Reporter *reporter, const PullReport *report) {
        _cleanup_strbuf_ StrBuf buffer = {};
        int r;

        if (reporter->fd < 0)
                return 0;
        r = pull_report_encode(report, &buffer);
        if (r < 0)
                return r;
        return write_full(reporter->fd, buffer.data, buffer.size);
}

void reporter_progress(Reporter *reporter, const PullProgress *progress) {
        usec_t now = now_monotonic();

        if (reporter->last_usec != 0 && now < usec_add(reporter->last_usec, PROGRESS_INTERVAL_USEC))
                return;
        reporter->last_usec = now;
        /* who does not hear of progress will not hear of the result either, and that one is checked */
        (void) send_report(reporter,
                        &(PullReport) { .type = PULL_REPORT_PROGRESS, .progress = *progress });
}

int reporter_manifest(Reporter *reporter, const PullManifest *manifest) {
        return send_report(reporter,
                        &(PullReport) { .type = PULL_REPORT_MANIFEST, .manifest = *manifest });
}

int reporter_warning(Reporter *reporter, const char *text) {
        return send_report(reporter,
                        &(PullReport) { .type = PULL_REPORT_WARNING, .warning = (char *) text });
}

int reporter_layer(Reporter *reporter, const PullLayerProgress *layer) {
        reporter->last_usec = now_monotonic();
        return send_report(reporter, &(PullReport) { .type = PULL_REPORT_LAYER, .layer = *layer });
}

int reporter_result(Reporter *reporter, PullResult *result) {
        return send_report(
                        reporter, &(PullReport) { .type = PULL_REPORT_RESULT, .result = *result });
}

int reporter_failure(Reporter *reporter, Failure *failure) {
        return send_report(reporter,
                        &(PullReport) { .type = PULL_REPORT_FAILURE, .failure = *failure });
}
