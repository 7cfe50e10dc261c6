-- Nodes of which something is known here without following them: what was looked up there, or came
-- before they took their word back. What they take down or change of it is asked for.
CREATE TABLE hearing (
    origin TEXT PRIMARY KEY NOT NULL,
    since_us BIGINT NOT NULL,         -- what they said before is known already
    newest TEXT,                      -- the last activity of their outbox that was read
    asked_us BIGINT NOT NULL          -- when they were asked last; 0: never
);
CREATE INDEX hearing_by_asked ON hearing (asked_us);
