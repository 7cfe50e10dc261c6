-- The digest of the signature with which an activity came first: the same request once more is
-- known by it. What came another way has none; later signatures are in `replays`.
ALTER TABLE inbox ADD COLUMN signature TEXT;

-- What waits, in the order in which it acts; what is done with, by age.
DROP INDEX inbox_waiting;
CREATE INDEX inbox_waiting ON inbox (attempts, received_us, activity_id) WHERE done_us IS NULL;
CREATE INDEX inbox_done ON inbox (done_us) WHERE done_us IS NOT NULL;
