venues-here = Un lieu d’ici
venues-elsewhere = Un lieu d’ailleurs ({ $node })
venues-compose = Composer une sélection
venues-selections = Ses sélections
venues-selections-empty = Ce lieu n’a encore rien proposé.
venues-managers-only = Les comptes d’un lieu se lisent avec le compte de qui le dirige.
venues-statement-of = Où est allée la contribution, { $month }
venues-statement = Où est allée votre contribution
venues-statement-sentence = { $sum } sont allés aux œuvres que vos membres ont écoutées, dont { $stayed } à des œuvres d’ici.
venues-statement-listeners = { $n ->
    [one] { $n } membre a écouté ce mois-ci.
   *[other] { $n } membres ont écouté ce mois-ci.
}
venues-statement-works = Les œuvres payées
venues-statement-others = { $n ->
    [one] { $n } autre œuvre
   *[other] { $n } autres œuvres
}
venues-statement-five = Aucun chiffre ne repose sur moins de cinq membres : ce que moins de cinq ont écouté est compté ensemble.
venues-statement-waiting = Ce mois n’est pas encore réparti, ou trop peu de membres ont écouté pour en montrer le détail.
venues-accounts = Comptes rendus
