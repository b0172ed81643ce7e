-- SPDX-License-Identifier: Apache-2.0
-- Version 2: health checks and kills for memory. See schema.sql.

ALTER TABLE containers ADD COLUMN restart_pending INTEGER NOT NULL DEFAULT 0;
ALTER TABLE containers ADD COLUMN health_streak INTEGER NOT NULL DEFAULT 0; -- probes that failed in a row
ALTER TABLE containers ADD COLUMN oom_kills INTEGER NOT NULL DEFAULT 0; -- in the last run
