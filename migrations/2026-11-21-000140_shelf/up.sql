-- What a member keeps for themselves; nobody else reads it, and it goes when they go.

CREATE TABLE favourites (
    member_id TEXT NOT NULL,
    work_id TEXT NOT NULL,            -- of any node
    since_us BIGINT NOT NULL,
    PRIMARY KEY (member_id, work_id)
);

CREATE TABLE playlists (
    id TEXT PRIMARY KEY NOT NULL,
    member_id TEXT NOT NULL,
    title TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL        -- also what a form says it was made from
);
CREATE INDEX playlists_by_member ON playlists (member_id, updated_us);

-- A line of a playlist: a work, or words for one that was not found here yet.
CREATE TABLE playlist_entries (
    playlist_id TEXT NOT NULL REFERENCES playlists (id),
    position BIGINT NOT NULL,         -- from 1
    work_id TEXT,
    title TEXT NOT NULL,
    credit TEXT NOT NULL,
    duration_ms BIGINT,
    isrc TEXT,
    PRIMARY KEY (playlist_id, position)
);

-- Plays a member does not want to see any more. They still count, without a name, until their
-- month is settled.
CREATE TABLE unseen_plays (
    play_id TEXT PRIMARY KEY NOT NULL,
    member_id TEXT NOT NULL
);
CREATE INDEX unseen_plays_by_member ON unseen_plays (member_id);
