/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/namespace-modes.h: which of a container's namespaces are its own, the host's or another container's, and what else
 * stands in for a wall: ids, devices, groups, `privileged`. Knows texts; opens nothing.
 */
#pragma once
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include "model/failure.h"
#include "model/weakening.h"

typedef enum NamespaceKind {
        NAMESPACE_PID,
        NAMESPACE_IPC,
        NAMESPACE_UTS,
        NAMESPACE_CGROUP,
        NAMESPACE_NETWORK, /* its text is the spec's `network` */
        _NAMESPACE_KIND_MAX,
} NamespaceKind;

typedef enum NamespaceMode {
        NAMESPACE_PRIVATE,   /* its own */
        NAMESPACE_NONE,      /* of IPC: its own, without /dev/shm */
        NAMESPACE_HOST,      /* the host's; needs org.pocketdocker.privileged */
        NAMESPACE_CONTAINER, /* another container's */
        _NAMESPACE_MODE_MAX,
        _NAMESPACE_MODE_INVALID = -EINVAL,
} NamespaceMode;

typedef enum UsernsMode {
        USERNS_PRIVATE, /* a range of ids of its own, or the one of the container whose namespaces it joins */
        USERNS_HOST,    /* none: root inside is root outside */
        USERNS_KEEP_ID, /* the owner's uid and gid inside are those outside */
        _USERNS_MODE_MAX,
        _USERNS_MODE_INVALID = -EINVAL,
} UsernsMode;

/* All pointers are owned. A NULL text is the default. */
typedef struct NamespaceModes {
        char *texts[NAMESPACE_NETWORK]; /* as typed; "container:ID" once resolved */
        char *userns;
        bool privileged;
        char **devices;      /* HOST[:CONTAINER[:rwm]] */
        char **device_rules; /* "TYPE MAJOR:MINOR rwm" */
        char **group_add;    /* names or numbers, looked up in the image */
} NamespaceModes;

void namespace_modes_done(NamespaceModes *m);

/** namespace_kind_to_key() - the option that chooses it: "pid", "cgroupns". */
const char *namespace_kind_to_key(NamespaceKind kind);

/** namespace_text_to_mode() - what a text means for a kind but the network. Return: a mode, or _NAMESPACE_MODE_INVALID. */
NamespaceMode namespace_text_to_mode(NamespaceKind kind, const char *text);

/** namespace_text_target() - the name or id in "container:NAME", borrowed; NULL: the text names no container. */
const char *namespace_text_target(const char *text);

/** userns_text_to_mode() - "private", "host", "keep-id" or "keep-id:GID". Return: a mode, or _USERNS_MODE_INVALID. */
UsernsMode userns_text_to_mode(const char *text);

/** userns_text_gid() - the group that keep-id keeps: the one that is named, else that with the number of the owner. */
uint32_t userns_text_gid(const char *text, uint32_t owner);

/**
 * namespace_modes_check() - each member, and what cannot go together
 * @network: the spec's
 * @hostname: was one given?
 *
 * Return: 0, or FAILURE_INVALID_SPEC, FAILURE_LIMIT_REACHED with a sentence.
 */
int namespace_modes_check(const NamespaceModes *m, const char *network, bool hostname,
                Failure *reterr);

/** namespace_modes_weakening() - the keys of those that need `privileged` whoever the other containers belong to. */
void namespace_modes_weakening(const NamespaceModes *m, Weakening *w);
