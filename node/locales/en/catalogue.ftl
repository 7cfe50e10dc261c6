catalogue-disk-full = The disk that holds { $folder } is full. What was taken in so far is safe: make room, then run the same command again.
catalogue-media-unwritable = Nothing can be written in { $folder } ({ $reason }). Mend that, then run the same command again: what was taken in so far is safe.
