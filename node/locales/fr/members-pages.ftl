members-name = Nom
members-password = Mot de passe
members-password-hint = { $n } caractères ou plus. Une phrase se retient bien.
members-join-title = Bienvenue
members-join-lede = Votre lieu vous a donné un code. Choisissez un nom et un mot de passe : c’est tout ce qu’il faut.
members-join-code = Code
members-join-code-hint = Tel qu’il est écrit sur votre carte, tirets compris ou non.
members-join-name-hint = Celui que vous voulez : il reste ici et personne d’autre ne le voit.
members-join-go = Entrer
members-join-privacy = Ni âge, ni sexe, ni métier, ni adresse. Ce que vous écoutez ne quitte jamais ce nœud sous une forme qui mène à vous.
members-sign-in-title = Se connecter
members-sign-in-go = Se connecter
members-sign-in-join = J’ai un code et pas encore de compte
members-sign-in-reset = J’ai oublié mon mot de passe
members-reset-title = Un autre mot de passe
members-reset-lede = Demandez un code à l’accueil de votre lieu : il sert une fois, pendant un jour.
members-reset-code = Code de l’accueil
members-reset-password = Nouveau mot de passe
members-reset-go = Changer et entrer
members-me-title = Mon compte
members-me-venue = Membre par { $venue }
members-me-no-venue = Membre d’aucun lieu pour l’instant
members-me-went = Où est allée ma contribution
members-me-went-sentence = En { $month }, votre part de ce que votre lieu a versé aux œuvres était de { $sum }. Votre écoute l’a répartie ainsi.
members-me-went-how = Chaque membre qui a écouté dispose de la même part. Elle ne va qu’aux œuvres de sa propre écoute. Cette page n’est visible que de vous.
members-me-went-empty = Dès qu’un mois où vous avez écouté sera réparti, vous verrez ici à qui votre part est allée.
members-me-uses = { $n ->
    [one] { $n } écoute
   *[other] { $n } écoutes
}
members-me-work-gone = Une œuvre qui n’est plus proposée
members-me-history = Mes écoutes
members-me-history-private = Visible de vous seul.
members-me-history-empty = Vous n’avez encore rien écouté. Une sélection est un bon début.
