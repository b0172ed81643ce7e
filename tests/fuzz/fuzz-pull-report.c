/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "model/pull-report.h"

/* A whole stream, as the daemon reads it: each report that is taken can be written again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        while (size > 0) {
                _cleanup_pull_report_ PullReport report = {}, again = {};
                _cleanup_strbuf_ StrBuf b = {};
                size_t used, ignored;
                int r;

                r = pull_report_decode(data, size, &report, &used);
                assert(used <= size);
                if (r < 0 || used == 0)
                        return 0;
                if (r > 0) {
                        assert(pull_report_encode(&report, &b) >= 0);
                        assert(pull_report_decode(b.data, b.size, &again, &ignored) == 1);
                        assert(again.type == report.type &&
                                        again.result.n_devices == report.result.n_devices &&
                                        again.manifest.n_layers == report.manifest.n_layers);
                }
                data += used;
                size -= used;
        }
        return 0;
}
