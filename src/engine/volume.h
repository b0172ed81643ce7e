/* SPDX-License-Identifier: Apache-2.0 */
/* engine/volume.h: a volume as others read it. Strings are borrowed. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "engine/observer.h"

const char *volume_name(const Volume *v);
uid_t volume_owner(const Volume *v);
uint64_t volume_created_usec(const Volume *v);
char *const *volume_labels(const Volume *v); /* KEY=VALUE */
bool volume_is_anonymous(const Volume *v);
unsigned volume_n_users(const Volume *v); /* containers that have it */

/** volume_mountpoint() - where its files are, once a container has had it. @ret: owned by the caller. Return: 0 or -ENOMEM. */
int volume_mountpoint(const Volume *v, char **ret);

/** volume_inspect() - the document of Inspect. @ret_json: owned by the caller. Return: 0 or -ENOMEM. */
int volume_inspect(const Volume *v, char **ret_json);
