/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/ready-namespaces.h: a lease of ids with a user namespace and a network namespace of its own, made by a helper
 * before a container asks for them. There is one at most, made anew after it was taken. Knows no container.
 */
#pragma once
#include <stdbool.h>
#include <systemd/sd-event.h>
#include "runtime/id-range.h"
#include "runtime/spawn.h"

typedef struct ReadyNamespaces ReadyNamespaces;

/** ready_namespaces_new() - @spawner, @ranges: borrowed, must outlive it. Return: 0 or negative errno. */
int ready_namespaces_new(sd_event *event, const Spawner *spawner, IdRanges *ranges,
                ReadyNamespaces **ret);

/** ready_namespaces_free() - before the ranges: its lease goes back to them. */
ReadyNamespaces *ready_namespaces_free(ReadyNamespaces *r);

/**
 * ready_namespaces_take() - the lease that is ready
 *
 * Return: is there one?
 */
bool ready_namespaces_take(ReadyNamespaces *r, IdLease *ret);

/**
 * ready_namespaces_burden() - a fd whose closing takes its time, for the next helper to close
 * @fd: taken over, if there is a next helper and it has no other.
 *
 * Return: was it taken over?
 */
bool ready_namespaces_burden(ReadyNamespaces *r, int fd);

/**
 * ready_namespaces_prepare() - have the next one made, if there is none
 *
 * Where that fails, nothing is said: a container that then makes its own says why it cannot.
 */
void ready_namespaces_prepare(ReadyNamespaces *r);
