-- SPDX-License-Identifier: Apache-2.0
-- Version 4: layers that a pull has finished while its image is not whole yet, so that the pull goes on from there;
-- and in tags also digests: `domain/path@sha256:HEX` names the manifest that an image was pulled by.
CREATE TABLE kept_layers (
        diff_id    TEXT PRIMARY KEY REFERENCES layers (diff_id) ON DELETE CASCADE,
        until_usec INTEGER NOT NULL -- collected afterwards, if no image has it
) STRICT, WITHOUT ROWID;
