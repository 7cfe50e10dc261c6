-- What curators work on together; published, it becomes a selection, and stays to be worked on.
CREATE TABLE drafts (
    id TEXT PRIMARY KEY NOT NULL,
    venue_id TEXT NOT NULL REFERENCES venues (id),
    selection_id TEXT,                -- what it was published as, while that stands
    body TEXT NOT NULL,               -- JSON: what was written
    publish_us BIGINT,                -- when it is to be published
    unpublish_us BIGINT,              -- when it is to be withdrawn
    updated_us BIGINT NOT NULL,       -- also what a form says it was made from
    updated_by TEXT NOT NULL          -- the curator's name
);
CREATE INDEX drafts_by_venue ON drafts (venue_id, updated_us);
CREATE INDEX drafts_by_selection ON drafts (selection_id);

-- What a selection has besides its title and words.
CREATE TABLE selection_details (
    selection_id TEXT PRIMARY KEY NOT NULL REFERENCES selections (id),
    language TEXT,                    -- of its title and words
    other_title TEXT,                 -- in the other of the two languages
    other_words TEXT,
    picture TEXT,                     -- digest of its picture, when it is here
    picture_url TEXT,                 -- where a remote one is
    answers TEXT                      -- the selection it was borrowed from
);
