/* SPDX-License-Identifier: Apache-2.0 */
/* puller/fetch.c: the loop of a pull: what the daemon asks for, what the network brings, what the pipes take. */
#include "puller/fetch.h"
#include <string.h>
#include <sys/socket.h>
#include "base/fd.h"
#include "base/str.h"
#include "puller/fetch-control.h"
#include "puller/fetch-private.h"

#define PROGRESS_INTERVAL_USEC (100 * USEC_PER_MSEC) /* of one layer */
#define SIGN_OF_LIFE_USEC USEC_PER_MINUTE /* while nothing moves: the daemon ends who says nothing for long */

static void on_warning(const char *text, void *userdata) {
        Fetch *f = userdata;

        (void) reporter_warning(f->args.reporter, text); /* as with progress */
}

static bool is_url(const char *reference) {
        return startswith(reference, "https://") || startswith(reference, "http://");
}

/* A URL's file is its one layer. */
static int set_up_file(Fetch *f, Failure *reterr) {
        FetchLayer *l;

        if (!f->args.sha256)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "A file is pulled by its URL only with its SHA-256");
        f->layers = l = calloc(1, sizeof(*l));
        f->told_usec = calloc(1, sizeof(*f->told_usec));
        f->name = strdup(f->args.reference);
        if (!l || !f->told_usec || !f->name)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        *l = (FetchLayer) {
                .size_bytes = UINT64_MAX,
                .max_bytes = MIN2(f->config.layer_bytes_max, (uint64_t) ARCHIVE_BYTES_MAX),
                .name = f->name,
                .pipe_fd = -EBADF,
        };
        (void) snprintf(l->digest, sizeof(l->digest), "%s", f->args.sha256); /* of its length: checked */
        (void) snprintf(l->what, sizeof(l->what), "the file");
        f->n_layers = 1;
        return 0;
}

int fetch_new(const FetchArgs *args, const char *config, size_t config_size, Fetch **ret,
                Failure *reterr) {
        _cleanup_(fetch_freep) Fetch *f = NULL;
        bool url = is_url(args->reference);
        Digest ignored;
        int r;

        f = calloc(1, sizeof(*f));
        if (!f)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        f->args = *args;
        if (args->sha256 && (!url || digest_from_hex(args->sha256, &ignored) < 0))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "A SHA-256 has 64 hexadecimal digits and goes with a URL");
        if (args->platform) {
                r = platform_parse(args->platform, &f->platform, reterr);
                if (r < 0)
                        return r;
        } else
                platform_of_machine(&f->platform);
        if (!url) {
                r = image_ref_parse(args->reference, &f->ref, reterr);
                if (r < 0)
                        return r;
                if (f->ref->id || (!f->ref->tag && !f->ref->digest))
                        return fail(reterr, FAILURE_INVALID_REFERENCE, EINVAL,
                                        "'%s' names nothing in a registry", args->reference);
                if (image_ref_familiar(f->ref, &f->name) < 0)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        }

        r = fetch_config_parse(config, config_size, url ? "" : f->ref->domain, &f->config, reterr);
        if (r >= 0 && url)
                r = set_up_file(f, reterr);
        if (r >= 0)
                r = http_new(&f->config, &f->http, reterr);
        if (r >= 0)
                r = registry_new(f->http, &f->config, f->ref, url ? args->reference : NULL, f->name,
                                on_warning, f, &f->registry, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(f);
        return 0;
}

Fetch *fetch_free(Fetch *f) {
        if (!f)
                return NULL;

        for (size_t i = 0; i < f->n_layers; i++)
                fetch_layer_done(f->layers + i);
        free(f->layers);
        free(f->told_usec);
        registry_free(f->registry);
        http_free(f->http);
        image_ref_free(f->ref);
        fetch_config_done(&f->config);
        failure_done(&f->failure);
        free(f->name);
        free(f);
        return NULL;
}

int fetch_use_credentials(Fetch *f, const char *json, size_t size, Failure *reterr) {
        return registry_use_credentials(f->registry, json, size, reterr);
}

static void fail_all(Fetch *f, const Failure *failure) {
        if (!failure_is_set(&f->failure))
                failure_copy(failure, &f->failure);
}

static void report_layer(Fetch *f, const FetchLayer *l, PullLayerState state) {
        f->told_usec[l->index] = now_monotonic();
        if (reporter_layer(f->args.reporter, &(PullLayerProgress) {
                .index = l->index,
                .state = state,
                .bytes_done = l->bytes_done,
                .bytes_total = l->size_bytes == UINT64_MAX ? 0 : l->size_bytes,
        }) < 0 && !failure_is_set(&f->failure))
                (void) fail(&f->failure, FAILURE_CANCELLED, ECANCELED, "The daemon has ended");
}

static void on_layer_progress(FetchLayer *layer, void *userdata) {
        Fetch *f = userdata;

        if (now_monotonic() >= usec_add(f->told_usec[layer->index], PROGRESS_INTERVAL_USEC))
                report_layer(f, layer, PULL_LAYER_FETCHING);
}

static void on_layer_changed(FetchLayer *layer, void *userdata) {
        Fetch *f = userdata;

        if (layer->state == FETCH_LAYER_VERIFIED)
                report_layer(f, layer, PULL_LAYER_VERIFIED);
        else if (layer->state == FETCH_LAYER_AGAIN)
                report_layer(f, layer, PULL_LAYER_AGAIN);
}

static void on_layer_failed(FetchLayer *layer, const Failure *failure, void *userdata) {
        fail_all(userdata, failure);
}

static const FetchLayerHandler layer_handler = {
        .progress = on_layer_progress,
        .changed = on_layer_changed,
        .failed = on_layer_failed,
};

static int set_up_layers(Fetch *f, const PullManifest *m) {
        f->layers = calloc(MAX2(m->n_layers, (size_t) 1), sizeof(*f->layers));
        f->told_usec = calloc(MAX2(m->n_layers, (size_t) 1), sizeof(*f->told_usec));
        if (!f->layers || !f->told_usec)
                return -ENOMEM;

        for (uint32_t i = 0; i < m->n_layers; i++) {
                FetchLayer *l = f->layers + i;

                *l = (FetchLayer) {
                        .index = i,
                        .size_bytes = m->layers[i].size_bytes,
                        .name = f->name,
                        .pipe_fd = -EBADF,
                };
                memcpy(l->digest, m->layers[i].digest, sizeof(l->digest));
                (void) snprintf(l->path, sizeof(l->path), "blobs/" DIGEST_PREFIX "%s", l->digest);
                (void) snprintf(l->what, sizeof(l->what), "layer %u", i + 1);
        }
        f->n_layers = m->n_layers;
        return 0;
}

static int nonsense(Fetch *f, const char *what) {
        return fail(&f->failure, FAILURE_INTERNAL, EBADMSG, "The daemon asks for %s", what);
}

/* @pipe_fd is ours from here on. */
static int start_layer(Fetch *f, uint32_t index, int pipe_fd) {
        _cleanup_close_ int fd = pipe_fd;
        FetchLayer *l;

        if (index >= f->n_layers)
                return nonsense(f, "a layer that there is not");
        if (fd < 0)
                return nonsense(f, "a layer without a pipe for it");
        l = f->layers + index;
        if (l->state != FETCH_LAYER_IDLE && l->state != FETCH_LAYER_AGAIN)
                return nonsense(f, "a layer twice");
        if (f->ended && l->state == FETCH_LAYER_IDLE)
                return nonsense(f, "more after it had all");
        l->handler = &layer_handler;
        l->userdata = f;
        return fetch_layer_start(l, f->registry, TAKE_FD(fd), &f->failure);
}

/* Return: 1 there may be more, 0 none now, or negative errno. */
static int read_message(Fetch *f) {
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(4 * sizeof(int))];
        } control;
        FetchMessage m;
        struct iovec iov = { .iov_base = &m, .iov_len = sizeof(m) };
        struct msghdr message = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control),
        };
        _cleanup_close_ int fd = -EBADF;
        bool extra = false;
        ssize_t n;

        n = recvmsg(f->args.control_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 :
                                fail_errno(&f->failure, errno, "Failed to hear the daemon");
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                for (size_t i = 0; CMSG_LEN((i + 1) * sizeof(int)) <= c->cmsg_len; i++) {
                        int received;

                        memcpy(&received, CMSG_DATA(c) + i * sizeof(int), sizeof(received));
                        extra = extra || fd >= 0;
                        close_fd(fd);
                        fd = received;
                }
        }
        if (n == 0)
                return fail(&f->failure, FAILURE_CANCELLED, ECANCELED, "The daemon has ended");
        if (n != sizeof(m) || message.msg_flags & (MSG_TRUNC | MSG_CTRUNC) || extra ||
                        m.magic != FETCH_CONTROL_MAGIC || m.version != FETCH_CONTROL_VERSION)
                return nonsense(f, "something in a language that is not ours");

        switch (m.op) {
        case FETCH_LAYER: {
                int r = start_layer(f, m.index, TAKE_FD(fd));

                return r < 0 ? r : 1;
        }
        case FETCH_END:
                f->ended = true;
                return 1;
        default:
                return nonsense(f, "something that is not known");
        }
}

static void give_sign_of_life(Fetch *f) {
        PullProgress progress = {};

        for (size_t i = 0; i < f->n_layers; i++) {
                progress.bytes_done += f->layers[i].bytes_done;
                if (f->layers[i].size_bytes != UINT64_MAX)
                        progress.bytes_total += f->layers[i].size_bytes;
        }
        reporter_progress(f->args.reporter, &progress);
}

int fetch_step(Fetch *f) {
        struct pollfd fds[1 + LAYERS_MAX] = { { .fd = f->args.control_fd, .events = POLLIN } };
        usec_t next, silent;
        unsigned n = 1;
        int r = 1;

        next = usec_sub(registry_next_due(f->registry), now_boottime());
        silent = usec_add(f->args.reporter->last_usec, SIGN_OF_LIFE_USEC);
        if (now_monotonic() >= silent)
                give_sign_of_life(f);
        else
                next = MIN2(next, usec_sub(silent, now_monotonic()));

        for (FetchLayer *l = f->layers; l < f->layers + f->n_layers; l++)
                if (fetch_layer_wants_room(l))
                        fds[n++] = (struct pollfd) { .fd = l->pipe_fd, .events = POLLOUT };
        r = http_run(f->http, fds, n, next);
        if (r < 0 && !failure_is_set(&f->failure))
                (void) fail_errno(&f->failure, r, "Failed to wait for the network");

        /* tried without a look at revents: that the reader is gone does not show there */
        for (FetchLayer *l = f->layers; l < f->layers + f->n_layers; l++)
                if (fetch_layer_wants_room(l))
                        fetch_layer_flush(l);
        registry_start_due(f->registry);
        for (r = 1; r > 0 && !failure_is_set(&f->failure);)
                r = read_message(f);
        return failure_is_set(&f->failure) ? -f->failure.errnum : 0;
}

/* Return: true: all that was asked for is where it should be. */
static bool is_done(const Fetch *f) {
        if (!f->ended)
                return false;
        for (size_t i = 0; i < f->n_layers; i++)
                if (f->layers[i].state != FETCH_LAYER_IDLE &&
                                f->layers[i].state != FETCH_LAYER_VERIFIED)
                        return false;
        return true;
}

int fetch_run(Fetch *f, PullResult *ret, Failure *reterr) {
        _cleanup_pull_report_ PullReport report = { .type = PULL_REPORT_MANIFEST };
        int r;

        if (f->ref) {
                r = fetch_manifest(f, &report.manifest, reterr);
                if (r < 0)
                        return r;
                if (r == 0) {
                        ret->unchanged = true;
                        return 0;
                }
                r = set_up_layers(f, &report.manifest);
                if (r >= 0)
                        r = reporter_manifest(f->args.reporter, &report.manifest);
                if (r < 0)
                        return fail_errno(reterr, r, "Failed to report the manifest of '%s'",
                                        f->name);
                pull_report_done(&report); /* a megabyte or two */
        }

        while (!is_done(f)) {
                r = fetch_step(f);
                if (r < 0) {
                        failure_move(&f->failure, reterr);
                        return r;
                }
        }
        for (size_t i = 0; i < f->n_layers; i++)
                ret->size_bytes += f->layers[i].bytes_done;
        return 0;
}
