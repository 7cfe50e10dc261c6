-- A change of who shares in a work: confirmed by who loses by it, or waited out.
CREATE TABLE split_changes (
    id TEXT PRIMARY KEY NOT NULL,
    work_id TEXT NOT NULL,
    state TEXT NOT NULL,              -- proposed | confirmed | waited | refused
    shares TEXT NOT NULL,             -- [{party, role, bp}]
    proposed_us BIGINT NOT NULL,
    ripens_us BIGINT NOT NULL,        -- when it has waited long enough
    decided_us BIGINT,
    valid_from TEXT                   -- the day of the sheet it became
);
CREATE INDEX split_changes_by_state ON split_changes (state, ripens_us);
CREATE INDEX split_changes_by_work ON split_changes (work_id, proposed_us);

-- The parties of a change.
CREATE TABLE split_change_parties (
    change_id TEXT NOT NULL REFERENCES split_changes (id),
    party_id TEXT NOT NULL,
    before_bp BIGINT NOT NULL,
    after_bp BIGINT NOT NULL,
    confirmed_us BIGINT,
    PRIMARY KEY (change_id, party_id)
);

-- What a party is told.
CREATE TABLE notices (
    id TEXT PRIMARY KEY NOT NULL,
    party_id TEXT NOT NULL,
    kind TEXT NOT NULL,               -- split-proposed | split-confirmed | split-waited | split-refused | isrc-claimed
    work_id TEXT NOT NULL,
    about TEXT NOT NULL,              -- the change, or the other work
    told_us BIGINT NOT NULL
);
CREATE INDEX notices_by_party ON notices (party_id, told_us);
