//! Play reports: what a node's members used in a month, and what its venues paid.
//!
//! A report is a signed manifest and three Parquet tables beside it. The manifest names the venues
//! and gives the digest of each table; `lines` say how often each nameless member used each work,
//! `tracks` name the works, and the `reduction` is all that a settlement needs of the lines.
//!
//! A [`ReportFolder`] is those files in a directory. [`arrive`] is what a coordinator, or a node that
//! recomputes, does with one that came from elsewhere: only what it lets through is a
//! [`VerifiedReport`], and only that (or a folder that is merely simulated) becomes an input of a
//! settlement, in one place.

mod arrival;
mod columns;
mod folder;
mod lines;
mod manifest;
mod reduce;
mod reduction;
mod source;
mod tracks;
mod writing;

pub(crate) use arrival::check_digests;
pub use arrival::{Arrival, PreviousReport, ReportRefused, VerifiedReport, arrive};
pub use folder::{LoadedReport, ReportFolder, WrittenTables};
pub use lines::{LineBatch, LinesReader, LinesWriter};
pub use manifest::{
    FileReference, MANIFEST_LIMIT, PARQUET_MEDIA_TYPE, PlayReport, PolicyReference, ReportType,
    ReportedVenue, Totals,
};
pub use reduce::reduce;
pub use reduction::{ReductionReader, ReductionWriter};
pub use tracks::{read_tracks, write_tracks};
