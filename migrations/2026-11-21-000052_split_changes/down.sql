DROP TABLE notices;
DROP TABLE split_change_parties;
DROP TABLE split_changes;
