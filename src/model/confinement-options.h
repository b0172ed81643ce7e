/* SPDX-License-Identifier: Apache-2.0 */
/* model/confinement-options.h: setters of the confinement's options, for container-options.c's table; see container_options_set(). */
#pragma once
#include "model/container-options.h"

int confinement_option_cap_add(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int confinement_option_cap_drop(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int confinement_option_seccomp_profile(
                ContainerOptions *o, const OptionValue *value, Failure *reterr);
int confinement_option_security_opt(
                ContainerOptions *o, const OptionValue *value, Failure *reterr);
int confinement_option_shm_size(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int confinement_option_sysctl(ContainerOptions *o, const OptionValue *value, Failure *reterr);
