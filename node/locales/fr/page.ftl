page-skip = Aller au contenu
page-nav = Pages principales
page-nav-tonight = À écouter
page-nav-search = Chercher
page-nav-network = Le réseau
page-nav-sign-in = Se connecter
page-foot-accessibility = Accessibilité : non conforme
page-foot-network = Le réseau et ses comptes
page-foot-sign-out = Se déconnecter
page-foot-other-language = English
page-language-unknown = Cette langue n’est pas proposée : choisissez le français ou l’anglais.

page-refusal-number = Réponse { $number }
page-refusal-missing = Rien à cette adresse
page-refusal-sign-in = Connectez-vous d’abord
page-refusal-forbidden = Cette porte est réservée
page-refusal-invalid = Quelque chose est à corriger
page-refusal-conflict = Ce n’est pas possible en l’état
page-refusal-too-many = Un peu de patience
page-refusal-broken = C’est de notre faute
page-refusal-home = Revenir à l’accueil
page-refusal-search = Chercher une œuvre

player-name = Lecteur
player-playing = Lecture :
player-pause = Mettre en pause
player-resume = Reprendre
player-previous = Morceau précédent
player-next = Morceau suivant
player-seek = Position dans le morceau
player-seek-in = Position dans { $title }
player-position = {"{at}"} sur {"{of}"}
player-failed = Ce morceau ne répond pas. Essayez le suivant, ou réessayez dans un instant.

page-access-heading = Accessibilité
page-access-lede = Cette plateforme s’adresse à tout le monde. Voici où nous en sommes, et comment nous dire ce qui vous arrête.
page-access-state = État de conformité
page-access-state-text = { $address } vise le niveau AA des WCAG 2.2 et du RGAA 4.1. Aucun audit complet n’a encore été mené : la plateforme est donc déclarée non conforme jusqu’à ce qu’un audit l’établisse.
page-access-made = Ce qui est fait
page-access-made-keyboard = Tout se fait au clavier, et l’élément actif se voit toujours.
page-access-made-script = Chaque page se lit et s’utilise sans script ; seule l’écoute en demande un.
page-access-made-contrast = Les textes gardent un contraste d’au moins 4,5 sur 1, de jour comme de nuit.
page-access-made-motion = Rien ne bouge si vous avez demandé moins d’animations.
page-access-made-table = Chaque figure est suivie du tableau de ses chiffres.
page-access-limits = Ce qui manque
page-access-limits-text = Les œuvres déposées par leurs auteurs n’ont pas toutes de transcription, de sous-titres ou d’audiodescription.
page-access-tell = Nous le dire
page-access-tell-text = Si quelque chose vous empêche d’écouter ou de lire, dites-le à l’accueil du lieu qui vous a invité : il nous le transmet et vous répond. Sans réponse satisfaisante, vous pouvez saisir le Défenseur des droits (en France) ou l’organisme équivalent de votre pays.

page-here = Ici
player-play = Écouter { $title }

page-form-unread = Ce formulaire n’a pas pu être lu. Rechargez la page, puis recommencez.
