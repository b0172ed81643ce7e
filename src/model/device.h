/* SPDX-License-Identifier: Apache-2.0 */
/* model/device.h: devices that a container is given, and rules about them, as they are typed. Opens nothing. */
#pragma once
#include <stdint.h>
#include "model/failure.h"

typedef enum DeviceAccess {
        DEVICE_MAKE = 1 << 0, /* mknod; the values are the kernel's. Source: linux/bpf.h, BPF_DEVCG_ACC_… */
        DEVICE_READ = 1 << 1,
        DEVICE_WRITE = 1 << 2,
        DEVICE_ALL = DEVICE_MAKE | DEVICE_READ | DEVICE_WRITE,
} DeviceAccess;

#define DEVICE_ANY (-1)

/* What may be done with a device, or with all of a kind. */
typedef struct DeviceRule {
        char type;             /* 'b', 'c', or 'a': both */
        int32_t major, minor;  /* DEVICE_ANY: each */
        unsigned access;       /* DeviceAccess */
} DeviceRule;

/* --device: both strings are owned. */
typedef struct DeviceMapping {
        char *host;      /* absolute: a node, or a directory of nodes */
        char *target;    /* absolute, inside */
        unsigned access; /* DeviceAccess */
} DeviceMapping;

/** device_mapping_parse() - "HOST[:CONTAINER[:rwm]]" or "HOST:rwm". Return: 0, FAILURE_INVALID_SPEC or FAILURE_NO_MEMORY. */
int device_mapping_parse(const char *s, DeviceMapping *ret, Failure *reterr);
void device_mapping_done(DeviceMapping *m);

/** device_rule_parse() - "TYPE MAJOR:MINOR ACCESS", as in "c 10:* rw". Return: 0 or FAILURE_INVALID_SPEC. */
int device_rule_parse(const char *s, DeviceRule *ret, Failure *reterr);

#define DEVICE_ACCESS_MAX sizeof("rwm")

/** device_access_to_string() - "rwm" or a part of it. */
void device_access_to_string(unsigned access, char ret[static DEVICE_ACCESS_MAX]);
