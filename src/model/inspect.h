/* SPDX-License-Identifier: Apache-2.0 */
/* model/inspect.h: a container and an image as the JSON documents of `inspect`, in Docker's field names where they fit. */
#pragma once
#include <stdint.h>
#include <sys/types.h>
#include "model/container-spec.h"
#include "model/digest.h"
#include "model/image-config.h"
#include "model/lifecycle.h"

/* One result of a health check. */
typedef struct HealthResult {
        uint64_t start_usec, end_usec; /* since the epoch */
        int exit_code; /* 0: healthy; of a command its own, -1 if it took too long; of a port 1 */
        char *output;  /* owned by who keeps it; may be NULL */
} HealthResult;

/* Everything is borrowed; strings may be NULL. */
typedef struct InspectContainer {
        const char *id, *name, *image, *image_id, *error, *cgroup_path, *log_path;
        uint32_t owner;
        pid_t pid;
        uint64_t created_usec;
        const Lifecycle *life;
        uint64_t oom_kills; /* in the last run */
        ContainerHealth health;
        uint32_t health_streak;
        const HealthResult *health_results; /* oldest first */
        size_t n_health_results;
        const ContainerSpec *spec; /* resolved */
        const char *volumes_dir;   /* where those are */
} InspectContainer;

/** inspect_container() - @ret: malloc()ed, owned by the caller. Return: 0 or -ENOMEM. */
int inspect_container(const InspectContainer *c, char **ret);

/** inspect_container_for_all() - the same with what everybody may see and nothing else: what broadcasts carry. */
int inspect_container_for_all(const InspectContainer *c, char **ret);

typedef struct InspectImage {
        const char *id;
        char *const *tags, *const *digests; /* familiar */
        uint64_t created_usec, size_bytes;
        const ImageConfig *config;
} InspectImage;

int inspect_image(const InspectImage *i, char **ret);

typedef struct InspectVolume {
        const char *name, *mountpoint;
        uint32_t owner;
        uint64_t created_usec;
        char *const *labels; /* KEY=VALUE */
        bool anonymous;
        unsigned n_users;
} InspectVolume;

int inspect_volume(const InspectVolume *v, char **ret);
