-- SPDX-License-Identifier: Apache-2.0
-- Version 3: events.

-- A number is given by event-rows.c and never twice: the highest one is never deleted, so the next follows from it.
CREATE TABLE events (
        number       INTEGER PRIMARY KEY,
        time_usec    INTEGER NOT NULL,
        horizon_usec INTEGER NOT NULL, -- the latest time up to here: it grows with the number, whatever the clock does
        kind         TEXT NOT NULL,
        action       TEXT NOT NULL,
        id           TEXT NOT NULL,
        name         TEXT NOT NULL,
        owner        INTEGER NOT NULL,
        attributes   TEXT NOT NULL -- KEY=VALUE, one a line
) STRICT;

-- One row. Numbers up to here may have been told by a daemon whose last second was lost with the power.
CREATE TABLE event_numbers (
        reserved INTEGER NOT NULL
) STRICT;
INSERT INTO event_numbers VALUES (0);
