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
catalogue-closed = Elle ne peut pas se jouer ici : les droits n’en sont pas cédés pour ce territoire, ou ne le sont plus.
catalogue-closed-until = Elle ne peut pas encore se jouer ici. Cela devrait changer le { $day }.
catalogue-open-until = Elle peut se jouer ici jusqu’au { $day }.
catalogue-mandate = Licence
catalogue-mandate-by = Cédée par { $name } le { $day }
catalogue-mandate-assumed = Réputée cédée par { $name } ; personne ne l’a encore déclaré
catalogue-society-unknown = Personne n’a dit si une société de gestion détient les mêmes droits.
catalogue-society-none = Aucune société de gestion ne détient les mêmes droits.
catalogue-society-named = { $name } détient les mêmes droits en tant que société de gestion.
catalogue-claimed = Une autre œuvre revendique le même code d’enregistrement :
catalogue-credits = Crédits
catalogue-credit-featured = Artiste invité
catalogue-credit-composer = Composition
catalogue-credit-lyricist = Paroles
catalogue-credit-songwriter = Paroles et musique
catalogue-credit-arranger = Arrangement
catalogue-credit-conductor = Direction
catalogue-credit-performer = Interprétation
catalogue-credit-mixer = Mixage
catalogue-credit-mastering = Mastering
catalogue-told = Signalé à cet ayant droit
