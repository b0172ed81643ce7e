/* SPDX-License-Identifier: Apache-2.0 */
/* model/container-spec.h: what a container is, as asked for and resolved against its image. Knows no fd, no clock, no I/O. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "model/confinement.h"
#include "model/container-mount.h"
#include "model/failure.h"
#include "model/health.h"
#include "model/namespace-modes.h"
#include "model/resources.h"
#include "model/restart-policy.h"

/*
 * The spec is stored as one versioned JSON document ("version": 1) beside the searched columns; a member unknown to a
 * reader is skipped, a missing one has its default, so that an older daemon's rows and a newer one's can be read.
 * String lists are NULL-terminated; a NULL list is an empty one. All pointers are owned.
 */

typedef enum LogDriver {
        LOG_DRIVER_FILE,
        LOG_DRIVER_NONE,
        _LOG_DRIVER_MAX,
        _LOG_DRIVER_INVALID = -EINVAL,
} LogDriver;

typedef enum NetworkMode {
        NETWORK_NONE, /* a network namespace of its own, loopback up */
        NETWORK_HOST, /* the host's; needs org.pocketdocker.privileged */
        NETWORK_CONTAINER, /* another container's: "container:ID" once resolved */
        _NETWORK_MODE_MAX,
        _NETWORK_MODE_INVALID = -EINVAL,
} NetworkMode;

typedef struct UserLimit {
        int resource;  /* RLIMIT_… */
        uint64_t soft; /* UINT64_MAX: unlimited */
        uint64_t hard;
} UserLimit;

typedef struct Tmpfs {
        char *path;     /* absolute, normalised */
        char *options;  /* mount data as the kernel reads it ("size=64m,mode=1777"), may be NULL */
        uint64_t flags; /* MS_NOSUID | MS_NODEV | …, as for mount(2) */
} Tmpfs;

struct ContainerSpec {
        /* as typed */
        char *image;        /* the reference as typed */
        char *network;      /* as typed: "default", "none", "host", "container:NAME" */
        char *hostname;     /* NULL: the first 12 digits of the id */
        char **command;     /* what the caller gave after the image */
        char **entrypoint;  /* override; see entrypoint_set */
        bool entrypoint_set; /* an empty override clears the image's */
        char **labels;      /* KEY=VALUE, the image's under the caller's; sorted by key after resolving */

        /* the workload; after container_spec_resolve() these are final */
        char **argv;        /* never empty after resolving */
        char **env;         /* KEY=VALUE */
        char *working_dir;  /* absolute; NULL: "/" */
        char *user;         /* USER[:GROUP], names or numbers, looked up in the image at start; NULL: 0:0 */
        bool tty;
        bool open_stdin;
        bool init;          /* a reaping first process of ours before the workload */

        bool read_only;
        bool remove;        /* --rm */
        Tmpfs *tmpfs;
        size_t n_tmpfs;
        ContainerMount *mounts;
        size_t n_mounts;
        bool remove_volumes; /* `rm -v`: its anonymous volumes go with it */
        UserLimit *ulimits;
        size_t n_ulimits;

        int stop_signal;             /* 0: SIGTERM */
        uint64_t stop_timeout_usec;  /* default 5 s; UINT64_MAX: wait for ever */
        RestartPolicy restart;

        Resources resources;
        Confinement confinement;
        NamespaceModes namespaces;
        HealthConfig health; /* after resolving without a 0 that stands for a default */

        LogDriver log_driver;
        uint64_t log_max_size; /* bytes a file, UINT64_MAX: no rotation; default 20 MiB */
        uint32_t log_max_files; /* 1 to 1000; default 5 */
};

/** container_spec_new() - a spec with every default set. Return: 0 or -ENOMEM. */
int container_spec_new(ContainerSpec **ret);
ContainerSpec *container_spec_free(ContainerSpec *spec);
DEFINE_CLEANUP(ContainerSpec *, container_spec_free);

/** container_spec_network_mode() - what the typed network means: "default" and "none" are NETWORK_NONE until networks come. */
NetworkMode container_spec_network_mode(const ContainerSpec *spec);

/** container_spec_namespace() - of the network as well; container_spec_joins() - the container named in "container:NAME", or NULL. */
NamespaceMode container_spec_namespace(const ContainerSpec *spec, NamespaceKind kind);
const char *container_spec_joins(const ContainerSpec *spec, NamespaceKind kind);
UsernsMode container_spec_userns(const ContainerSpec *spec);

/**
 * container_spec_check() - is every member within its bounds?
 *
 * Return: 0, or what fail() gives: FAILURE_INVALID_SPEC, FAILURE_UNSUPPORTED or FAILURE_LIMIT_REACHED with a sentence.
 */
int container_spec_check(const ContainerSpec *spec, Failure *reterr);

/**
 * container_spec_to_json(), container_spec_from_json() - the stored form
 * @json: a NUL-terminated document, owned by the caller
 *
 * Return: 0, -ENOMEM, or -EBADMSG with a sentence in @reterr (FAILURE_INVALID_SPEC).
 */
int container_spec_to_json(const ContainerSpec *spec, char **ret_json);
int container_spec_from_json(const char *json, ContainerSpec **ret, Failure *reterr);
