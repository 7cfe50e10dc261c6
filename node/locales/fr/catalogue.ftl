catalogue-disk-full = Le disque qui porte { $folder } est plein. Ce qui est déjà entré est en sûreté : faites de la place, puis relancez la même commande.
catalogue-media-unwritable = Impossible d’écrire dans { $folder } ({ $reason }). Une fois cela réglé, relancez la même commande : ce qui est déjà entré est en sûreté.
catalogue-import-nothing-there = Il n’y a rien à { $path }. Vérifiez le chemin, puis recommencez.
catalogue-import-running = Un autre import est en cours sur ce nœud. Attendez qu’il soit fini, puis relancez la commande.
catalogue-split-malformed = « { $split } » ne partage pas une œuvre. Écrivez des rôles et des points de base dont la somme fait 10000, comme artist=7000,label=3000 (rôles : artist, label, producer, publisher, distributor).
catalogue-splits-too-many = { $work } a déjà des répartitions pour deux ans. Attendez que l’une d’elles s’applique avant de changer qui y a part.
catalogue-various-artists = Artistes divers
catalogue-file-unreadable = Ce fichier est illisible ({ $reason }).
catalogue-file-empty = Ce fichier est vide. Recopiez-le depuis sa source.
catalogue-file-too-large = Ce fichier dépasse 2 Gio. Découpez-le en plusieurs.
catalogue-file-too-long = Cet enregistrement dure plus d’un jour. Découpez-le en plusieurs.
catalogue-file-unsupported = Ce type de fichier ne se lit pas ici. Donnez-le en FLAC, MP3, Ogg Vorbis, Opus, AAC (m4a) ou WAV.
catalogue-file-not-audio = Aucun son lisible dans ce fichier. Est-il vraiment ce que dit son nom ?
catalogue-file-no-sound = Il n’y a pas de son dans ce fichier.
catalogue-file-chained = Ce fichier contient plusieurs enregistrements à la suite. Donnez à chacun son fichier.
catalogue-file-corrupt = Ce fichier est abîmé : il ne se lit pas jusqu’au bout. Recopiez-le depuis sa source.
catalogue-file-nothing = Ce fichier promet des heures d’écoute dans presque rien. Ce n’est pas un enregistrement.
catalogue-file-cut-off = Ce fichier s’arrête trop tôt, comme copié à moitié. Recopiez-le depuis sa source.
catalogue-file-changing = Ce fichier a changé pendant sa lecture. Importez-le de nouveau quand il sera terminé.
catalogue-file-withdrawn = Cette œuvre a été retirée du catalogue, et un import ne la fait pas revenir.
catalogue-folder-too-deep = Ce dossier est à plus de { $limit } dossiers de profondeur. Importez-le par son propre chemin.
catalogue-tags-unreadable = Ses étiquettes sont illisibles. L’œuvre prend le nom de son fichier et de son dossier.
catalogue-tag-cut = Son étiquette « { $tag } » dépasse { $limit } caractères et a été coupée.
catalogue-isrc-malformed = « { $isrc } » n’est pas un ISRC et n’a pas été repris. Écrivez-le comme FR-ABC-26-00001.
catalogue-cover-unreadable = Son image n’est pas un JPEG, un PNG ou un WebP de taille raisonnable et n’a pas été reprise.
catalogue-origin-away = Cette œuvre vit sur { $origin }, qui ne répond pas pour l’instant. Réessayez un peu plus tard.
catalogue-origin-other-bytes = Cette œuvre vit sur { $origin }, qui envoie un autre fichier que celui qu’il annonce. Rien n’en est gardé ; réessayez dans un quart d’heure.
catalogue-origin-unsized = Cette œuvre vit sur { $origin }, qui ne dit pas combien d’octets elle a. Elle ne peut pas être écoutée d’ici.
catalogue-cache-full = Cette œuvre vit sur { $origin } et ne tient pas dans le cache de ce nœud pour l’instant. Réessayez un peu plus tard, ou demandez à votre nœud d’agrandir media_cache_gb.
catalogue-cache-busy = Trop d’œuvres arrivent d’ailleurs en ce moment, dont celle-ci, de { $origin }. Réessayez dans un instant.
catalogue-media-followers = Ce nœud ne donne ses fichiers qu’aux nœuds qui le suivent. Suivez-le d’abord.
catalogue-listen-no-venue = On écoute ici par un lieu, et vous n’appartenez à aucun pour l’instant. Demandez une invitation à votre médiathèque, votre salle ou votre comité d’entreprise.
catalogue-document-foreign = { $id } ne vit pas sur { $peer } : un nœud ne parle que de ce qui est à lui.
catalogue-document-unproven = La preuve d’un document de { $peer } ne tient pas : { $reason }.
catalogue-document-unreadable = Ce document est illisible : { $reason }.
catalogue-splits-contradict = Deux répartitions de { $work } à partir du { $day } se contredisent. La première vaut ; une correction commence un mois plus tard.
catalogue-file-archive = Cette archive n’est pas un ZIP, ou se trouve dans une autre : décompressez-la et importez le dossier.
catalogue-file-no-message = Ce n’est pas un message DDEX par lequel on livre des parutions.
catalogue-file-unknown = Le contenu de ce fichier n’est pas connu ici. Les films viennent en MP4 ou WebM, les livres en EPUB ou PDF, les jeux dans un zip avec leur page.
catalogue-file-other-kind = Ce fichier est de type { $found }, ce qui ne convient pas à une œuvre « { $kind } ».
catalogue-archive-damaged = Le répertoire de cette archive est abîmé. Refaites-la.
catalogue-archive-too-much = Décompressée, cette archive dépasserait de loin ce qui est accepté.
catalogue-archive-climbs-out = Un nom dans cette archive mène hors du dossier où elle serait décompressée ({ $name }).
catalogue-name-climbs-out = Ce nom mène hors du dossier de la livraison. Rien n’est pris en dehors.
catalogue-hash-differs = Ce fichier n’est pas celui dont parle le message : sa somme de contrôle est autre. Livrez-le de nouveau.
catalogue-hash-unread = Ligne { $line } : la somme d’un fichier n’est pas vérifiée, car « { $algorithm } » n’est pas connu ici ou ne lui convient pas.
catalogue-duration-differs = Il dure { $found } secondes, et le message en annonce { $said }. C’est le fichier qui compte.
catalogue-code-malformed = « { $code } » n’est pas un code { $scheme } valable ({ $reason }) et n’a pas été repris.
catalogue-xml-malformed = Ligne { $line } : ce n’est pas du XML qui se lise ici ({ $reason }).
catalogue-ern-version = C’est du DDEX ERN en version { $version }. Les versions 4.1 à 4.3 se lisent ici : demandez l’une d’elles.
catalogue-ern-missing = Ligne { $line } : { $element } n’a pas { $missing }, qui est obligatoire.
catalogue-ern-dangling = Ligne { $line } : { $reference } est cité mais n’est pas dans le message.
catalogue-ern-test = Ce message se dit un essai. Importez-le avec --test-messages pour le prendre tout de même.
catalogue-ern-no-works = Ligne { $line } : rien sur cette parution ne s’écoute, ne se regarde, ne se joue ni ne se lit.
catalogue-ern-files-absent = { $count ->
    [one] Une œuvre n’a pas encore de fichier à côté du message. Elle est au catalogue, mais ne se joue pas.
   *[other] { $count } œuvres n’ont pas encore de fichier à côté du message. Elles sont au catalogue, mais ne se jouent pas.
}
catalogue-ern-immersive = { $reference } existe aussi en édition immersive. C’est celle pour deux enceintes qui est prise.
catalogue-ern-clip = { $reference } est la parution d’un extrait. Elle n’est pas prise ; l’œuvre entière l’est.
catalogue-ern-left-out = { $reference } ({ $type }) accompagne la parution et n’est pas gardé.
catalogue-ern-deal-nowhere = Ligne { $line } : cet accord ne nomme aucun territoire et n’autorise rien ici.
catalogue-ern-deal-place = Ligne { $line } : « { $code } » n’est pas un territoire qui se lise ici. L’accord vaut dans les autres qu’il nomme.
catalogue-ern-deal-except = Ligne { $line } : « { $code } », où cet accord ne vaut pas, n’est pas un territoire qui se lise ici. L’accord n’autorise donc rien ici.
catalogue-ern-no-deals = { $count ->
    [one] Une œuvre de « { $title } » ({ $type }) vient sans accord. Elle est au catalogue, mais n’est pas proposée.
   *[other] { $count } œuvres de « { $title } » ({ $type }) viennent sans accord. Elles sont au catalogue, mais ne sont pas proposées.
}
catalogue-ern-other-deals = { $count ->
    [one] Aucun accord sur « { $title } » ({ $type }) ne permet d’écouter ici, par abonnement, une de ses œuvres ({ $deals }). Elle est au catalogue, mais n’est pas proposée.
   *[other] Aucun accord sur « { $title } » ({ $type }) ne permet d’écouter ici, par abonnement, { $count } de ses œuvres ({ $deals }). Elles sont au catalogue, mais ne sont pas proposées.
}
catalogue-ern-older = Ce message est plus ancien que ce qui est ici et ne change rien.
catalogue-table-no-column = La première ligne n’a pas de colonne « { $column } ». docs/import.md donne le nom des colonnes.
catalogue-table-columns = Ces colonnes ne sont pas connues ici et sont laissées de côté : { $names }.
catalogue-table-missing = Il n’y a rien sous « { $column } ».
catalogue-table-unread = « { $text } » sous « { $column } » ne se lit pas. docs/import.md montre comment l’écrire.
catalogue-table-long = Ce qui est sous « { $column } » dépasse { $limit } caractères.
catalogue-table-too-wide = Cette ligne a plus de cellules que la première n’a de colonnes. Manque-t-il des guillemets autour d’un séparateur ?
catalogue-table-until = La fin serait avant le début.
catalogue-table-file-absent = Il n’y a pas de fichier { $file } à côté du tableau.
catalogue-table-broken = Le tableau ne se lit plus à partir d’ici : { $reason }.
catalogue-mandate-day = « { $day } » n’est pas un jour. Écrivez-le comme 2026-11-01.
catalogue-mandate-long = Ce qui est dit du mandat dépasse { $limit } caractères.
catalogue-claim-which = Dites laquelle des deux œuvres doit être retirée.
catalogue-change-decided = Ce changement est déjà tranché ({ $state }).
catalogue-change-stranger = { $party } n’a pas de part à ce changement.
catalogue-notice-split-proposed = Un changement des parts de cette œuvre est proposé. Il s’applique quand tous ceux qui y perdraient sont d’accord, ou quand son délai est passé ; d’ici là, vous pouvez vous y opposer.
catalogue-notice-split-confirmed = Le changement des parts de cette œuvre a été accepté.
catalogue-notice-split-waited = Personne ne s’est opposé à temps au changement des parts de cette œuvre : il s’applique.
catalogue-notice-split-refused = Le changement des parts de cette œuvre n’aura pas lieu.
catalogue-notice-isrc-claimed = Une autre œuvre revendique le code d’enregistrement de celle-ci.
catalogue-import-stopped = L’import a été arrêté ; ce qui était pris reste.
catalogue-archive-unread = Cette archive ne se lit pas : { $reason }.
catalogue-archive-many = Cette archive contient plus de { $limit } fichiers : faites-en plusieurs.
catalogue-archive-entry = Ce fichier de l’archive ne se lit pas : { $reason }.
catalogue-archive-bomb = Déballée, cette archive serait plus de { $times } fois plus grande : elle n’est pas prise.
