/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor/ready.h: the namespaces of a container that is still to come. Making a network namespace is an eighth of a
 * start; done before anybody asks, it is nobody's time. Knows no container.
 */
#pragma once
#include <stdint.h>

#define READY_SOCKET_FD 3
#define READY_BURDEN_FD 4 /* if there: another thing that takes time and is nobody's; its end, with ours, the last who holds it */

#define READY_IDS 65536U /* from the first on */

/* READY_SOCKET_FD gets a packet for each: this byte, with the fd. */
typedef enum ReadyKind {
        READY_USERNS,  /* inside they begin with 0 */
        READY_NETNS,   /* belongs to it; its loopback is up */
        READY_STORAGE, /* another user namespace: its map shifts the stored ids to these */
        _READY_KIND_MAX,
} ReadyKind;

/**
 * ready_run() - make them, hand them over, end
 * @first: decimal, the first id on the host
 *
 * Return: the exit status: 0 if all were handed over.
 */
int ready_run(const char *first);
