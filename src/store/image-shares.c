/* SPDX-License-Identifier: Apache-2.0 */
/* store/image-shares.c: see image-shares.h. */
#include "store/image-shares.h"
#include <inttypes.h>
#include "model/limits.h"
#include "store/store-internal.h"

/* The images that count for ?1. */
#define IMAGES_OF                                                                                  \
        "SELECT image_id FROM tags WHERE owner = ?1 UNION SELECT id FROM images AS i WHERE owner " \
        "= ?1 AND NOT EXISTS (SELECT 1 FROM tags WHERE image_id = i.id)"

int store_image_share(Store *store, uint32_t owner, ImageShare *ret, Failure *reterr) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        r = store_statement(store, STATEMENT_IMAGE_SHARE,
                        "SELECT (SELECT count(*) FROM (" IMAGES_OF
                        ")), coalesce(sum(size_bytes), 0) FROM layers WHERE diff_id IN (SELECT "
                        "diff_id FROM image_layers WHERE image_id IN (" IMAGES_OF
                        ") UNION SELECT diff_id FROM kept_layers WHERE owner = ?1)",
                        &s);
        if (r == 0) {
                statement_bind_u64(s, 1, owner);
                r = sqlite3_step(s);
        }
        if (r != SQLITE_ROW)
                return store_fail(store->db, r, reterr, "read the images of user %" PRIu32, owner);

        *ret = (ImageShare) {
                .images = statement_get_u64(s, 0),
                .bytes = statement_get_u64(s, 1),
        };
        return 0;
}

int image_share_check(uint32_t owner, const ImageShare *share, Failure *reterr) {
        if (owner == 0)
                return 0;
        if (share->images > IMAGES_PER_OWNER_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0, "One user may have %u images",
                                IMAGES_PER_OWNER_MAX);
        if (share->bytes > IMAGES_BYTES_PER_OWNER_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "The images of one user may take %llu GiB",
                                IMAGES_BYTES_PER_OWNER_MAX / GIB);
        return 0;
}
