catalogue-kind-music = Musique
catalogue-kind-film = Film
catalogue-kind-game = Jeu
catalogue-kind-book = Livre
catalogue-role-artist = Artiste
catalogue-role-label = Label
catalogue-role-producer = Production
catalogue-role-publisher = Édition
catalogue-role-distributor = Distribution
catalogue-facts = L’œuvre
catalogue-release = Album
catalogue-releases = Albums
catalogue-label = Label
catalogue-year = Année
catalogue-genre = Genre
catalogue-length = Durée
catalogue-isrc-long = Code international de l’enregistrement
catalogue-icpn-long = Code-barres européen
catalogue-home = Vient de
catalogue-parts = Qui y prend part
catalogue-parts-empty = Personne n’est encore nommé.
catalogue-chosen = Choisie par
catalogue-tracks = { $n ->
    [one] { $n } titre, { $length }
   *[other] { $n } titres, { $length }
}
catalogue-works = Titres
catalogue-play-release = Écouter l’album
catalogue-release-empty = Rien à écouter ici pour l’instant.
catalogue-party-empty = Rien à écouter ici pour l’instant.
catalogue-search = Chercher
catalogue-search-label = Un titre, un nom, un label
catalogue-search-go = Chercher
catalogue-search-invite = Écrivez quelques lettres : les œuvres d’ici répondent à gauche, celles d’ailleurs à droite.
catalogue-search-none = Rien pour « { $q } ». Essayez moins de mots, ou une autre orthographe.
catalogue-search-found = { $n ->
    [one] { $n } œuvre pour « { $q } »
   *[other] { $n } œuvres pour « { $q } »
}
catalogue-search-here = Ici
catalogue-search-elsewhere = Ailleurs
catalogue-search-none-here = Rien ici.
catalogue-search-none-elsewhere = Rien ailleurs.
