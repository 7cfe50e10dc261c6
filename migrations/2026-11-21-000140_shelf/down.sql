DROP TABLE unseen_plays;
DROP TABLE playlist_entries;
DROP TABLE playlists;
DROP TABLE favourites;
