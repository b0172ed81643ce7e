/* SPDX-License-Identifier: Apache-2.0 */
/* engine/run-private.h: how a run of a container is made, watched and ended, among the files of this folder. */
#pragma once
#include "engine/container-parts.h"
#include "init/plan.h"
#include "model/resources.h"

/* start.c */
int container_prepare_run(Container *c, Failure *reterr);
void container_begin_run(Container *c);
void container_fill_plan(const Container *c, Plan *plan);

/* start-namespaces.c */
int container_take_ids(Container *c, Failure *reterr); /* leased, or shared with the container that it joins */
bool container_lacks_ids(const Container *c);          /* and needs some */
bool container_joins(const Container *c);              /* another container's namespaces */
void container_fill_namespaces(const Container *c, Plan *plan); /* maps, and what a command enters */
int container_join_namespaces(const Container *c, Plan *plan, Failure *reterr); /* what a start makes and joins */
void container_use_ready(const Container *c, Plan *plan); /* namespaces that were made before it, if its lease has some */
#define CONTAINER_MAPS_MAX 3
size_t container_map_uids(const Container *c, PlanIdMap ret[static CONTAINER_MAPS_MAX]); /* 0: they are the host's */
bool container_keeps_id(const Container *c); /* or who has the ids that it has */
int container_delegate(const Container *c, int cgroup_fd); /* its cgroup, to one that may do all */
size_t container_list_mounts(const ContainerSpec *spec, PlanMount *ret); /* CONTAINER_MOUNTS_MAX at most */
#define CONTAINER_MOUNTS_MAX 9

/* run.c */
extern const MonitorHandler run_monitor_handler;
int run_new(Container *c, Run **ret);
Run *run_free(Run *run);
int run_watch_monitor(Run *run, int pidfd);
void run_send_signal(Run *run, int signal);
void container_kill_all(Container *c);
void run_take_record(Run *run, const ExitRecord *record);
int record_exit_code(const ExitRecord *record);
void container_set_start_failure(Container *c, const PlanFailure *failure);
bool record_ends_run(const ExitRecord *record, uint64_t run);

/* resources.c */
int manager_check_resources(Manager *m, const Resources *resources, Failure *reterr);
int container_apply_limits(Container *c, const Cgroup *cgroup, Failure *reterr); /* before anything runs there */
void run_watch_memory(Run *run, const Cgroup *cgroup);
void container_look_for_oom(Container *c, const Cgroup *cgroup); /* of one that is not watched */
