/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/seccomp-cache.h: compiled filters by profile and capabilities, made by a thread that is there while there is
 * something to make. Knows no container.
 */
#pragma once
#include <systemd/sd-event.h>
#include "runtime/seccomp-filter.h"

typedef struct SeccompCache SeccompCache;
typedef struct SeccompWait SeccompWait;

/** SeccompReadyFn - seccomp_cache_find() has an answer now. Called once, from the loop; the wait is over then. */
typedef void (*SeccompReadyFn)(void *userdata);

/** seccomp_cache_new() - @event: referenced; NULL: nobody can wait. Return: 0 or negative errno. */
int seccomp_cache_new(sd_event *event, SeccompCache **ret);

/** seccomp_cache_free() - waits for what is being compiled; nobody may wait for it any more. */
SeccompCache *seccomp_cache_free(SeccompCache *c);
DEFINE_CLEANUP(SeccompCache *, seccomp_cache_free);

/**
 * seccomp_cache_find() - is it compiled? If not, it will be.
 * @profile: the JSON text of a profile; NULL: the default
 * @ret: referenced
 *
 * Return: 1; 0 (not yet, or others wait for it still: wait); or what made it impossible, as seccomp_filter_compile() or seccomp_profile_parse() says it.
 */
int seccomp_cache_find(SeccompCache *c, const char *profile, uint64_t capabilities,
                SeccompFilter **ret, Failure *reterr);

/** seccomp_cache_wait() - the same, but stays until it is compiled: for what cannot come back later. Return: 1, or as above. */
int seccomp_cache_wait(SeccompCache *c, const char *profile, uint64_t capabilities,
                SeccompFilter **ret, Failure *reterr);

/**
 * seccomp_cache_call() - @fn, once seccomp_cache_find() of the same has an answer
 * @ret: owned by the caller until @fn is called; freeing it cancels the call
 *
 * Return: 0 or negative errno.
 */
int seccomp_cache_call(SeccompCache *c, const char *profile, uint64_t capabilities,
                SeccompReadyFn fn, void *userdata, SeccompWait **ret);
SeccompWait *seccomp_wait_free(SeccompWait *w);
