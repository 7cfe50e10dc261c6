//! The demo's music: a small catalogue of its own, written as tagged FLAC, or a folder of yours.

pub mod composing;
pub mod cover;
pub mod dealing;
pub mod sound;
pub mod writing;

use composing::{Style, scales};
use sound::Timbre;

/// Somebody who plays, and the releases they made.
pub struct Artist {
    /// The name on the sleeve.
    pub name: &'static str,
    /// Who published it.
    pub label: &'static str,
    /// What shelf it stands on.
    pub genre: &'static str,
    /// The release.
    pub album: &'static str,
    /// When it came out.
    pub year: u16,
    /// The colour of its sleeve, in degrees.
    pub hue: u32,
    /// How they play.
    pub style: Style,
    /// The pieces, in order.
    pub pieces: &'static [&'static str],
}

/// Invented artists of the Loire.
pub const LOIRE: &[Artist] = &[
    Artist {
        name: "Les Passementiers",
        label: "Disques du Furan",
        genre: "Folk",
        album: "Rubans et navettes",
        year: 2023,
        hue: 18,
        style: Style {
            scale: scales::DORIAN,
            root: 57,
            tempo: 104,
            beats: 3,
            lead: Timbre::Reed,
            chords: Timbre::String,
            drum: false,
            wetness: 0.3,
        },
        pieces: &[
            "La navette de nuit",
            "Colline des pères",
            "Bourrée du métier",
            "Le dernier ruban",
        ],
    },
    Artist {
        name: "Ondine Furan",
        label: "Disques du Furan",
        genre: "Chanson",
        album: "Sous le boulevard, la rivière",
        year: 2025,
        hue: 200,
        style: Style {
            scale: scales::LYDIAN,
            root: 55,
            tempo: 78,
            beats: 4,
            lead: Timbre::Flute,
            chords: Timbre::Pad,
            drum: true,
            wetness: 0.45,
        },
        pieces: &[
            "Rivière couverte",
            "Place Jacquard",
            "Crue d’avril",
            "Je remonte à la source",
        ],
    },
    Artist {
        name: "Trio Pilat",
        label: "Atelier Couriot",
        genre: "Jazz",
        album: "Crêt de la Perdrix",
        year: 2022,
        hue: 140,
        style: Style {
            scale: scales::MIXOLYDIAN,
            root: 58,
            tempo: 126,
            beats: 4,
            lead: Timbre::Bell,
            chords: Timbre::Reed,
            drum: true,
            wetness: 0.25,
        },
        pieces: &[
            "Montée au crêt",
            "Brume sur Doizieux",
            "Trois hêtres",
            "Descente au frein",
        ],
    },
    Artist {
        name: "Kora & Charbon",
        label: "Atelier Couriot",
        genre: "Musiques du monde",
        album: "Puits Couriot, cour ouverte",
        year: 2024,
        hue: 42,
        style: Style {
            scale: scales::IONIAN,
            root: 53,
            tempo: 96,
            beats: 4,
            lead: Timbre::String,
            chords: Timbre::String,
            drum: false,
            wetness: 0.35,
        },
        pieces: &["Lampisterie", "Le chevalement chante", "Deux vallées"],
    },
    Artist {
        name: "Maison Forézienne",
        label: "Maison Forézienne",
        genre: "Électronique",
        album: "Fourme",
        year: 2026,
        hue: 265,
        style: Style {
            scale: scales::AEOLIAN,
            root: 52,
            tempo: 118,
            beats: 4,
            lead: Timbre::Bell,
            chords: Timbre::Pad,
            drum: true,
            wetness: 0.5,
        },
        pieces: &["Affinage", "Plaine sous la neige", "Étang numéro six"],
    },
];

/// Invented artists of Wallonia.
pub const WALLONIE: &[Artist] = &[
    Artist {
        name: "Fanfare de la Haute-Meuse",
        label: "Citadelle Records",
        genre: "Fanfare",
        album: "Kermesse aux longues ombres",
        year: 2024,
        hue: 350,
        style: Style {
            scale: scales::IONIAN,
            root: 58,
            tempo: 112,
            beats: 4,
            lead: Timbre::Reed,
            chords: Timbre::Reed,
            drum: true,
            wetness: 0.2,
        },
        pieces: &[
            "Entrée des échasseurs",
            "Marche de l’Entre-Sambre",
            "La Meuse dort",
            "Dernier tour de piste",
        ],
    },
    Artist {
        name: "Élise Sambre",
        label: "Citadelle Records",
        genre: "Chanson",
        album: "Écluse 14",
        year: 2025,
        hue: 225,
        style: Style {
            scale: scales::DORIAN,
            root: 54,
            tempo: 84,
            beats: 3,
            lead: Timbre::Flute,
            chords: Timbre::String,
            drum: false,
            wetness: 0.4,
        },
        pieces: &[
            "Écluse 14",
            "Les péniches du dimanche",
            "Halage",
            "Lettre à Charleroi",
        ],
    },
    Artist {
        name: "Quatuor Hesbaye",
        label: "Éditions du Bocage",
        genre: "Classique",
        album: "Quatre saisons de betteraves",
        year: 2021,
        hue: 95,
        style: Style {
            scale: scales::HARMONIC_MINOR,
            root: 57,
            tempo: 72,
            beats: 4,
            lead: Timbre::Flute,
            chords: Timbre::Pad,
            drum: false,
            wetness: 0.55,
        },
        pieces: &["Semis", "Binage", "Arrachage", "Plaine nue"],
    },
    Artist {
        name: "Terrils",
        label: "Éditions du Bocage",
        genre: "Rock",
        album: "Noir puis vert",
        year: 2023,
        hue: 165,
        style: Style {
            scale: scales::AEOLIAN,
            root: 52,
            tempo: 138,
            beats: 4,
            lead: Timbre::String,
            chords: Timbre::Reed,
            drum: true,
            wetness: 0.3,
        },
        pieces: &["Cassette", "Bouleaux", "Noir puis vert"],
    },
    Artist {
        name: "Carillon 49",
        label: "Carillon 49",
        genre: "Ambient",
        album: "Heures creuses",
        year: 2026,
        hue: 300,
        style: Style {
            scale: scales::LYDIAN,
            root: 60,
            tempo: 66,
            beats: 3,
            lead: Timbre::Bell,
            chords: Timbre::Pad,
            drum: false,
            wetness: 0.6,
        },
        pieces: &["Quatre heures moins dix", "Le beffroi respire", "Vêpres"],
    },
];
