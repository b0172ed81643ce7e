/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/limits.h: a bound for all that a caller, an image or a workload can create. Each is checked where the thing comes
 * in, and again where it is read back from disk. "owner" is a uid; root has the totals only.
 */
#pragma once

#define KIB (1024ULL)
#define MIB (1024ULL * KIB)
#define GIB (1024ULL * MIB)

/* Objects */
#define CONTAINERS_MAX 16384U          /* rows in all */
#define CONTAINERS_PER_OWNER_MAX 1024U /* of one owner but root */
#define RUNNING_MAX 4096U              /* at once: each has a monitor and an id range */
#define RUNNING_PER_OWNER_MAX 256U
#define IMAGES_MAX 8192U
#define IMAGES_PER_OWNER_MAX 512U
#define TAGS_PER_IMAGE_MAX 256U
#define OPERATIONS_MAX 64U             /* pending; ended ones are kept 60 s and do not count */
#define OPERATIONS_PER_OWNER_MAX 8U
#define OPERATIONS_KEPT_MAX 1024U      /* with the ended ones: beyond it the oldest goes early */
#define OPERATION_KEEP_USEC (60ULL * 1000 * 1000)
#define EXECS_PER_CONTAINER_MAX 64U
#define EXECS_PER_OWNER_MAX 512U       /* of the containers of one owner but root */
#define EXECS_MAX 2048U
#define EXEC_KEEP_USEC (60ULL * 1000 * 1000)
#define PROBES_MAX 32U                  /* health checks' commands at once; those that are due beyond it wait */
#define HEALTH_WAITERS_MAX 64U          /* callers of RunHealthcheck that wait for one probe */
#define FOLLOWERS_PER_CONTAINER_MAX 64U /* attached streams and followed logs */
#define LOG_READERS_MAX 128U            /* worker processes that read a log for a client */
#define LOG_READERS_PER_OWNER_MAX 16U
#define STATS_WATCHERS_PER_CONTAINER_MAX 16U
#define STATS_WATCHERS_PER_OWNER_MAX 512U /* two of each that may run */
#define STATS_WATCHERS_MAX 4096U
#define PROCESSES_LISTED_MAX 1024U      /* of one container at once: each costs the loop some 30 µs */
#define WORKERS_MAX 16U                 /* of imports and loads at once; the others queue */
#define WORKERS_PER_OWNER_MAX 4U        /* of one owner but root: who sends nothing keeps his own waiting */

/* What has happened: rows that stay, and how they go */
#define EVENTS_MAX 65536U
#define EVENTS_KEEP_USEC (30ULL * 24 * 3600 * 1000 * 1000)
#define EVENTS_TRIM_BATCH 512U         /* rows at once; looked for after as many new ones */
#define EVENTS_TRIM_USEC (3600ULL * 1000 * 1000) /* and by the next event after an hour */
#define EVENTS_LISTED_MAX 1000U        /* of one ListEvents */

/* A container's spec: bytes include the NUL */
#define CONTAINER_NAME_MAX 128U
#define HOSTNAME_BYTES_MAX 64U        /* sethostname(2) */
#define ARCHIVE_NAME_MAX 1024U /* what sentences about an import call its archive */
#define REQUEST_ID_MAX 128U
#define ARGV_MAX 4096U                /* entries: of command, of entrypoint, of what they make */
#define ARGV_BYTES_MAX (256U * 1024)  /* all entries together */
#define ENV_MAX 4096U
#define ENV_BYTES_MAX (256U * 1024)
#define STRING_BYTES_MAX (128U * 1024) /* one entry: the kernel's MAX_ARG_STRLEN */
#define LABELS_MAX 1024U
#define LABELS_BYTES_MAX (256U * 1024)
#define LABEL_KEY_MAX 256U
#define PATH_BYTES_MAX 4096U          /* PATH_MAX */
#define USER_BYTES_MAX 256U
#define ULIMITS_MAX 16U
#define LOG_OPTS_MAX 16U
#define LOG_SIZE_MIN (4ULL * KIB)
#define LOG_FILES_MAX 1000U
#define STOP_TIMEOUT_MAX_USEC (7ULL * 24 * 3600 * 1000 * 1000)
#define HEALTH_COMMAND_MAX 256U       /* words of a health check's command */
#define HEALTH_COMMAND_BYTES_MAX (32U * 1024)
#define HEALTH_PATH_MAX 1024U         /* what a monitor takes, and the NUL */
#define HEALTH_TIME_MIN_USEC 1000ULL
#define HEALTH_TIME_MAX_USEC (3650ULL * 24 * 3600 * 1000 * 1000)
#define HEALTH_LOG_MAX 5U             /* results that are kept */
#define HEALTH_OUTPUT_MAX 4096U       /* bytes of each */
#define SPEC_JSON_MAX (16U * 1024 * 1024) /* the lists above, every byte as \u00XX */

/* Resources of one container */
#define MEMORY_LIMIT_MIN (6ULL * MIB)
#define CPU_PERIOD_MIN_USEC 1000ULL    /* the kernel's */
#define CPU_PERIOD_MAX_USEC 1000000ULL
#define CPU_QUOTA_MIN_USEC 1000ULL
#define CPU_QUOTA_MAX_USEC 10000000000ULL /* 10,000 CPUs for a second */
#define PIDS_LIMIT_MAX 4194304U        /* the kernel's PID_MAX_LIMIT */

/* Resources of all containers of one owner but root, where there are controllers */
#define OWNER_MEMORY_PERCENT 80U       /* of the machine's memory: something is left for its login */
#define OWNER_PIDS_MAX 16384U          /* processes and threads: half of what a 32-bit machine counts */

/* Defaults that are bounds as well */
#define STOP_TIMEOUT_DEFAULT_USEC (5ULL * 1000 * 1000)
#define SHUTDOWN_TIMEOUT_USEC (30ULL * 1000 * 1000)
#define HEALTH_INTERVAL_USEC (30ULL * 1000 * 1000)
#define HEALTH_TIMEOUT_USEC (30ULL * 1000 * 1000)
#define HEALTH_START_INTERVAL_USEC (5ULL * 1000 * 1000)
#define HEALTH_RETRIES 3U
#define FREEZE_TIMEOUT_USEC (5ULL * 1000 * 1000) /* a process that the kernel cannot stop is one that waits for a device */
#define LOG_SIZE_DEFAULT (20ULL * MIB)
#define LOG_FILES_DEFAULT 5U

/* The state directory's disk */
#define DISK_SHORT_BYTES (64ULL * MIB) /* with less a removal is told when its files are deleted, not before */

/* What the daemon hands over */
#define PLAN_BYTES_EXPECTED_MAX (1U * 1024 * 1024)
#define LIST_BYTES_MAX (16ULL * MIB)  /* of one ListContainers or ListImages: a bus ends the connection at 32 MiB */
#define FILTER_VALUES_MAX 128U         /* of ListContainers and ListImages, all keys together */
#define ERROR_MESSAGE_MAX 4096U        /* bytes of one sentence */
#include "model/limits-confinement.h" /* those of capabilities, system calls, sysctls */
#include "model/limits-caller.h" /* those of who calls */
#include "model/limits-image.h"     /* those of images and archives */
#include "model/limits-mount.h"     /* those of mounts and volumes */
#include "model/limits-namespace.h" /* those of devices and groups */
