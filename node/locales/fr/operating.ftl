operating-desk = Le bureau du nœud
operating-health = Santé
operating-venues = Lieux
operating-parties = Ayants droit
operating-imports = Imports
operating-jobs = Tâches
operating-months = Mois
operating-cases-desk = Signalements
operating-peers = Pairs
operating-now = En ce moment
operating-waiting = { $n ->
    [0] Rien n’attend.
    [one] { $n } tâche attend.
   *[other] { $n } tâches attendent.
}
operating-failing = { $failing ->
    [one] { $n } tâches attendent, dont une destination qui ne répond pas.
   *[other] { $n } tâches attendent, dont { $failing } destinations qui ne répondent pas.
}
operating-cases = { $n ->
    [0] Aucun signalement à décider.
    [one] { $n } signalement à décider.
   *[other] { $n } signalements à décider.
}
operating-cases-late = { $n ->
    [one] { $n } est en retard.
   *[other] { $n } sont en retard.
}
operating-storage = Ce qui est gardé
operating-media = Fichiers des œuvres d’ici
operating-cache = Œuvres d’ailleurs, pour un temps ({ $limit } au plus)
operating-database = Base de données ({ $name })
operating-kilobytes = { $n } ko
operating-megabytes = { $n } Mo
operating-gigabytes = { $n } Go
operating-holds = Ce que tient ce nœud
operating-works = Œuvres
operating-releases = Parutions
operating-works-elsewhere = Œuvres connues d’ailleurs
operating-people = Membres
operating-venues-none = Pas encore de lieu. Le premier s’ajoute ci-dessous.
operating-seats = { $taken } places prises sur { $paid }
operating-paid-until = { $sum } par an, payés jusqu’à { $month }
operating-venue-do = Contribution et places de { $venue }
operating-contribution = Contribution pour un an ({ $currency })
operating-first-month = Premier mois de cette année-là
operating-first-month-hint = Comme 2026-11. Sans rien, le premier mois encore ouvert.
operating-receive = La contribution est reçue
operating-seats-change = Changer le nombre de places
operating-venue-add = Ajouter un lieu
operating-venue-name = Nom du lieu
operating-amount = Écrivez un montant comme 8400 ou 8400,50.
operating-month = Écrivez un mois comme 2026-11.
operating-parties-find = Chercher un ayant droit
operating-parties-count = { $n ->
    [0] Personne de ce nom.
    [one] { $n } ayant droit.
   *[other] { $n } ayants droit.
}
operating-parties-caption = Qui est payé par ce nœud
operating-party = Nom
operating-party-kind = Rôle
operating-party-artist = Artiste
operating-party-label = Label
operating-party-producer = Producteur
operating-party-publisher = Éditeur
operating-party-distributor = Distributeur
operating-jobs-lede = Ce qui attend est essayé de nouveau tout seul. Ce qui concerne l’argent n’est jamais abandonné.
operating-jobs-none = Rien n’attend.
operating-job-delivery = { $n ->
    [one] { $n } message à porter
   *[other] { $n } messages à porter
}
operating-job-arrival = { $n ->
    [one] { $n } message reçu, à traiter
   *[other] { $n } messages reçus, à traiter
}
operating-job-report = Un rapport d’écoute à recevoir
operating-job-settlement = Une répartition à recalculer
operating-job-since = Depuis le { $day }
operating-job-attempts = { $n ->
    [one] essayé { $n } fois
   *[other] essayé { $n } fois
}
operating-job-retry = Essayer maintenant
operating-job-stop = { $n ->
    [one] Arrêter { $n } message
   *[other] Arrêter { $n } messages
}
operating-months-none = Aucun mois n’a encore de compte.
operating-months-caption = Où en est chaque mois
operating-report = Rapport d’écoute
operating-settlement = Répartition
operating-month-open = ouvert
operating-month-closed = clos
operating-month-reported = déclaré
operating-month-settled = réparti
operating-report-made = prêt
operating-report-offered = offert
operating-report-accepted = accepté
operating-report-refused = refusé
operating-settlement-announced = annoncée
operating-settlement-recomputed = recalculée, identique
operating-settlement-objected = contestée
operating-settlement-see = la voir
operating-statements-see = les relevés
operating-import = Un import
operating-import-start = Importer un dossier
operating-import-where = Déposez des dossiers dans { $folder }, puis choisissez-en un.
operating-import-empty = Il n’y a encore rien dans ce dossier.
operating-import-folder = Dossier
operating-import-go = Importer
operating-import-nothing = Ce dossier n’est plus là. Rechargez la page.
operating-import-running = { $done } fichiers sur { $files }.
operating-import-over = { $n ->
    [one] Terminé : { $n } fichier.
   *[other] Terminé : { $n } fichiers.
}
operating-import-stop = Arrêter après ce fichier
operating-imports-before = Imports passés
operating-imports-none = Rien n’a encore été importé.
operating-import-unfinished = pas terminé
operating-import-taken = { $n } pris
operating-import-known = { $n } déjà là
operating-import-refused = { $n ->
    [one] { $shown } refusé
   *[other] { $shown } refusés
}
operating-import-began = Commencé
operating-import-ended = Terminé
operating-import-refusals = Ce qui a été refusé
operating-import-file = Fichier
operating-import-why = Pourquoi
operating-peers-well = { $n ->
    [0] Aucun autre pair.
    [one] { $n } pair va bien et n’attend rien.
   *[other] { $n } pairs vont bien et n’attendent rien.
}
operating-peers-see = Voir les pairs, réessayer, mettre en attente, bloquer
operating-errands = Ce que le nœud fait de lui-même
operating-errands-lede = Depuis son démarrage. Ce qui est arrêté ici reprend au prochain démarrage du nœud ; ce qui touche à l’argent, aux droits ou aux clés ne s’arrête jamais.
operating-errand-moment = { $day }, { $time }
operating-errand-done = Dernière fois : { $at }
operating-errand-not-yet = Pas encore fait
operating-errand-next = prochaine : { $at }
operating-errand-failed = Échec ({ $at }).
operating-errand-put-off = arrêté
operating-errand-now = Faire maintenant
operating-errand-stop = Arrêter
operating-errand-take-up = Reprendre
operating-errand-due = Cela touche à l’argent, aux droits ou aux clés : on ne peut pas l’arrêter.
operating-errand-deliveries = Dire aux pairs ce qui est à leur dire
operating-errand-arrivals = Donner suite à ce qui est arrivé
operating-errand-outboxes = Lire ce que les pairs suivis ont publié avant
operating-errand-keys = Prendre les clés qui ont changé
operating-errand-rights = Ouvrir et fermer les œuvres selon leurs droits
operating-errand-drafts = Publier et retirer les sélections à l’heure
operating-errand-nearness = Établir, la nuit, ce qui est proche de quoi
operating-errand-cache = Faire le ménage des œuvres gardées un temps
operating-errand-search = Tenir l’index de recherche
operating-errand-policies = Apprendre la politique de la coordination
operating-errand-reports = Recevoir les rapports d’écoute
operating-errand-settlements = Recalculer les répartitions
operating-errand-reminders = Redire ce qui est resté sans réponse
operating-errand-rows = Compter les lignes de la base, pour qu’elle reste rapide
