-- What search must look at again, noted in the transaction that changes it. Triggers are written
-- differently for each database: this is one of the few migrations that stand in two trees.
-- A later migration that makes one of these tables anew makes its triggers anew too.

-- The last row is never deleted, so that numbers only grow.
CREATE TABLE search_changes (
    seq INTEGER NOT NULL PRIMARY KEY,
    what TEXT NOT NULL,               -- work, release, party, selection
    id TEXT NOT NULL                  -- its URI
);

-- Tells an index of this database from one of another that was here before.
CREATE TABLE search_epoch (
    epoch TEXT NOT NULL PRIMARY KEY
);
INSERT INTO search_epoch (epoch) VALUES (lower(hex(randomblob(16))));

CREATE TRIGGER search_work_came AFTER INSERT ON works
BEGIN INSERT INTO search_changes (what, id) VALUES ('work', NEW.id); END;
CREATE TRIGGER search_work_changed AFTER UPDATE ON works
WHEN OLD.title IS NOT NEW.title OR OLD.credit IS NOT NEW.credit OR OLD.kind IS NOT NEW.kind
    OR OLD.release_id IS NOT NEW.release_id OR OLD.artist_id IS NOT NEW.artist_id
    OR OLD.territory IS NOT NEW.territory OR OLD.media IS NOT NEW.media
    OR OLD.media_url IS NOT NEW.media_url OR OLD.genre IS NOT NEW.genre
    OR OLD.year IS NOT NEW.year OR OLD.withdrawn_us IS NOT NEW.withdrawn_us
    OR OLD.closed IS NOT NEW.closed
BEGIN INSERT INTO search_changes (what, id) VALUES ('work', NEW.id); END;
CREATE TRIGGER search_work_went AFTER DELETE ON works
BEGIN INSERT INTO search_changes (what, id) VALUES ('work', OLD.id); END;
-- What it was on and whom it was by may have nothing left.
CREATE TRIGGER search_work_moved AFTER UPDATE ON works
WHEN OLD.release_id IS NOT NEW.release_id AND OLD.release_id IS NOT NULL
BEGIN INSERT INTO search_changes (what, id) VALUES ('release', OLD.release_id); END;
CREATE TRIGGER search_work_handed_on AFTER UPDATE ON works
WHEN OLD.artist_id IS NOT NEW.artist_id AND OLD.artist_id IS NOT NULL
BEGIN INSERT INTO search_changes (what, id) VALUES ('party', OLD.artist_id); END;

CREATE TRIGGER search_release_came AFTER INSERT ON releases
BEGIN INSERT INTO search_changes (what, id) VALUES ('release', NEW.id); END;
CREATE TRIGGER search_release_changed AFTER UPDATE ON releases
WHEN OLD.title IS NOT NEW.title OR OLD.credit IS NOT NEW.credit OR OLD.label IS NOT NEW.label
    OR OLD.territory IS NOT NEW.territory OR OLD.genre IS NOT NEW.genre
    OR OLD.year IS NOT NEW.year OR OLD.withdrawn_us IS NOT NEW.withdrawn_us
BEGIN INSERT INTO search_changes (what, id) VALUES ('release', NEW.id); END;
CREATE TRIGGER search_release_went AFTER DELETE ON releases
BEGIN INSERT INTO search_changes (what, id) VALUES ('release', OLD.id); END;

CREATE TRIGGER search_party_came AFTER INSERT ON parties
BEGIN INSERT INTO search_changes (what, id) VALUES ('party', NEW.id); END;
CREATE TRIGGER search_party_changed AFTER UPDATE ON parties
WHEN OLD.name IS NOT NEW.name OR OLD.kind IS NOT NEW.kind
BEGIN INSERT INTO search_changes (what, id) VALUES ('party', NEW.id); END;
CREATE TRIGGER search_party_went AFTER DELETE ON parties
BEGIN INSERT INTO search_changes (what, id) VALUES ('party', OLD.id); END;

CREATE TRIGGER search_selection_came AFTER INSERT ON selections
BEGIN INSERT INTO search_changes (what, id) VALUES ('selection', NEW.id); END;
CREATE TRIGGER search_selection_changed AFTER UPDATE ON selections
WHEN OLD.title IS NOT NEW.title OR OLD.words IS NOT NEW.words
    OR OLD.venue_name IS NOT NEW.venue_name OR OLD.territory IS NOT NEW.territory
    OR OLD.withdrawn_us IS NOT NEW.withdrawn_us
BEGIN INSERT INTO search_changes (what, id) VALUES ('selection', NEW.id); END;
CREATE TRIGGER search_selection_went AFTER DELETE ON selections
BEGIN INSERT INTO search_changes (what, id) VALUES ('selection', OLD.id); END;

-- How many selections name a work says how dear it is.
CREATE TRIGGER search_work_selected AFTER INSERT ON selection_works
BEGIN INSERT INTO search_changes (what, id) VALUES ('work', NEW.work_id); END;
CREATE TRIGGER search_work_left_out AFTER DELETE ON selection_works
BEGIN INSERT INTO search_changes (what, id) VALUES ('work', OLD.work_id); END;
