-- Names that members brought with them from elsewhere, because they chose to: the artist's name and
-- how often, nothing else. Only sums over five members or more are ever derived from it.
CREATE TABLE brought_names (
    member_id TEXT NOT NULL REFERENCES members (id),
    name_key TEXT NOT NULL,           -- the name folded
    times BIGINT NOT NULL,
    PRIMARY KEY (member_id, name_key)
);

-- What curators pair with a name that the catalogue may lack.
CREATE TABLE name_pairs (
    name_key TEXT NOT NULL,           -- the name folded
    credit TEXT NOT NULL,             -- artists of the catalogue, as works credit them
    venue_id TEXT NOT NULL,           -- whose curator says so
    name TEXT NOT NULL,               -- the name as it was written
    since_us BIGINT NOT NULL,
    PRIMARY KEY (name_key, credit, venue_id)
);

-- Where a voyage looks for the next step.
CREATE INDEX works_by_credit ON works (credit, created_us);
CREATE INDEX works_by_genre ON works (genre, created_us);
CREATE INDEX works_by_territory ON works (territory, created_us);
CREATE INDEX releases_by_label_name ON releases (label);
