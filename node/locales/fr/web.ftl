refusal-missing = Cette page n’existe pas, ou plus.
refusal-sign-in = Connectez-vous pour continuer.
refusal-forbidden = Vous n’avez pas accès à cette page.
refusal-invalid = Quelque chose manque ou ne va pas. Corrigez les champs signalés, puis recommencez.
refusal-too-many = Trop d’essais. Attendez { $seconds } secondes, puis recommencez.
refusal-broken = Quelque chose s’est cassé de notre côté. Rien n’est perdu : réessayez dans un instant.
refusal-cross-site = Cette demande ne vient pas d’une page de ce nœud. Rechargez la page, puis recommencez.
