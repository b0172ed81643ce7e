/* SPDX-License-Identifier: Apache-2.0 */
/* puller/curl-late.h: libcurl is loaded when somebody asks for it: see curl-late.c for why. */
#pragma once
#include "model/failure.h"

/** curl_late_load() - before the first call of any of libcurl's. Return: 0 or FAILURE_NOT_AVAILABLE. */
int curl_late_load(Failure *reterr);
