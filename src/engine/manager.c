/* SPDX-License-Identifier: Apache-2.0 */
/* engine/manager.c: the whole: opened, kept, closed; finding containers; durability; idleness. */
#include "engine/manager.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include "base/fd.h"
#include "base/log.h"
#include "base/random.h"
#include "base/str.h"
#include "base/usec.h"
#include "engine/container-private.h"
#include "engine/measure.h"
#include "engine/start-confinement.h"
#include "model/digest.h"
#include "model/limits.h"
#include "store/sync.h"

#define OOM_SCORE "-900" /* our monitors inherit it; a payload has 0 again */
#define HASH_DIGITS 16U

/* Somebody waits for the disk, or for the next turn of the loop. */
typedef struct SyncCall {
        List syncs;
        StoreSync *sync;         /* owned */
        sd_event_source *source; /* owned */
        EngineDone done;
        void *userdata;
} SyncCall;

static void sync_call_free(SyncCall *call) {
        list_remove(&call->syncs);
        store_sync_cancel(call->sync);
        sd_event_source_disable_unref(call->source);
        free(call);
}

static SyncCall *sync_call_new(Manager *m, EngineDone done, void *userdata) {
        SyncCall *call = calloc(1, sizeof(*call));

        if (!call)
                return NULL;
        call->done = done;
        call->userdata = userdata;
        list_init(&call->syncs);
        list_append(&m->syncs, &call->syncs);
        return call;
}

static void on_synced(int error, void *userdata) {
        _cleanup_failure_ Failure failure = {};
        SyncCall *call = userdata;
        EngineDone done = call->done;
        void *done_userdata = call->userdata;

        call->sync = NULL;
        sync_call_free(call);
        if (error < 0)
                (void) fail_errno(&failure, error, "Failed to bring the change to the disk");
        if (done)
                done(error < 0 ? &failure : NULL, done_userdata);
}

static int on_turned(sd_event_source *s, void *userdata) {
        on_synced(0, userdata);
        return 0;
}

int manager_when_durable(
                Manager *m, const int *fds, size_t n_fds, EngineDone done, void *userdata) {
        SyncCall *call;
        int r;

        call = sync_call_new(m, done, userdata);
        if (!call)
                return -ENOMEM;
        r = store_sync(m->store, fds, n_fds, on_synced, call, &call->sync);
        if (r < 0)
                sync_call_free(call);
        return r;
}

int manager_when_turned(Manager *m, EngineDone done, void *userdata) {
        SyncCall *call;
        int r;

        call = sync_call_new(m, done, userdata);
        if (!call)
                return -ENOMEM;
        r = sd_event_add_defer(m->event, &call->source, on_turned, call);
        if (r < 0)
                sync_call_free(call);
        return r;
}

bool manager_is_short(const Manager *m) {
        struct statvfs st;

        return fstatvfs(m->state_fd, &st) >= 0 &&
               (uint64_t) st.f_bfree * st.f_frsize < DISK_SHORT_BYTES;
}

Owner *manager_owner(Manager *m, uid_t uid) {
        Owner *o = map_get_u64(m->owners, (uint64_t) uid + 1);

        if (o)
                return o;
        o = calloc(1, sizeof(*o));
        if (!o || map_put_u64(m->owners, (uint64_t) uid + 1, o) < 0) {
                free(o);
                return NULL;
        }
        return o;
}

bool manager_is_idle(const Manager *m) {
        return m->n_busy == 0 && m->n_operations == 0;
}

void manager_update_idle(Manager *m) {
        bool idle = manager_is_idle(m);

        if (!m->observing || idle == m->idle)
                return;
        m->idle = idle;
        if (m->observer->idle_changed)
                m->observer->idle_changed(idle, m->observer_userdata);
}

void manager_add_busy(Manager *m, int n) {
        m->n_busy += (unsigned) n;
        manager_check_shutdown(m);
}

static int open_dir(const char *path, int *ret_fd, Failure *reterr) {
        int fd;

        if (mkdir(path, 0700) < 0 && errno != EEXIST)
                return fail_errno(reterr, errno, "Failed to make the directory '%s'", path);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return fail_errno(reterr, errno, "Failed to open the directory '%s'", path);
        *ret_fd = fd;
        return 0;
}

static int lock_state(Manager *m, Failure *reterr) {
        m->lock_fd = openat(m->state_fd, STATE_FILE_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                        0600);
        if (m->lock_fd < 0)
                return fail_errno(reterr, errno, "Failed to open the lock of '%s'", m->state_dir);
        if (flock(m->lock_fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK
                                       ? fail(reterr, FAILURE_NOT_AVAILABLE, EBUSY,
                                                         "Another daemon uses the directory '%s'",
                                                         m->state_dir)
                                       : fail_errno(reterr, errno,
                                                         "Failed to lock the directory '%s'",
                                                         m->state_dir);
        return 0;
}

static int open_cgroups(Manager *m, Failure *reterr) {
        char resolved[PATH_MAX], hex[DIGEST_HEX_MAX];
        Digest digest;
        int r;

        if (m->in_unit)
                return cgroup_tree_open(m->run_fd, NULL, &m->cgroups, reterr);
        if (!realpath(m->state_dir, resolved))
                return fail_errno(reterr, errno, "Failed to resolve the directory '%s'",
                                m->state_dir);
        r = digest_of(resolved, strlen(resolved), &digest);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to name the containers' cgroup");
        digest_to_hex(&digest, hex);
        hex[HASH_DIGITS] = '\0';
        return cgroup_tree_open(m->run_fd, hex, &m->cgroups, reterr);
}

static int open_ranges(Manager *m, Failure *reterr) {
        static const char *const subids[] = { "/etc/subuid", "/etc/subgid", NULL };
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = open_dir(ID_RANGES_DIR, &fd, reterr);
        if (r < 0)
                return r;
        r = id_ranges_new(fd, subids, &m->ranges);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to open '" ID_RANGES_DIR "'");
        r = ready_namespaces_new(m->event, &m->spawner, m->ranges, &m->ready);
        if (r >= 0)
                r = ahead_new(m, &m->ahead);
        return r < 0 ? fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory") : 0;
}

static int on_sync_fd(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Manager *m = userdata;

        (void) store_sync_dispatch(m->store);
        return 0;
}

static int open_parts(Manager *m, const char *helper_dir, Failure *reterr) {
        int r;

        r = store_open(m->state_fd, &m->store, reterr);
        if (r < 0)
                return r;
        r = sd_event_add_io(
                        m->event, &m->sync_source, store_sync_fd(m->store), EPOLLIN, on_sync_fd, m);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to watch the database");
        r = image_store_open(m->state_fd, &m->image_store, reterr);
        if (r >= 0)
                r = container_tree_open(m->state_fd, m->run_fd, &m->tree, reterr);
        if (r >= 0)
                r = open_cgroups(m, reterr);
        if (r >= 0)
                r = open_ranges(m, reterr);
        if (r >= 0)
                r = spawner_open(helper_dir, &m->spawner, reterr);
        if (r >= 0)
                r = manager_open_filters(m, reterr);
        return r;
}

static int make_maps(Manager *m) {
        int r;

        r = map_new(&m->containers);
        if (r >= 0)
                r = map_new(&m->names);
        if (r >= 0)
                r = map_new(&m->requests);
        if (r >= 0)
                r = map_new(&m->images);
        if (r >= 0)
                r = map_new(&m->tags);
        if (r >= 0)
                r = map_new(&m->volumes);
        if (r >= 0)
                r = map_new_u64(&m->owners);
        if (r >= 0)
                r = map_new_u64(&m->operations);
        return r >= 0 ? trash_new(m, &m->trash) : r;
}

static int manager_alloc(sd_event *event, const ManagerConfig *config,
                const EngineObserver *observer, void *userdata, Manager **ret) {
        _cleanup_(manager_freep) Manager *m = NULL;
        int r;

        m = calloc(1, sizeof(*m));
        if (!m)
                return -ENOMEM;
        m->state_fd = m->run_fd = m->lock_fd = m->volumes_fd = -EBADF;
        m->spawner = SPAWNER_CLOSED;
        m->cgroups.base_fd = -EBADF;
        m->tree = CONTAINER_TREE_CLOSED;
        m->event = sd_event_ref(event);
        m->observer = observer;
        m->observer_userdata = userdata;
        m->embedded = config->embedded;
        m->in_unit = config->in_unit;
        m->idle = true;
        list_init(&m->container_list);
        list_init(&m->probe_queue);
        list_init(&m->image_list);
        list_init(&m->volume_list);
        list_init(&m->operation_list);
        list_init(&m->finished);
        list_init(&m->syncs);
        list_init(&m->readers);
        if (free_and_strdup(&m->state_dir, config->state_dir) < 0 ||
                        free_and_strdup(&m->run_dir, config->run_dir) < 0)
                return -ENOMEM;
        r = make_maps(m);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

static void lower_oom_score(void) {
        _cleanup_close_ int fd = -EBADF;

        fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write_full(fd, OOM_SCORE, strlen(OOM_SCORE)) < 0)
                log_debug("Failed to lower our own OOM score, going on as everybody else");
}

int manager_new(sd_event *event, const ManagerConfig *config, const EngineObserver *observer,
                void *userdata, Manager **ret, Failure *reterr) {
        _cleanup_(manager_freep) Manager *m = NULL;
        int r;

        r = manager_alloc(event, config, observer, userdata, &m);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        m->config = *config->config;
        *config->config = (EngineConfig){};
        r = open_dir(m->state_dir, &m->state_fd, reterr);
        if (r >= 0)
                r = open_dir(m->run_dir, &m->run_fd, reterr);
        if (r >= 0)
                r = lock_state(m, reterr);
        if (r >= 0)
                r = open_parts(m, config->helper_dir, reterr);
        if (r < 0)
                return r;
        r = boot_id_get(m->boot_id);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to read the boot's id");
        lower_oom_score();
        spawn_raise_files_limit();
        r = pulls_new(m, &m->pulls);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to begin");
        pulls_collect(m);
        r = images_load(m, reterr);
        if (r >= 0)
                r = volumes_load(m, reterr);
        if (r >= 0)
                r = manager_reconcile(m, reterr);
        if (r >= 0)
                r = manager_sweep(m, reterr);
        if (r < 0)
                return r;
        m->idle = manager_is_idle(m);
        m->observing = true;
        manager_trim_events(m);
        *ret = TAKE_PTR(m);
        return 0;
}

static void free_calls(Manager *m) {
        SyncCall *sync;
        Ask *call;

        LIST_FOREACH(sync, &m->syncs, SyncCall, syncs)
                sync_call_free(sync);
        LIST_FOREACH(call, &m->finished, Ask, asks) {
                list_remove(&call->asks);
                failure_done(&call->failure);
                free(call);
        }
        sd_event_source_disable_unref(m->finished_source);
}

Manager *manager_free(Manager *m) {
        Container *c;
        Owner *o;

        if (!m)
                return NULL;
        m->observing = false;
        while ((c = list_first(&m->container_list, Container, list))) {
                container_unlink(c);
                container_free(c);
        }
        operations_free(m);
        if (m->syncs.next) {
                free_calls(m);
                manager_free_readers(m);
        }
        m->pulls = pulls_free(m->pulls);
        m->trash = trash_free(m->trash);
        m->measure = measure_free(m->measure);
        images_free(m);
        volumes_free(m);
        sd_event_source_disable_unref(m->shutdown_timer);
        sd_event_source_disable_unref(m->sync_source);
        sd_event_source_disable_unref(m->trim.source);
        store_free(m->store);
        image_store_free(m->image_store);
        spawner_close(&m->spawner);
        m->ahead = ahead_free(m->ahead);
        cgroup_tree_done(&m->cgroups, !m->in_unit);
        container_tree_close(&m->tree);
        ready_namespaces_free(m->ready);
        id_ranges_free(m->ranges);
        seccomp_cache_free(m->filters);
        map_free(m->containers);
        map_free(m->names);
        map_free(m->requests);
        if (m->owners)
                MAP_FOREACH(o, m->owners)
                        free(o);
        map_free(m->owners);
        map_free(m->images);
        map_free(m->tags);
        map_free(m->volumes);
        map_free(m->operations);
        close_fd(m->state_fd);
        close_fd(m->run_fd);
        close_fd(m->lock_fd);
        close_fd(m->volumes_fd);
        engine_config_done(&m->config);
        free(m->state_dir);
        free(m->run_dir);
        sd_event_unref(m->event);
        free(m);
        return NULL;
}

Container *manager_get_container(Manager *m, const char *id) {
        return map_get(m->containers, id);
}

Container *manager_next_container(Manager *m, Container *after) {
        List *next = after ? after->list.next : m->container_list.next;

        return next == &m->container_list ? NULL : list_entry(next, Container, list);
}

int manager_find_container(Manager *m, const char *name, Container **ret, Failure *reterr) {
        Container *c, *found = NULL;

        if (startswith(name, "/"))
                name++;
        found = map_get(m->containers, name) ?: map_get(m->names, name);
        if (!found && id_is_prefix(name))
                LIST_FOREACH(c, &m->container_list, Container, list)
                        if (startswith(c->id, name)) {
                                if (found)
                                        return fail(reterr, FAILURE_AMBIGUOUS, ENOTUNIQ,
                                                        "More than one container has an id that "
                                                        "begins with '%s'",
                                                        name);
                                found = c;
                        }
        if (!found)
                return fail(reterr, FAILURE_NO_SUCH_CONTAINER, 0, "No such container: '%s'", name);
        *ret = found;
        return 0;
}

void manager_get_info(Manager *m, ManagerInfo *ret) {
        Container *c;

        *ret = (ManagerInfo){
                .images = (unsigned) map_size(m->images),
                .containers = (unsigned) map_size(m->containers),
                .state_dir = m->state_dir,
                .run_dir = m->run_dir,
                .cgroup_path = m->cgroups.path,
                .controllers = m->cgroups.controllers,
                .embedded = m->embedded,
        };
        LIST_FOREACH(c, &m->container_list, Container, list) {
                ret->running += c->run.life.state == CONTAINER_RUNNING ||
                                c->run.life.state == CONTAINER_RESTARTING;
                ret->paused += c->run.life.state == CONTAINER_PAUSED;
        }
        ret->stopped = ret->containers - ret->running - ret->paused;
}

void manager_check_shutdown(Manager *m) {
        EngineDone done = m->shutdown_done;
        Container *c;

        if (!done)
                return;
        LIST_FOREACH(c, &m->container_list, Container, list)
                if (lifecycle_runs(&c->run.life) || !list_is_empty(&c->runs))
                        return;
        m->shutdown_done = NULL;
        if (manager_when_turned(m, done, m->shutdown_userdata) < 0)
                done(NULL, m->shutdown_userdata); /* out of memory on the way out */
}

static int on_shutdown_over(sd_event_source *s, uint64_t usec, void *userdata) {
        Manager *m = userdata;
        Container *c;

        LIST_FOREACH(c, &m->container_list, Container, list)
                if (lifecycle_runs(&c->run.life))
                        container_kill_all(c);
        return 0;
}

void manager_stop_all(Manager *m, EngineDone done, void *userdata) {
        Container *c;
        int r;

        m->goes_down = true;
        m->shutdown_done = done;
        m->shutdown_userdata = userdata;
        m->calling++;
        LIST_FOREACH(c, &m->container_list, Container, list) {
                c->stop_timeout_usec = CONTAINER_TIMEOUT_DEFAULT;
                c->stop_signal = 0;
                (void) container_observe(c, &(LifecycleFact){ .kind = FACT_SHUTDOWN },
                                NULL); /* never refused */
        }
        m->calling--;
        r = sd_event_add_time_relative(m->event, &m->shutdown_timer, CLOCK_MONOTONIC,
                        SHUTDOWN_TIMEOUT_USEC, 0, on_shutdown_over, m);
        if (r < 0)
                (void) log_error_errno(r, "Failed to arm the timer of the shutdown: %m");
        manager_check_shutdown(m);
}
