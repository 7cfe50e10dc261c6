DROP TABLE cached_media;
