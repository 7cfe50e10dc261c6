DROP INDEX outbox_by_object;
CREATE INDEX outbox_by_object ON outbox (object_id);
