discovery-search = Chercher
discovery-search-for = Chercher « { $q } »
discovery-search-label = Un titre, un nom, un label, un code
discovery-search-go = Chercher
discovery-filters = Affiner
discovery-filters-chosen = { $n ->
    [one] Affiner ({ $n } choix)
   *[other] Affiner ({ $n } choix)
}
discovery-kind = Forme
discovery-kind-any = Toutes
discovery-territory = Territoire
discovery-territory-any = Tous
discovery-years = Années
discovery-years-any = Toutes
discovery-decade = Années { $year }
discovery-genre = Genre
discovery-genre-any = Tous
discovery-label = Label
discovery-label-any = Tous
discovery-order = Ordre
discovery-order-best = Le plus proche d’abord
discovery-order-newest = Le plus récent d’abord
discovery-playable = Seulement ce qui s’écoute maintenant
discovery-bare = Le catalogue est encore vide. Les œuvres paraîtront ici dès qu’un label en aura apporté.
discovery-invite = Écrivez quelques lettres, même de mémoire : { $n } œuvres vous attendent. Ou entrez par l’une de ces portes.
discovery-new = Arrivées récemment
discovery-preparing = Le catalogue se range : la recherche répondra dans une minute ou deux.
discovery-none = Rien de tel dans le catalogue.
discovery-none-for = Rien pour « { $q } ». Essayez moins de mots, ou une autre orthographe.
discovery-without-filters = Chercher dans tout le catalogue
discovery-near = Rien d’exactement « { $q } » ; voici ce qui s’en approche.
discovery-found = { $n ->
    [one] { $written } résultat
   *[other] { $written } résultats
}
discovery-found-for = { $n ->
    [one] { $written } résultat pour « { $q } »
   *[other] { $written } résultats pour « { $q } »
}
discovery-works = Œuvres
discovery-artists = Artistes
discovery-releases = Parutions
discovery-labels = Labels
discovery-selections = Sélections
discovery-more = Tout voir
discovery-all-groups = Revenir à tous les résultats
discovery-here = Ici
discovery-elsewhere = Ailleurs
discovery-none-here = Rien ici.
discovery-none-elsewhere = Rien ailleurs.
discovery-pages = Pages de la liste
discovery-page = Page { $at } sur { $of }
discovery-previous = Page précédente
discovery-next = Page suivante
discovery-remote = Rien ici de cette adresse
discovery-remote-lede = { $host } peut répondre : ce nœud lui demandera en votre nom commun, sans dire qui cherche.
discovery-remote-go = Demander à { $host }
discovery-remote-sign-in = Entrez pour demander à d’autres nœuds
discovery-remote-what = Collez l’adresse d’une œuvre, d’une parution ou d’un lieu (https://…), ou un nom comme @lieu@exemple.org.
discovery-remote-other = Cette adresse répond, mais ce n’est ni une œuvre, ni une parution, ni une sélection, ni quelqu’un.
discovery-remote-not-had = { $url } n’a pas pu être lue : { $why }
discovery-remote-deleted = Cela a été retiré par son nœud d’origine.
discovery-actor-node = Nœud
discovery-actor-group = Lieu, label ou groupe
discovery-actor-person = Personne
discovery-actor-known = Ce que ce nœud en connaît
discovery-actor-home = Sa page, chez elle
