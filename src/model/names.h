/* SPDX-License-Identifier: Apache-2.0 */
/* model/names.h: the names that others rely on: bus, paths, files on disk. Changed never, or by a migration. */
#pragma once

/* Bus */
#define BUS_NAME "org.pocketdocker.Manager"
#define BUS_PATH_ROOT "/org/pocketdocker" /* the ObjectManager */
#define BUS_PATH_MANAGER "/org/pocketdocker/Manager"
#define BUS_PATH_CONTAINERS "/org/pocketdocker/container" /* /ID */
#define BUS_PATH_IMAGES "/org/pocketdocker/image"         /* /ID */
#define BUS_PATH_OPERATIONS "/org/pocketdocker/operation" /* /NUMBER */
#define BUS_PATH_VOLUMES "/org/pocketdocker/volume"       /* /NAME, as sd_bus_path_encode() writes it */
#define BUS_INTERFACE_MANAGER "org.pocketdocker.Manager"
#define BUS_INTERFACE_CONTAINER "org.pocketdocker.Container"
#define BUS_INTERFACE_IMAGE "org.pocketdocker.Image"
#define BUS_INTERFACE_OPERATION "org.pocketdocker.Operation"
#define BUS_INTERFACE_VOLUME "org.pocketdocker.Volume"
#define BUS_ERROR_PREFIX "org.pocketdocker.Error."

/* polkit */
#define POLKIT_ACTION_MANAGE_OWN "org.pocketdocker.manage-own"
#define POLKIT_ACTION_MANAGE "org.pocketdocker.manage"
#define POLKIT_ACTION_EXEC "org.pocketdocker.exec"
#define POLKIT_ACTION_INSPECT "org.pocketdocker.inspect"
#define POLKIT_ACTION_MANAGE_IMAGES "org.pocketdocker.manage-images"
#define POLKIT_ACTION_PRIVILEGED "org.pocketdocker.privileged"
#define POLKIT_ACTION_PULL "org.pocketdocker.pull"
#define POLKIT_ACTION_PUBLISH_LOW_PORT "org.pocketdocker.publish-low-port"

/* Places */
#define STATE_DIR_SYSTEM "/var/lib/pocketdocker"
#define RUN_DIR_SYSTEM "/run/pocketdocker"
#define STATE_DIR_EMBEDDED ".pocket-docker"       /* below the home of the user in passwd */
#define RUN_DIR_EMBEDDED_PREFIX "/run/pocketdocker-" /* and 16 digits of SHA-256(realpath of the state directory) */
#define ID_RANGES_DIR "/var/lib/pocketdocker-ids" /* an empty file per range, locked while in use */
#define CONFIG_FILE "/etc/pocketdocker/pocketdocker.conf"
#define CONFIG_FILE_VENDOR "/usr/lib/pocketdocker/pocketdocker.conf"
#define CONFIG_SUFFIX ".d" /* a directory beside each, with more files */
#define ENV_CONFIG "POCKETDOCKER_CONFIG" /* one file instead of these */
#define ENV_ROOT "POCKETDOCKER_ROOT"
#define ENV_RUN_ROOT "POCKETDOCKER_RUN_ROOT"
#define ENV_ADDRESS "POCKETDOCKER_ADDRESS"

/* Below the state directory */
#define STATE_FILE_DB "pocketdocker.db"
#define STATE_FILE_LOCK "lock"
#define STATE_DIR_IMAGES "images"
#define STATE_DIR_CONTAINERS "containers" /* /ID/{upper,work,exit} */
#define STATE_DIR_LOGS "logs"             /* /ID/NNNNNNNN.log */
#define STATE_DIR_VOLUMES "volumes"       /* /NAME/data */
#define STATE_DIR_TRASH "trash"

/* Below the runtime directory */
#define RUN_FILE_LOCK "lock"
#define RUN_FILE_SOCKET "private" /* the embedded daemon's, mode 0600 */
#define RUN_FILE_CGROUP "cgroup"  /* written by `pocketdocker-monitor --hold`: the unit's cgroup path, one line */
#define RUN_DIR_CONTAINERS "containers" /* /ID/control; with the sticky bit ID is no container's yet */
#define RUN_FILE_CONTROL "control"

/* Programs */
#define PROGRAM_CLI "pocketdocker"
#define PROGRAM_CLI_WHOLE "pocketdocker-cli" /* cli/whole.h */
#define PROGRAM_DAEMON "pocketdockerd"
#define PROGRAM_MONITOR "pocketdocker-monitor"
#define PROGRAM_PULL "pocketdocker-pull"
#define PROGRAM_FILES "pocketdocker-files"

/* Cgroups */
#define CGROUP_EMBEDDED_PREFIX "pocketdocker-" /* and the 16 digits of the runtime directory */
#define CGROUP_HOLD "hold"
#define CGROUP_OWNER_PREFIX "u" /* u<UID>/<ID>/{monitor,payload} */
#define CGROUP_MONITOR "monitor"
#define CGROUP_PAYLOAD "payload"
#define CGROUP_PROBE_PREFIX "probe-" /* below a payload: the command of a health check, while it runs */

/* Who owns files below the state directory: systemd's foreign id range. Source: systemd, UIDS-GIDS.md */
#define FOREIGN_ID_BASE 2147352576U
#define FOREIGN_ID_COUNT 65536U

/* Defaults of a workload */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define DEFAULT_REGISTRY "docker.io"
#define DEFAULT_REPOSITORY_PREFIX "library/"
#define DEFAULT_TAG "latest"
