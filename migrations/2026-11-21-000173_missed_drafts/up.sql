-- A draft that could not be published when its time came: the time, and why, in both languages (JSON).
ALTER TABLE drafts ADD COLUMN missed_us BIGINT;
ALTER TABLE drafts ADD COLUMN missed_why TEXT;
