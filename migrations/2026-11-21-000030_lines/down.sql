DROP TABLE tombstones;
ALTER TABLE peers DROP COLUMN pulled_us;
DROP INDEX deliveries_by_age;
DROP INDEX deliveries_by_activity;
DROP INDEX outbox_pages;
DROP INDEX outbox_by_object;
ALTER TABLE outbox DROP COLUMN object_id;
ALTER TABLE outbox DROP COLUMN kind;
