/* SPDX-License-Identifier: Apache-2.0 */
/* model/namespace-options.h: the setters of namespaces, devices and groups, for the table in container-options.c. */
#pragma once
#include "model/container-options.h"

int namespace_option_pid(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int namespace_option_ipc(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int namespace_option_uts(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int namespace_option_cgroupns(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int namespace_option_group_add(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int namespace_option_device(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int namespace_option_device_rule(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int namespace_option_privileged(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int namespace_option_userns(ContainerOptions *o, const OptionValue *value, Failure *reterr);
