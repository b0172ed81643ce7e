/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/seccomp-cache.c: see seccomp-cache.h.
 *
 * The thread's bounds: it shares with the loop what stands under `lock`, and of an entry that is being made reads the
 * key and nothing else; it blocks all signals and calls nobody back. An entry is freed by the loop alone, and not while
 * it is being made. A filter's references are the loop's as well.
 */
#include "runtime/seccomp-cache.h"
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include "base/list.h"
#include "base/str.h"

#define ENTRIES_MAX 64U /* that nobody uses go when there are more */

typedef enum EntryState {
        ENTRY_WANTED,
        ENTRY_BEING_MADE,
        ENTRY_READY,
        ENTRY_FAILED,
} EntryState;

typedef struct Entry {
        List entries;
        char *profile; /* owned; NULL: the default. Never changes, nor does the next */
        uint64_t capabilities;
        EntryState state;      /* under the cache's lock until it is ready or failed */
        SeccompFilter *filter; /* owned */
        Failure failure;
        List waits;
} Entry;

struct SeccompWait {
        List waits;
        SeccompReadyFn fn;
        void *userdata; /* borrowed */
};

struct SeccompCache {
        sd_event_source *source; /* owned */
        int event_fd;            /* owned */
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t made;
        bool has_thread; /* the loop's: it is to be joined */
        bool running;    /* under lock: it will look for more */
        List entries;    /* newest first; under lock */
        size_t n_entries;
};

static Entry *entry_free(Entry *e) {
        if (!e)
                return NULL;
        list_remove(&e->entries);
        seccomp_filter_unref(e->filter);
        failure_done(&e->failure);
        free(e->profile);
        free(e);
        return NULL;
}

static Entry *next_wanted(SeccompCache *c) {
        Entry *e;

        LIST_FOREACH(e, &c->entries, Entry, entries)
                if (e->state == ENTRY_WANTED)
                        return e;
        return NULL;
}

static void make(const Entry *e, SeccompFilter **ret, Failure *reterr) {
        _cleanup_(seccomp_profile_freep) SeccompProfile *own = NULL;
        const SeccompProfile *p = seccomp_default_profile();

        if (e->profile && seccomp_profile_parse(e->profile, &own, reterr) < 0)
                return; /* @reterr tells; so below */
        (void) seccomp_filter_compile(own ?: p, e->capabilities, ret, reterr);
}

static void announce(SeccompCache *c) {
        uint64_t one = 1;

        /* Fails only when the counter is full, and then it is readable as it should be. */
        if (write(c->event_fd, &one, sizeof(one)) < 0)
                return;
}

static void *run(void *userdata) {
        SeccompCache *c = userdata;
        Entry *e;

        (void) pthread_mutex_lock(&c->lock); /* cannot fail on a plain mutex; nor below */
        while ((e = next_wanted(c))) {
                SeccompFilter *filter = NULL;
                Failure failure = {};

                e->state = ENTRY_BEING_MADE;
                (void) pthread_mutex_unlock(&c->lock);
                make(e, &filter, &failure);
                (void) pthread_mutex_lock(&c->lock);
                e->filter = filter;
                e->failure = failure;
                e->state = filter ? ENTRY_READY : ENTRY_FAILED;
                (void) pthread_cond_broadcast(&c->made);
                announce(c);
        }
        c->running = false;
        (void) pthread_mutex_unlock(&c->lock);
        return NULL;
}

/* Under lock. Without a thread it is made here. */
static void start_thread(SeccompCache *c, Entry *e) {
        sigset_t all, before;

        if (c->running)
                return;
        if (c->has_thread)
                (void) pthread_join(c->thread, NULL); /* it has let go of the lock for the last time */
        (void) sigfillset(&all);
        (void) pthread_sigmask(SIG_SETMASK, &all, &before); /* cannot fail with a valid set */
        c->running = c->has_thread = pthread_create(&c->thread, NULL, run, c) == 0;
        (void) pthread_sigmask(SIG_SETMASK, &before, NULL); /* as above */
        if (c->running)
                return;
        make(e, &e->filter, &e->failure);
        e->state = e->filter ? ENTRY_READY : ENTRY_FAILED;
}

/* Under lock: what nobody uses, the oldest first. */
static void trim(SeccompCache *c) {
        for (List *l = c->entries.prev, *before; l != &c->entries && c->n_entries >= ENTRIES_MAX;
                        l = before) {
                Entry *e = list_entry(l, Entry, entries);

                before = l->prev;
                if ((e->state == ENTRY_READY && e->filter->n_ref == 1) ||
                                (e->state == ENTRY_FAILED && list_is_empty(&e->waits))) {
                        entry_free(e);
                        c->n_entries--;
                }
        }
}

static bool is_of(const Entry *e, const char *profile, uint64_t capabilities) {
        if (e->capabilities != capabilities || !e->profile != !profile)
                return false;
        return !profile || streq(e->profile, profile);
}

/* Under lock. */
static Entry *get(SeccompCache *c, const char *profile, uint64_t capabilities) {
        Entry *e;

        if (!profile)
                capabilities &= seccomp_profile_capabilities(seccomp_default_profile());
        LIST_FOREACH(e, &c->entries, Entry, entries)
                if (is_of(e, profile, capabilities))
                        return e;
        trim(c);
        e = calloc(1, sizeof(*e));
        if (!e || free_and_strdup(&e->profile, profile) < 0) {
                free(e);
                return NULL;
        }
        e->capabilities = capabilities;
        list_init(&e->waits);
        list_init(&e->entries);
        list_prepend(&c->entries, &e->entries);
        c->n_entries++;
        start_thread(c, e);
        return e;
}

/* Under lock. */
static int answer(Entry *e, SeccompFilter **ret, Failure *reterr) {
        if (e->state == ENTRY_FAILED) {
                if (reterr)
                        failure_copy(&e->failure, reterr);
                return -(e->failure.errnum ?: EINVAL);
        }
        if (e->state != ENTRY_READY)
                return 0;
        *ret = seccomp_filter_ref(e->filter);
        return 1;
}

int seccomp_cache_find(SeccompCache *c, const char *profile, uint64_t capabilities,
                SeccompFilter **ret, Failure *reterr) {
        Entry *e;
        int r;

        (void) pthread_mutex_lock(&c->lock); /* as above */
        e = get(c, profile, capabilities);
        if (!e)
                r = fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        else /* nobody goes before those who wait, made or not: containers start in their order */
                r = list_is_empty(&e->waits) ? answer(e, ret, reterr) : 0;
        (void) pthread_mutex_unlock(&c->lock);
        return r;
}

int seccomp_cache_wait(SeccompCache *c, const char *profile, uint64_t capabilities,
                SeccompFilter **ret, Failure *reterr) {
        Entry *e;
        int r;

        (void) pthread_mutex_lock(&c->lock); /* as above */
        e = get(c, profile, capabilities);
        r = e ? answer(e, ret, reterr) : fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        while (r == 0) {
                (void) pthread_cond_wait(&c->made, &c->lock); /* as above */
                r = answer(e, ret, reterr);
        }
        (void) pthread_mutex_unlock(&c->lock);
        return r;
}

int seccomp_cache_call(SeccompCache *c, const char *profile, uint64_t capabilities,
                SeccompReadyFn fn, void *userdata, SeccompWait **ret) {
        SeccompWait *w;
        Entry *e;

        w = malloc(sizeof(*w));
        if (!w)
                return -ENOMEM;
        *w = (SeccompWait){ .fn = fn, .userdata = userdata };
        list_init(&w->waits);
        (void) pthread_mutex_lock(&c->lock); /* as above */
        e = get(c, profile, capabilities);
        if (e) {
                list_append(&e->waits, &w->waits);
                if (e->state == ENTRY_READY || e->state == ENTRY_FAILED)
                        announce(c);
        }
        (void) pthread_mutex_unlock(&c->lock);
        if (!e) {
                free(w);
                return -ENOMEM;
        }
        *ret = w;
        return 0;
}

SeccompWait *seccomp_wait_free(SeccompWait *w) {
        if (!w)
                return NULL;
        list_remove(&w->waits);
        free(w);
        return NULL;
}

static void take_waits(Entry *e, List *ret) {
        SeccompWait *w;

        LIST_FOREACH(w, &e->waits, SeccompWait, waits) {
                list_remove(&w->waits);
                list_append(ret, &w->waits);
        }
}

/* Under lock: all that wait for what is made. */
static void take_ready(SeccompCache *c, List *ret) {
        Entry *e;

        LIST_FOREACH(e, &c->entries, Entry, entries)
                if (e->state == ENTRY_READY || e->state == ENTRY_FAILED)
                        take_waits(e, ret);
}

static int on_made(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        SeccompCache *c = userdata;
        SeccompWait *w;
        uint64_t n;
        List ready;

        if (read(fd, &n, sizeof(n)) < 0)
                return 0; /* nothing is new */
        list_init(&ready);
        (void) pthread_mutex_lock(&c->lock); /* as above */
        take_ready(c, &ready);
        (void) pthread_mutex_unlock(&c->lock);
        while ((w = list_first(&ready, SeccompWait, waits))) {
                SeccompReadyFn fn = w->fn;
                void *fn_userdata = w->userdata;

                seccomp_wait_free(w);
                fn(fn_userdata); /* may free others that wait */
        }
        return 0;
}

int seccomp_cache_new(sd_event *event, SeccompCache **ret) {
        _cleanup_(seccomp_cache_freep) SeccompCache *c = NULL;
        int r;

        c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;
        list_init(&c->entries);
        (void) pthread_mutex_init(&c->lock, NULL); /* cannot fail with default attributes */
        (void) pthread_cond_init(&c->made, NULL);  /* as above */
        c->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (c->event_fd < 0)
                return -errno;
        if (event) {
                r = sd_event_add_io(event, &c->source, c->event_fd, EPOLLIN, on_made, c);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(c);
        return 0;
}

SeccompCache *seccomp_cache_free(SeccompCache *c) {
        Entry *e;

        if (!c)
                return NULL;
        (void) pthread_mutex_lock(&c->lock); /* as above */
        LIST_FOREACH(e, &c->entries, Entry, entries)
                if (e->state == ENTRY_WANTED)
                        e->state = ENTRY_FAILED; /* not worth waiting for */
        (void) pthread_mutex_unlock(&c->lock);
        if (c->has_thread)
                (void) pthread_join(c->thread, NULL); /* it ends with what it is at */
        LIST_FOREACH(e, &c->entries, Entry, entries) {
                assert(list_is_empty(&e->waits));
                entry_free(e);
        }
        sd_event_source_disable_unref(c->source);
        close_fd(c->event_fd);
        (void) pthread_cond_destroy(&c->made);
        (void) pthread_mutex_destroy(&c->lock);
        free(c);
        return NULL;
}
