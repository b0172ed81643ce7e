-- SPDX-License-Identifier: Apache-2.0
-- Version 6: who brought an image and who keeps a layer: what they take on the disk counts against that user's share.
-- An image counts for every owner of a tag of it; without tags, for who brought it. 4294967295 is nobody.
ALTER TABLE images ADD COLUMN owner INTEGER NOT NULL DEFAULT 4294967295;
UPDATE images SET owner = coalesce((SELECT min(owner) FROM tags WHERE image_id = images.id), 4294967295);
CREATE INDEX images_owner ON images (owner);
CREATE INDEX tags_owner ON tags (owner);
ALTER TABLE kept_layers ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;
