catalogue-disk-full = Le disque qui porte { $folder } est plein. Ce qui est déjà entré est en sûreté : faites de la place, puis relancez la même commande.
catalogue-media-unwritable = Impossible d’écrire dans { $folder } ({ $reason }). Une fois cela réglé, relancez la même commande : ce qui est déjà entré est en sûreté.
