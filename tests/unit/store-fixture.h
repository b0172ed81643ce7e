/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/store-fixture.h: a state directory that goes with the test, and rows to put into it.
 */
#pragma once
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/cleanup.h"
#include "model/failure.h"
#include "store/container-rows.h"
#include "store/image-rows.h"
#include "store/store-internal.h"
/* Last: it makes a macro of fail(), which model/failure.h declares. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

typedef struct StateDir {
        char path[64];
        int fd;
} StateDir;

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        return remove(path);
}

static inline int state_dir_setup(void **state) {
        StateDir *d = calloc(1, sizeof(*d));

        assert_non_null(d);
        strcpy(d->path, "/tmp/test-store-XXXXXX");
        assert_non_null(mkdtemp(d->path));
        d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(d->fd >= 0);
        *state = d;
        return 0;
}

static inline int state_dir_teardown(void **state) {
        StateDir *d = *state;

        close_fd(d->fd);
        assert_int_equal(nftw(d->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
        free(d);
        return 0;
}

static inline void assert_ok(int r, Failure *f) {
        if (r < 0)
                fail_msg("unexpected failure %i: %s", r, failure_message(f));
}

static inline void assert_failure(
                int r, Failure *f, FailureCode code, int errnum, const char *part) {
        if (r != -errnum || f->code != code || !strstr(failure_message(f), part))
                fail_msg("r=%i code=%i: '%s', expected '%s'", r, (int) f->code, failure_message(f),
                                part);
        failure_done(f);
}

/* 64 hex digits made of a number; good until 256 more were made. */
static inline char *hex_of(unsigned n) {
        static char buffers[256][65];
        static unsigned next;
        char *b = buffers[next++ % 256];

        (void) snprintf(b, 65, "%064x", n);
        return b;
}

static inline int untag(Store *store, const char *reference, EventList *events, Failure *f) {
        char *references[] = { (char *) reference, NULL };

        return store_untag_images(store, references, events, f);
}

static inline void add_image(Store *store, unsigned n) {
        _cleanup_failure_ Failure f = {};
        char *layers[] = { hex_of(n + 1000), NULL };
        LayerRow layer = { .diff_id = layers[0], .size_bytes = 5, .n_entries = 2 };
        ImageRow image = {.id = hex_of(n),
                        .size_bytes = 5,
                        .created_usec = 7,
                        .config = (char *) "{}",
                        .layers = layers};

        assert_ok(store_add_image(store, &image, &layer, NULL, &f), &f);
}

static inline ContainerRow container_row(unsigned n, char *name) {
        return (ContainerRow) {
                .id = hex_of(n),
                .name = name,
                .owner = 1000,
                .image_id = hex_of(1),
                .image = (char *) "bb:1",
                .created_usec = 42,
                .spec = (char *) "{\"version\":1}",
        };
}
