/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bus/message.h"
#include "fuzz.h"

/* Whatever is decoded can be walked to its end, and by one that expects something else. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        sd_bus_message *m;
        const char *text;
        size_t told;
        char type;

        if (size < WIRE_FIXED || message_size(data, &told) < 0 || told != size)
                return 0;
        if (message_decode(data, size, NULL, 0, &m) < 0)
                return 0;
        (void) sd_bus_message_read(m, "s", &text);
        while (sd_bus_message_peek_type(m, &type, &text) > 0 && sd_bus_message_skip(m, NULL) > 0)
                ;
        assert(m->depth <= WIRE_DEPTH_MAX && m->at <= m->body.size);
        sd_bus_message_unref(m);
        return 0;
}
