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
curation-compose = Composer une sélection
curation-compose-title = Titre
curation-compose-words = Quelques lignes
curation-compose-words-hint = Pourquoi ces œuvres, pourquoi maintenant. Une ligne vide sépare les paragraphes.
curation-compose-works = Les œuvres, dans l’ordre
curation-compose-works-hint = Une adresse par ligne : la recherche les donne. Les lignes vides ne comptent pas.
curation-compose-address = Adresse de l’œuvre { $n }
curation-compose-address-example = https://…
curation-compose-note = Note sur l’œuvre { $n }
curation-compose-note-example = Un mot sur elle
curation-compose-up = Monter l’œuvre { $n }
curation-compose-down = Descendre l’œuvre { $n }
curation-compose-publish = Publier
curation-compose-find = Trouver des œuvres
curation-compose-find-invite = Celles d’ici et celles d’ailleurs se laissent choisir ensemble.
curation-compose-add = Ajouter { $title }
