-- What search must look at again, noted in the transaction that changes it. Triggers are written
-- differently for each database: this is one of the few migrations that stand in two trees.

-- There is one writer at a time (a lock of ours), so that numbers are committed in their order.
-- The last row is never deleted.
CREATE TABLE search_changes (
    seq BIGSERIAL NOT NULL PRIMARY KEY,
    what TEXT NOT NULL,               -- work, release, party, selection
    id TEXT NOT NULL                  -- its URI
);

-- Tells an index of this database from one of another that was here before.
CREATE TABLE search_epoch (
    epoch TEXT NOT NULL PRIMARY KEY
);
INSERT INTO search_epoch (epoch) VALUES (replace(gen_random_uuid()::text, '-', ''));

CREATE FUNCTION search_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'selection_works' THEN
        INSERT INTO search_changes (what, id)
            VALUES ('work', CASE TG_OP WHEN 'DELETE' THEN OLD.work_id ELSE NEW.work_id END);
    ELSIF TG_NARGS = 2 THEN
        -- What a work was on and whom it was by may have nothing left.
        IF OLD.release_id IS DISTINCT FROM NEW.release_id AND OLD.release_id IS NOT NULL THEN
            INSERT INTO search_changes (what, id) VALUES ('release', OLD.release_id);
        END IF;
        IF OLD.artist_id IS DISTINCT FROM NEW.artist_id AND OLD.artist_id IS NOT NULL THEN
            INSERT INTO search_changes (what, id) VALUES ('party', OLD.artist_id);
        END IF;
    ELSE
        INSERT INTO search_changes (what, id)
            VALUES (TG_ARGV[0], CASE TG_OP WHEN 'DELETE' THEN OLD.id ELSE NEW.id END);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER search_work_came AFTER INSERT OR DELETE ON works
FOR EACH ROW EXECUTE FUNCTION search_note('work');
CREATE TRIGGER search_work_changed AFTER UPDATE ON works
FOR EACH ROW WHEN ((OLD.title, OLD.credit, OLD.kind, OLD.release_id, OLD.artist_id, OLD.territory,
        OLD.media, OLD.media_url, OLD.genre, OLD.year, OLD.withdrawn_us, OLD.closed)
    IS DISTINCT FROM (NEW.title, NEW.credit, NEW.kind, NEW.release_id, NEW.artist_id,
        NEW.territory, NEW.media, NEW.media_url, NEW.genre, NEW.year, NEW.withdrawn_us,
        NEW.closed))
EXECUTE FUNCTION search_note('work');

CREATE TRIGGER search_work_moved AFTER UPDATE ON works
FOR EACH ROW WHEN ((OLD.release_id, OLD.artist_id)
    IS DISTINCT FROM (NEW.release_id, NEW.artist_id))
EXECUTE FUNCTION search_note('work', 'moved');

CREATE TRIGGER search_release_came AFTER INSERT OR DELETE ON releases
FOR EACH ROW EXECUTE FUNCTION search_note('release');
CREATE TRIGGER search_release_changed AFTER UPDATE ON releases
FOR EACH ROW WHEN ((OLD.title, OLD.credit, OLD.label, OLD.territory, OLD.genre, OLD.year,
        OLD.withdrawn_us)
    IS DISTINCT FROM (NEW.title, NEW.credit, NEW.label, NEW.territory, NEW.genre, NEW.year,
        NEW.withdrawn_us))
EXECUTE FUNCTION search_note('release');

CREATE TRIGGER search_party_came AFTER INSERT OR DELETE ON parties
FOR EACH ROW EXECUTE FUNCTION search_note('party');
CREATE TRIGGER search_party_changed AFTER UPDATE ON parties
FOR EACH ROW WHEN ((OLD.name, OLD.kind) IS DISTINCT FROM (NEW.name, NEW.kind))
EXECUTE FUNCTION search_note('party');

CREATE TRIGGER search_selection_came AFTER INSERT OR DELETE ON selections
FOR EACH ROW EXECUTE FUNCTION search_note('selection');
CREATE TRIGGER search_selection_changed AFTER UPDATE ON selections
FOR EACH ROW WHEN ((OLD.title, OLD.words, OLD.venue_name, OLD.territory, OLD.withdrawn_us)
    IS DISTINCT FROM (NEW.title, NEW.words, NEW.venue_name, NEW.territory, NEW.withdrawn_us))
EXECUTE FUNCTION search_note('selection');

-- How many selections name a work says how dear it is.
CREATE TRIGGER search_work_selected AFTER INSERT OR DELETE ON selection_works
FOR EACH ROW EXECUTE FUNCTION search_note('work');
