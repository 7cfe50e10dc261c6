//! What the curators of the demo put in their windows: a programme for each venue, in its own
//! words, between works from here and from there.

use std::collections::BTreeMap;

use anyhow::Result;

use super::month::Playable;
use super::nodes::DemoNode;
use super::people::{self, Venue};

/// A programme as a curator wrote it.
pub struct Programme {
    /// Who composes it.
    pub curator: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Its words, paragraph by paragraph.
    pub words: &'static str,
    /// Titles of works, and what the curator says about each.
    pub pieces: &'static [(&'static str, &'static str)],
}

/// One for each venue of the Loire, in their order.
pub const LOIRE: &[Programme] = &[
    Programme {
        curator: "Maud, de la médiathèque",
        title: "D’une vallée à l’autre",
        words: "Deux bassins ont tiré du charbon du même siècle, et n’en ont pas gardé les mêmes chansons. \
                Ici on tissait des rubans au-dessus d’une rivière que la ville a fini par couvrir ; là-bas, \
                une écluse règle encore l’heure des péniches.\n\n\
                Nous avons posé ces huit morceaux côte à côte, au bureau de prêt, un soir de fermeture. \
                Ce qui se joue ici répond à ce qui se joue là-bas.",
        pieces: &[
            (
                "La navette de nuit",
                "Le bruit du métier d’abord, puis quelqu’un qui fredonne par-dessus. On l’écoute comme on entre dans un atelier éclairé.",
            ),
            (
                "Écluse 14",
                "La réponse vient de la Sambre : la même valse, mais l’eau monte.",
            ),
            (
                "Crue d’avril",
                "Le Furan reprend sa place sous le boulevard, le temps d’une chanson.",
            ),
            (
                "La Meuse dort",
                "Une fanfare qui baisse la voix, ce n’est pas si fréquent.",
            ),
            (
                "Le chevalement chante",
                "Enregistré dans la cour du puits ; la ferraille donne la note.",
            ),
            (
                "Bouleaux",
                "Ce qui a poussé sur les terrils, en quatre minutes et trois accords.",
            ),
            (
                "Brume sur Doizieux",
                "Pour qui a déjà attendu le car au col.",
            ),
            ("Le beffroi respire", "On finit là-haut, sans se presser."),
        ],
    },
    Programme {
        curator: "Yvan, du comité",
        title: "Pause de midi",
        words: "Quarante-cinq minutes, café compris. De quoi tenir jusqu’à la sirène.",
        pieces: &[
            ("Montée au crêt", "On part vite, on soufflera plus haut."),
            (
                "Bourrée du métier",
                "Celle qui fait taper du pied sous la table.",
            ),
            (
                "Dernier tour de piste",
                "Les cuivres d’en face, pour la dernière gorgée.",
            ),
            ("Place Jacquard", "Et l’on retraverse la place."),
        ],
    },
    Programme {
        curator: "Lou, du Fil d’eau",
        title: "Premières parties",
        words: "Avant la tête d’affiche, il y a toujours quelqu’un qui joue devant une salle à moitié pleine. \
                Nous gardons leurs noms depuis l’ouverture ; en voici cinq que nous réinviterions demain.",
        pieces: &[
            (
                "Plaine sous la neige",
                "La salle se tait au bout de huit mesures. Nous avons compté.",
            ),
            (
                "Noir puis vert",
                "Venus de Charleroi en camionnette, repartis avec trois rappels.",
            ),
            (
                "Lampisterie",
                "Une kora, un accordéon, et tout le monde assis par terre.",
            ),
            ("Lettre à Charleroi", "Elle l’a chantée sans micro."),
            ("Étang numéro six", "Pour rallumer doucement les lumières."),
        ],
    },
];

/// One for each venue of Wallonia, in their order.
pub const WALLONIE: &[Programme] = &[
    Programme {
        curator: "Aurore, de la Citadelle",
        title: "Chemins de halage",
        words: "On marche à côté de l’eau, à la vitesse d’un cheval qu’on ne voit plus. \
                Six étapes, dont deux de l’autre côté de la frontière.",
        pieces: &[
            ("Halage", "La première borne."),
            (
                "Les péniches du dimanche",
                "Elles passent sans bruit, avec du linge aux cordes.",
            ),
            (
                "Rivière couverte",
                "À Saint-Étienne, la rivière est dessous : on l’entend quand même.",
            ),
            ("Entrée des échasseurs", "Namur, un jour de fête."),
            (
                "Je remonte à la source",
                "Une voix de la Loire, pour remonter le courant.",
            ),
            ("Vêpres", "Le soir tombe sur le chemin."),
        ],
    },
    Programme {
        curator: "Benoît, du Bocage",
        title: "Quatre saisons, pas une de plus",
        words: "Une année de champs, semée par un quatuor de Hesbaye et récoltée un peu partout.",
        pieces: &[
            ("Semis", "Février, les mains dans les poches."),
            ("Binage", "Juin ; cela va plus vite qu’on ne croit."),
            ("Trois hêtres", "L’ombre, prêtée par le Pilat."),
            ("Arrachage", "Octobre et ses machines."),
            ("Plaine nue", "Rien, et c’est très beau."),
        ],
    },
];

/// Publishes a programme for each venue, of the works that are there, the first venue's last: what
/// was put forward last stands first on a page. Returns their addresses and works, in that order.
/// Music of one's own has other titles: then the first works of both places are put forward.
pub async fn publish(
    node: &DemoNode,
    venues: &[Venue],
    programmes: &[Programme],
    here: &BTreeMap<String, Playable>,
    there: &BTreeMap<String, Playable>,
) -> Result<Vec<(String, Vec<Playable>)>> {
    let mut published = Vec::new();
    for (venue, programme) in venues.iter().zip(programmes).rev() {
        let titled = |title: &str| {
            let mut all = here.values().chain(there.values());
            all.find(|playable| playable.title == title).cloned()
        };
        let pieces = programme.pieces.iter();
        let mut chosen: Vec<(Playable, String)> = pieces
            .filter_map(|(title, note)| Some((titled(title)?, (*note).to_owned())))
            .collect();
        if chosen.is_empty() {
            let some = here.values().take(4).chain(there.values().take(4));
            chosen = some
                .map(|playable| (playable.clone(), String::new()))
                .collect();
        }
        let works: Vec<(String, String)> = chosen
            .iter()
            .map(|(playable, note)| (playable.work.clone(), note.clone()))
            .collect();
        let curator = people::curator(node, venue, programme.curator).await?;
        let (title, words) = (programme.title, programme.words);
        let id = people::publish_selection(node, venue, &curator, title, words, &works).await?;
        published.push((
            id,
            chosen.into_iter().map(|(playable, _)| playable).collect(),
        ));
    }
    Ok(published)
}
