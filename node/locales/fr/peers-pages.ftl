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
