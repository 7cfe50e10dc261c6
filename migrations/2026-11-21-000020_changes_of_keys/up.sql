-- How this node's keys changed: each a statement signed with both keys. Only ever added to.
CREATE TABLE key_changes (
    sequence BIGINT PRIMARY KEY NOT NULL, -- from 1
    statement TEXT NOT NULL,
    changed_us BIGINT NOT NULL
);

-- Keys that counted once, of this node and of its peers: proofs made with them still stand.
CREATE TABLE old_keys (
    actor_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    ed25519 TEXT NOT NULL,            -- Multikey
    until_us BIGINT NOT NULL,         -- what was signed later does not stand
    PRIMARY KEY (actor_id, key_id, ed25519)
);

-- Peers that show keys which do not follow from those known here. Until the operator has decided,
-- the known ones stand, and nothing is sent there.
CREATE TABLE held_peers (
    origin TEXT PRIMARY KEY NOT NULL,
    shown TEXT NOT NULL,              -- the actor as it shows itself now
    reason TEXT NOT NULL,
    held_us BIGINT NOT NULL
);
