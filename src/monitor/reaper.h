/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor/reaper.h: a command that leaves nothing behind, not even a zombie, whatever the container's
 * first process is. Between the monitor and the command stays a process of ours, in the container's
 * pid namespace and in no other of its namespaces, to which all that the command leaves falls.
 */
#pragma once
#include "init/steps.h"

/**
 * reaper_run() - after clone: make the command in @cgroup_fd (fresh), and wait for it and all it made
 *
 * When the command has ended, what is left in its cgroup is killed. So cgroup.kill there ends it all,
 * at any time. Ends with the command's exit code, or 128 + its signal. Does not return.
 * Source: prctl(2), PR_SET_CHILD_SUBREAPER; cgroup-v2, cgroup.kill
 */
void reaper_run(Child *child, int cgroup_fd) __attribute__((__noreturn__));
