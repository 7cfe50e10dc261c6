venues-here = Un lieu d’ici
venues-elsewhere = Un lieu d’ailleurs ({ $node })
venues-compose = Composer une sélection
venues-selections = Ses sélections
venues-selections-empty = Ce lieu n’a encore rien proposé.
