/* SPDX-License-Identifier: Apache-2.0 */
/* engine/manager-private.h: what the files of this folder share about the whole. */
#pragma once
#include "base/list.h"
#include "base/map.h"
#include "engine/ahead.h"
#include "engine/events.h"
#include "engine/manager.h"
#include "engine/pulls.h"
#include "engine/trash.h"
#include "image/image-store.h"
#include "runtime/cgroup.h"
#include "runtime/container-dir.h"
#include "runtime/id-range.h"
#include "runtime/ready-namespaces.h"
#include "runtime/seccomp-cache.h"
#include "runtime/spawn.h"
#include "runtime/worker.h"

/* What one uid has. */
typedef struct Owner {
        unsigned n_containers, n_running, n_images, n_operations, n_readers, n_stats_watchers;
        unsigned n_volumes, n_workers, n_execs;
} Owner;

struct Manager {
        sd_event *event;                /* referenced */
        const EngineObserver *observer; /* borrowed */
        void *observer_userdata;        /* borrowed */
        bool observing;                 /* manager_new() is done */
        char *state_dir, *run_dir;      /* owned */
        bool embedded;
        bool in_unit;
        EngineConfig config; /* owned */
        int state_fd, run_fd, lock_fd; /* owned */
        uint8_t boot_id[16];
        bool booted; /* the machine started since the last daemon */

        Store *store;                 /* owned */
        sd_event_source *sync_source; /* owned */
        ImageStore *image_store;      /* owned */
        Spawner spawner;
        CgroupTree cgroups;
        ContainerTree tree;
        IdRanges *ranges; /* owned */
        ReadyNamespaces *ready; /* owned */
        Ahead *ahead;     /* owned */
        Trash *trash;     /* owned */
        struct Measure *measure; /* owned; NULL: nobody has asked */
        SeccompCache *filters; /* owned */

        Map *containers; /* by id; owned values */
        Map *names;      /* the same by name; borrowed values */
        Map *requests;   /* by "UID/REQUEST"; borrowed values */
        List container_list; /* newest first */
        Map *owners;     /* of Owner by uid + 1; owned values */
        unsigned n_running, n_execs, n_readers, n_stats_watchers;
        unsigned n_probes; /* commands of health checks that run */
        List probe_queue;  /* of Health: due, and waiting for fewer to run */

        Map *images; /* by id; owned values */
        Map *tags;   /* of Image by normalized reference; borrowed values */
        List image_list; /* newest first */
        Map *layer_uses; /* by diff id; owned values */

        Map *volumes; /* by name; owned values */
        List volume_list; /* newest first */
        int volumes_fd; /* owned; STATE_DIR_VOLUMES */

        Map *operations;    /* by number; owned values */
        List operation_list; /* newest first */
        uint64_t last_operation;
        unsigned n_operations, n_workers; /* running */
        Pulls *pulls; /* owned */
        EventTrim trim;
        unsigned n_busy;  /* containers with something under way, and the trash */
        bool idle;        /* as last told */
        unsigned calling; /* depth of calls from outside: ends are told from the loop */
        List finished;    /* of Ask: their ends are to be told */
        sd_event_source *finished_source; /* owned */
        List syncs;       /* of SyncCall */
        List readers;     /* of logs whose containers are gone */

        bool goes_down; /* all is stopped, and nothing started any more */
        EngineDone shutdown_done; /* NULL: none */
        void *shutdown_userdata;
        sd_event_source *shutdown_timer; /* owned */
};

/* manager.c */
Owner *manager_owner(Manager *m, uid_t uid); /* NULL: out of memory */
void manager_update_idle(Manager *m);
void manager_add_busy(Manager *m, int n);
void manager_check_shutdown(Manager *m);

/**
 * manager_when_durable() - @done once all that was committed so far is on disk
 * @fds: as in store_sync(). Return: 0 or negative errno.
 */
int manager_when_durable(Manager *m, const int *fds, size_t n_fds, EngineDone done, void *userdata);

/** manager_when_turned() - @done, without a failure, in the next turn of the loop. */
int manager_when_turned(Manager *m, EngineDone done, void *userdata);

/** manager_is_short() - has the state's disk so little room that a removal is told once its files are deleted? */
bool manager_is_short(const Manager *m);

/* images.c */
int images_load(Manager *m, Failure *reterr);
void images_free(Manager *m);
int volumes_load(Manager *m, Failure *reterr);
void volumes_free(Manager *m);
void volumes_sweep(Manager *m);

void operations_free(Manager *m);
void manager_free_readers(Manager *m); /* logs.c */
/* reconcile.c, sweep.c: what a former daemon left. */
int manager_reconcile(Manager *m, Failure *reterr);
int manager_sweep(Manager *m, Failure *reterr);
