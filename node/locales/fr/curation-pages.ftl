curation-home-title = À écouter ce soir
curation-home-over = Ce soir, { $venue }
curation-home-open = Lire et écouter
curation-home-join = J’ai un code
curation-home-bare = Rien n’est encore proposé ici. Dès qu’un lieu composera une sélection, elle prendra cette place.
curation-home-here = Ici
curation-home-elsewhere = Ailleurs
curation-home-here-empty = Les autres lieux d’ici n’ont encore rien proposé.
curation-home-elsewhere-empty = Aucune voix d’ailleurs pour l’instant.
curation-home-new-here = Nouveautés d’ici
curation-home-new-elsewhere = Nouveautés d’ailleurs
curation-count = { $n ->
    [one] { $n } œuvre, { $day }
   *[other] { $n } œuvres, { $day }
}
curation-play-all = Écouter la sélection
curation-sign-in-to-listen = Se connecter pour écouter
curation-piece-missing = Cette œuvre n’est pas, ou plus, disponible ici.
