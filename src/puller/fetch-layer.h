/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/fetch-layer.h: one layer on its way from a registry into a pipe: its bytes are hashed as they pass, and nothing
 * of them is kept but what the pipe has no room for. Knows no manifest and no daemon.
 */
#pragma once
#include "model/digest.h"
#include "puller/registry.h"

typedef enum FetchLayerState {
        FETCH_LAYER_IDLE,      /* nobody has asked for it */
        FETCH_LAYER_ACTIVE,    /* it comes */
        FETCH_LAYER_DRAINING,  /* all came and is right; the pipe has not taken it all */
        FETCH_LAYER_VERIFIED,  /* though perhaps nobody reads the pipe any more: who did knows why */
        FETCH_LAYER_AGAIN,     /* what went into the pipe was wrong: it waits for another */
} FetchLayerState;

typedef struct FetchLayer FetchLayer;

typedef struct FetchLayerHandler {
        void (*progress)(FetchLayer *layer, void *userdata);
        void (*changed)(FetchLayer *layer, void *userdata); /* another state */
        void (*failed)(FetchLayer *layer, const Failure *failure, void *userdata);
} FetchLayerHandler;

struct FetchLayer {
        uint32_t index;
        FetchLayerState state;
        char digest[DIGEST_HEX_MAX]; /* "": the bytes have none to be held against */
        uint64_t size_bytes;         /* UINT64_MAX: not known */
        uint64_t max_bytes;          /* where it is not known */
        uint64_t bytes_done;
        char path[sizeof("blobs/") + DIGEST_MAX]; /* "" of a plain file */
        char what[32];               /* for sentences */
        const char *name;            /* borrowed; the image */
        int pipe_fd;                 /* owned; -EBADF: none */
        Ask *ask;                    /* owned */
        Hasher *hasher;              /* owned */
        char *rest;                  /* owned; what the pipe did not take */
        size_t rest_size, rest_at, rest_allocated;
        bool waits;                  /* the ask has more, and is not to bring it yet */
        bool began_again;            /* once is enough */
        const FetchLayerHandler *handler; /* borrowed */
        void *userdata;
};

/** fetch_layer_start() - from the first byte into @pipe_fd, which is owned from here on. Return: 0 or what fail() gives. */
int fetch_layer_start(FetchLayer *layer, Registry *registry, int pipe_fd, Failure *reterr);

/** fetch_layer_wants_room() - is it the pipe that it waits for? */
static inline bool fetch_layer_wants_room(const FetchLayer *layer) {
        return layer->pipe_fd >= 0 && layer->rest_size > layer->rest_at;
}

/** fetch_layer_flush() - the pipe has room. */
void fetch_layer_flush(FetchLayer *layer);

void fetch_layer_done(FetchLayer *layer);
