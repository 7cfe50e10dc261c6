//! The demo's music: a small catalogue of its own, written as tagged FLAC, or a folder of yours.

pub mod composing;
pub mod cover;
pub mod dealing;
pub mod sound;
pub mod writing;

use composing::{Style, scales};
use cover::{Inks, Motif};
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
    /// What its sleeve shows.
    pub motif: Motif,
    /// The inks of its sleeve, from the paper up.
    pub inks: Inks,
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
        motif: Motif::Ribbons,
        inks: [0xf2e6cf, 0xb23a2e, 0x1f3a5f, 0xd99a2b],
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
        motif: Motif::Arches,
        inks: [0xeae4d6, 0x26343f, 0x2f6f8f, 0xe0a48a],
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
        motif: Motif::Ridges,
        inks: [0xf0ead9, 0x2f5145, 0x17302c, 0xe2703a],
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
        motif: Motif::Wheel,
        inks: [0xe9c46a, 0x1d1b1a, 0x8c3b1f, 0xf6e7c1],
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
        motif: Motif::Fourme,
        inks: [0x23243f, 0xd8a25e, 0x5a6ea8, 0xf3e7cd],
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
        motif: Motif::Pennants,
        inks: [0xf4d9c6, 0x5b1f2e, 0xd2553d, 0xe9a86b],
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
        motif: Motif::Lock,
        inks: [0x1c2a3a, 0xd98c5f, 0x3f6c8a, 0xdfe6e0],
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
        motif: Motif::Fields,
        inks: [0xf1ecdd, 0x7a2748, 0x4f6b3a, 0xdcc9a3],
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
        motif: Motif::Heaps,
        inks: [0xe7e1d3, 0x1b1c1e, 0x8aa05a, 0x4c6b3c],
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
        motif: Motif::Hours,
        inks: [0x2b2440, 0xe8dcc8, 0x8f7fc4, 0xe6a15c],
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
