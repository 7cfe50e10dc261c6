-- Cases: notices of content that somebody holds to be unlawful (Regulation (EU) 2022/2065, article
-- 16), and complaints about a party's statement. Whoever sent one and whoever it is about follow it
-- at addresses nobody can guess, of which only digests are kept.
CREATE TABLE cases (
    id TEXT PRIMARY KEY NOT NULL,
    number BIGINT NOT NULL UNIQUE,    -- what people name it by
    kind TEXT NOT NULL,               -- unlawful | statement
    subject TEXT NOT NULL,            -- the URI or the address it is about
    words TEXT NOT NULL,              -- why, as the sender says it
    sender TEXT NOT NULL,             -- the sender's name; may be empty (article 16, 2, c)
    contact TEXT NOT NULL,            -- how to reach them; may be empty
    sender_digest TEXT NOT NULL UNIQUE,
    other_digest TEXT NOT NULL UNIQUE,
    received_us BIGINT NOT NULL,
    due_us BIGINT NOT NULL,           -- until when it is to be decided
    decision TEXT,                    -- upheld | refused
    reason TEXT,
    decided_us BIGINT,
    appeal TEXT,                      -- why the decision is contested
    appealed_by TEXT,                 -- sender | other
    appealed_us BIGINT,
    appeal_due_us BIGINT,
    appeal_decision TEXT,             -- upheld | refused
    appeal_reason TEXT,
    appeal_decided_us BIGINT
);
CREATE INDEX cases_by_due ON cases (decided_us, due_us);
