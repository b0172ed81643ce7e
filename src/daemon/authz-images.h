/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/authz-images.h: may this caller do that with images and tags? What is his own is asked about by the action of those
 * who bring or manage their own; what is another's by `manage-images`. Each returns as authz_check().
 */
#pragma once
#include "daemon/authz.h"
#include "engine/image.h"

/**
 * authz_tag() - bring or name an image as @reference ("": by no name)
 * @own_action:   where that tag is free or the caller's
 * @ret_may_take: whether another's tag may be taken, once it is granted: the engine looks again when the tag is set
 */
int authz_tag(sd_bus_message *m, const char *verb, const char *reference, const char *own_action,
                bool *ret_may_take, sd_bus_error *error);

/** authz_removal() - take away a tag, or an image with all of its tags; @reference as for manager_remove_image(). */
int authz_removal(
                sd_bus_message *m, const char *verb, const char *reference, sd_bus_error *error);

/** authz_image() - look into an image: nothing to ask for its owner, `inspect` for all others. */
int authz_image(sd_bus_message *m, const Image *i, const char *verb, sd_bus_error *error);
