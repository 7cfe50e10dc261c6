-- Who acts on other origins, beside the one node of each that `peers` holds: people, venues,
-- parties, and whoever follows from servers of other kinds.
CREATE TABLE actors (
    id TEXT PRIMARY KEY NOT NULL,     -- URI
    origin TEXT NOT NULL,
    kind TEXT NOT NULL,               -- Application | Group | Organization | Person | Service
    name TEXT NOT NULL,
    username TEXT,                    -- the name in @name@host
    page TEXT,
    inbox TEXT NOT NULL,
    shared_inbox TEXT,                -- where its server receives for all
    outbox TEXT,
    ed25519 TEXT,
    ed25519_id TEXT,
    rsa_pem TEXT,
    rsa_id TEXT,
    fetched_us BIGINT NOT NULL
);
CREATE INDEX actors_by_origin ON actors (origin);
CREATE INDEX actors_by_ed25519 ON actors (ed25519_id);
CREATE INDEX actors_by_rsa ON actors (rsa_id);

-- Which of them follows which actor of ours. That two nodes follow each other stands in `peers`.
CREATE TABLE followers (
    local_id TEXT NOT NULL,           -- our node, a venue, a member, a party: URI
    actor_id TEXT NOT NULL,
    origin TEXT NOT NULL,
    inbox TEXT NOT NULL,              -- the shared one, where there is one
    follow_id TEXT NOT NULL,          -- the Follow
    since_us BIGINT NOT NULL,
    PRIMARY KEY (local_id, actor_id)
);
CREATE INDEX followers_by_actor ON followers (actor_id);
CREATE INDEX followers_by_origin ON followers (origin);

-- Which of them our actors follow.
CREATE TABLE followings (
    local_id TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    state TEXT NOT NULL,              -- asked | yes
    follow_id TEXT NOT NULL,          -- our Follow
    since_us BIGINT NOT NULL,
    PRIMARY KEY (local_id, actor_id)
);
CREATE INDEX followings_by_actor ON followings (actor_id);

-- Which of our actors said it; empty: the node.
ALTER TABLE outbox ADD COLUMN actor_id TEXT NOT NULL DEFAULT '';
CREATE INDEX outbox_by_actor ON outbox (actor_id, public, id);
