venues-desk = Le bureau
venues-desk-overview = Vue d’ensemble
venues-desk-invitations = Invitations
venues-desk-members = Membres
venues-desk-uses = Écoutes
venues-desk-contribution = Contribution
venues-desk-invite = Inviter
venues-seats = Places
venues-seats-sentence = { $members ->
    [0] Personne n’a encore rejoint ce lieu, qui a { $seats } places.
    [one] Une personne fait partie de ce lieu, qui a { $seats } places.
   *[other] { $members } personnes font partie de ce lieu, qui a { $seats } places.
}
venues-seats-taken = Places prises ce mois-ci
venues-seats-invited = Invitations ouvertes
venues-seats-free = Places libres
venues-contribution-until = Reçue le { $day }, la contribution paie jusqu’à la fin de { $month }.
venues-contribution-none = Aucune contribution n’a encore été reçue.
venues-contribution-year = De { $first } à { $last }
venues-contribution-received = Reçue le { $day }.
venues-contribution-carried = { $sum } ont déjà été portés par les mois clos.
venues-contribution-months = Ce que chaque mois a porté
venues-contribution-awaited = pas encore réparti
venues-csv-month = Mois
venues-csv-carried = Porté par le mois
venues-csv-work = Œuvre
venues-csv-credit = De
venues-csv-uses = Écoutes
venues-csv-paid = Versé
venues-download = Télécharger les chiffres (CSV)
venues-download-paid = Télécharger ce qui a été versé (CSV)
venues-uses-weeks = Semaine par semaine
venues-uses-none = Cinq personnes au moins doivent avoir écouté dans une semaine pour qu’on voie ici quelque chose.
venues-uses-sentence = { $n ->
    [one] { $n } écoute ces treize dernières semaines.
   *[other] { $n } écoutes ces treize dernières semaines.
}
venues-uses-caption = Écoutes par semaine, la semaine commençant le lundi indiqué
venues-uses-more = Par forme, par sélection, d’ici ou d’ailleurs
venues-uses-week = Semaine
venues-uses-kind = Forme
venues-uses-kinds = Par forme
venues-uses-selection = Sélection
venues-uses-selections = Ce qui y a mené
venues-uses-by = Figure
venues-uses-which = Ligne
venues-uses-listens = Écoutes
venues-uses-few = moins de cinq personnes
venues-uses-others = Autres, comptées ensemble
venues-uses-by-themselves = Trouvé sans sélection
venues-uses-where = D’ici et d’ailleurs
venues-uses-here = Œuvres d’ici
venues-uses-elsewhere = Œuvres d’ailleurs
venues-uses-five = Une écoute dure trente secondes au moins, ou toute l’œuvre ; un jeu ou un livre compte quand on l’ouvre. Aucun chiffre ne repose sur moins de cinq membres : les semaines plus calmes ne sont dans aucune somme, et ce que moins de cinq ont écouté est compté avec d’autres.
venues-kind-music = Musique
venues-kind-film = Films
venues-kind-game = Jeux
venues-kind-book = Livres
venues-invite-lede = { $left ->
    [0] Il ne reste aucune place libre sur { $seats }.
    [one] Il reste { $left } place libre sur { $seats }.
   *[other] Il reste { $left } places libres sur { $seats }.
} Chaque invitation sert une fois, pour une personne.
venues-invite-cards = Cartes ou liens
venues-invite-count = Combien
venues-invite-as = Sous quelle forme
venues-invite-days-label = Valables
venues-invite-days-option = { $n } jours
venues-invite-go = Faire les invitations
venues-invite-many = Faites-en { $limit } au plus à la fois.
venues-invite-days = Une invitation est valable de 1 à { $limit } jours.
venues-invite-list = À partir d’une liste
venues-invite-list-how = Un nom par ligne, tel que votre logiciel l’exporte (CSV). Les noms sont écrits sur les cartes et nulle part ailleurs : ce nœud ne les garde pas.
venues-invite-file = Fichier
venues-invite-names = Ou collez les noms ici
venues-invite-list-go = Faire une carte par nom
venues-batches = Déjà faites
venues-batches-empty = Pas encore d’invitation. Dix cartes sur le comptoir sont un bon début.
venues-batch-cards = Cartes à imprimer
venues-batch-links = Liens à envoyer
venues-batch-list = Cartes d’une liste
venues-batch-made = Ces invitations sont déjà faites : ce formulaire a été envoyé deux fois. Si vous n’avez pas gardé les cartes, reprenez-les plus bas et faites-en d’autres.
venues-batch-made-n = { $n ->
    [one] { $n } faite
   *[other] { $n } faites
}
venues-batch-used-n = { $n ->
    [one] { $n } utilisée
   *[other] { $n } utilisées
}
venues-batch-open-n = { $n ->
    [0] plus aucune ouverte
    [one] { $n } ouverte jusqu’au { $day }
   *[other] { $n } ouvertes jusqu’au { $day }
}
venues-batch-revoke = { $n ->
    [one] Reprendre celle qui reste
   *[other] Reprendre les { $n } qui restent
}
venues-taken-back = { $n ->
    [0] Aucune invitation n’était plus ouverte.
    [one] { $n } invitation est reprise ; sa place est libre.
   *[other] { $n } invitations sont reprises ; leurs places sont libres.
}
venues-revoke-code = Reprendre une seule invitation : son code
venues-revoke-go = La reprendre
venues-list-empty = Il n’y a pas de nom dans cette liste.
venues-list-large = Ce fichier est trop grand : { $limit } Kio au plus. Coupez-le en plusieurs.
venues-list-long = Cette liste est trop longue : { $limit } lignes au plus. Coupez-la en plusieurs.
venues-list-kind = Ce n’est pas une liste de noms. Dans votre tableur, enregistrez-la au format CSV, puis envoyez ce fichier-là.
venues-list-twice = Ce nom est déjà à la ligne { $line }.
venues-list-no-name = Il n’y a pas de nom sur cette ligne.
venues-list-no-seat = Il n’y a plus de place libre pour cette personne.
venues-list-refused = Sans carte
venues-list-line = Ligne { $line } :
venues-cards-title = Vos invitations
venues-cards-lede = Imprimez cette page ou gardez le tableau maintenant : les codes ne seront plus montrés, ce nœud n’en garde que l’empreinte.
venues-cards-table = Garder le tableau (CSV)
venues-cards-done = J’ai terminé
venues-card-words = vous invite à écouter sur { $node }. Choisissez un nom et un mot de passe : c’est tout.
venues-card-until = Valable jusqu’au { $day }, pour une personne.
venues-members-find = Chercher un membre
venues-members-find-go = Chercher
venues-members-count = { $n ->
    [0] Aucun membre de ce nom.
    [one] { $n } membre.
   *[other] { $n } membres.
}
venues-members-more = Les { $n } premiers sont montrés : cherchez un nom pour les autres.
venues-members-post = poste d’écoute
venues-members-do = Que faire pour { $name }
venues-members-reset = Donner un code à usage unique
venues-members-give-curator = Confier les sélections
venues-members-take-curator = Retirer les sélections
venues-members-give-manager = Confier le bureau
venues-members-take-manager = Retirer le bureau
venues-members-end = Mettre fin à l’adhésion
venues-role-curator = compose les sélections
venues-role-manager = tient le bureau
venues-role-operator = tient le nœud
venues-reset-title = Un code à usage unique
venues-reset-lede = Donnez cette carte à { $name }, et à personne d’autre. Le code n’est montré qu’une fois.
venues-reset-card = Pour choisir un autre mot de passe. Sert une fois, pendant un jour.
venues-reset-outranked = Cette personne a un rôle au-delà de ce lieu : seul qui tient le nœud peut lui donner un code.
