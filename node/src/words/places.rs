//! The names of territories (ISO 3166-1 and 3166-2), for those this software meets first; the
//! code itself elsewhere.

use crate::config::Language;

const NAMES: [(&str, &str, &str); 52] = [
    ("AT", "Autriche", "Austria"),
    ("BE", "Belgique", "Belgium"),
    ("BE-BRU", "Bruxelles", "Brussels"),
    ("BE-VLG", "Flandre", "Flanders"),
    ("BE-WAL", "Wallonie", "Wallonia"),
    ("BG", "Bulgarie", "Bulgaria"),
    ("CA", "Canada", "Canada"),
    ("CA-QC", "Québec", "Quebec"),
    ("CH", "Suisse", "Switzerland"),
    ("CH-GE", "Genève", "Geneva"),
    ("CH-VD", "Vaud", "Vaud"),
    ("CZ", "Tchéquie", "Czechia"),
    ("DE", "Allemagne", "Germany"),
    ("DK", "Danemark", "Denmark"),
    ("ES", "Espagne", "Spain"),
    ("ES-CT", "Catalogne", "Catalonia"),
    ("ES-PV", "Pays basque", "Basque Country"),
    ("FI", "Finlande", "Finland"),
    ("FR", "France", "France"),
    ("FR-ARA", "Auvergne-Rhône-Alpes", "Auvergne-Rhône-Alpes"),
    (
        "FR-BFC",
        "Bourgogne-Franche-Comté",
        "Bourgogne-Franche-Comté",
    ),
    ("FR-BRE", "Bretagne", "Brittany"),
    ("FR-COR", "Corse", "Corsica"),
    ("FR-20R", "Corse", "Corsica"),
    ("FR-CVL", "Centre-Val de Loire", "Centre-Val de Loire"),
    ("FR-GES", "Grand Est", "Grand Est"),
    ("FR-HDF", "Hauts-de-France", "Hauts-de-France"),
    ("FR-IDF", "Île-de-France", "Île-de-France"),
    ("FR-NAQ", "Nouvelle-Aquitaine", "Nouvelle-Aquitaine"),
    ("FR-NOR", "Normandie", "Normandy"),
    ("FR-OCC", "Occitanie", "Occitania"),
    (
        "FR-PAC",
        "Provence-Alpes-Côte d’Azur",
        "Provence-Alpes-Côte d’Azur",
    ),
    ("FR-PDL", "Pays de la Loire", "Pays de la Loire"),
    ("FR-971", "Guadeloupe", "Guadeloupe"),
    ("FR-972", "Martinique", "Martinique"),
    ("FR-973", "Guyane", "French Guiana"),
    ("FR-974", "La Réunion", "Réunion"),
    ("GB", "Royaume-Uni", "United Kingdom"),
    ("GR", "Grèce", "Greece"),
    ("HU", "Hongrie", "Hungary"),
    ("IE", "Irlande", "Ireland"),
    ("IT", "Italie", "Italy"),
    ("JP", "Japon", "Japan"),
    ("LU", "Luxembourg", "Luxembourg"),
    ("MA", "Maroc", "Morocco"),
    ("NL", "Pays-Bas", "Netherlands"),
    ("NO", "Norvège", "Norway"),
    ("PL", "Pologne", "Poland"),
    ("PT", "Portugal", "Portugal"),
    ("SE", "Suède", "Sweden"),
    ("SN", "Sénégal", "Senegal"),
    ("TN", "Tunisie", "Tunisia"),
];

/// What a territory is called: `Wallonie`; its code when its name is not known here.
pub fn name(language: Language, code: &str) -> &str {
    match NAMES.iter().find(|(known, _, _)| *known == code) {
        Some((_, french, english)) => match language {
            Language::Fr => french,
            Language::En => english,
        },
        None => code,
    }
}
