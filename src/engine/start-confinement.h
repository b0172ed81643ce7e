/* SPDX-License-Identifier: Apache-2.0 */
/* engine/start-confinement.h: what a container may, on its way into a plan. */
#pragma once
#include "engine/container-parts.h"
#include "engine/manager.h"
#include "init/plan.h"
#include "model/limits.h"

#define CONFINEMENT_MOUNTS_MAX (32U + MASK_PATHS_MAX)
#define SHM_PATH "/dev/shm"
#define SHM_OPTIONS_MAX 48U

/** container_await_filter() - may it begin to run? Return: 0; 1 (no: container_begin_run() is called again from the loop); or negative errno with a sentence. */
int container_await_filter(Container *c, Failure *reterr);

/** container_find_filter() - stays until it has it: for what joins a container that runs. Return: 0 or as above. */
int container_find_filter(Container *c, Failure *reterr);

/** container_prepare_filter() - have it compiled, if it is not: for what may need it soon. */
void container_prepare_filter(Container *c);
void container_release_filter(Container *c);

/** container_fill_confinement() - capabilities, filter, no_new_privs; borrowed from the container, which has its filter. */
void container_fill_confinement(const Container *c, Plan *plan);

/** container_list_masks() - mounts that hide or protect what the kernel shows. Return: how many. */
size_t container_list_masks(
                const ContainerSpec *spec, PlanMount ret[static CONFINEMENT_MOUNTS_MAX]);

/** container_size_shm() - the size of a shared memory of its own; the text is put into @buffer. */
void container_size_shm(const ContainerSpec *spec, PlanMount *mounts, size_t n,
                char buffer[static SHM_OPTIONS_MAX]);

/** manager_open_filters() - and compile those that everybody may have. Return: 0 or what fail() gives. */
int manager_open_filters(Manager *m, Failure *reterr);
