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
uint64_t container_namespaces(const ContainerSpec *spec);

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
