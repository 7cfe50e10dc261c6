//! Sentences to the database about the catalogue, a file for each noun.

/// Whether there is such a row. Asked before one is written, new or changed: diesel keeps no
/// `UPDATE` prepared, and of a million works hardly one is there already.
macro_rules! is_there {
    ($conn:expr, $row:expr) => {
        diesel::select(diesel::dsl::exists($row)).get_result::<bool>($conn)?
    };
}

mod cached;
mod changes;
mod claims;
mod codes;
mod imports;
mod mandates;
mod measures;
mod notices;
mod parties;
mod provenances;
mod releases;
mod splits;
mod works;

pub use cached::{
    Cached, all_cached, cached, cached_files, expect_cached, forget_cached, is_cached, keep_cached,
    make_room, use_cached,
};
pub use changes::{
    add_change, change, changes, confirm_change, decide_change, ripe_changes, waiting_change,
};
pub use claims::{add_claim, claims, claims_of, settle_claim};
pub use codes::{add_codes, codes, credits, set_codes, set_credits, subjects_of};
pub use imports::{
    Counts, end_import, forget_media, is_media_known, keep_media, refuse_file, start_import,
    unused_media,
};
pub use mandates::{mandate, put_mandate};
pub use measures::{keep_measure, measure, measures};
pub use notices::{add_notice, notices_of};
pub use parties::{contributors, contributors_of, parties, party, party_named, put_party};
pub use provenances::{Provenance, keys_of, provenance, put_provenance};
pub use releases::{
    latest_releases, put_release, release, release_grouped, releases, releases_of_parties,
    releases_of_party, set_cover, withdraw_release,
};
pub use splits::{
    KeptSheet, keep_sheet, sheet_from, split_sheet_in_force, split_sheets, split_sheets_of,
};
pub use works::{
    count_of_origin, drop_also_on, ids_of_origin, is_also_on, put_also_on, put_work,
    set_contributors, set_offer, withdraw_work, work, work_of_sound, works, works_of_isrc,
    works_of_party, works_of_release, works_turning,
};

/// A stored text that is not what its column holds: somebody else wrote to the database.
fn unreadable(what: impl std::fmt::Display) -> diesel::result::Error {
    diesel::result::Error::DeserializationError(what.to_string().into())
}
