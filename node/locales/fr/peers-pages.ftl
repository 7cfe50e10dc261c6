peers-network = Le réseau
peers-coordinates = Ce nœud fait la répartition pour le réseau.
peers-coordinated = La répartition du réseau est faite par { $name }, et refaite ici.
peers-settled = Mois répartis
peers-statements = relevés
peers-reports = Qui a rendu compte
peers-node = Nœud
peers-report-accepted = reçu
peers-report-offered = remis
peers-report-refused = à refaire
peers-report-missing = manque
peers-peers = Les autres voix
peers-none = Ce nœud est encore seul.
peers-standing-blocked = bloqué
peers-standing-both = nous nous suivons
peers-standing-following = nous le suivons
peers-standing-follower = nous suit
peers-standing-asked = demande envoyée
peers-standing-known = connu
peers-owed = { $n ->
    [one] { $n } envoi attend.
   *[other] { $n } envois attendent.
}
peers-owed-money = { $n ->
    [one] { $n } concerne de l’argent.
   *[other] { $n } concernent de l’argent.
}
peers-owed-since = Depuis le { $day }.
peers-failing = Injoignable depuis le { $day }.
peers-heard = Entendu le { $day }.
peers-standing-limited = limité
peers-held = En attente depuis le { $day } : ses clés ont changé.
peers-held-why = Rien ne montre qu’il les a changées lui-même. Rien n’y est envoyé, et rien de ce que signent les nouvelles clés n’est accepté, l’argent moins que tout. Demandez à qui tient ce nœud, par un autre chemin, puis faites confiance aux clés ou bloquez le nœud.
peers-held-key = Il montre maintenant : { $key }
peers-operators-only = Seul qui tient ce nœud peut le faire.
peers-kind-reports = { $n ->
    [one] { $n } compte rendu d’écoute
   *[other] { $n } comptes rendus d’écoute
}
peers-kind-receipts = { $n ->
    [one] { $n } réponse à un compte rendu
   *[other] { $n } réponses à des comptes rendus
}
peers-kind-settlements = { $n ->
    [one] { $n } message sur une répartition
   *[other] { $n } messages sur des répartitions
}
peers-kind-splits = { $n ->
    [one] { $n } feuille de partage
   *[other] { $n } feuilles de partage
}
peers-kind-works = { $n ->
    [one] { $n } œuvre ou parution
   *[other] { $n } œuvres et parutions
}
peers-kind-selections = { $n ->
    [one] { $n } sélection
   *[other] { $n } sélections
}
peers-kind-others = { $n ->
    [one] { $n } autre message
   *[other] { $n } autres messages
}
peers-do-retry = Réessayer maintenant
peers-do-trust = Faire confiance aux nouvelles clés
peers-do-allow = Autoriser
peers-do-limit = Limiter
peers-do-unlimit = Ne plus limiter
peers-do-block = Bloquer
peers-do-unblock = Débloquer
