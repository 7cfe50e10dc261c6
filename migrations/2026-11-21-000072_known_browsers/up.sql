-- Browsers in which a member signed in before: who guesses at an address slows down everybody there
-- but these. Only the digest of what the browser holds is kept, and never where it was.
CREATE TABLE known_browsers (
    token_digest TEXT PRIMARY KEY NOT NULL,
    member_id TEXT NOT NULL REFERENCES members (id),
    expires_us BIGINT NOT NULL
);
CREATE INDEX known_browsers_by_member ON known_browsers (member_id, expires_us);
