DROP INDEX inbox_done;
DROP INDEX inbox_waiting;
CREATE INDEX inbox_waiting ON inbox (done_us, received_us);
INSERT INTO replays (fingerprint, seen_us)
    SELECT signature, received_us FROM inbox WHERE signature IS NOT NULL
    ON CONFLICT DO NOTHING;
ALTER TABLE inbox DROP COLUMN signature;
