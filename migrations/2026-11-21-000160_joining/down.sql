ALTER TABLE sessions DROP COLUMN proved;
DROP TABLE recovery_codes;
DROP TABLE second_steps;
DROP INDEX invitations_by_batch;
ALTER TABLE invitations DROP COLUMN batch_id;
DROP TABLE invitation_batches;
