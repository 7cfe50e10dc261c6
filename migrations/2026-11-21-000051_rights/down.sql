DROP INDEX works_by_turn;
ALTER TABLE works DROP COLUMN turns_us;
ALTER TABLE works DROP COLUMN closed;
ALTER TABLE works DROP COLUMN rights;
