-- What of other nodes' media is kept here for a while (catalogue::cache): a row from the moment a
-- file is asked for, so that what it will take is counted before it is there.
CREATE TABLE cached_media (
    work_id TEXT PRIMARY KEY NOT NULL,
    digest TEXT,                      -- of the bytes, once they are here whole and proven
    size BIGINT NOT NULL,             -- in bytes; of a file that is arriving, what was announced
    used_us BIGINT NOT NULL           -- when somebody last listened to it, to the minute
);
CREATE INDEX cached_media_by_use ON cached_media (used_us);
