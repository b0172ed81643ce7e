/* SPDX-License-Identifier: Apache-2.0 */
/* model/health-options.h: the setters of a health check's options, for the table in container-options.c. */
#pragma once
#include "model/container-options.h"

int health_option_cmd(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int health_option_cmd_exec(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int health_option_http(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int health_option_tcp(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int health_option_interval(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int health_option_timeout(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int health_option_retries(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int health_option_start_period(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int health_option_start_interval(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int health_option_on_failure(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int health_option_disabled(ContainerOptions *o, const OptionValue *value, Failure *reterr);
