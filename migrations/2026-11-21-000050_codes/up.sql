-- What the trade calls things: codes of works, releases and parties, their check digits sound.
CREATE TABLE identifiers (
    subject TEXT NOT NULL,            -- URI of a work, a release or a party
    scheme TEXT NOT NULL,             -- isrc | icpn | isni | iswc | ipi | isbn | musicbrainz | dpid
    value TEXT NOT NULL,
    PRIMARY KEY (subject, scheme, value)
);
CREATE INDEX identifiers_by_value ON identifiers (scheme, value);

-- Who did what on a work, whether or not they share in its money.
CREATE TABLE credits (
    work_id TEXT NOT NULL REFERENCES works (id),
    position BIGINT NOT NULL,
    party_id TEXT NOT NULL,
    role TEXT NOT NULL,               -- DDEX's word: Composer, Mixer, Violin…
    PRIMARY KEY (work_id, position)
);
CREATE INDEX credits_by_party ON credits (party_id);

-- Who licensed what to the network, when, for what.
CREATE TABLE mandates (
    subject TEXT PRIMARY KEY NOT NULL, -- URI of a work or a release
    licensor TEXT NOT NULL,           -- the name of who licensed it
    granted TEXT NOT NULL,            -- the day: 2026-11-01
    scope TEXT NOT NULL,              -- for what, in words
    society TEXT,                     -- the collecting society that has the same rights; '' none; NULL unknown
    stated BOOLEAN NOT NULL,          -- somebody said so; else it is what an import assumed
    recorded_us BIGINT NOT NULL
);

-- Under which key something came in, so that what comes again is known again.
CREATE TABLE provenances (
    key TEXT PRIMARY KEY NOT NULL,
    subject TEXT NOT NULL,            -- URI of what it became
    digest TEXT NOT NULL,             -- of what was said about it last
    dated_us BIGINT NOT NULL,         -- when the sender said it
    recorded_us BIGINT NOT NULL
);
CREATE INDEX provenances_by_subject ON provenances (subject);

-- Works that are on a release besides the one they came out on.
CREATE TABLE also_on (
    release_id TEXT NOT NULL,
    work_id TEXT NOT NULL,
    disc BIGINT,
    position BIGINT,
    PRIMARY KEY (release_id, work_id)
);
CREATE INDEX also_on_by_work ON also_on (work_id);
