shelf-name = Ma collection
shelf-lede = Ce que vous gardez pour vous. Personne d’autre ne le voit.
shelf-history = Mes écoutes
shelf-favourites = Favoris
shelf-favourites-empty = Un cœur sur une œuvre, et elle vous attend ici.
shelf-favourites-many = Vous avez déjà { $limit } favoris. Retirez-en un d’abord.
shelf-favour = Ajouter aux favoris
shelf-favourite = Favori
shelf-favoured = {"{title}"} : dans vos favoris
shelf-unfavoured = {"{title}"} : retiré de vos favoris
shelf-unfavour = Retirer { $title } des favoris
shelf-play = Tout écouter
shelf-playlists = Listes
shelf-playlists-empty = Aucune liste pour l’instant. Donnez un nom à la première.
shelf-playlists-many = Vous avez déjà { $limit } listes. Supprimez-en une d’abord.
shelf-length = { $n ->
    [one] { $n } œuvre
   *[other] { $n } œuvres
}
shelf-new = Une nouvelle liste
shelf-begin = Commencer
shelf-begin-add = Commencer avec cette œuvre
shelf-title = Donnez à la liste un titre de 1 à { $limit } caractères, sur une ligne.
shelf-title-label = Titre
shelf-import = Apporter une liste
shelf-import-hint = Un fichier M3U8, XSPF ou JSPF. Ce qui n’est pas trouvé ici reste sur la liste, en toutes lettres.
shelf-import-go = Apporter
shelf-imported = Liste apportée
shelf-list-large = Ce fichier dépasse { $limit } Kio. Partagez-le en plusieurs listes.
shelf-list-empty = Il n’y a aucune œuvre dans ce fichier.
shelf-list-unknown = Ce fichier n’est pas une liste que l’on sait lire ici. Choisissez un fichier M3U8, XSPF ou JSPF.
shelf-list-unread = Ce fichier n’a pas pu être lu ({ $why }). Exportez-le de nouveau, ou dans un autre format.
shelf-entries-many = Une liste compte { $limit } œuvres au plus. Partagez-la en plusieurs.
shelf-stale = Cette liste a changé entre-temps. Rechargez la page, puis recommencez.
shelf-missing = { $n ->
    [one] Une œuvre de cette liste n’est pas, ou plus, proposée ici. Elle y reste en toutes lettres.
   *[other] { $n } œuvres de cette liste ne sont pas, ou plus, proposées ici. Elles y restent en toutes lettres.
}
shelf-entry-missing = pas proposée ici
shelf-playlist-empty = Cette liste attend sa première œuvre. « Ajouter à une liste » se trouve à côté de chaque titre.
shelf-up = Monter { $title }
shelf-down = Descendre { $title }
shelf-remove = Retirer { $title }
shelf-take = L’emporter
shelf-take-hint = Un fichier que d’autres lecteurs savent lire.
shelf-settle = Régler
shelf-rename = Renommer
shelf-delete = Supprimer la liste
shelf-delete-sure = La liste disparaît. Les œuvres, elles, restent.
shelf-delete-go = Supprimer
shelf-add = Ajouter à une liste…
shelf-add-title = Ajouter à une liste
shelf-back = Revenir
shelf-follows = Ceux que je suis
shelf-follows-empty = Suivez un lieu ou un artiste depuis sa page : ses nouvelles arriveront ici.
shelf-history-lede = Visible de vous seul. Ce que vous retirez ne se voit plus ; l’écoute compte toujours, sans nom, pour payer l’œuvre.
shelf-history-empty = Vous n’avez encore rien écouté, ou tout retiré.
shelf-history-remove = Retirer { $title }, { $time }
shelf-history-earlier = Plus tôt
shelf-history-clear = Tout retirer
shelf-history-clear-sure = Toutes vos écoutes disparaissent de cette page, pour de bon.
shelf-history-clear-go = Tout retirer
shelf-work-gone = Une œuvre qui n’est plus proposée
shelf-unfollow = Ne plus suivre { $name }
shelf-grip = Déplacer { $title } : flèches haut et bas
