-- Search has an index of its own: nobody reads this any more.
ALTER TABLE works DROP COLUMN search_text;
