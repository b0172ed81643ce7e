/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/sync.c: group commit. Knows the log file, the requests that wait for it and one thread;
 * knows no table.
 *
 * The one thread of the daemon. Its bounds: it shares with the loop what stands under `lock` below
 * and the flag `dirty`, has a connection of its own for checkpoints, blocks all signals, and calls
 * nobody back: results go to a list that the loop fetches when the eventfd says so.
 *
 * When is a commit safe? The writer appends frames to the log; a log that was copied into the
 * database is begun anew only after the database was synced (sqlite does both at a checkpoint). So
 * one fdatasync() of the log after the commit covers the commit, whether its frames are still there
 * or were copied away meanwhile. A failed fdatasync() may leave pages clean that never reached the
 * disk, and the next one would succeed without them: after a failure only a checkpoint of the whole
 * log, which writes all of it once more elsewhere, makes things good again.
 */
#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include "base/fd.h"
#include "store/store-internal.h"
#include "store/sync.h"

#define USEC_PER_SEC UINT64_C(1000000)

#define LAZY_SYNC_USEC (1 * USEC_PER_SEC) /* what nobody asked for is synced this late at most */
#define IDLE_CHECKPOINT_USEC (5 * USEC_PER_SEC) /* after the last sync */
#define CHECKPOINT_BYTES (4 * 1024 * 1024)      /* a log this long is copied at once */
#define RESTART_BYTES (16 * 1024 * 1024)        /* beyond it the writer waits for a new log */
#define RESERVE_BYTES (1024 * 1024) /* of the disk, for what comes next; see reserve() */

struct StoreSync {
        StoreSync *next;
        SyncThread *thread;
        StoreSyncFn fn; /* NULL: cancelled */
        void *userdata; /* borrowed */
        int error;
        int fds[STORE_SYNC_FDS_MAX]; /* owned */
        size_t n_fds;
};

typedef struct SyncList {
        StoreSync *first, *last;
} SyncList;

struct SyncThread {
        pthread_t id;
        bool running;
        pthread_mutex_t lock;
        pthread_mutex_t copying; /* held for a checkpoint: sqlite lets no second one wait */
        pthread_cond_t wake;
        int event_fd; /* owned */
        atomic_bool dirty;

        /* under lock */
        SyncList waiting;
        SyncList done;
        bool stop;

        /* the thread's own */
        int dir_fd; /* owned; -EBADF: in memory, no thread */
        int wal_fd; /* owned; opened when there is a log */
        int db_fd;  /* borrowed */
        off_t wal_size, wal_reserved, db_reserved;
        sqlite3 *db;                     /* owned */
        bool broken;                     /* a sync failed: see above */
        uint64_t sync_at, checkpoint_at; /* CLOCK_MONOTONIC; 0: no date */
};

static uint64_t monotonic_now(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
        return (uint64_t) ts.tv_sec * USEC_PER_SEC + (uint64_t) ts.tv_nsec / 1000;
}

static void list_append(SyncList *list, SyncList *more) {
        if (!more->first)
                return;

        if (list->last)
                list->last->next = more->first;
        else
                list->first = more->first;
        list->last = more->last;
        *more = (SyncList){};
}

static SyncList list_take(SyncList *list) {
        SyncList taken = *list;

        *list = (SyncList){};
        return taken;
}

static StoreSync *sync_free(StoreSync *sync) {
        if (!sync)
                return NULL;

        for (size_t i = 0; i < sync->n_fds; i++)
                close_fd(sync->fds[i]);
        free(sync);
        return NULL;
}
DEFINE_CLEANUP(StoreSync *, sync_free);

static void list_free(SyncList *list) {
        for (StoreSync *s = list->first, *next; s; s = next) {
                next = s->next;
                sync_free(s);
        }
        *list = (SyncList){};
}

static void announce(SyncThread *t) {
        uint64_t one = 1;

        /* Fails only when the counter is full, and then it is readable as it should be. */
        if (write(t->event_fd, &one, sizeof(one)) < 0)
                return;
}

static bool reserve_file(int fd, off_t size, off_t *reserved) {
        if (fd < 0 || *reserved >= size + RESERVE_BYTES / 2)
                return true;

        if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, size + RESERVE_BYTES) < 0)
                return errno != ENOSPC &&
                       errno != EDQUOT; /* others: the file system cannot reserve */

        *reserved = size + RESERVE_BYTES;
        return true;
}

/*
 * On a full disk containers must still end and go: that is what frees it. So the log has blocks
 * beyond its end for the next rows, and the database for all that the log would add to it. New
 * containers and images are refused before that is used up (store_has_room()). Return: false if the
 * disk does not give it.
 */
static bool reserve(SyncThread *t) {
        struct stat wal, db;

        if (t->wal_fd < 0 || fstat(t->wal_fd, &wal) < 0 || fstat(t->db_fd, &db) < 0)
                return true;

        if (wal.st_size < t->wal_size)
                t->wal_reserved = 0; /* it was cut when it began anew */
        t->wal_size = wal.st_size;

        return reserve_file(t->db_fd, db.st_size + wal.st_size, &t->db_reserved) &&
               reserve_file(t->wal_fd, wal.st_size, &t->wal_reserved);
}

/* Copies the log into the database. Return: 0 when all of it was copied, or negative errno. */
static int checkpoint(SyncThread *t, int mode) {
        int frames = -1, copied = -1, r;

        (void) pthread_mutex_lock(&t->copying); /* cannot fail on a plain mutex */
        r = sqlite3_wal_checkpoint_v2(t->db, NULL, mode, &frames, &copied);
        (void) pthread_mutex_unlock(&t->copying);
        t->db_reserved = 0; /* it cuts the file to its size, and with it what was reserved */
        if (r != SQLITE_OK)
                return store_fail(t->db, r, NULL, "checkpoint");

        return frames == copied ? 0 : -EAGAIN;
}

int sync_thread_copy(SyncThread *t, sqlite3 *db) {
        int r;

        (void) pthread_mutex_lock(&t->copying); /* as above */
        r = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        (void) pthread_mutex_unlock(&t->copying);
        return r;
}

static int wal_open(SyncThread *t) {
        if (t->wal_fd >= 0)
                return 0;

        /* sqlite locks the database file and its index, never the log: closing this fd drops
         * nobody's lock. */
        t->wal_fd = openat(t->dir_fd, STORE_WAL, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
        return t->wal_fd < 0 ? -errno : 0;
}

static int sync_log(SyncThread *t) {
        int r;

        if (t->broken) {
                r = checkpoint(t, SQLITE_CHECKPOINT_PASSIVE);
                if (r < 0)
                        return r;

                t->broken = false;
                return 0;
        }

        r = wal_open(t);
        if (r == -ENOENT)
                return 0; /* nothing was ever written */
        if (r < 0)
                return r;

        if (fdatasync(t->wal_fd) < 0) {
                r = -errno;
                t->broken = true;
                return r;
        }

        return 0;
}

static void sync_batch(SyncThread *t, SyncList *batch, bool dirty) {
        int r = 0;

        for (StoreSync *s = batch->first; s; s = s->next)
                for (size_t i = 0; i < s->n_fds && s->error == 0; i++)
                        if (fsync(s->fds[i]) < 0)
                                s->error = -errno;

        if (dirty || t->broken)
                r = sync_log(t);
        for (StoreSync *s = batch->first; s; s = s->next)
                if (s->error == 0)
                        s->error = r;
}

/*
 * Once all of the log was copied, the next commit begins it anew, and syncs its header at that: in
 * the loop, where nothing may wait for a disk. So that commit is made here: the same number again,
 * which is written all the same.
 */
static void begin_log(SyncThread *t) {
        char text[64];

        (void) snprintf(text, sizeof(text), "PRAGMA application_id = %i", STORE_APPLICATION_ID);
        (void) sqlite3_exec(t->db, text, NULL, NULL, NULL); /* without it a commit waits once */
}

static void checkpoint_by_size(SyncThread *t, bool idle) {
        bool full = !reserve(t);
        struct stat st;

        if (t->wal_fd < 0 || fstat(t->wal_fd, &st) < 0)
                return;

        /* A failure is no harm yet: the log grows, the commits in it are safe, and the next one
         * tries again. */
        if ((idle || full || st.st_size > CHECKPOINT_BYTES) &&
                        checkpoint(t, SQLITE_CHECKPOINT_PASSIVE) >= 0 && !full)
                begin_log(t);
        if (st.st_size > RESTART_BYTES)
                (void) checkpoint(t, SQLITE_CHECKPOINT_TRUNCATE);

        (void) reserve(t); /* the next sync tries again */
}

static void wait_for_work(SyncThread *t) {
        uint64_t until = t->sync_at;
        struct timespec ts;

        if (until == 0 || (t->checkpoint_at != 0 && t->checkpoint_at < until))
                until = t->checkpoint_at;

        if (until == 0) {
                (void) pthread_cond_wait(&t->wake, &t->lock);
                return;
        }

        ts = (struct timespec){
                .tv_sec = (time_t) (until / USEC_PER_SEC),
                .tv_nsec = (long) (until % USEC_PER_SEC * 1000),
        };
        (void) pthread_cond_timedwait(&t->wake, &t->lock,
                        &ts); /* being early is harmless: the dates are looked at again */
}

static void *sync_thread(void *userdata) {
        SyncThread *t = userdata;
        SyncList batch;
        uint64_t now;
        bool dirty;

        (void) pthread_mutex_lock(&t->lock);
        for (;;) {
                now = monotonic_now();
                if (atomic_load(&t->dirty) && t->sync_at == 0)
                        t->sync_at = now + LAZY_SYNC_USEC;

                if (t->waiting.first || t->stop || (t->sync_at != 0 && t->sync_at <= now)) {
                        batch = list_take(&t->waiting);
                        dirty = atomic_exchange(&t->dirty,
                                        false); /* what is committed from here on counts anew */
                        (void) pthread_mutex_unlock(&t->lock);

                        sync_batch(t, &batch, dirty);

                        (void) pthread_mutex_lock(&t->lock);
                        if (batch.first) {
                                list_append(&t->done, &batch);
                                announce(t);
                        }
                        if (t->stop && !t->waiting.first)
                                break;

                        t->sync_at = 0;
                        t->checkpoint_at = monotonic_now() + IDLE_CHECKPOINT_USEC;
                        (void) pthread_mutex_unlock(&t->lock);
                        checkpoint_by_size(t, false);
                        (void) pthread_mutex_lock(&t->lock);
                } else if (t->checkpoint_at != 0 && t->checkpoint_at <= now) {
                        t->checkpoint_at = 0;
                        (void) pthread_mutex_unlock(&t->lock);
                        checkpoint_by_size(t, true);
                        (void) pthread_mutex_lock(&t->lock);
                } else
                        wait_for_work(t);
        }
        (void) pthread_mutex_unlock(&t->lock);
        return NULL;
}

static int start_thread(SyncThread *t) {
        sigset_t all, old;
        pthread_attr_t attr;
        int r;

        r = -pthread_attr_init(&attr);
        if (r < 0)
                return r;

        /* The loop reads its signals from a signalfd: none may be delivered here. */
        (void) sigfillset(&all);
        (void) pthread_attr_setstacksize(&attr, 256 * 1024);
        (void) pthread_sigmask(SIG_SETMASK, &all, &old);
        r = -pthread_create(&t->id, &attr, sync_thread, t);
        (void) pthread_sigmask(SIG_SETMASK, &old, NULL);
        (void) pthread_attr_destroy(&attr);
        if (r < 0)
                return r;

        (void) pthread_setname_np(t->id, "store-sync");
        t->running = true;
        return 0;
}

static int init_locks(SyncThread *t) {
        pthread_condattr_t attr;
        int r;

        r = -pthread_condattr_init(&attr);
        if (r < 0)
                return r;

        (void) pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        r = -pthread_cond_init(&t->wake, &attr);
        (void) pthread_condattr_destroy(&attr);
        if (r < 0)
                return r;

        r = -pthread_mutex_init(&t->copying, NULL);
        if (r < 0)
                return r;

        return -pthread_mutex_init(&t->lock, NULL);
}

DEFINE_CLEANUP(SyncThread *, sync_thread_free);

int sync_thread_new(int dir_fd, int db_fd, SyncThread **ret, Failure *reterr) {
        _cleanup_(sync_thread_freep) SyncThread *t = NULL;
        int r;

        t = malloc(sizeof(*t));
        if (!t)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        *t = (SyncThread){ .event_fd = -EBADF, .dir_fd = -EBADF, .wal_fd = -EBADF, .db_fd = db_fd };

        r = init_locks(t);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to start the sync thread");

        t->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (t->event_fd < 0)
                return fail_errno(reterr, errno, "Failed to start the sync thread");

        if (dir_fd >= 0) {
                t->dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
                if (t->dir_fd < 0)
                        return fail_errno(reterr, errno, "Failed to start the sync thread");

                r = store_connect(t->dir_fd, false, &t->db, reterr);
                if (r < 0)
                        return r;

                r = sqlite3_exec(t->db, "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -64;",
                                NULL, NULL, NULL);
                if (r != SQLITE_OK)
                        return store_fail(
                                        t->db, r, reterr, "configure the database '%s'", STORE_DB);

                r = start_thread(t);
                if (r < 0)
                        return fail_errno(reterr, r, "Failed to start the sync thread");
        }

        *ret = TAKE_PTR(t);
        return 0;
}

SyncThread *sync_thread_free(SyncThread *t) {
        if (!t)
                return NULL;

        if (t->running) {
                (void) pthread_mutex_lock(&t->lock);
                t->stop = true;
                (void) pthread_cond_signal(&t->wake);
                (void) pthread_mutex_unlock(&t->lock);
                (void) pthread_join(t->id, NULL);
        }

        list_free(&t->waiting);
        list_free(&t->done);
        (void) sqlite3_close(t->db); /* no statement is left in it */
        t->event_fd = close_fd(t->event_fd);
        t->dir_fd = close_fd(t->dir_fd);
        t->wal_fd = close_fd(t->wal_fd);
        (void) pthread_cond_destroy(&t->wake);
        (void) pthread_mutex_destroy(&t->lock);
        (void) pthread_mutex_destroy(&t->copying);
        free(t);
        return NULL;
}

void sync_thread_dirty(SyncThread *t) {
        /* One wake-up for all commits until the next sync. */
        if (!t || !t->running || atomic_exchange(&t->dirty, true))
                return;

        (void) pthread_mutex_lock(&t->lock);
        (void) pthread_cond_signal(&t->wake);
        (void) pthread_mutex_unlock(&t->lock);
}

static int request_new(SyncThread *t, const int *fds, size_t n_fds, StoreSync **ret) {
        _cleanup_(sync_freep) StoreSync *s = NULL;

        s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;

        s->thread = t;
        for (; s->n_fds < n_fds; s->n_fds++) {
                s->fds[s->n_fds] = fcntl(fds[s->n_fds], F_DUPFD_CLOEXEC, 3);
                if (s->fds[s->n_fds] < 0)
                        return -errno;
        }

        *ret = TAKE_PTR(s);
        return 0;
}

int store_sync(Store *store, const int *fds, size_t n_fds, StoreSyncFn fn, void *userdata,
                StoreSync **ret) {
        SyncThread *t = store->sync;
        StoreSync *s = NULL;
        SyncList one;
        int r;

        assert(n_fds <= STORE_SYNC_FDS_MAX);

        r = request_new(t, fds, n_fds, &s);
        if (r < 0)
                return r;

        s->fn = fn;
        s->userdata = userdata;
        one = (SyncList){ s, s };

        (void) pthread_mutex_lock(&t->lock);
        if (t->running) {
                list_append(&t->waiting, &one);
                (void) pthread_cond_signal(&t->wake);
        } else {
                list_append(&t->done, &one);
                announce(t);
        }
        (void) pthread_mutex_unlock(&t->lock);

        if (ret)
                *ret = s;
        return 0;
}

StoreSync *store_sync_cancel(StoreSync *sync) {
        /* The thread never looks at fn: no lock is needed, as this and the dispatch run in the
         * loop's thread. */
        if (sync)
                sync->fn = NULL;
        return NULL;
}

int store_sync_fd(Store *store) {
        return store->sync->event_fd;
}

int store_sync_dispatch(Store *store) {
        SyncThread *t = store->sync;
        uint64_t counter;
        SyncList done;
        int n = 0;

        if (read(t->event_fd, &counter, sizeof(counter)) < 0 && errno != EAGAIN)
                return -errno;

        (void) pthread_mutex_lock(&t->lock);
        done = list_take(&t->done);
        (void) pthread_mutex_unlock(&t->lock);

        /* Taken one by one: a callback may cancel a later one. It must not free the store. */
        while (done.first) {
                StoreSync *s = done.first;

                done.first = s->next;
                if (s->fn) {
                        s->fn(s->error, s->userdata);
                        n++;
                }
                sync_free(s);
        }

        return n;
}

static void on_waited(int error, void *userdata) {
        *(int *) userdata = error;
}

int store_sync_wait(Store *store) {
        int result = 1, r;

        r = store_sync(store, NULL, 0, on_waited, &result, NULL);
        if (r < 0)
                return r;

        while (result > 0) {
                struct pollfd p = { .fd = store_sync_fd(store), .events = POLLIN };

                if (poll(&p, 1, -1) < 0 && errno != EINTR)
                        return -errno;

                r = store_sync_dispatch(store);
                if (r < 0)
                        return r;
        }

        return result;
}
