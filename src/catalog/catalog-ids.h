/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalog/catalog-ids.h: what an administrator searches the journal for, each with its random MESSAGE_ID and an entry
 * of the same id in pocketdocker.catalog. An id is never used for anything else.
 */
#pragma once

/* POCKETDOCKER_RUNNING, POCKETDOCKER_RECOVERED: numbers of containers */
#define MESSAGE_DAEMON_STARTED "71ea4a1fe4884b57bd09f6db67eb3849"
#define MESSAGE_CONTAINER_STARTED "ff2aaff6fa8b4d06844dc5e9905cd78c"
/* POCKETDOCKER_EXIT_CODE: 0 to 255 */
#define MESSAGE_CONTAINER_ENDED "078efc4a040d421f951901693393a548"
#define MESSAGE_CONTAINER_OOM_KILLED "f5b9622507014b53ae36f6cf7f7e542e"
#define MESSAGE_CONTAINER_START_FAILED "d198e2e7c09845a88463c3f0df785cf3"
#define MESSAGE_CONTAINER_RESTART_GIVEN_UP "d1e6a0dcf2d94509b48653261f549911"
#define MESSAGE_CONTAINER_UNHEALTHY "b6c1f0d4a7e94e0f8c53d2917fae6b08"
#define MESSAGE_IMPORT_FAILED "8a1efd619cc2483e8fc673acb7a36900"
#define MESSAGE_PULL_FAILED "f705717cfcca4820b433f7d55916084d"
