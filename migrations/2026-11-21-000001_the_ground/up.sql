-- The ground every room stands on. One text for SQLite and PostgreSQL:
-- ids are TEXT made by the application, instants are BIGINT microseconds UTC (`_us`),
-- money is whole minor units (`_minor`) or micros (`_micro`), JSON and digests are TEXT.

-- members -------------------------------------------------------------------

-- A person, or a listening post (which counts as one member of its venue).
CREATE TABLE members (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,               -- person | post
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,    -- the name folded: no case, no accents
    password_hash TEXT,               -- a post has none
    language TEXT NOT NULL,           -- fr | en
    joined_us BIGINT NOT NULL
);

CREATE TABLE sessions (
    token_digest TEXT PRIMARY KEY NOT NULL,
    member_id TEXT NOT NULL REFERENCES members (id),
    venue_id TEXT,                    -- the venue the member listens through
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL
);

CREATE TABLE reset_codes (
    code_digest TEXT PRIMARY KEY NOT NULL,
    member_id TEXT NOT NULL REFERENCES members (id),
    issued_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    used_us BIGINT
);

-- Wrong guesses at a password or a code, so that guessing slows down.
CREATE TABLE guesses (
    subject TEXT PRIMARY KEY NOT NULL,
    wrong BIGINT NOT NULL,
    last_us BIGINT NOT NULL
);

-- venues --------------------------------------------------------------------

CREATE TABLE venues (
    id TEXT PRIMARY KEY NOT NULL,     -- the venue's URI
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    seats BIGINT NOT NULL,
    colour TEXT NOT NULL,             -- what it lends to what it puts forward, #rrggbb
    created_us BIGINT NOT NULL
);

-- A yearly contribution, received once; carried month by month.
CREATE TABLE contributions (
    id TEXT PRIMARY KEY NOT NULL,
    venue_id TEXT NOT NULL REFERENCES venues (id),
    amount_minor BIGINT NOT NULL,     -- for the whole year
    first_period TEXT NOT NULL,       -- the first month of its year
    received_us BIGINT NOT NULL
);

-- What a closed month carried of a contribution.
CREATE TABLE contribution_parts (
    contribution_id TEXT NOT NULL REFERENCES contributions (id),
    month BIGINT NOT NULL,            -- 1 to 12 of the contribution's year
    period TEXT NOT NULL,             -- the month whose report carried it
    amount_minor BIGINT NOT NULL,
    PRIMARY KEY (contribution_id, month)
);

CREATE TABLE memberships (
    member_id TEXT NOT NULL REFERENCES members (id),
    venue_id TEXT NOT NULL REFERENCES venues (id),
    since_us BIGINT NOT NULL,
    until_us BIGINT,
    PRIMARY KEY (member_id, venue_id)
);

-- Who may do more than listen: a venue's curator or manager, the node's operator.
CREATE TABLE staff (
    member_id TEXT NOT NULL REFERENCES members (id),
    venue_id TEXT NOT NULL,           -- '' for the node itself
    role TEXT NOT NULL,               -- curator | manager | operator
    since_us BIGINT NOT NULL,
    PRIMARY KEY (member_id, venue_id, role)
);

CREATE TABLE invitations (
    code_digest TEXT PRIMARY KEY NOT NULL,
    venue_id TEXT NOT NULL REFERENCES venues (id),
    issued_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    used_us BIGINT,
    used_by TEXT REFERENCES members (id),
    revoked_us BIGINT
);

-- listening -----------------------------------------------------------------

-- A device with a key of its own that hands in plays made while it was offline.
CREATE TABLE posts (
    id TEXT PRIMARY KEY NOT NULL,     -- the post's URI, its key id
    member_id TEXT NOT NULL REFERENCES members (id),
    venue_id TEXT NOT NULL REFERENCES venues (id),
    name TEXT NOT NULL,
    public_key TEXT NOT NULL,         -- Ed25519, Multikey
    enrolled_us BIGINT NOT NULL,
    revoked_us BIGINT
);

CREATE TABLE plays (
    id TEXT PRIMARY KEY NOT NULL,     -- made by who plays; unique, so that a play counts once
    member_id TEXT NOT NULL REFERENCES members (id),
    venue_id TEXT NOT NULL REFERENCES venues (id),
    work_id TEXT NOT NULL,
    selection_id TEXT,
    post_id TEXT,
    started_us BIGINT NOT NULL,
    seconds BIGINT NOT NULL,
    received_us BIGINT NOT NULL,
    period TEXT NOT NULL              -- the month it counts in
);
CREATE INDEX plays_by_period ON plays (period, venue_id, member_id, started_us);
CREATE INDEX plays_by_member ON plays (member_id, started_us);

-- catalogue -----------------------------------------------------------------

CREATE TABLE parties (
    id TEXT PRIMARY KEY NOT NULL,     -- URI
    kind TEXT NOT NULL,               -- artist | label | producer | publisher | distributor
    name TEXT NOT NULL,
    origin TEXT NOT NULL,             -- scheme://host[:port] of its home node
    created_us BIGINT NOT NULL
);
CREATE INDEX parties_by_name ON parties (origin, name);

CREATE TABLE releases (
    id TEXT PRIMARY KEY NOT NULL,     -- URI
    origin TEXT NOT NULL,
    title TEXT NOT NULL,
    credit TEXT NOT NULL,             -- the artists as the release names them
    artist_id TEXT,                   -- party
    label_id TEXT,                    -- party
    label TEXT,
    icpn TEXT,
    year BIGINT,
    genre TEXT,
    cover TEXT,                       -- digest of the picture, when it is here
    cover_url TEXT,                   -- where a remote picture is
    territory TEXT,
    document TEXT,                    -- as its origin sent it; none for a local one
    grouping TEXT,                    -- what tracks imported later are recognised by
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    withdrawn_us BIGINT
);
CREATE INDEX releases_by_origin ON releases (origin, created_us);
CREATE INDEX releases_by_grouping ON releases (grouping);

CREATE TABLE works (
    id TEXT PRIMARY KEY NOT NULL,     -- URI
    origin TEXT NOT NULL,
    kind TEXT NOT NULL,               -- music | film | game | book
    title TEXT NOT NULL,
    credit TEXT NOT NULL,
    artist_id TEXT,
    release_id TEXT REFERENCES releases (id),
    disc BIGINT,
    position BIGINT,                  -- the track number
    isrc TEXT,
    territory TEXT,                   -- its home
    duration_ms BIGINT NOT NULL,
    media TEXT,                       -- digest of the file, when it is here
    media_url TEXT,                   -- where its origin serves it to other nodes
    media_type TEXT,
    media_size BIGINT,
    genre TEXT,
    year BIGINT,
    search_text TEXT NOT NULL,        -- folded title, credit, release, label
    document TEXT,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    withdrawn_us BIGINT
);
CREATE INDEX works_by_release ON works (release_id, disc, position);
CREATE INDEX works_by_origin ON works (origin, created_us);
CREATE INDEX works_by_isrc ON works (isrc);
CREATE INDEX works_by_media ON works (media);

CREATE TABLE contributors (
    work_id TEXT NOT NULL REFERENCES works (id),
    party_id TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (work_id, party_id, role)
);

-- Files, kept once under the digest of their bytes.
CREATE TABLE media (
    digest TEXT PRIMARY KEY NOT NULL,
    sound TEXT NOT NULL,              -- digest of the sound without its tags
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    created_us BIGINT NOT NULL
);
CREATE INDEX media_by_sound ON media (sound);

-- Append-only: a split sheet is never changed, only followed by a later one.
CREATE TABLE split_sheets (
    work_id TEXT NOT NULL,
    valid_from TEXT NOT NULL,         -- 2026-11-01
    logged_us BIGINT NOT NULL,
    document TEXT NOT NULL,           -- the signed SplitSheet
    PRIMARY KEY (work_id, valid_from)
);

CREATE TABLE imports (
    id TEXT PRIMARY KEY NOT NULL,
    path TEXT NOT NULL,
    started_us BIGINT NOT NULL,
    ended_us BIGINT,
    taken BIGINT NOT NULL,
    known BIGINT NOT NULL,
    refused BIGINT NOT NULL
);

CREATE TABLE import_refusals (
    import_id TEXT NOT NULL REFERENCES imports (id),
    file TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (import_id, file)
);

-- curation ------------------------------------------------------------------

CREATE TABLE selections (
    id TEXT PRIMARY KEY NOT NULL,     -- URI
    origin TEXT NOT NULL,
    venue_id TEXT NOT NULL,           -- URI of the venue that signs it
    venue_name TEXT NOT NULL,
    title TEXT NOT NULL,
    words TEXT NOT NULL,              -- plain text, paragraphs
    colour TEXT NOT NULL,
    territory TEXT,
    document TEXT,
    published_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    withdrawn_us BIGINT
);

CREATE TABLE selection_works (
    selection_id TEXT NOT NULL REFERENCES selections (id),
    position BIGINT NOT NULL,
    work_id TEXT NOT NULL,            -- may be of another node, may be unknown here still
    note TEXT NOT NULL,
    PRIMARY KEY (selection_id, position)
);

-- peers ---------------------------------------------------------------------

CREATE TABLE peers (
    origin TEXT PRIMARY KEY NOT NULL,
    actor_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    territory TEXT,
    currency TEXT,
    inbox TEXT NOT NULL,
    outbox TEXT,
    ed25519 TEXT,                     -- Multikey, for signatures and proofs
    ed25519_id TEXT,
    rsa_pem TEXT,
    rsa_id TEXT,
    standing TEXT NOT NULL,           -- known | blocked
    following TEXT NOT NULL,          -- no | asked | yes: do we follow it?
    follower BOOLEAN NOT NULL,        -- does it follow us?
    fetched_us BIGINT NOT NULL,
    heard_us BIGINT,                  -- the last thing it said that we could verify
    failing_since_us BIGINT,
    next_try_us BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    last_error TEXT,
    pulled_until TEXT                 -- how far its outbox was walked
);

-- What we said, in order. Written in the transaction that causes it.
CREATE TABLE outbox (
    id TEXT PRIMARY KEY NOT NULL,     -- the activity's URI; ids grow with time
    activity TEXT NOT NULL,
    public BOOLEAN NOT NULL,          -- on the page that a peer may pull again
    created_us BIGINT NOT NULL
);
CREATE INDEX outbox_by_time ON outbox (public, created_us, id);

CREATE TABLE deliveries (
    id TEXT PRIMARY KEY NOT NULL,     -- grows with time: the order of delivery to one peer
    activity_id TEXT NOT NULL REFERENCES outbox (id),
    peer_origin TEXT NOT NULL,
    inbox TEXT NOT NULL,
    money BOOLEAN NOT NULL,           -- concerns money: never given up
    queued_us BIGINT NOT NULL,
    delivered_us BIGINT,
    given_up_us BIGINT,
    attempts BIGINT NOT NULL,
    next_try_us BIGINT NOT NULL,      -- the peer refused this one: later, while the rest goes on
    last_error TEXT
);
CREATE INDEX deliveries_waiting ON deliveries (peer_origin, delivered_us, given_up_us, id);

-- What arrived, stored before it acts, acting once.
CREATE TABLE inbox (
    activity_id TEXT PRIMARY KEY NOT NULL,
    origin TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    activity TEXT NOT NULL,
    received_us BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    done_us BIGINT,
    outcome TEXT
);
CREATE INDEX inbox_waiting ON inbox (done_us, received_us);

CREATE TABLE replays (
    fingerprint TEXT PRIMARY KEY NOT NULL,
    seen_us BIGINT NOT NULL
);

-- reports -------------------------------------------------------------------

CREATE TABLE periods (
    period TEXT PRIMARY KEY NOT NULL,
    state TEXT NOT NULL,              -- open | closed | reported | settled
    closed_us BIGINT
);

CREATE TABLE reports (
    id TEXT PRIMARY KEY NOT NULL,     -- URI
    period TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    state TEXT NOT NULL,              -- made | offered | accepted | refused
    manifest TEXT NOT NULL,           -- report.json, signed
    manifest_digest TEXT NOT NULL,
    folder TEXT NOT NULL,             -- below the node's folder
    made_us BIGINT NOT NULL,
    offered_us BIGINT,
    answered_us BIGINT,
    answer TEXT,                      -- the signed receipt
    reason TEXT,
    UNIQUE (period, sequence)
);

-- coordinator ---------------------------------------------------------------

CREATE TABLE policies (
    digest TEXT PRIMARY KEY NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,               -- the TOML, byte for byte
    learned_us BIGINT NOT NULL
);

CREATE TABLE received_reports (
    id TEXT PRIMARY KEY NOT NULL,     -- URI
    node_id TEXT NOT NULL,
    origin TEXT NOT NULL,
    period TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    state TEXT NOT NULL,              -- offered | accepted | refused
    manifest TEXT NOT NULL,
    manifest_digest TEXT NOT NULL,
    folder TEXT,                      -- below the archive, once accepted
    offered_us BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_try_us BIGINT NOT NULL,
    answered_us BIGINT,
    answer TEXT,                      -- the signed receipt
    reason TEXT
);
CREATE INDEX received_reports_by_period ON received_reports (period, node_id, sequence);

-- A settlement as its coordinator published it; here what this node made of it.
CREATE TABLE settlements (
    id TEXT PRIMARY KEY NOT NULL,     -- URI
    period TEXT NOT NULL,
    coordinator_id TEXT NOT NULL,
    document TEXT NOT NULL,           -- settlement.json, byte for byte
    digest TEXT NOT NULL,
    folder TEXT,
    state TEXT NOT NULL,              -- announced | recomputed | objected
    reason TEXT,
    attempts BIGINT NOT NULL,
    next_try_us BIGINT NOT NULL,
    published_us BIGINT NOT NULL,
    answered_us BIGINT
);

CREATE TABLE countersignatures (
    settlement_id TEXT NOT NULL REFERENCES settlements (id),
    node_id TEXT NOT NULL,
    agreed BOOLEAN NOT NULL,
    reason TEXT,
    document TEXT NOT NULL,
    received_us BIGINT NOT NULL,
    PRIMARY KEY (settlement_id, node_id)
);

CREATE TABLE node_statements (
    settlement_id TEXT NOT NULL REFERENCES settlements (id),
    node_id TEXT NOT NULL,
    contributed_micro BIGINT NOT NULL,
    rights_micro BIGINT NOT NULL,
    fund_micro BIGINT NOT NULL,
    node_micro BIGINT NOT NULL,
    coordinator_micro BIGINT NOT NULL,
    earned_micro BIGINT NOT NULL,
    adjusted_micro BIGINT NOT NULL,
    position_micro BIGINT NOT NULL,
    PRIMARY KEY (settlement_id, node_id)
);

CREATE TABLE party_statements (
    settlement_id TEXT NOT NULL REFERENCES settlements (id),
    party_id TEXT NOT NULL,
    carried_in_micro BIGINT NOT NULL,
    earned_micro BIGINT NOT NULL,
    adjusted_micro BIGINT NOT NULL,
    payable_minor BIGINT NOT NULL,
    carried_out_micro BIGINT NOT NULL,
    PRIMARY KEY (settlement_id, party_id)
);

-- Why a party earned what it earned: one row for each work and territory of use.
CREATE TABLE party_earnings (
    settlement_id TEXT NOT NULL REFERENCES settlements (id),
    party_id TEXT NOT NULL,
    territory TEXT NOT NULL,
    work_id TEXT NOT NULL,
    uses BIGINT NOT NULL,
    share_bp BIGINT NOT NULL,
    of_micro BIGINT NOT NULL,
    amount_micro BIGINT NOT NULL,
    PRIMARY KEY (settlement_id, party_id, territory, work_id)
);

-- Where a venue's rights money went.
CREATE TABLE venue_payments (
    settlement_id TEXT NOT NULL REFERENCES settlements (id),
    venue_id TEXT NOT NULL,
    work_id TEXT NOT NULL,
    uses BIGINT NOT NULL,
    amount_micro BIGINT NOT NULL,
    PRIMARY KEY (settlement_id, venue_id, work_id)
);
