discovery-voyage = Voyage
discovery-voyage-from = Voyage depuis { $title }
discovery-voyage-begin = On part de
discovery-voyage-lede = Une œuvre mène à la suivante, et chacune dit pourquoi. Plus vous avancez, plus le chemin s’élargit.
discovery-voyage-play = Écouter le chemin
discovery-voyage-another = Un autre chemin
discovery-voyage-from-here = D’ici : repartir de { $title }
discovery-voyage-further = Continuer
discovery-voyage-end = Le chemin s’arrête ici. Repartez de l’étape que vous voulez.
discovery-voyage-empty = Rien de proche n’est encore connu ici. Cela viendra, à mesure que les membres écoutent et que les programmateurs choisissent.
discovery-voyage-set-off = Partir d’ici
discovery-why-members = Les membres qui écoutent « { $after } » l’écoutent aussi.
discovery-why-artists = Les membres qui écoutent l’artiste de « { $after } » écoutent aussi cet artiste.
discovery-why-selection = { $venue } l’a placée à côté de « { $after } » dans « { $title } ».
discovery-why-scene = De la même scène : { $venue } la met en avant, comme « { $after } ».
discovery-why-label = Sur le même label que « { $after } » : { $label }.
discovery-why-genre = Du même genre que « { $after } » : { $genre }.
discovery-why-place = Du même endroit que « { $after } ».
discovery-counter = Près de { $name }, et indépendant
discovery-counter-members = Les membres qui écoutent { $name } écoutent aussi cet artiste.
discovery-counter-curator = { $venue } le propose à qui aime { $name }.
discovery-export-unread = Ce n’est pas un export de ListenBrainz ou de Last.fm lisible : envoyez son fichier JSON ou CSV, compressé par gzip ou non.
discovery-export-encoding = Ce fichier est en UTF-16. Enregistrez-le en UTF-8 et renvoyez-le.
discovery-export-large = Ce fichier contient trop de choses une fois décompressé. Envoyez seulement les dernières années.
discovery-pair-name = Écrivez le nom que l’on cherche, sur une ligne.
discovery-pair-credit = Rien de ce qui est proposé ici n’est crédité à { $credit }.
discovery-brought = Ce que vous écoutiez ailleurs
discovery-brought-back = Votre page
discovery-brought-lede = Apportez l’historique que ListenBrainz ou Last.fm vous donne, et les recherches des noms qu’il contient mèneront d’autres membres aux artistes d’ici.
discovery-brought-file = Votre export
discovery-brought-hint = JSON ou CSV, 2 Mo au plus (compressé par gzip, cela fait des années). Seuls les noms d’artistes et le nombre d’écoutes sont gardés, et seul ce que cinq membres au moins ont en commun est utilisé. Le fichier lui-même n’est pas gardé.
discovery-brought-go = L’apporter
discovery-brought-kept = { $n ->
    [one] { $n } nom est gardé
   *[other] { $n } noms sont gardés
}
discovery-brought-forget = Les supprimer
