-- SPDX-License-Identifier: Apache-2.0
-- Version 5: named volumes, and which container has which.
CREATE TABLE volumes (
        name         TEXT PRIMARY KEY,
        owner        INTEGER NOT NULL,
        created_usec INTEGER NOT NULL,
        anonymous    INTEGER NOT NULL, -- made for one container, without a name of its own
        labels       TEXT NOT NULL     -- JSON array of KEY=VALUE
) STRICT, WITHOUT ROWID;

CREATE TABLE container_volumes (
        container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
        volume       TEXT NOT NULL REFERENCES volumes (name), -- without a cascade: a volume in use stays
        PRIMARY KEY (container_id, volume)
) STRICT, WITHOUT ROWID;
CREATE INDEX container_volumes_volume ON container_volumes (volume);
