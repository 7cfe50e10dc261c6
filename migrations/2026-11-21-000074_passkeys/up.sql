-- Passkeys (WebAuthn): the private half of each is on a device of the member's. What is kept here
-- proves nothing to anybody else.
CREATE TABLE passkeys (
    id TEXT PRIMARY KEY NOT NULL,
    member_id TEXT NOT NULL REFERENCES members (id),
    credential TEXT NOT NULL UNIQUE,  -- the credential's id, base64url
    public_key TEXT NOT NULL,         -- with what was said of it when it was made, base64url
    state TEXT NOT NULL,              -- the counter of its signatures and what may change, base64url
    name TEXT NOT NULL,               -- as the member calls it; empty: by its day
    added_us BIGINT NOT NULL,
    used_us BIGINT
);
CREATE INDEX passkeys_by_member ON passkeys (member_id, added_us);

-- What a browser was asked to sign, under the digest of the cookie it was given with the question:
-- one at a time, for minutes, answered once.
CREATE TABLE passkey_challenges (
    token_digest TEXT PRIMARY KEY NOT NULL,
    purpose TEXT NOT NULL,            -- join | add | sign-in | confirm
    member_id TEXT,                   -- who is asked; whoever joins: who they will be
    challenge TEXT NOT NULL,          -- base64url
    expires_us BIGINT NOT NULL
);
CREATE INDEX passkey_challenges_by_end ON passkey_challenges (expires_us);
