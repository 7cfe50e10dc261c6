DROP INDEX outbox_by_actor;
ALTER TABLE outbox DROP COLUMN actor_id;
DROP TABLE followings;
DROP TABLE followers;
DROP TABLE actors;
