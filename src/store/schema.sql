-- SPDX-License-Identifier: Apache-2.0
-- Version 1. What is here has been released with it: later changes are migration-N.sql beside this file.
-- Digests and ids are 64 hex digits; times are microseconds since the epoch, 0: never.

CREATE TABLE images (
        number       INTEGER PRIMARY KEY,
        id           TEXT NOT NULL UNIQUE CHECK (length(id) = 64),
        size_bytes   INTEGER NOT NULL,
        created_usec INTEGER NOT NULL,
        config       TEXT NOT NULL -- the document whose SHA-256 is the id, byte for byte
) STRICT;

CREATE TABLE layers (
        diff_id    TEXT PRIMARY KEY CHECK (length(diff_id) = 64),
        size_bytes INTEGER NOT NULL,
        n_entries  INTEGER NOT NULL,
        devices    TEXT -- JSON array: what the tree on disk cannot hold
) STRICT, WITHOUT ROWID;

CREATE TABLE image_layers (
        image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
        position INTEGER NOT NULL, -- 0 is the base
        diff_id  TEXT NOT NULL REFERENCES layers (diff_id),
        PRIMARY KEY (image_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX image_layers_diff_id ON image_layers (diff_id);

CREATE TABLE tags (
        reference TEXT PRIMARY KEY, -- domain/path:tag
        image_id  TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
        owner     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_image_id ON tags (image_id);

CREATE TABLE containers (
        number              INTEGER PRIMARY KEY,
        id                  TEXT NOT NULL UNIQUE CHECK (length(id) = 64),
        name                TEXT NOT NULL UNIQUE,
        owner               INTEGER NOT NULL,
        image_id            TEXT NOT NULL REFERENCES images (id), -- without a cascade: an image in use stays
        image               TEXT NOT NULL, -- as typed
        created_usec        INTEGER NOT NULL,
        request_id          TEXT,
        state               TEXT NOT NULL,
        activity            TEXT NOT NULL,
        health              TEXT NOT NULL,
        stop_pending        INTEGER NOT NULL,
        start_pending       INTEGER NOT NULL,
        remove_pending      INTEGER NOT NULL,
        stopped_by_user     INTEGER NOT NULL,
        stopped_by_shutdown INTEGER NOT NULL,
        oom_killed          INTEGER NOT NULL,
        exit_code           INTEGER NOT NULL,
        restart_count       INTEGER NOT NULL,
        started_usec        INTEGER NOT NULL,
        finished_usec       INTEGER NOT NULL,
        restart_delay_usec  INTEGER NOT NULL,
        restart_at_usec     INTEGER NOT NULL,
        run                 INTEGER NOT NULL, -- how often it was started
        id_range            INTEGER NOT NULL, -- first id on the host, 0: none
        error               TEXT,
        spec                TEXT NOT NULL -- versioned JSON
) STRICT;
CREATE UNIQUE INDEX containers_request ON containers (owner, request_id) WHERE request_id IS NOT NULL;
CREATE INDEX containers_image_id ON containers (image_id);
