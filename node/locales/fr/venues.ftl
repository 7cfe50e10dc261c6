venues-name-empty = Donnez un nom au lieu.
venues-name-long = Ce nom est trop long : { $limit } caractères au plus.
venues-name-unseen = Ce nom contient un caractère invisible. Saisissez-le de nouveau, sur une seule ligne.
venues-seats-range = Un lieu a de 1 à { $limit } places.
venues-contribution-range = Une contribution est un nombre entier de centimes, jamais négatif.
venues-none = Ce nœud n’a pas encore de lieu : ajoutez-en un avec `antiphon venue add`.
venues-unknown = Ce nœud n’a pas ce lieu. Il a : { $known }.
venues-seats-left =
    { $left ->
        [0] { $venue } n’a plus de place libre sur ses { $seats } : les membres et les invitations ouvertes les occupent toutes. Reprenez une invitation, ou payez d’autres places.
        [one] { $venue } n’a plus que 1 place libre sur ses { $seats }. Demandez-en moins, reprenez une invitation, ou payez d’autres places.
       *[other] { $venue } n’a plus que { $left } places libres sur ses { $seats }. Demandez-en moins, reprenez une invitation, ou payez d’autres places.
    }
venues-invite-none = Demandez au moins une invitation.
venues-revoke-unknown = Ce lieu n’a pas d’invitation ouverte avec ce code : elle a déjà servi ou a été reprise, ou elle est d’un autre lieu.
