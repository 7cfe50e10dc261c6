-- What those say in public whom members here follow: the last of each, as plain text. Nothing is
-- kept of anybody whom nobody follows.
CREATE TABLE notes (
    id TEXT PRIMARY KEY NOT NULL,     -- URI
    actor_id TEXT NOT NULL,
    page TEXT NOT NULL,               -- where people read it
    words TEXT NOT NULL,
    published_us BIGINT NOT NULL
);
CREATE INDEX notes_by_actor ON notes (actor_id, published_us);
