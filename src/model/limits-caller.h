/* SPDX-License-Identifier: Apache-2.0 */
/* model/limits-caller.h: the part of model/limits.h that bounds callers and their calls; included there. */
#pragma once

#define CALLS_PER_CALLER_MAX 256U     /* parked calls in flight of one connection */
#define CALLS_PER_OWNER_MAX 1024U
#define WAITERS_PER_CONTAINER_MAX 2048U /* more than one user has calls */
#define PEERS_MAX 64U                 /* connections of an embedded daemon */
#define PEER_QUEUE_MAX 1024U          /* messages queued to one before it is closed */
#define AUTHORIZATIONS_PER_OWNER_MAX 64U /* questions that wait for polkit */
#define AUTHORIZATION_TIMEOUT_USEC (300ULL * 1000 * 1000)
#define FD_PER_MESSAGE_MAX 16U        /* what the system bus carries */
