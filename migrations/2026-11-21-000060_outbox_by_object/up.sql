-- What is replaced is looked for by its object and by being public. SQLite took the index of what is
-- public for that, and read the whole outbox each time something was said.
DROP INDEX outbox_by_object;
CREATE INDEX outbox_by_object ON outbox (object_id, public, kind, id);
