/* SPDX-License-Identifier: Apache-2.0 */
/* cli/pull-show.c: see pull-show.h. The words are Docker's. */
#include "cli/pull-show.h"
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/human.h"
#include "cli/terminal.h"
#include "model/digest.h"

#define SHORT_HEX 12
#define BAR_WIDTH 50
#define TEXT_WIDTH 60 /* what stands beside the bar, at most */

void pull_show_init(PullShow *s, FILE *out) {
        uint32_t rows = 0, columns = 0;

        *s = (PullShow) { .out = out };
        if (!out || !isatty(fileno(out)) || terminal_size(fileno(out), &rows, &columns) < 0)
                return;
        s->terminal = rows > 2 && columns > 20;
        s->rows = rows;
        s->columns = columns;
}

void pull_show_done(PullShow *s) {
        free(s->states);
        s->states = NULL;
}

static const char *words_of(const PullLine *l) {
        if (streq(l->state, "exists"))
                return "Already exists";
        if (streq(l->state, "done"))
                return "Pull complete";
        return streq(l->state, "fetching") ? "Pulling" : "Waiting";
}

static const char *short_id(const PullLine *l) {
        return startswith(l->digest, DIGEST_PREFIX) ?: l->digest;
}

void pull_line_format(const PullLine *l, unsigned columns, char *ret, size_t size) {
        unsigned beside = columns > TEXT_WIDTH ? columns - TEXT_WIDTH : 0;
        unsigned width = MIN2(beside, (unsigned) BAR_WIDTH);
        char done[HUMAN_SIZE_MAX], total[HUMAN_SIZE_MAX], bar[BAR_WIDTH + 1];
        unsigned filled;

        if (!streq(l->state, "fetching") || l->total == 0) {
                (void) snprintf(ret, size, "%.*s: %s", SHORT_HEX, short_id(l), words_of(l));
                return;
        }
        filled = (unsigned) ((double) MIN2(l->done, l->total) / (double) l->total * width);
        memset(bar, ' ', width);
        memset(bar, '=', filled);
        if (filled < width)
                bar[filled] = '>';
        bar[width] = '\0';
        human_size(l->done, done);
        human_size(l->total, total);
        if (width > 0)
                (void) snprintf(ret, size, "%.*s: %s [%s] %s/%s", SHORT_HEX, short_id(l),
                                words_of(l), bar, done, total);
        else
                (void) snprintf(ret, size, "%.*s: %s/%s", SHORT_HEX, short_id(l), done, total);
}

/* More layers than the terminal has lines: one line of all. */
static void draw_sum(PullShow *s, const PullLine *lines, size_t n) {
        char done[HUMAN_SIZE_MAX], total[HUMAN_SIZE_MAX];
        uint64_t sum_done = 0, sum_total = 0;
        size_t ready = 0;

        for (size_t i = 0; i < n; i++) {
                sum_done += lines[i].done;
                sum_total += lines[i].total;
                ready += streq(lines[i].state, "done") || streq(lines[i].state, "exists");
        }
        human_size(sum_done, done);
        human_size(sum_total, total);
        fprintf(s->out, "%s%zu of %zu layers, %s/%s\033[K\n", s->drawn > 0 ? "\033[1A\r" : "",
                        ready, n, done, total);
        s->drawn = 1;
}

static void draw(PullShow *s, const PullLine *lines, size_t n) {
        char line[256];

        if (n + 1 > s->rows) {
                draw_sum(s, lines, n);
                return;
        }
        if (s->drawn > 0)
                fprintf(s->out, "\033[%uA\r", s->drawn);
        for (size_t i = 0; i < n; i++) {
                pull_line_format(&lines[i], MIN2(s->columns, (unsigned) sizeof(line)), line,
                                sizeof(line));
                fprintf(s->out, "%.*s\033[K\n", (int) s->columns - 1, line);
        }
        s->drawn = (unsigned) n;
}

int pull_show_update(PullShow *s, const PullLine *lines, size_t n) {
        if (!s->out || n == 0)
                return 0;
        if (s->terminal) {
                draw(s, lines, n);
                (void) fflush(s->out); /* what cannot be shown stops no pull */
                return 0;
        }
        if (!s->states) {
                s->states = calloc(n, sizeof(*s->states));
                if (!s->states)
                        return -ENOMEM;
                s->n = n;
        }
        for (size_t i = 0; i < MIN2(n, s->n); i++) {
                if (streq(s->states[i], lines[i].state) || streq(lines[i].state, "waiting"))
                        continue;
                (void) snprintf(s->states[i], sizeof(s->states[i]), "%s", lines[i].state);
                fprintf(s->out, "%.*s: %s\n", SHORT_HEX, short_id(&lines[i]), words_of(&lines[i]));
        }
        (void) fflush(s->out); /* as above */
        return 0;
}
