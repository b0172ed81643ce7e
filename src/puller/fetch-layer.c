/* SPDX-License-Identifier: Apache-2.0 */
/* puller/fetch-layer.c: see fetch-layer.h. */
#include "puller/fetch-layer.h"
#include <string.h>
#include "base/fd.h"
#include "base/str.h"

static void stop(FetchLayer *layer) {
        layer->ask = ask_free(layer->ask);
        layer->hasher = hasher_free(layer->hasher);
        layer->pipe_fd = close_fd(layer->pipe_fd);
        layer->rest_size = layer->rest_at = 0;
        layer->waits = false;
}

void fetch_layer_done(FetchLayer *layer) {
        stop(layer);
        free(layer->rest);
        layer->rest = NULL;
        layer->rest_allocated = 0;
}

static void enter(FetchLayer *layer, FetchLayerState state) {
        layer->state = state;
        layer->handler->changed(layer, layer->userdata);
}

/*
 * Whoever read the pipe may have given up on bytes that are not what the manifest says. Only their digest tells, so they are
 * still fetched to their end; they just go nowhere.
 * Return: bytes that the pipe has taken, or that nobody wants, or negative errno.
 */
static ssize_t push(FetchLayer *layer, const char *data, size_t size) {
        size_t done = 0;

        while (layer->pipe_fd >= 0 && done < size) {
                ssize_t n = write(layer->pipe_fd, data + done, size - done);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        return (ssize_t) done;
                if (n < 0 && errno == EPIPE) {
                        layer->pipe_fd = close_fd(layer->pipe_fd);
                        break;
                }
                if (n < 0)
                        return -errno;
                done += (size_t) n;
        }
        return (ssize_t) size;
}

static int keep_rest(FetchLayer *layer, const char *data, size_t size) {
        if (size > layer->rest_allocated) {
                free(layer->rest);
                layer->rest_allocated = 0;
                layer->rest = malloc(size);
                if (!layer->rest)
                        return -ENOMEM;
                layer->rest_allocated = size;
        }
        memcpy(layer->rest, data, size);
        layer->rest_at = 0;
        layer->rest_size = size;
        return 0;
}

/* Of the pipe or of ours: it ends here. @ask may be the one that is calling: it is put away later. */
static void give_up(FetchLayer *layer, int error) {
        _cleanup_failure_ Failure failure = {};

        layer->pipe_fd = close_fd(layer->pipe_fd);
        layer->rest_size = layer->rest_at = 0;
        layer->waits = false;
        (void) fail_errno(&failure, error, "Failed to hand on %s of '%s'", layer->what,
                        layer->name);
        layer->handler->failed(layer, &failure, layer->userdata);
}

static int on_body(const void *data, size_t size, void *userdata) {
        FetchLayer *layer = userdata;
        ssize_t n;
        int r;

        if (fetch_layer_wants_room(layer)) {
                layer->waits = true;
                return 1;
        }
        n = push(layer, data, size);
        r = n < 0 ? (int) n : hasher_add(layer->hasher, data, size);
        if (r >= 0 && (size_t) n < size)
                r = keep_rest(layer, (const char *) data + n, size - (size_t) n);
        if (r < 0) {
                give_up(layer, r);
                return -ECANCELED;
        }
        layer->bytes_done += size;
        layer->handler->progress(layer, layer->userdata);
        return 0;
}

static void verified(FetchLayer *layer) {
        stop(layer);
        enter(layer, FETCH_LAYER_VERIFIED);
}

/*
 * What came is not what the manifest says. Where another can be asked, or it may have been put together wrongly, it is
 * fetched once more.
 */
static void mismatch(FetchLayer *layer, const Digest *got) {
        _cleanup_failure_ Failure failure = {};
        char digest[DIGEST_MAX];
        bool again;

        again = ask_again(layer->ask, true);
        if (!again && !layer->began_again && ask_was_pieced(layer->ask))
                again = layer->began_again = ask_again(layer->ask, false);
        if (again) {
                Ask *ask = TAKE_PTR(layer->ask);

                stop(layer);
                layer->ask = ask; /* it waits for the next pipe */
                layer->bytes_done = 0;
                enter(layer, FETCH_LAYER_AGAIN);
                return;
        }
        digest_to_string(got, digest);
        (void) fail(&failure, FAILURE_DIGEST_MISMATCH, EBADMSG,
                        "The digest of %s of '%s' should be " DIGEST_PREFIX "%s, but it is %s",
                        layer->what, layer->name, layer->digest, digest);
        layer->handler->failed(layer, &failure, layer->userdata);
}

static void on_done(const HttpReply *reply, const Failure *failure, void *userdata) {
        FetchLayer *layer = userdata;
        char hex[DIGEST_HEX_MAX];
        Digest got;

        if (failure) {
                layer->handler->failed(layer, failure, layer->userdata);
                return;
        }
        if (hasher_finish(layer->hasher, &got) < 0) {
                give_up(layer, -EIO);
                return;
        }
        digest_to_hex(&got, hex);
        if (layer->digest[0] && !streq(hex, layer->digest)) {
                mismatch(layer, &got);
                return;
        }
        layer->size_bytes = layer->bytes_done;
        if (fetch_layer_wants_room(layer))
                enter(layer, FETCH_LAYER_DRAINING);
        else
                verified(layer);
}

static const AskHandler handler = { .body = on_body, .done = on_done };

void fetch_layer_flush(FetchLayer *layer) {
        ssize_t n;

        n = push(layer, layer->rest + layer->rest_at, layer->rest_size - layer->rest_at);
        if (n < 0) {
                give_up(layer, (int) n);
                layer->ask = ask_free(layer->ask);
                return;
        }
        layer->rest_at += (size_t) n;
        if (fetch_layer_wants_room(layer))
                return;
        if (layer->state == FETCH_LAYER_DRAINING)
                verified(layer);
        else if (layer->waits) {
                layer->waits = false;
                ask_resume(layer->ask);
        }
}

int fetch_layer_start(FetchLayer *layer, Registry *registry, int pipe_fd, Failure *reterr) {
        int r;

        if (layer->state != FETCH_LAYER_AGAIN)
                stop(layer);
        if (layer->ask)
                ask_go(layer->ask);
        layer->pipe_fd = pipe_fd;
        layer->bytes_done = 0;
        r = fd_set_nonblock(pipe_fd, true);
        if (r >= 0)
                r = hasher_new(&layer->hasher);
        if (r >= 0 && !layer->ask)
                r = registry_ask(registry, &(AskArgs) {
                        .path = layer->path,
                        .what = layer->what,
                        .size_bytes = layer->size_bytes,
                        .max_bytes = layer->max_bytes,
                        .handler = &handler,
                        .userdata = layer,
                }, &layer->ask);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to begin with %s of '%s'", layer->what,
                                layer->name);
        enter(layer, FETCH_LAYER_ACTIVE);
        return 0;
}
