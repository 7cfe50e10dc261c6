ALTER TABLE drafts DROP COLUMN missed_why;
ALTER TABLE drafts DROP COLUMN missed_us;
