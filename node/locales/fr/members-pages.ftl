members-name = Nom
members-password = Mot de passe
members-password-hint = { $n } caractères ou plus. Une phrase se retient bien.
members-join-title = Bienvenue
members-join-lede = Votre lieu vous a donné un code. Choisissez un nom, et un mot de passe ou une clé d’accès : c’est tout ce qu’il faut.
members-join-code = Code
members-join-code-hint = Tel qu’il est écrit sur votre carte, tirets compris ou non.
members-join-name-hint = Celui que vous voulez : il reste ici et personne d’autre ne le voit.
members-join-go = Entrer
members-join-privacy = Ni âge, ni sexe, ni métier, ni adresse. Ce que vous écoutez ne quitte jamais ce nœud sous une forme qui mène à vous.
members-sign-in-title = Se connecter
members-sign-in-go = Se connecter
members-sign-in-join = J’ai un code et pas encore de compte
members-sign-in-reset = J’ai oublié mon mot de passe, ou perdu ma clé d’accès
members-reset-title = Un autre mot de passe
members-reset-lede = Demandez un code à l’accueil de votre lieu : il sert une fois, pendant un jour.
members-reset-code = Code de l’accueil
members-reset-password = Nouveau mot de passe
members-reset-go = Changer et entrer
members-me-title = Mon compte
members-me-venue = Membre par { $venue }
members-me-no-venue = Membre d’aucun lieu pour l’instant
members-me-went = Où est allée ma contribution
members-me-went-sentence = C’était en { $month } votre part de ce que votre lieu a versé aux œuvres. Votre écoute l’a répartie ainsi.
members-me-went-rest = { $n ->
    [one] Une autre œuvre
   *[other] { $n } autres œuvres
}
members-me-history-all = Toutes mes écoutes
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
members-public = Être vu
members-public-over = Membre
members-public-lede = Personne ne vous voit si vous ne le voulez pas. Choisissez un identifiant et un nom, et l’on pourra vous suivre depuis d’autres serveurs. Le nom avec lequel vous entrez et ce que vous écoutez ne sont jamais montrés.
members-public-handle = Identifiant
members-public-name = Nom que voient les autres
members-public-open = Me rendre visible
members-public-close = Ne plus être visible
members-public-page = Ma page
members-public-seen = On vous voit sous le nom de { $name }, identifiant { $handle }.
members-public-follow-from = Peut être suivi depuis tout serveur du fédivers : { $handle }
members-public-handle-refused = Un identifiant a de 2 à 40 lettres minuscules, chiffres et traits d’union.
members-public-handle-taken = Cet identifiant est pris. Choisissez-en un autre.
members-public-name-refused = Écrivez un nom d’au plus { $limit } caractères, sur une ligne.
members-follows = Ceux que je suis ailleurs
members-follows-private = Vu de vous seul : ce nœud demande en son propre nom.
members-follow = Suivre
members-heard = Ce qu’ils ont dit dernièrement
members-unfollow = Ne plus suivre
members-follow-who = Adresse, ou identifiant comme @nom@exemple.org
members-follow-many = On suit au plus { $limit } autres. Quittez-en d’abord un.
members-passkey-join = Entrer avec une clé d’accès
members-passkey-join-hint = Aucun mot de passe à retenir : votre appareil demande votre doigt, votre visage ou son code.
members-passkey-sign-in = Se connecter avec une clé d’accès
members-passkey-sign-in-hint = Si vous en avez fait une : avec votre doigt, votre visage ou le code de votre appareil.
members-passkey-prove-hint = Ou avec une clé d’accès, qui vaut les deux étapes à la fois.
members-passkey-stopped = Rien n’a été signé. Si vous avez arrêté ou trop attendu, appuyez de nouveau sur le bouton ; sans clé d’accès, prenez votre mot de passe.
members-passkey-failed = Ce navigateur ne peut pas utiliser de clé d’accès ici. Prenez votre mot de passe, ou un autre navigateur.
