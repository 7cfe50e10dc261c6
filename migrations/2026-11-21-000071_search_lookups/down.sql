DROP INDEX selection_works_by_work;
DROP INDEX contributors_by_party;
DROP INDEX releases_by_icpn;
DROP INDEX releases_by_label;
DROP INDEX releases_by_artist;
DROP INDEX works_by_artist;
