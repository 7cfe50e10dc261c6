curation-title = Donnez à la sélection un titre de 1 à { $limit } caractères, sur une ligne.
curation-words = Le texte dépasse { $limit } caractères. Raccourcissez-le un peu.
curation-works = Une sélection compte de 1 à { $limit } œuvres.
curation-note = Une note dépasse { $limit } caractères. Raccourcissez-la un peu.
curation-work-unknown = « { $work } » n’est pas une œuvre qui se joue ici. Trouvez-la par la recherche, et prenez-y son adresse.
curation-not-yours = Les sélections de { $venue } sont composées par ses curateurs. Demandez aux gens du lieu de vous en faire un.
