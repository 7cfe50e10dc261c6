-- The pages of an outbox are found by `outbox_by_actor` since there are several actors; and what was
-- said to one peer alone is forgotten by its time, without its address. Each index is written for each
-- of a million works, twice.
DROP INDEX outbox_pages;
DROP INDEX outbox_by_time;
CREATE INDEX outbox_by_time ON outbox (public, created_us);
-- A catalogue is counted and walked by what stands in it. Without this, a node with thirty works of its
-- own walked past the million it knows of others for each page.
CREATE INDEX works_standing ON works (origin, withdrawn_us, id);
