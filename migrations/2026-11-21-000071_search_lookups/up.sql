-- What is asked for by somebody else's key, of a million works.
CREATE INDEX works_by_artist ON works (artist_id);
CREATE INDEX releases_by_artist ON releases (artist_id);
CREATE INDEX releases_by_label ON releases (label_id);
CREATE INDEX releases_by_icpn ON releases (icpn);
CREATE INDEX contributors_by_party ON contributors (party_id);
CREATE INDEX selection_works_by_work ON selection_works (work_id);
