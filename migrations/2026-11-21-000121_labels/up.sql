-- Who acts for a label of this node.
CREATE TABLE label_people (
    party_id TEXT NOT NULL,           -- URI of the label
    member_id TEXT NOT NULL REFERENCES members (id),
    since_us BIGINT NOT NULL,
    PRIMARY KEY (party_id, member_id)
);
CREATE INDEX label_people_by_member ON label_people (member_id);

-- Codes with which somebody comes to act for a label, each once.
CREATE TABLE label_invitations (
    code_digest TEXT PRIMARY KEY NOT NULL,
    party_id TEXT NOT NULL,
    issued_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    used_us BIGINT,
    used_by TEXT
);

-- Releases that are written by hand, published or not yet.
CREATE TABLE release_drafts (
    id TEXT PRIMARY KEY NOT NULL,
    party_id TEXT NOT NULL,           -- the label
    facts TEXT NOT NULL,              -- what was typed about the release, as JSON
    cover TEXT,                       -- digest of its picture
    release_id TEXT,                  -- the release it became
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    published_us BIGINT
);
CREATE INDEX release_drafts_by_party ON release_drafts (party_id, updated_us);

-- Their works, with the files that were uploaded.
CREATE TABLE release_draft_works (
    id TEXT PRIMARY KEY NOT NULL,
    draft_id TEXT NOT NULL REFERENCES release_drafts (id),
    position BIGINT NOT NULL,
    facts TEXT NOT NULL,              -- what was typed about the work, as JSON
    file TEXT NOT NULL,               -- digest of its file
    file_name TEXT NOT NULL,          -- as it came, for people
    sound TEXT NOT NULL,              -- digest of the sound without its tags
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL
);
CREATE INDEX release_draft_works_by_draft ON release_draft_works (draft_id, position);
CREATE INDEX release_draft_works_by_file ON release_draft_works (file);
