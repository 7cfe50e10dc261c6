-- What was measured while a file was decoded (catalogue::measure), by the digest of its bytes.
CREATE TABLE measures (
    digest TEXT PRIMARY KEY NOT NULL,
    loudness_mlufs BIGINT,            -- integrated loudness, thousandths of LUFS; none for silence
    peak_micro BIGINT NOT NULL,       -- the highest sample, millionths of full scale
    peaks TEXT NOT NULL               -- the outline of the sound: base64, a byte for each point
);
