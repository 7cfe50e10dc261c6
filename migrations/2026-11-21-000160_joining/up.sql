-- Invitations made together: cards, links, or cards for a list of patrons. The names of a list are
-- on the cards alone: they are never written here. The id is drawn with the form, so that one form
-- makes one batch.
CREATE TABLE invitation_batches (
    id TEXT PRIMARY KEY NOT NULL,
    venue_id TEXT NOT NULL REFERENCES venues (id),
    kind TEXT NOT NULL,               -- cards | links | list
    made_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL
);
CREATE INDEX invitation_batches_by_venue ON invitation_batches (venue_id, made_us);

ALTER TABLE invitations ADD COLUMN batch_id TEXT;
CREATE INDEX invitations_by_batch ON invitations (batch_id);

-- The second step of signing in: a time-based code (RFC 6238). A session of somebody who has one
-- opens nothing until it was proved.
CREATE TABLE second_steps (
    member_id TEXT PRIMARY KEY NOT NULL REFERENCES members (id),
    secret TEXT NOT NULL,             -- base32, as the app reads it
    confirmed_us BIGINT,              -- a code was right once
    last_step BIGINT NOT NULL         -- the half minute of the last code: none is good twice
);

-- For whoever lost the device: each good once.
CREATE TABLE recovery_codes (
    code_digest TEXT PRIMARY KEY NOT NULL,
    member_id TEXT NOT NULL REFERENCES members (id),
    used_us BIGINT
);
CREATE INDEX recovery_codes_by_member ON recovery_codes (member_id);

ALTER TABLE sessions ADD COLUMN proved BOOLEAN NOT NULL DEFAULT FALSE;
