DROP INDEX works_standing;
DROP INDEX outbox_by_time;
CREATE INDEX outbox_by_time ON outbox (public, created_us, id);
CREATE INDEX outbox_pages ON outbox (public, id);
