-- Members who chose to be seen, under a name of their choice; never what they listened to. A name
-- stays with who had it first: nobody is taken for somebody who left.
CREATE TABLE public_members (
    handle TEXT PRIMARY KEY NOT NULL, -- the name in @name@host
    member_id TEXT NOT NULL REFERENCES members (id),
    name TEXT NOT NULL,
    since_us BIGINT NOT NULL,
    until_us BIGINT                   -- seen no longer
);
CREATE INDEX public_members_by_member ON public_members (member_id);

-- Whom a member follows on other servers. The node asks in its own name, so nobody there learns
-- who.
CREATE TABLE member_follows (
    member_id TEXT NOT NULL REFERENCES members (id),
    actor_id TEXT NOT NULL,
    since_us BIGINT NOT NULL,
    PRIMARY KEY (member_id, actor_id)
);
CREATE INDEX member_follows_by_actor ON member_follows (actor_id);
