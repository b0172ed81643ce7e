/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/pull-private.h: a pull from within. One process fetches all that is fetched, one for each layer under way unpacks it;
 * a pipe joins them, and nothing of what passes through it comes here. What they report decides; it is believed only where
 * nothing worse can come of it than a failed pull.
 */
#pragma once
#include "engine/image-private.h"
#include "engine/operation-private.h"

typedef enum PartState {
        PART_WAITING,  /* for its turn */
        PART_SHARED,   /* another pull is fetching the same: it is waited for */
        PART_FETCHING, /* has an unpacker, or had one */
        PART_DONE,     /* committed by this pull */
        PART_EXISTS,
} PartState;

/* One layer of a pull; a plain tar is the only one of its own. */
typedef struct Part {
        Pull *pull; /* borrowed */
        uint32_t index;
        PullLayer layer; /* diff id "": not known before it is unpacked */
        PartState state;
        Worker *worker; /* owned: the unpacker */
        uint64_t staging;
        bool staged;
        bool verified; /* fetch vouches for what went into the pipe */
        bool again;    /* what did was wrong: once the unpacker has ended, from the beginning */
        unsigned n_again;
        bool unpacked;
        PullResult result; /* the unpacker's */
        Failure failure;   /* the unpacker's, until fetch has said what it was given */
        char *key;         /* owned: its name in `fetching`; NULL: not there */
        LayerRow row;      /* when it is there */
} Part;

typedef enum PullState {
        PULL_QUEUED,     /* enough others are fetching */
        PULL_RUNNING,
        PULL_COMMITTING, /* the rows are there, the disk is waited for */
        PULL_ENDING,     /* its processes are waited for */
} PullState;

struct Pull {
        List pulls;           /* in Pulls.list */
        Operation *operation; /* borrowed */
        PullState state;
        char *reference; /* owned; normalized, or a URL */
        char *domain;    /* owned; of the registry; NULL: a URL */
        char *digest;    /* owned; 64 digits that the reference ends with; may be NULL */
        char *platform;  /* owned; NULL: this machine's */
        char *sha256;    /* owned; of a URL's tar */
        PullPolicy policy;
        bool may_take;   /* the tag, from another user */
        uint64_t share_bytes; /* what is left of its owner's share of the disk */
        int credentials_fd, control_fd; /* owned */
        Worker *fetch;   /* owned */
        bool has_manifest, asked_all, fetched;
        PullManifest manifest;
        Part *parts; /* owned */
        size_t n_parts;
        uint64_t done, total; /* bytes of all parts */
        uint64_t active_usec; /* monotonic: when it last came forward */
        sd_event_source *watchdog; /* owned */
        Failure failure;
        char *image_id; /* owned; the result */
};

/* All of a manager. */
struct Pulls {
        Manager *manager; /* borrowed */
        List list;        /* oldest first */
        Map *fetching;    /* of Part, by registry, digest and diff id: what another pull waits for */
        unsigned n_fetches, n_unpackers;
        sd_event_source *wake;    /* owned: something may go on */
        sd_event_source *collect; /* owned: the time of kept layers */
};

/** pull_fail() - end it; the first failure counts. Its processes are ended, and then it is. */
void pull_fail(Pull *p, const Failure *failure);

/** pull_active() - it came forward. pulls_wake() - in the next turn of the loop all pulls are looked at. */
void pull_active(Pull *p);
void pulls_wake(Manager *m);

/** pull_begin() - it is filled in by the request; taken over on success. Return: 0 or what fail() gives. */
int pull_begin(Manager *m, Pull *p, uid_t owner, Operation **ret, Failure *reterr);
Pull *pull_free(Pull *p); /* pull-request.c makes it */

/* pull-parts.c */
int parts_from_manifest(Pull *p, Failure *reterr);
int parts_for_tar(Pull *p, Failure *reterr);
void parts_step(Pull *p); /* start what may start */
void part_reported(Pull *p, const PullLayerProgress *progress);
bool parts_are_verified(const Pull *p); /* fetch has nothing more to do */
bool parts_are_there(const Pull *p);
bool parts_have_workers(const Pull *p);
void parts_cancel(Pull *p);
void parts_free(Pull *p);

/* pull-commit.c: all is there: it becomes an image. Return: 0 or what fail() gives; then it will be durable. */
int pull_commit(Pull *p, EngineDone done, void *userdata, Failure *reterr);

/** pull_find_local() - the image that the reference names here, if it fits the platform; NULL: none. */
Image *pull_find_local(const Pull *p);

/** pull_is_whole() - are all layers of a local image on disk? */
bool pull_is_whole(const Pull *p, const Image *i);

/** pull_known_digest() - of a local image that is whole: what the reference named when it was pulled; NULL: not known. */
const char *pull_known_digest(const Pull *p, const Image *i);
