coordinator-operators-only = Cette page est à qui fait vivre le nœud.
coordinator-settlement-over = Répartition publiée le { $day }
coordinator-settlement-sentence = Voilà ce que les lieux ont versé ce mois-ci. Tout ce qui est entré est ressorti, au millionième de centime près.
coordinator-settlement-recomputed = Ce nœud a refait le calcul et trouve la même chose.
coordinator-settlement-announced = Cette répartition est annoncée ; ce nœud ne l’a pas encore recalculée.
coordinator-settlement-objected = Ce nœud a refait le calcul et ne trouve pas la même chose.
coordinator-went = Où c’est allé
coordinator-went-parties = Aux artistes, labels, éditeurs
coordinator-went-fund = Au fonds de création
coordinator-went-nodes = Aux nœuds, pour leurs frais
coordinator-went-coordinator = À la coordination
coordinator-went-held = En attente : n’appartient encore à personne
coordinator-nodes = Les nœuds
coordinator-node = Nœud
coordinator-contributed = Versé par ses lieux
coordinator-earned = Gagné par ses artistes
coordinator-position = Compensation
coordinator-pays = paie { $sum }
coordinator-receives = reçoit { $sum }
coordinator-signed = Contresigné
coordinator-agreed = oui
coordinator-objected = conteste
coordinator-unsigned = pas encore
coordinator-published = a publié
coordinator-elsewhere = auprès de la coordination
coordinator-document = Le document signé, pour les machines et les commissaires aux comptes
coordinator-statements = Relevés
coordinator-statements-lede = Un relevé par personne à payer. Chaque adresse est un secret : envoyez-la à la seule personne qu’elle concerne.
coordinator-statements-empty = Personne n’a rien gagné ce mois-ci.
coordinator-party = À qui
coordinator-statement-nothing = Rien en { $month } : vos œuvres n’ont pas été écoutées, ou leur part attend encore.
coordinator-statement-sentence = En { $month }, { $works ->
    [one] une de vos œuvres a été écoutée
   *[other] { $works } de vos œuvres ont été écoutées
} { $uses } fois dans { $places ->
    [one] un territoire.
   *[other] { $places } territoires.
}
coordinator-statement-from = D’où cela vient
coordinator-statement-why = Pourquoi { $sum }
coordinator-work = Œuvre
coordinator-place = Écoutée en
coordinator-uses = Écoutes
coordinator-of = L’œuvre y a gagné
coordinator-share = Votre part
coordinator-yours = Pour vous
coordinator-sum = Total
coordinator-account = Votre compte
coordinator-carried-in = Reporté du mois d’avant
coordinator-earned-party = Gagné ce mois-ci
coordinator-adjusted = Corrections
coordinator-payable = À payer
coordinator-carried-out = Reporté au mois suivant
coordinator-carried-why = Les petites sommes sont reportées jusqu’à atteindre le minimum d’un versement. Rien n’est perdu.
