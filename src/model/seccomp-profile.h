/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/seccomp-profile.h: which system calls a container may make, as Docker's profiles say it: rules by name, some of
 * them for certain capabilities, architectures or kernels only. Knows no number of a call and compiles nothing.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "model/failure.h"

#define SECCOMP_ARGS_MAX 6U    /* of one rule: a system call has no more */
#define SECCOMP_ARCHES_MAX 16U /* names in one list of architectures */
#define SECCOMP_CAPABILITY_UNKNOWN (UINT64_C(1) << 63) /* one that nobody has */

typedef enum SeccompAction {
        SECCOMP_ALLOW,
        SECCOMP_ERRNO,
        SECCOMP_KILL_PROCESS,
        SECCOMP_KILL_THREAD,
        SECCOMP_TRAP,
        SECCOMP_TRACE,
        SECCOMP_LOG,
        _SECCOMP_ACTION_MAX,
        _SECCOMP_ACTION_INVALID = -EINVAL,
} SeccompAction;

typedef enum SeccompCompare {
        SECCOMP_NE,
        SECCOMP_LT,
        SECCOMP_LE,
        SECCOMP_EQ,
        SECCOMP_GE,
        SECCOMP_GT,
        SECCOMP_MASKED_EQ, /* (argument & value) == value_two */
        _SECCOMP_COMPARE_MAX,
        _SECCOMP_COMPARE_INVALID = -EINVAL,
} SeccompCompare;

typedef struct SeccompArg {
        unsigned index; /* 0 to 5 */
        SeccompCompare compare;
        uint64_t value, value_two;
} SeccompArg;

/* When a rule counts, or does not. Empty: always, or never. */
typedef struct SeccompWhen {
        uint64_t capabilities; /* bits of CAP_…: includes wants all, excludes any */
        const char *arches[SECCOMP_ARCHES_MAX + 1]; /* Docker's words ("amd64"); any of them; NULL-terminated */
        unsigned kernel, major; /* at least this one; 0.0: any */
} SeccompWhen;

typedef struct SeccompRule {
        const char *const *names; /* NULL-terminated */
        SeccompAction action;
        unsigned return_value;    /* errno of SECCOMP_ERRNO, message of SECCOMP_TRACE */
        SeccompArg args[SECCOMP_ARGS_MAX];
        size_t n_args;
        SeccompWhen includes, excludes;
} SeccompRule;

/* A native architecture, and those whose programs it runs as well; libseccomp's words ("x86_64"). */
typedef struct SeccompArches {
        const char *native;
        const char *others[SECCOMP_ARCHES_MAX + 1]; /* NULL-terminated */
} SeccompArches;

typedef struct SeccompProfile {
        SeccompAction default_action;
        unsigned default_return;
        const SeccompArches *arches;   /* the host's native one counts; none: the native one alone */
        size_t n_arches;
        const char *const *plain_arches; /* instead of `arches`: these, whatever the host is; NULL-terminated */
        const SeccompRule *rules;
        size_t n_rules;
} SeccompProfile;

/** seccomp_default_profile() - what Docker's default allows: see seccomp-default.c. */
const SeccompProfile *seccomp_default_profile(void);

/**
 * seccomp_profile_parse() - read a profile as Docker has it
 * @json: at most SECCOMP_PROFILE_BYTES_MAX bytes; not needed afterwards
 * @ret: owned by the caller; seccomp_profile_free()
 *
 * Members that nobody knows are skipped, and names of calls are not looked at. Some of Docker's words
 * are refused, for they ask for what is not there: SCMP_ACT_NOTIFY.
 *
 * Return: 0, FAILURE_NO_MEMORY, FAILURE_INVALID_ARGS, FAILURE_LIMIT_REACHED, FAILURE_UNSUPPORTED, with what is wrong.
 * Source: docs.docker.com/engine/security/seccomp, OCI runtime-spec, config-linux.md
 */
int seccomp_profile_parse(const char *json, SeccompProfile **ret, Failure *reterr);
SeccompProfile *seccomp_profile_free(SeccompProfile *p);
DEFINE_CLEANUP(SeccompProfile *, seccomp_profile_free);

/** seccomp_rule_applies() - @arch: the host's, in Docker's word; @kernel, @major: of the running one. */
bool seccomp_rule_applies(const SeccompRule *rule, uint64_t capabilities, const char *arch,
                unsigned kernel, unsigned major);

/** seccomp_profile_capabilities() - those that any rule asks for: two sets alike in them give one filter. */
uint64_t seccomp_profile_capabilities(const SeccompProfile *p);
