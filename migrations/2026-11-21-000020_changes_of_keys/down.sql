DROP TABLE held_peers;
DROP TABLE old_keys;
DROP TABLE key_changes;
