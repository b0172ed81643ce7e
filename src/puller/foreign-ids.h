/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/foreign-ids.h: makes this process root of the foreign id range and of nothing else. Knows user namespaces; knows
 * no archive.
 */
#pragma once
#include "model/failure.h"

/**
 * foreign_ids_enter() - move into a user namespace where 0..65535 are the host's FOREIGN_ID_BASE + id
 * @owned_fd: given to root of that range before; borrowed
 *
 * The process is the host's root and has one thread. Afterwards it is uid and gid 0 of the namespace with no other group and all
 * capabilities there, and none on the host; it sits in network and IPC namespaces of its own, without a device. The
 * maps are written by a child that ends before this returns. Clears PR_SET_PDEATHSIG, as each change of ids does.
 *
 * Return: 0, or what fail() gives: FAILURE_NOT_AVAILABLE where user namespaces are not to be had.
 * Source: user_namespaces(7), systemd's UIDS-GIDS.md
 */
int foreign_ids_enter(int owned_fd, Failure *reterr);
