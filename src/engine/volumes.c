/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/volumes.c: volumes as objects: loaded, found, made, removed. A volume is a row first: its directory comes with the
 * first container that has it, and goes after the row, so that a crash leaves at most files without a row, which the next
 * start sweeps.
 */
#include <string.h>
#include "base/log.h"
#include "base/random.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/usec.h"
#include "engine/volume-private.h"
#include "model/id.h"
#include "model/inspect.h"
#include "model/limits.h"
#include "runtime/volume-dir.h"

static Volume *volume_free(Volume *v) {
        volume_row_done(&v->row);
        free(v);
        return NULL;
}

static void volume_unlink(Volume *v) {
        Owner *owner = manager_owner(v->manager, v->row.owner); /* there since volume_link() */

        if (map_get(v->manager->volumes, v->row.name) == v)
                (void) map_remove(v->manager->volumes, v->row.name);
        list_remove(&v->list);
        if (owner)
                owner->n_volumes--;
}

int volume_link(Manager *m, VolumeRow *row, Volume **ret) {
        Owner *owner = manager_owner(m, row->owner);
        Volume *v;

        v = owner ? calloc(1, sizeof(*v)) : NULL;
        if (!v)
                return -ENOMEM;
        v->manager = m;
        if (map_put(m->volumes, row->name, v) < 0) {
                free(v);
                return -ENOMEM;
        }
        v->row = *row;
        *row = (VolumeRow){};
        list_init(&v->list);
        list_prepend(&m->volume_list, &v->list);
        owner->n_volumes++;
        if (m->observing && m->observer->volume_added)
                m->observer->volume_added(v, m->observer_userdata);
        *ret = v;
        return 0;
}

void volume_forget(Volume *v) {
        Manager *m = v->manager;

        if (m->observing && m->observer->volume_removed)
                m->observer->volume_removed(v, m->observer_userdata);
        volume_unlink(v);
        volume_free(v);
}

int volumes_load(Manager *m, Failure *reterr) {
        VolumeRow *rows = NULL;
        size_t n = 0;
        Volume *v;
        int r;

        m->volumes_fd = mkdir_open_at(m->state_fd, STATE_DIR_VOLUMES, 0700);
        if (m->volumes_fd < 0)
                return fail_errno(reterr, m->volumes_fd, "Failed to open the volumes' directory");
        r = store_load_volumes(m->store, &rows, &n, reterr);
        for (size_t i = 0; r >= 0 && i < n; i++)
                if (volume_link(m, &rows[i], &v) < 0)
                        r = fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        volume_rows_free(rows, n);
        return r < 0 ? r : 0;
}

void volumes_free(Manager *m) {
        Volume *v;

        if (!m->volume_list.next)
                return;
        while ((v = list_first(&m->volume_list, Volume, list))) {
                volume_unlink(v);
                volume_free(v);
        }
}

void volume_trash(Manager *m, const char *name) {
        _cleanup_strv_free_ char **names = NULL;
        IdLease none = ID_LEASE_NONE;
        char *trashed = NULL;
        int r;

        r = volume_dir_trash(m->volumes_fd, name, m->tree.trash_fd, &trashed);
        if (r >= 0 && trashed)
                r = strv_consume(&names, trashed);
        if (r < 0)
                (void) log_warning_errno(r,
                                "Failed to put away the files of the volume '%s', leaving them to "
                                "the next start: %m",
                                name);
        else if (names)
                trash_add(m->trash, TAKE_PTR(names), &none);
}

/* Files of volumes that have no row. */
void volumes_sweep(Manager *m) {
        _cleanup_strv_free_ char **names = NULL;

        if (container_tree_list(m->volumes_fd, &names) < 0)
                return; /* the next start tries again */
        STRV_FOREACH(name, names)
                if (!map_get(m->volumes, *name))
                        volume_trash(m, *name);
}

int manager_find_volume(Manager *m, const char *name, Volume **ret, Failure *reterr) {
        Volume *v = map_get(m->volumes, name);

        if (!v || v->removing)
                return fail(reterr, FAILURE_NO_SUCH_VOLUME, 0, "No such volume: '%.160s'", name);
        *ret = v;
        return 0;
}

Volume *manager_next_volume(Manager *m, Volume *after) {
        List *next = after ? after->list.next : m->volume_list.next;

        for (; next != &m->volume_list; next = next->next) {
                Volume *v = list_entry(next, Volume, list);

                if (!v->removing)
                        return v;
        }
        return NULL;
}

void volume_event(const VolumeRow *row, EventAction action, Event *ret) {
        *ret = (Event){
                .time_usec = now_realtime(),
                .action = action,
                .id = row->name,
                .name = row->name,
                .owner = row->owner,
        };
}

int volumes_check_number(Manager *m, uid_t owner, size_t more, Failure *reterr) {
        Owner *o = manager_owner(m, owner);

        if (!o)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (owner != 0 && o->n_volumes + more > VOLUMES_PER_OWNER_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "There are %u volumes of this user, more than %u are not allowed",
                                o->n_volumes, VOLUMES_PER_OWNER_MAX);
        if (map_size(m->volumes) + more > VOLUMES_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "There are %zu volumes, more than %u are not allowed",
                                map_size(m->volumes), VOLUMES_MAX);
        return 0;
}

int volume_make_up_name(Manager *m, char **ret) {
        uint8_t random[ID_BYTES];
        char id[ID_MAX];
        int r;

        do {
                r = random_bytes(random, sizeof(random));
                if (r < 0)
                        return r;
                id_from_bytes(random, id);
        } while (map_get(m->volumes, id));
        return free_and_strdup(ret, id);
}

static int prepare_row(Manager *m, const char *name, char *const *labels, uid_t owner,
                VolumeRow *row, Failure *reterr) {
        int r;

        r = volumes_check_number(m, owner, 1, reterr);
        if (r < 0)
                return r;
        *row = (VolumeRow){
                .owner = owner,
                .created_usec = now_realtime(),
                .anonymous = isempty(name),
        };
        r = row->anonymous ? volume_make_up_name(m, &row->name) : free_and_strdup(&row->name, name);
        if (r >= 0)
                r = strv_copy(labels, &row->labels);
        return r < 0 ? fail_errno(reterr, r, "Failed to make a volume") : 0;
}

static int existing(Volume *v, uid_t owner, EngineDone done, void *userdata, Volume **ret,
                Failure *reterr) {
        int r;

        if (v->removing)
                return fail(reterr, FAILURE_WRONG_STATE, 0, "The volume '%s' is being removed",
                                v->row.name);
        if (v->row.owner != owner)
                return fail(reterr, FAILURE_VOLUME_EXISTS, 0,
                                "The volume '%s' is another user's", v->row.name);
        r = manager_when_turned(v->manager, done, userdata);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        *ret = v;
        return 0;
}

int manager_create_volume(Manager *m, const char *name, char *const *labels, uid_t owner,
                EngineDone done, void *userdata, Volume **ret, Failure *reterr) {
        _cleanup_(volume_row_done) VolumeRow row = {};
        Event event;
        EventList events = { &event, 1 };
        int r;

        if (!isempty(name) && !volume_name_is_valid(name))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%.160s' is not a valid name of a volume: "
                                "[a-zA-Z0-9][a-zA-Z0-9_.-]*",
                                name);
        if (!isempty(name) && map_get(m->volumes, name))
                return existing(map_get(m->volumes, name), owner, done, userdata, ret, reterr);
        r = prepare_row(m, name, labels, owner, &row, reterr);
        if (r < 0)
                return r;
        volume_event(&row, EVENT_VOLUME_CREATE, &event);
        r = store_add_volume(m->store, &row, &events, reterr);
        if (r < 0)
                return r;
        r = volume_link(m, &row, ret);
        if (r < 0) { /* without an object it would be there for nobody */
                (void) store_remove_volume(m->store, row.name, NULL, NULL);
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        }
        event.id = event.name = (*ret)->row.name;
        manager_tell(m, &events);
        r = manager_when_durable(m, NULL, 0, done, userdata);
        return r < 0 ? fail_errno(reterr, r, "Failed to wait for the disk") : 0;
}

typedef struct Removal {
        Volume *volume; /* borrowed: nobody else frees one that is being removed */
        EngineDone done;
        void *userdata;
} Removal;

static void on_removed(const Failure *failure, void *userdata) {
        Removal *removal = userdata;
        Volume *v = removal->volume;
        Removal copy = *removal;

        free(removal);
        if (failure)
                log_error("The removal of volume '%s' may not survive a loss of power: %s",
                                v->row.name, failure_message(failure));
        volume_trash(v->manager, v->row.name);
        volume_forget(v);
        if (copy.done)
                copy.done(NULL, copy.userdata);
}

int manager_remove_volume(Manager *m, Volume *v, EngineDone done, void *userdata, Failure *reterr) {
        Removal *removal;
        Event event;
        EventList events = { &event, 1 };
        int r;

        removal = calloc(1, sizeof(*removal));
        if (!removal)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        *removal = (Removal){ .volume = v, .done = done, .userdata = userdata };
        volume_event(&v->row, EVENT_VOLUME_DESTROY, &event);
        r = store_remove_volume(m->store, v->row.name, &events, reterr);
        if (r < 0) {
                free(removal);
                return r;
        }
        manager_tell(m, &events);
        v->removing = true;
        r = manager_when_durable(m, NULL, 0, on_removed, removal);
        if (r >= 0)
                return 0;
        removal->done = NULL; /* told by what we return */
        on_removed(NULL, removal);
        return fail_errno(reterr, r, "Failed to wait for the disk");
}

const char *volume_name(const Volume *v) {
        return v->row.name;
}

uid_t volume_owner(const Volume *v) {
        return v->row.owner;
}

uint64_t volume_created_usec(const Volume *v) {
        return v->row.created_usec;
}

char *const *volume_labels(const Volume *v) {
        return v->row.labels;
}

bool volume_is_anonymous(const Volume *v) {
        return v->row.anonymous;
}

unsigned volume_n_users(const Volume *v) {
        return v->n_users;
}

int volume_mountpoint(const Volume *v, char **ret) {
        return str_printf(ret, "%s/" STATE_DIR_VOLUMES "/%s/data", v->manager->state_dir,
                        v->row.name);
}

int volume_inspect(const Volume *v, char **ret_json) {
        _cleanup_free_ char *mountpoint = NULL;
        int r;

        r = volume_mountpoint(v, &mountpoint);
        if (r < 0)
                return r;
        return inspect_volume(&(InspectVolume){
                        .name = v->row.name,
                        .mountpoint = mountpoint,
                        .owner = v->row.owner,
                        .created_usec = v->row.created_usec,
                        .labels = v->row.labels,
                        .anonymous = v->row.anonymous,
                        .n_users = v->n_users,
        }, ret_json);
}
