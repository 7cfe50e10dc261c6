files-disk-full = Le disque est plein : { $path } n’a pas pu être écrit. Rien n’est à moitié fait ; faites de la place, puis recommencez.
