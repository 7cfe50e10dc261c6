-- What an activity is about, so that what a later one replaces can go, and so that it can be seen
-- when something was last said to somebody.
ALTER TABLE outbox ADD COLUMN kind TEXT NOT NULL DEFAULT '';   -- Create, Follow…
ALTER TABLE outbox ADD COLUMN object_id TEXT;
CREATE INDEX outbox_by_object ON outbox (object_id);
CREATE INDEX outbox_pages ON outbox (public, id);

CREATE INDEX deliveries_by_activity ON deliveries (activity_id);
CREATE INDEX deliveries_by_age ON deliveries (queued_us);

-- When a peer's outbox was last read to its end; `pulled_until` is the page to go on from.
ALTER TABLE peers ADD COLUMN pulled_us BIGINT;
UPDATE peers SET pulled_until = NULL WHERE pulled_until = 'read';

-- What was deleted before it was heard of: when it comes late, it is not taken.
CREATE TABLE tombstones (
    id TEXT PRIMARY KEY NOT NULL,     -- URI of what was deleted
    deleted_us BIGINT NOT NULL
);
CREATE INDEX tombstones_by_age ON tombstones (deleted_us);
