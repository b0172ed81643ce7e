/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/container-filter.h: which containers a list shows: `ps --filter KEY=VALUE` as Docker reads it. Values of one key
 * are alternatives (but labels, which all must match); different keys must all match.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "model/failure.h"
#include "model/lifecycle.h"

typedef struct ContainerFilter ContainerFilter;

/* A container as a filter sees it; borrowed. */
typedef struct FilterSubject {
        const char *id, *name;
        const char *image;    /* as typed */
        const char *image_id; /* 64 hex digits */
        const char *network;
        char *const *labels;  /* KEY=VALUE */
        bool concealed;       /* network and labels are not for who asks: no value fits them */
        ContainerState state;
        ContainerHealth health;
        int exit_code;
        bool has_ended;       /* at least once */
        uint64_t created_usec;
} FilterSubject;

int container_filter_new(ContainerFilter **ret); /* matches all. Return: 0 or -ENOMEM. */
ContainerFilter *container_filter_free(ContainerFilter *f);
DEFINE_CLEANUP(ContainerFilter *, container_filter_free);

/**
 * container_filter_add() - one more value
 * @key: id (prefix), name (part of it; ^ and $ anchor), label (KEY or KEY=VALUE), status, ancestor (reference, id, or prefix of
 *       one), exited (code), before and since (a container: its times are asked for by container_filter_resolve()), health,
 *       network
 *
 * Return: 0, -ENOMEM, FAILURE_INVALID_ARGS naming key or value, FAILURE_LIMIT_REACHED.
 */
int container_filter_add(ContainerFilter *f, const char *key, const char *value, Failure *reterr);

/**
 * container_filter_resolve() - turn the containers of `before` and `since` into times
 * @lookup: finds one and gives its creation in *@ret_created_usec, or fails with a sentence
 */
typedef int (*FilterLookup)(
                const char *name, void *userdata, uint64_t *ret_created_usec, Failure *reterr);
int container_filter_resolve(
                ContainerFilter *f, FilterLookup lookup, void *userdata, Failure *reterr);

bool container_filter_matches(const ContainerFilter *f, const FilterSubject *s);
