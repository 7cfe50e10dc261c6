files-disk-full = The disk is full: { $path } could not be written. Nothing is half done; make room, then try again.
