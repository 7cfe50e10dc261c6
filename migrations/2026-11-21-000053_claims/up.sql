-- Two works that claim one recording code, until people settle it.
CREATE TABLE claims (
    first_work TEXT NOT NULL,
    second_work TEXT NOT NULL,
    isrc TEXT NOT NULL,
    state TEXT NOT NULL,              -- open | distinct | same | withdrawn
    found_us BIGINT NOT NULL,
    settled_us BIGINT,
    note TEXT,
    PRIMARY KEY (first_work, second_work)
);
CREATE INDEX claims_by_state ON claims (state, found_us);
