/* SPDX-License-Identifier: Apache-2.0 */
/* model/image-history.c: histories come from strangers: more or fewer layers than there are do no harm. */
#include "model/image-history.h"
#include "base/parse.h"
#include "base/str.h"

static uint64_t read_time(const char *text) {
        usec_t t;

        return text && parse_time(text, 0, &t) >= 0 ? t : 0;
}

int image_steps(const ImageConfig *config, ImageStep **ret, size_t *ret_n) {
        size_t n_layers = strv_length(config->diff_ids), layer = 0, n = 0, first = 0;
        ImageStep *steps;

        for (size_t i = 0; i < config->n_history; i++)
                if (!config->history[i].empty_layer)
                        layer++;
        /* Layers that nobody tells of are the oldest: who adds to an image adds to its history. */
        first = n_layers > layer ? n_layers - layer : 0;

        steps = calloc(first + config->n_history + 1, sizeof(*steps));
        if (!steps)
                return -ENOMEM;
        for (; n < first; n++)
                steps[n] = (ImageStep) {
                        .created_usec = config->n_history == 0 ? read_time(config->created) : 0,
                        .diff_id = config->diff_ids[n],
                };
        layer = first;
        for (size_t i = 0; i < config->n_history; i++) {
                const HistoryEntry *entry = &config->history[i];
                bool has_layer = !entry->empty_layer && layer < n_layers;

                steps[n++] = (ImageStep) {
                        .created_usec = read_time(entry->created),
                        .created_by = entry->created_by,
                        .comment = entry->comment,
                        .diff_id = has_layer ? config->diff_ids[layer++] : NULL,
                };
        }

        for (size_t i = 0; i < n / 2; i++) {
                ImageStep step = steps[i];

                steps[i] = steps[n - 1 - i];
                steps[n - 1 - i] = step;
        }
        *ret = steps;
        *ret_n = n;
        return 0;
}
