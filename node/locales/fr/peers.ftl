peers-address = Ce n’est pas l’adresse d’un nœud : { $why }.
peers-ourselves = C’est l’adresse de ce nœud-ci. Écrivez l’adresse d’un autre nœud.
peers-unknown = { $peer } n’est pas un pair de ce nœud. Ajoutez-le d’abord.
peers-blocked = { $peer } est bloqué ici. Débloquez-le d’abord si vous voulez lui parler.
peers-not-found = Aucun nœud trouvé à { $peer } : { $why }. Vérifiez l’adresse, et que le nœud y fonctionne.
peers-elsewhere = { $peer } dit que son acteur est { $actor }, ce qui est une autre adresse. Ajoutez plutôt celle-là.
peers-answer-unasked = Cela ne répond à rien que ce nœud ait demandé.
peers-follow-nobody = Personne ne peut être suivi à { $object } ici ; suivez le nœud, l’un de ses lieux ou l’un de ses ayants droit.
peers-unreadable = L’activité est illisible : { $why }.
peers-webfinger-resource = Dites qui vous cherchez : ?resource=acct:NOM@HÔTE.
peers-not-held = { $peer } n’est pas en attente : ses clés sont celles qu’on connaît ici.
peers-keys-changed-meanwhile = Quelqu’un d’autre vient de changer les clés. Regardez-les avec « antiphon key list ».
peers-rule-node = { $actor } n’est pas le nœud de { $peer } : lui seul peut dire « { $what } » de ceci.
peers-rule-owner = { $actor } n’a pas de droit sur ceci : seul celui à qui c’est peut en dire « { $what } ».
