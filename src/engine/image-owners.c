/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/image-owners.c: who answers for tags and images, and how much of them one user may have. A tag is its owner's; an
 * image is those whose tags it has; without tags it is nobody's, but who brought it may take it away again.
 */
#include "base/str.h"
#include "engine/image-private.h"
#include "model/image-ref.h"
#include "model/limits.h"
#include "store/image-shares.h"

bool image_is_owned_by(const Image *i, uid_t uid) {
        for (size_t k = 0; k < i->row.n_tags; k++)
                if (i->row.tags[k].owner == uid)
                        return true;
        return i->row.n_tags == 0 && i->row.owner == uid;
}

uid_t image_owner_of_tag(const Image *i, const char *normalized) {
        for (size_t k = 0; k < i->row.n_tags; k++)
                if (streq(i->row.tags[k].reference, normalized))
                        return i->row.tags[k].owner;
        return (uid_t) -1;
}

int manager_tag_owner(Manager *m, const char *reference, uid_t *ret, Failure *reterr) {
        _cleanup_(image_ref_freep) ImageRef *ref = NULL;
        _cleanup_free_ char *normalized = NULL;
        Image *i;
        int r;

        if (isempty(reference) || image_ref_is_url(reference))
                return 0;
        r = image_ref_parse(reference, &ref, reterr);
        if (r < 0)
                return r;
        if (ref->digest || ref->id)
                return 0; /* what an image must be is no name that one could take from another */
        r = image_ref_normalized(ref, &normalized);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        i = map_get(m->tags, normalized);
        if (!i)
                return 0;
        *ret = image_owner_of_tag(i, normalized);
        return 1;
}

int manager_removal_owner(
                Manager *m, const char *reference, uid_t uid, uid_t *ret, Failure *reterr) {
        _cleanup_free_ char *tag = NULL;
        Image *i;
        int r;

        r = manager_find_image(m, reference, &i, reterr);
        if (r < 0)
                return r;
        r = image_tag_of(m, i, reference, &tag);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");

        *ret = uid;
        if (r > 0)
                *ret = image_owner_of_tag(i, tag);
        else if (i->row.n_tags == 0)
                *ret = i->row.owner;
        for (size_t k = 0; r == 0 && k < i->row.n_tags; k++)
                if (i->row.tags[k].owner != uid)
                        *ret = i->row.tags[k].owner;
        return *ret != uid;
}

int image_check_tags(Manager *m, const ImageRow *row, uid_t owner, bool may_take, Failure *reterr) {
        for (size_t k = 0; k < row->n_tags; k++) {
                const char *reference = row->tags[k].reference;
                Image *i = map_get(m->tags, reference);

                if (may_take || !i || streq(i->row.id, row->id) ||
                                image_owner_of_tag(i, reference) == owner)
                        continue;
                return fail(reterr, FAILURE_ACCESS_DENIED, 0,
                                "The tag '%s' has become another user's meanwhile", reference);
        }
        return 0;
}

int image_share_left(Manager *m, uid_t owner, uint64_t *ret, Failure *reterr) {
        ImageShare share;
        int r;

        *ret = UINT64_MAX;
        if (owner == 0)
                return 0;
        r = store_image_share(m->store, owner, &share, reterr);
        if (r < 0)
                return r;
        share.images++; /* the one that is to come */
        r = image_share_check(owner, &share, reterr);
        if (r < 0)
                return r;
        *ret = IMAGES_BYTES_PER_OWNER_MAX - share.bytes;
        return 0;
}
