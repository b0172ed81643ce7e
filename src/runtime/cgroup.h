/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/cgroup.h: the tree in which containers live: BASE/u<UID>/<ID>/{monitor,payload}. Takes
 * its root as an fd, so it serves a delegated unit, a subtree of its own and a test's directory
 * alike. Knows no container.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "model/failure.h"

typedef struct CgroupTree {
        int base_fd;        /* owned; O_DIRECTORY */
        char *path;         /* owned; as in /proc/self/cgroup: "/pocketdocker-0123456789abcdef" */
        char **controllers; /* owned string list: what the base's children have */
        char *enable; /* owned; "+cpu +memory": turns on all of them; NULL: there are none */
} CgroupTree;

/**
 * cgroup_tree_open() - the tree of this daemon
 * @run_dir_fd: borrowed; RUN_ROOT, whose file `cgroup` names the unit's tree; unused with @hash
 * @hash:       16 hex digits: a subtree of that name, made if it is not there; NULL: the unit's
 *
 * Return: 0, or what fail() gives: FAILURE_NOT_AVAILABLE (no cgroup2 mount; the unit does not run).
 */
int cgroup_tree_open(int run_dir_fd, const char *hash, CgroupTree *ret, Failure *reterr);

/** cgroup_tree_missing_reason() - why the tree's containers cannot have a controller: ends "…, which". Static. */
const char *cgroup_tree_missing_reason(const char *controller);

/** cgroup_tree_done() - lets go; removes the tree if @remove and it is empty. */
void cgroup_tree_done(CgroupTree *t, bool remove);

/* A container's two leaves, O_DIRECTORY, owned. */
typedef struct Cgroup {
        int dir_fd, monitor_fd, payload_fd; /* -EBADF: closed */
        bool payload_is_new;                /* its files say what the kernel has by itself, and it counts from 0 */
} Cgroup;
#define CGROUP_CLOSED ((Cgroup){ -EBADF, -EBADF, -EBADF, false })

/** cgroup_make() - make or open the container's directories; a payload in which nothing runs is made anew. Return: 0 or negative errno. */
int cgroup_make(const CgroupTree *t, uint32_t owner, const char *id, Cgroup *ret);

/** cgroup_open() - the same for one that exists. Return: 0, -ENOENT, or negative errno. */
int cgroup_open(const CgroupTree *t, uint32_t owner, const char *id, Cgroup *ret);
void cgroup_close(Cgroup *c);

/** cgroup_kill() - SIGKILL to all in the directory and below. Return: 0 or negative errno. Source:
 * cgroup-v2.rst, cgroup.kill */
int cgroup_kill(int dir_fd);

/** cgroup_freeze() - freeze or thaw all in the directory and below; done when cgroup.events says so. Return: 0 or
 * negative errno. Source: cgroup-v2.rst, cgroup.freeze: what is frozen can be killed. */
int cgroup_freeze(int dir_fd, bool freeze);

/** cgroup_is_frozen() - Return: 1 all of it is, 0, or negative errno. */
int cgroup_is_frozen(int dir_fd);

/** cgroup_is_populated() - Return: 1, 0, or negative errno. */
int cgroup_is_populated(int dir_fd);

/** cgroup_wait_empty() - wait until it is unpopulated, for before the loop runs. Return: 1, 0 after @timeout_ms, or negative errno. */
int cgroup_wait_empty(int dir_fd, int timeout_ms);

/** cgroup_remove() - rmdir the container's directories. Return: 0 (also if there are none), -EBUSY:
 * processes are left. */
int cgroup_remove(const CgroupTree *t, uint32_t owner, const char *id);

/** cgroup_remove_owners() - rmdir u<UID> of each owner without containers: milliseconds of the
 * kernel's, so not with each container's end. */
void cgroup_remove_owners(const CgroupTree *t);

typedef void (*CgroupFn)(uint32_t owner, const char *id, void *userdata);

/** cgroup_each() - the containers that have directories in the tree; @fn may remove them. Return: 0 or negative errno. */
int cgroup_each(const CgroupTree *t, CgroupFn fn, void *userdata);

/** cgroup_payload_path() - "PATH/u0/ID/payload". Return: 0 or -ENOMEM. */
int cgroup_payload_path(const CgroupTree *t, uint32_t owner, const char *id, char **ret);
