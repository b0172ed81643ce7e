/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/verb-stats.c: what containers use. Each one's numbers come through a pipe of the service's own, a line a second, both
 * for a view that goes on and for one look, which takes two lines, since a rate is between two readings. So the service is
 * asked once for each container, and polkit with it, rather than once a second.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "base/usec.h"
#include "cli/human.h"
#include "cli/listing.h"
#include "cli/verbs.h"
#include "model/container-state.h"
#include "model/id.h"
#include "model/names.h"
#include "model/stats.h"

/* How long a view waits for lines that do not come; a second when there is none to come. */
enum { WAIT_MS = 2000, IDLE_MS = 1000 };

enum { COLUMN_CONTAINER = 8, _COLUMNS };

static const Column columns[_COLUMNS + 1] = {
        { "ID", "CONTAINER ID", true },
        { "Name", "NAME", true },
        { "CPUPerc", "CPU %", true },
        { "MemUsage", "MEM USAGE / LIMIT", true },
        { "MemPerc", "MEM %", true },
        { "NetIO", "NET I/O", true },
        { "BlockIO", "BLOCK I/O", true },
        { "PIDs", "PIDS", true },
        [COLUMN_CONTAINER] = { "Container", "CONTAINER", false },
};

typedef struct Row {
        char id[ID_MAX];
        char *name;        /* owned */
        const char *typed; /* borrowed; NULL: nobody named it */
        bool listed;       /* it is still there */
        bool refused;      /* the caller may not see its numbers */
        int fd;            /* owned; -EBADF: it does not run */
        char line[STATS_LINE_MAX];
        size_t n_line;
        Stats before, now;
        unsigned n_readings; /* how many of the two are good */
        bool fresh;          /* a line has come since the last view */
} Row;

typedef struct View {
        Client *client;        /* borrowed */
        const Arguments *args; /* borrowed */
        Row **rows;            /* owned */
        size_t n_rows;
        bool named, all, whole, stream, in_place;
} View;

static Row *row_free(Row *row) {
        if (!row)
                return NULL;
        free(row->name);
        close_fd(row->fd);
        free(row);
        return NULL;
}

static void view_done(View *v) {
        for (size_t i = 0; i < v->n_rows; i++)
                row_free(v->rows[i]);
        free(v->rows);
}

static Row *find_row(const View *v, const char *id) {
        for (size_t i = 0; i < v->n_rows; i++)
                if (streq(v->rows[i]->id, id))
                        return v->rows[i];
        return NULL;
}

static int add_row(View *v, const char *id, const char *typed, Row **ret) {
        Row **rows, *row;

        rows = realloc(v->rows, (v->n_rows + 1) * sizeof(Row *));
        if (!rows)
                return -ENOMEM;
        v->rows = rows;
        row = calloc(1, sizeof(*row));
        if (!row)
                return -ENOMEM;
        row->fd = -EBADF;
        row->typed = typed;
        (void) snprintf(row->id, sizeof(row->id), "%s", id); /* the service's have the length */
        v->rows[v->n_rows++] = row;
        if (ret)
                *ret = row;
        return 0;
}

static int find_named(View *v, Failure *reterr) {
        int r;

        for (size_t i = 0; i < v->args->n_operands; i++) {
                _cleanup_free_ char *path = NULL;

                r = client_find(v->client, v->args->operands[i], &path, reterr);
                if (r < 0)
                        return r;
                if (find_row(v, path_id(path)))
                        continue;
                r = add_row(v, path_id(path), v->args->operands[i], NULL);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* What cannot be watched is shown without numbers: one that has ended meanwhile, one that is not the caller's to look at. */
static int watch(View *v, Row *row, Failure *reterr) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        char path[sizeof(BUS_PATH_CONTAINERS) + ID_MAX];
        int fd, r;

        (void) snprintf(path, sizeof(path), "%s/%s", BUS_PATH_CONTAINERS, row->id);
        r = client_call(v->client, path, BUS_INTERFACE_CONTAINER, "WatchStats", CLIENT_TIMEOUT_USEC,
                        &reply, reterr, "a{sv}", 0);
        if (r < 0) {
                bool refused = reterr->code == FAILURE_ACCESS_DENIED ||
                               reterr->code == FAILURE_INTERACTIVE_AUTHORIZATION_REQUIRED;

                if ((row->typed || !refused) && reterr->code != FAILURE_WRONG_STATE)
                        return r;
                row->refused = refused;
                failure_done(reterr);
                return 0;
        }
        r = sd_bus_message_read(reply, "h", &fd);
        if (r < 0)
                return client_message_error(r, reterr);
        row->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (row->fd < 0)
                return fail_errno(reterr, errno, "Failed to take the numbers of '%s'", row->name);
        row->n_line = row->n_readings = 0;
        return fd_set_nonblock(row->fd, true);
}

static int see_container(View *v, const char *id, const char *name, const char *text,
                Failure *reterr) {
        ContainerState state = container_state_from_string(strempty(text));
        bool runs = state == CONTAINER_RUNNING || state == CONTAINER_PAUSED;
        Row *row = find_row(v, id);
        int r;

        if (!row) {
                if (v->named || (!runs && !v->all))
                        return 0;
                r = add_row(v, id, NULL, &row);
                if (r < 0)
                        return r;
        }
        row->listed = runs || v->all || v->named;
        r = free_and_strdup(&row->name, strempty(name));
        if (r < 0 || !runs || row->fd >= 0 || row->refused)
                return r;
        return watch(v, row, reterr);
}

/* (oa{sv}): what is wanted of it; 0 at the end of the list. */
static int read_container(sd_bus_message *m, const char **ret_id, const char **ret_name,
                const char **ret_state) {
        const char *path, *key;
        int r;

        r = sd_bus_message_enter_container(m, 'r', "oa{sv}");
        if (r <= 0)
                return r;
        r = sd_bus_message_read(m, "o", &path);
        if (r < 0)
                return r;
        *ret_id = path_id(path);
        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &key);
                if (r < 0)
                        return r;
                if (streq(key, "Name"))
                        r = sd_bus_message_read(m, "v", "s", ret_name);
                else if (streq(key, "State"))
                        r = sd_bus_message_read(m, "v", "s", ret_state);
                else
                        r = sd_bus_message_skip(m, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? r : 1;
}

static void drop_unlisted(View *v) {
        size_t n = 0;

        for (size_t i = 0; i < v->n_rows; i++)
                if (v->rows[i]->listed)
                        v->rows[n++] = v->rows[i];
                else
                        row_free(v->rows[i]);
        v->n_rows = n;
}

/* Who is there, and who runs, by one call. */
static int look_around(View *v, Failure *reterr) {
        _cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
        int r;

        r = client_new_call(v->client, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, "ListContainers",
                        &m, reterr);
        if (r < 0)
                return r;
        if (v->named || v->all)
                r = sd_bus_message_append(m, "a{sv}", 0);
        else
                r = sd_bus_message_append(m, "a{sv}", 1, "running", "b", true);
        if (r < 0)
                return client_message_error(r, reterr);
        r = client_send_call(v->client, m, CLIENT_TIMEOUT_USEC, &reply, reterr);
        if (r < 0)
                return r;

        for (size_t i = 0; i < v->n_rows; i++)
                v->rows[i]->listed = false;
        r = sd_bus_message_enter_container(reply, 'a', "(oa{sv})");
        while (r >= 0) {
                const char *id, *name = NULL, *state = NULL;

                r = read_container(reply, &id, &name, &state);
                if (r == 0)
                        break;
                if (r < 0)
                        return client_message_error(r, reterr);
                r = see_container(v, id, name, state, reterr);
        }
        drop_unlisted(v);
        return r;
}

/* The service may have been started anew since the last look; its containers have not. */
static int look_around_again(View *v, Failure *reterr) {
        int r;

        r = look_around(v, reterr);
        if (r != -ECONNRESET && r != -ENOTCONN && r != -EPIPE)
                return r;
        failure_done(reterr);
        r = client_reopen(v->client, reterr);
        return r < 0 ? r : look_around(v, reterr);
}

static void take_line(Row *row) {
        Stats stats;

        if (stats_from_json(row->line, &stats) < 0)
                return; /* of a service that speaks otherwise: shown as unknown */
        row->before = row->now;
        row->now = stats;
        row->fresh = true;
        if (row->n_readings < 2)
                row->n_readings++;
}

/* All that is in the pipe. */
static void read_row(Row *row) {
        char buffer[4096];
        ssize_t n;

        while ((n = read(row->fd, buffer, sizeof(buffer))) > 0)
                for (ssize_t i = 0; i < n; i++)
                        if (buffer[i] == '\n') {
                                row->line[row->n_line] = '\0';
                                row->n_line = 0;
                                take_line(row);
                        } else if (row->n_line + 1 < sizeof(row->line))
                                row->line[row->n_line++] = buffer[i];
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        row->fd = close_fd(row->fd); /* the container has ended, or the service has */
        row->n_readings = 0;
}

/* Which rows have what the next view waits for? */
static bool is_complete(const View *v) {
        for (size_t i = 0; i < v->n_rows; i++)
                if (v->rows[i]->fd >= 0 &&
                                (v->stream ? !v->rows[i]->fresh : v->rows[i]->n_readings < 2))
                        return false;
        return true;
}

static int collect(View *v) {
        usec_t deadline = usec_add(now_monotonic(), WAIT_MS * USEC_PER_MSEC);
        _cleanup_free_ struct pollfd *p = calloc(v->n_rows + 1, sizeof(*p));
        bool any = false;

        if (!p)
                return -ENOMEM;
        for (size_t i = 0; i < v->n_rows; i++)
                any = any || v->rows[i]->fd >= 0;
        if (!any) { /* nobody to tell when the next one starts */
                if (v->stream && poll(NULL, 0, IDLE_MS) < 0 && errno != EINTR)
                        return -errno;
                return 0;
        }
        while (!is_complete(v)) {
                usec_t now = now_monotonic();
                int left_ms = (int) (usec_sub(deadline, now) / USEC_PER_MSEC) + 1;

                if (v->stream && now >= deadline)
                        return 0;
                for (size_t i = 0; i < v->n_rows; i++)
                        p[i] = (struct pollfd){ .fd = v->rows[i]->fd, .events = POLLIN };
                if (poll(p, v->n_rows, v->stream ? left_ms : -1) < 0 && errno != EINTR)
                        return -errno;
                for (size_t i = 0; i < v->n_rows; i++)
                        if (v->rows[i]->fd >= 0 && p[i].revents)
                                read_row(v->rows[i]);
        }
        return 0;
}

#define CELL_MAX 40

static void percent_text(bool known, double percent, char ret[static CELL_MAX]) {
        if (known)
                (void) snprintf(ret, CELL_MAX, "%.2f%%", percent);
        else
                (void) snprintf(ret, CELL_MAX, "--");
}

static void pair_text(const Row *row, StatsField first, StatsField second, bool binary,
                char ret[static CELL_MAX]) {
        uint64_t a = row->now.values[first], b = row->now.values[second];
        char left[HUMAN_SIZE_MAX], right[HUMAN_SIZE_MAX];

        if (row->n_readings == 0 || a == STATS_UNKNOWN || b == STATS_UNKNOWN) {
                (void) snprintf(ret, CELL_MAX, "-- / --");
                return;
        }
        (binary ? human_size_binary : human_size)(a, left);
        (binary ? human_size_binary : human_size)(b, right);
        (void) snprintf(ret, CELL_MAX, "%s / %s", left, right);
}

static int add_texts(const View *v, const Row *row, Listing *l, Failure *reterr) {
        char id[ID_MAX], cells[_COLUMNS][CELL_MAX];
        double percent = 0;
        bool known;

        (void) snprintf(id, sizeof(id), "%.*s", v->whole ? (int) ID_HEX : (int) ID_SHORT_HEX,
                        row->id);
        known = row->n_readings == 2 && stats_cpu_percent(&row->before, &row->now, &percent);
        percent_text(known, percent, cells[2]);
        pair_text(row, STATS_MEMORY_USAGE, STATS_MEMORY_LIMIT, true, cells[3]);
        known = row->n_readings > 0 && stats_memory_percent(&row->now, &percent);
        percent_text(known, percent, cells[4]);
        pair_text(row, STATS_NETWORK_RECEIVED, STATS_NETWORK_SENT, false, cells[5]);
        pair_text(row, STATS_BLOCK_READ, STATS_BLOCK_WRITTEN, false, cells[6]);
        if (row->n_readings > 0 && row->now.values[STATS_PIDS] != STATS_UNKNOWN)
                (void) snprintf(cells[7], CELL_MAX, "%llu",
                                (unsigned long long) row->now.values[STATS_PIDS]);
        else
                (void) snprintf(cells[7], CELL_MAX, "--");

        const char *values[_COLUMNS] = { id, row->name, cells[2], cells[3], cells[4], cells[5],
                cells[6], cells[7], row->typed ?: id };
        return listing_add(l, values, NULL, reterr);
}

/* One write to a terminal, so that it does not flicker. */
static int show(View *v, Failure *reterr) {
        _cleanup_(listing_freep) Listing *l = NULL;
        int r;

        if (v->in_place)
                fputs("\033[H\033[2J", stdout);
        r = listing_new(arguments_string(v->args, "format"), columns, &l, reterr);
        for (size_t i = 0; r >= 0 && i < v->n_rows; i++) {
                r = add_texts(v, v->rows[i], l, reterr);
                v->rows[i]->fresh = false;
        }
        if (r >= 0)
                r = listing_print(l, reterr);
        if (r >= 0 && fflush(stdout) != 0)
                r = fail_errno(reterr, errno, "Failed to write to standard output");
        return r;
}

/* Each container that is watched holds a descriptor. */
static void allow_many_files(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return;
        limit.rlim_cur = limit.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &limit); /* then a thousand are too many, and are told so */
}

int verb_stats(Client *c, const Arguments *args, Failure *reterr) {
        const char *format = arguments_string(args, "format");
        _cleanup_(view_done) View v = {
                .client = c,
                .args = args,
                .named = args->n_operands > 0,
                .all = arguments_switch(args, "all", false),
                .whole = arguments_switch(args, "no-trunc", false),
                .stream = !arguments_switch(args, "no-stream", false),
        };
        bool shown = false;
        int r;

        allow_many_files();
        v.in_place = v.stream && isatty(STDOUT_FILENO) &&
                     (isempty(format) || startswith(format, "table"));
        r = find_named(&v, reterr);
        do {
                if (r >= 0)
                        r = look_around_again(&v, reterr);
                if (r >= 0)
                        r = collect(&v);
                if (r >= 0)
                        r = show(&v, reterr);
                shown = shown || r >= 0;
        } while (r >= 0 && v.stream && (!v.named || v.n_rows > 0));
        if (shown)
                c->absent = false; /* one that has gone is no reason to show those of another engine */
        return r;
}
