//! Sentences to the database about the catalogue, a file for each noun.

mod cached;
mod imports;
mod measures;
mod parties;
mod releases;
mod splits;
mod works;

pub use cached::{
    Cached, all_cached, cached, cached_files, expect_cached, forget_cached, is_cached, keep_cached,
    make_room, use_cached,
};
pub use imports::{Counts, end_import, is_media_known, keep_media, refuse_file, start_import};
pub use measures::{keep_measure, measure, measures};
pub use parties::{contributors, contributors_of, parties, party, party_named, put_party};
pub use releases::{
    latest_releases, put_release, release, release_grouped, releases, releases_of_party, set_cover,
    withdraw_release,
};
pub use splits::{
    KeptSheet, keep_sheet, sheet_from, split_sheet_in_force, split_sheets, split_sheets_of,
};
pub use works::{
    put_work, search, set_contributors, withdraw_work, work, work_of_sound, works, works_of_party,
    works_of_release,
};

/// A stored text that is not what its column holds: somebody else wrote to the database.
fn unreadable(what: impl std::fmt::Display) -> diesel::result::Error {
    diesel::result::Error::DeserializationError(what.to_string().into())
}
