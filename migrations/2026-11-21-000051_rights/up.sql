-- What may be played where and when.
ALTER TABLE works ADD COLUMN rights TEXT;                            -- windows as a document carries them; NULL: everywhere, always
ALTER TABLE works ADD COLUMN closed BOOLEAN NOT NULL DEFAULT FALSE;  -- not offered in this node's territory just now
ALTER TABLE works ADD COLUMN turns_us BIGINT;                        -- when that may change next
CREATE INDEX works_by_turn ON works (turns_us);
