/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/pull.c: a pull from its request to its end. Facts (reports, ends of processes, a cancel) change what it knows and
 * wake the turn of the loop in which all pulls are looked at; only there is anything started, committed or finished, so
 * no fact's handler ever finds its pull gone.
 */
#include <stdio.h>
#include "base/log.h"
#include "base/str.h"
#include "base/usec.h"
#include "catalog/catalog-ids.h"
#include "engine/pull-private.h"
#include "image/image-gc.h"
#include "model/image-ref.h"
#include "model/limits.h"
#include "runtime/fetch-client.h"

PullPolicy pull_policy_from_string(const char *s) {
        static const char *const names[_PULL_POLICY_MAX] = {
                [PULL_ALWAYS] = "always",
                [PULL_MISSING] = "missing",
                [PULL_NEVER] = "never",
                [PULL_NEWER] = "newer",
        };

        for (int i = 0; i < _PULL_POLICY_MAX; i++)
                if (streq(names[i], s))
                        return (PullPolicy) i;
        return _PULL_POLICY_INVALID;
}

Pull *pull_free(Pull *p) {
        if (!p)
                return NULL;
        list_remove(&p->pulls);
        sd_event_source_disable_unref(p->watchdog);
        if (p->fetch)
                p->operation->manager->pulls->n_fetches--;
        worker_free(p->fetch);
        parts_free(p);
        pull_manifest_done(&p->manifest);
        close_fd(p->credentials_fd);
        close_fd(p->control_fd);
        failure_done(&p->failure);
        free(p->reference);
        free(p->domain);
        free(p->digest);
        free(p->platform);
        free(p->sha256);
        free(p->image_id);
        free(p);
        return NULL;
}

static void release(Operation *o) {
        o->work = pull_free(o->work);
        o->release = NULL;
}

void pulls_wake(Manager *m) {
        int r;

        r = sd_event_source_set_enabled(m->pulls->wake, SD_EVENT_ONESHOT);
        if (r < 0)
                (void) log_error_errno(r, "Failed to go on with pulls: %m");
}

void pull_active(Pull *p) {
        p->active_usec = now_monotonic();
}

void pull_fail(Pull *p, const Failure *failure) {
        if (p->state == PULL_ENDING || p->state == PULL_COMMITTING)
                return;
        p->state = PULL_ENDING;
        p->operation->cancel = NULL;
        failure_copy(failure, &p->failure);
        p->control_fd = close_fd(p->control_fd);
        if (p->fetch)
                worker_cancel(p->fetch);
        parts_cancel(p);
        pulls_wake(p->operation->manager);
}

static void cancel(Operation *o) {
        _cleanup_failure_ Failure failure = {};

        (void) fail(&failure, FAILURE_CANCELLED, 0, "The pull was cancelled");
        pull_fail(o->work, &failure);
}

/* What it waits for is not its own: another pull's layer, or a process that others have now. */
static bool is_waiting(const Pull *p) {
        return p->parts && !p->asked_all && !parts_have_workers(p);
}

static int on_watchdog(sd_event_source *s, uint64_t usec, void *userdata) {
        _cleanup_failure_ Failure failure = {};
        Pull *p = userdata;
        uint64_t timeout = p->operation->manager->config.timeout_usec,
                 idle = usec_sub(now_monotonic(), p->active_usec);
        int r;

        if (idle >= timeout && !is_waiting(p)) {
                (void) fail(&failure, FAILURE_TIMED_OUT, 0,
                                "The pull of '%s' made no progress for %llu seconds", p->reference,
                                (unsigned long long) (timeout / USEC_PER_SEC));
                pull_fail(p, &failure);
                return 0;
        }
        r = sd_event_source_set_time_relative(s, idle >= timeout ? timeout : timeout - idle);
        return r < 0 ? r : sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

static void warn(Pull *p, const char *sentence) {
        const LogContext context = { .image = p->reference, .operation = "pull" };
        Operation *o = p->operation;

        if (strv_length(o->warnings) >= PULL_WARNINGS_MAX)
                return;
        (void) strv_push(&o->warnings, sentence); /* without memory it is in the log alone */
        (void) log_full(&context, LOG_WARNING, 0, "The registry of '%s' says: %s", p->reference,
                        sentence);
}

static int take_manifest(Pull *p, PullManifest *manifest, Failure *reterr) {
        Digest digest;
        char hex[DIGEST_HEX_MAX];

        if (p->has_manifest || !p->domain)
                return fail(reterr, FAILURE_INTERNAL, EBADMSG,
                                "A manifest of '%s' was reported that nobody asked for",
                                p->reference);
        p->has_manifest = true;
        p->manifest = *manifest;
        *manifest = (PullManifest) {};
        if (p->digest && !streq(p->digest, p->manifest.digest))
                return fail(reterr, FAILURE_DIGEST_MISMATCH, 0,
                                "The manifest of '%s' has another digest", p->reference);
        /* The one thing that is ours to vouch for: it is what the id says, and what is stored under it. */
        if (digest_of(p->manifest.raw_config, p->manifest.raw_config_size, &digest) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        digest_to_hex(&digest, hex);
        if (!streq(hex, p->manifest.config_id))
                return fail(reterr, FAILURE_DIGEST_MISMATCH, 0,
                                "The config of '%s' has another digest", p->reference);
        memcpy(p->operation->digest, p->manifest.digest, sizeof(p->operation->digest));
        return parts_from_manifest(p, reterr);
}

static void on_fetch_report(PullReport *report, void *userdata) {
        _cleanup_failure_ Failure failure = {};
        Pull *p = userdata;
        int r = 0;

        switch (report->type) {
        case PULL_REPORT_MANIFEST:
                pull_active(p);
                r = take_manifest(p, &report->manifest, &failure);
                break;
        case PULL_REPORT_LAYER:
                part_reported(p, &report->layer);
                break;
        case PULL_REPORT_WARNING:
                warn(p, report->warning);
                break;
        default:
                break;
        }
        if (r < 0)
                pull_fail(p, &failure);
        pulls_wake(p->operation->manager);
}

static void take_unchanged(Pull *p) {
        const Image *i = pull_find_local(p);
        const char *known = pull_known_digest(p, i);
        _cleanup_failure_ Failure failure = {};

        if (known)
                (void) snprintf(p->operation->digest, sizeof(p->operation->digest), "%s", known);
        if (!i || p->has_manifest || free_and_strdup(&p->image_id, i->row.id) < 0) {
                (void) fail(&failure, FAILURE_NO_SUCH_IMAGE, 0,
                                "The image '%s' has gone while it was pulled", p->reference);
                pull_fail(p, &failure);
                return;
        }
        p->operation->unchanged = true;
        p->operation->cancel = NULL;
        p->state = PULL_ENDING;
}

static void on_fetch_done(PullResult *result, const Failure *failure, void *userdata) {
        _cleanup_failure_ Failure early = {};
        Pull *p = userdata;
        Manager *m = p->operation->manager;
        bool unchanged = result && result->unchanged; /* it goes with the worker */

        p->fetch = worker_free(p->fetch);
        p->control_fd = close_fd(p->control_fd);
        m->pulls->n_fetches--;
        if (p->state != PULL_RUNNING)
                ;
        else if (failure)
                pull_fail(p, failure); /* what an unpacker says of a pipe that broke follows from it */
        else if (unchanged)
                take_unchanged(p);
        else if ((p->has_manifest || !p->domain) && parts_are_verified(p))
                p->fetched = true;
        else {
                (void) fail(&early, FAILURE_INTERNAL, EBADMSG,
                                "The process that fetches '%s' has ended before its work",
                                p->reference);
                pull_fail(p, &early);
        }
        pulls_wake(m);
}

static int push_options(Pull *p, const int *fds, size_t *n_fds, char ***argv) {
        const char *known = p->policy == PULL_MISSING ? NULL
                                                      : pull_known_digest(p, pull_find_local(p));
        char digest[DIGEST_MAX], number[16];
        const struct {
                const char *name, *value;
        } texts[] = {
                { "--reference", p->reference },
                { "--platform", p->platform },
                { "--sha256", p->sha256 },
                { "--known-digest", known ? digest : NULL },
        };
        static const char *const names[] = { "--control-fd", "--config-fd", "--credentials-fd" };
        int r = 0;

        (void) snprintf(digest, sizeof(digest), DIGEST_PREFIX "%s", strempty(known));
        r = strv_push(argv, "fetch");
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(texts); i++) {
                if (!texts[i].value)
                        continue;
                r = strv_push(argv, texts[i].name);
                if (r >= 0)
                        r = strv_push(argv, texts[i].value);
        }
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(names); i++) {
                if (fds[i] < 0)
                        break;
                (void) snprintf(number, sizeof(number), "%zu", 3 + i);
                r = strv_push(argv, names[i]);
                if (r >= 0)
                        r = strv_push(argv, number);
                *n_fds = i + 1;
        }
        return r;
}

static int start_fetch(Pull *p, Failure *reterr) {
        static const WorkerHandler handler = { .report = on_fetch_report, .done = on_fetch_done };
        Manager *m = p->operation->manager;
        _cleanup_close_ int theirs_fd = -EBADF, config_fd = -EBADF;
        _cleanup_strv_free_ char **argv = NULL;
        _cleanup_free_ char *config = NULL;
        size_t n_fds = 0;
        int fds[3], r;

        r = engine_config_for_fetch(&m->config, &config);
        if (r >= 0)
                r = config_fd = sealed_memfd("pull-config", config, strlen(config));
        if (r >= 0)
                r = fetch_client_pair(&p->control_fd, &theirs_fd);
        if (r >= 0) {
                fds[0] = theirs_fd;
                fds[1] = config_fd;
                fds[2] = p->credentials_fd;
                r = push_options(p, fds, &n_fds, &argv);
        }
        if (r >= 0)
                r = worker_new(m->event, &m->spawner, argv, NULL, fds, n_fds, &handler, p,
                                &p->fetch);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to start the process that fetches");
        p->credentials_fd = close_fd(p->credentials_fd);
        m->pulls->n_fetches++;
        pull_active(p);
        r = sd_event_add_time_relative(m->event, &p->watchdog, CLOCK_MONOTONIC,
                        m->config.timeout_usec, USEC_PER_SEC / 10, on_watchdog, p);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to watch the process that fetches");
        return p->domain ? 0 : parts_for_tar(p, reterr);
}

static bool may_fetch(Pull *p) {
        Pulls *pulls = p->operation->manager->pulls;
        unsigned mine = 0;
        Pull *other;

        LIST_FOREACH(other, &pulls->list, Pull, pulls)
                mine += other->fetch && other->operation->owner == p->operation->owner;
        return pulls->n_fetches < FETCHES_MAX &&
               (p->operation->owner == 0 || mine < FETCHES_PER_OWNER_MAX);
}

static void finish(Pull *p) {
        Operation *o = p->operation;
        _cleanup_free_ char *id = TAKE_PTR(p->image_id);
        _cleanup_failure_ Failure failure = {};
        bool failed = failure_is_set(&p->failure);
        Manager *m = o->manager;

        failure_move(&p->failure, &failure);
        release(o);
        operation_finish(o, id, failed ? &failure : NULL);
        if (failed)
                pulls_collect(m);
        pulls_wake(m);
}

static void on_deleted(const Failure *ignored, void *userdata) {
        finish(((Operation *) userdata)->work);
}

/* Its processes are gone: so goes what they left, and who waits is told. */
static void end(Pull *p) {
        Operation *o = p->operation;
        Manager *m = o->manager;
        bool failed = failure_is_set(&p->failure);
        const LogContext context = {
                .image = p->reference,
                .operation = "pull",
                .message_id = MESSAGE_PULL_FAILED,
        };
        const Image *local = failed && p->policy == PULL_NEWER ? pull_find_local(p) : NULL;

        if (local && p->failure.code != FAILURE_CANCELLED &&
                        free_and_strdup(&p->image_id, local->row.id) >= 0) {
                warn(p, failure_message(&p->failure));
                failure_done(&p->failure);
                o->unchanged = true;
                failed = false;
        }
        if (failed && p->failure.code != FAILURE_CANCELLED)
                (void) log_full(&context, LOG_WARNING, 0, "A pull has failed: %s",
                                failure_message(&p->failure));
        list_remove(&p->pulls);
        parts_free(p);
        trash_add_images(m->trash);
        /* What a failed one has unpacked must not fill the disk for what its caller does next. */
        if (!failed || !manager_is_short(m) ||
                        trash_when_deleted(m->trash, true, on_deleted, o) < 0)
                finish(p);
}

static void on_durable(const Failure *failure, void *userdata) {
        Operation *o = userdata;
        Pull *p = o->work;

        if (failure)
                failure_copy(failure, &p->failure);
        p->state = PULL_ENDING;
        pulls_wake(o->manager);
}

static void step(Pull *p) {
        _cleanup_failure_ Failure failure = {};
        int r = 0;

        if (p->state == PULL_QUEUED && may_fetch(p)) {
                p->state = PULL_RUNNING;
                r = start_fetch(p, &failure);
        }
        if (r >= 0 && p->state == PULL_RUNNING)
                parts_step(p);
        if (r >= 0 && p->state == PULL_RUNNING && p->fetched && parts_are_there(p)) {
                r = pull_commit(p, on_durable, p->operation, &failure);
                if (r >= 0) {
                        p->operation->cancel = NULL;
                        p->state = PULL_COMMITTING;
                }
        }
        if (r < 0)
                pull_fail(p, &failure);
        if (p->state == PULL_ENDING && !p->fetch && !parts_have_workers(p))
                end(p); /* nothing may follow */
}

static int on_wake(sd_event_source *s, void *userdata) {
        Pulls *pulls = userdata;
        Pull *p;

        LIST_FOREACH(p, &pulls->list, Pull, pulls)
                step(p);
        return 0;
}

int pulls_new(Manager *m, Pulls **ret) {
        Pulls *pulls;
        int r;

        pulls = calloc(1, sizeof(*pulls));
        if (!pulls)
                return -ENOMEM;
        pulls->manager = m;
        list_init(&pulls->list);
        r = map_new(&pulls->fetching);
        if (r >= 0)
                r = sd_event_add_defer(m->event, &pulls->wake, on_wake, pulls);
        if (r >= 0)
                r = sd_event_source_set_enabled(pulls->wake, SD_EVENT_OFF);
        if (r < 0) {
                pulls_free(pulls);
                return r;
        }
        *ret = pulls;
        return 0;
}

Pulls *pulls_free(Pulls *pulls) {
        if (!pulls)
                return NULL;
        sd_event_source_disable_unref(pulls->wake);
        sd_event_source_disable_unref(pulls->collect);
        map_free(pulls->fetching);
        free(pulls);
        return NULL;
}

/* The image is here, or there is no other way to have it: then no process is started. */
static int decide_here(Pull *p, Failure *reterr) {
        const Image *i = p->domain ? pull_find_local(p) : NULL;

        if (i && (p->policy == PULL_NEVER || (p->policy == PULL_MISSING && pull_is_whole(p, i)) ||
                                 (p->digest && pull_known_digest(p, i)))) {
                p->state = PULL_ENDING;
                p->operation->unchanged = true;
                if (p->digest)
                        memcpy(p->operation->digest, p->digest, sizeof(p->operation->digest));
                return free_and_strdup(&p->image_id, i->row.id) < 0
                                       ? fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory")
                                       : 0;
        }
        if (p->policy == PULL_NEVER)
                return fail(reterr, FAILURE_NO_SUCH_IMAGE, 0, "No such image: '%s'", p->reference);
        return 0;
}

int pull_begin(Manager *m, Pull *p, uid_t owner, Operation **ret, Failure *reterr) {
        Operation *o;
        int r;

        if (map_size(m->images) >= IMAGES_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "There are %zu images, more are not allowed", map_size(m->images));
        r = operation_new(m, "pull", owner, &o, reterr);
        if (r < 0)
                return r;
        p->operation = o;
        r = decide_here(p, reterr);
        if (r < 0) {
                p->operation = NULL;
                operation_drop(o);
                return r;
        }
        o->work = p;
        o->release = release;
        o->cancel = p->state == PULL_QUEUED ? cancel : NULL;
        list_append(&m->pulls->list, &p->pulls);
        operation_tell_added(o);
        pulls_wake(m);
        *ret = o;
        return 0;
}
