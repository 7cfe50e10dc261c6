//! A report arrives: what is checked before anyone relies on it.
//!
//! The checks are those of a report that comes from a stranger: whose proof it carries, that every
//! file is the one that was signed for, that the counting kept to the policy, that the works are
//! what their own nodes say, that the reduction is what the lines come to. The first that fails is
//! the answer, in a sentence that can be sent back.

use std::collections::HashMap;

use settlement::{ArrivalLimits, Period, Policy, Reduced, Report, Track, Uri, VenueId, WorkId};

use super::folder::{LoadedReport, ReportFolder, check_rows};
use super::manifest::{FileReference, PlayReport};
use crate::digest::Sha256Digest;
use crate::files::{self, FileRefused};
use crate::json::canonical;
use crate::keys::Ed25519Public;
use crate::policy::PolicyFile;
use crate::proof::{ProofRefused, Signed};

/// A report of the same node and period that was taken in before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviousReport {
    /// Its address.
    pub id: Uri,
    /// Its sequence.
    pub sequence: u64,
    /// The digest of its signed manifest in canonical form.
    pub digest: Sha256Digest,
}

/// What a report is held against when it arrives.
pub struct Arrival<'a> {
    /// Where the key of the reporting node is found: the `verificationMethod` of its actor.
    pub verification_method: &'a str,
    /// That key.
    pub key: &'a Ed25519Public,
    /// The policy in force, under which the node must have counted and reduced.
    pub policy: &'a PolicyFile,
    /// The month that is reported.
    pub period: Period,
    /// Whether the lines must be there: at the coordinator they must, at another node they are not.
    pub with_lines: bool,
    /// What is known of a work from its own signed object; nothing if it was never seen.
    pub known_work: &'a dyn Fn(&WorkId) -> Option<Track>,
    /// How many seats a venue has paid for, where that is known.
    pub seats: &'a dyn Fn(&VenueId) -> Option<u64>,
    /// What the node reported for this period before.
    pub previous: &'a [PreviousReport],
}

/// Why a report is not taken in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportRefused {
    /// One of its files.
    #[error("{0}")]
    File(#[from] FileRefused),
    /// Its proof.
    #[error("report.json: {0}")]
    Proof(#[from] ProofRefused),
    /// The very report was taken in before: nothing is to be done.
    #[error("this report was taken in before")]
    AlreadyTaken,
    /// Two reports under one number. The first stands, the second is evidence.
    #[error(
        "another report with sequence {sequence} was taken in before ({first}); the first stands, and this one is kept as evidence"
    )]
    Equivocation {
        /// The number they share.
        sequence: u64,
        /// The digest of the one that stands.
        first: Sha256Digest,
    },
    /// A later report is there.
    #[error("a report with the later sequence {0} was taken in before")]
    Superseded(u64),
    /// What its manifest says.
    #[error("report.json: {0}")]
    Content(String),
}

/// A report whose proof, files and counting were verified. Made by [`arrive`] alone.
#[derive(Debug)]
pub struct VerifiedReport {
    signed: Signed<PlayReport>,
    digest: Sha256Digest,
    folder: ReportFolder,
    tracks: Vec<Track>,
    reduced: Option<Reduced>,
}

impl VerifiedReport {
    /// The manifest.
    pub fn manifest(&self) -> &PlayReport {
        self.signed.content()
    }

    /// The manifest with its proof.
    pub fn signed(&self) -> &Signed<PlayReport> {
        &self.signed
    }

    /// The digest of the signed manifest in canonical form: what a receipt names.
    pub fn digest(&self) -> Sha256Digest {
        self.digest
    }

    /// The works it speaks of.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// What the lines add up to, where they were there.
    pub fn reduced(&self) -> Option<&Reduced> {
        self.reduced.as_ref()
    }

    /// Reads the reduction and makes of the report what a settlement takes.
    ///
    /// # Errors
    /// When the reduction is not the one any more that was verified.
    pub fn into_settlement_input(self) -> Result<Report, FileRefused> {
        let manifest = self.signed.into_content();
        check_file(
            &self.folder,
            ReportFolder::REDUCTION,
            manifest.reduction.as_ref(),
        )?;
        let reduction = self.folder.reduction()?;
        let venues = self.folder.venue_count(&manifest)?;
        let rows = reduction.read_all(|venue| venue < venues, self.tracks.len())?;
        let loaded = LoadedReport {
            manifest,
            digest: self.digest,
            tracks: self.tracks,
            rows,
            from_lines: false,
        };
        Ok(loaded.into_settlement_input())
    }
}

/// Checks a report that has arrived into a folder.
///
/// # Errors
/// [`ReportRefused`], the first fault that was found.
pub fn arrive(
    folder: &ReportFolder,
    arrival: &Arrival<'_>,
) -> Result<VerifiedReport, ReportRefused> {
    let (_, document, _) = folder.manifest()?;
    let digest = Sha256Digest::of(&canonical(&document));
    let signed = Signed::<PlayReport>::verify(document, arrival.verification_method, arrival.key)?;
    let manifest = signed.content();
    check_manifest(manifest, &digest, arrival).map_err(|refusal| match refusal {
        ReportRefused::Content(reason) => {
            FileRefused::whole(&folder.name_of(ReportFolder::MANIFEST), reason).into()
        }
        other => other,
    })?;
    check_digests(folder, manifest, arrival.with_lines)?;
    let tracks = folder.tracks()?;
    check_rows(
        folder,
        ReportFolder::TRACKS,
        manifest.tracks.as_ref(),
        tracks.len() as u64,
    )?;
    check_works(folder, &tracks, arrival)?;
    let policy = arrival.policy.policy();
    let reduced = if arrival.with_lines {
        let reduced = folder.compare(
            manifest,
            &tracks,
            policy,
            Some(limits(manifest.period, policy)),
        )?;
        check_counts(manifest, &reduced).map_err(|reason| {
            FileRefused::whole(&folder.name_of(ReportFolder::MANIFEST), reason)
        })?;
        Some(reduced)
    } else {
        None
    };
    Ok(VerifiedReport {
        digest,
        folder: folder.clone(),
        tracks,
        reduced,
        signed,
    })
}

/// The policy's own counting limits over a month. A month in which clocks are set back is an hour
/// longer than its days, and which month that is depends on the node's time zone.
fn limits(period: Period, policy: &Policy) -> ArrivalLimits {
    let days = u64::from(period.days());
    ArrivalLimits {
        uses_of_a_work: u64::from(policy.counting.max_uses_per_work_per_day) * days,
        seconds_of_a_member: days * 86_400 + 3_600,
    }
}

fn check_manifest(
    manifest: &PlayReport,
    digest: &Sha256Digest,
    arrival: &Arrival<'_>,
) -> Result<(), ReportRefused> {
    let refused = |reason: String| Err(ReportRefused::Content(reason));
    if manifest.period != arrival.period {
        return refused(format!(
            "it is for {}, not for {}",
            manifest.period, arrival.period
        ));
    }
    manifest.check_complete().map_err(ReportRefused::Content)?;
    check_previous(manifest, digest, arrival.previous)?;
    if let Some(policy) = &manifest.policy
        && policy.digest != arrival.policy.digest()
    {
        return refused(format!(
            "it was counted under the policy {}; the policy in force is {}",
            policy.digest,
            arrival.policy.digest()
        ));
    }
    for venue in &manifest.venues {
        if venue.active_members > venue.members {
            return refused(format!(
                "the venue {} has {} active members of {}",
                venue.id, venue.active_members, venue.members
            ));
        }
        if let Some(seats) = (arrival.seats)(&venue.id)
            && venue.members > seats
        {
            return refused(format!(
                "the venue {} has {} members on {seats} paid seats",
                venue.id, venue.members
            ));
        }
    }
    Ok(())
}

fn check_previous(
    manifest: &PlayReport,
    digest: &Sha256Digest,
    previous: &[PreviousReport],
) -> Result<(), ReportRefused> {
    if let Some(same) = previous
        .iter()
        .find(|report| report.sequence == manifest.sequence)
    {
        return Err(if same.digest == *digest {
            ReportRefused::AlreadyTaken
        } else {
            ReportRefused::Equivocation {
                sequence: manifest.sequence,
                first: same.digest,
            }
        });
    }
    if let Some(later) = previous.iter().map(|report| report.sequence).max()
        && later > manifest.sequence
    {
        return Err(ReportRefused::Superseded(later));
    }
    if let Some(replaced) = &manifest.replaces
        && !previous.iter().any(|report| report.id == *replaced)
    {
        return Err(ReportRefused::Content(format!(
            "it replaces {replaced}, which was never taken in"
        )));
    }
    if let Some(same) = previous.iter().find(|report| report.id == manifest.id) {
        let reason = format!(
            "its id {} is that of the report with sequence {}",
            same.id, same.sequence
        );
        return Err(ReportRefused::Content(reason));
    }
    Ok(())
}

/// Each table is the one that was signed for: its bytes, its size, its rows. Nothing is decoded but
/// the footers, and these only of files whose digests are right.
pub(crate) fn check_digests(
    folder: &ReportFolder,
    manifest: &PlayReport,
    with_lines: bool,
) -> Result<(), FileRefused> {
    if with_lines {
        check_file(folder, ReportFolder::LINES, manifest.lines.as_ref())?;
        check_rows(
            folder,
            ReportFolder::LINES,
            manifest.lines.as_ref(),
            folder.lines()?.rows(),
        )?;
    }
    check_file(folder, ReportFolder::TRACKS, manifest.tracks.as_ref())?;
    let reduction = manifest.reduction.as_ref();
    check_file(folder, ReportFolder::REDUCTION, reduction)?;
    check_rows(
        folder,
        ReportFolder::REDUCTION,
        reduction,
        folder.reduction()?.rows(),
    )
}

fn check_file(
    folder: &ReportFolder,
    file: &str,
    reference: Option<&FileReference>,
) -> Result<(), FileRefused> {
    let name = folder.name_of(file);
    let refused = |reason: &str| Err(FileRefused::whole(&name, reason));
    let (digest, size) = files::digest(&folder.path().join(file), &name)?;
    let Some(reference) = reference else {
        return refused("the manifest does not name it");
    };
    if reference.digest != Some(digest) {
        return refused("its digest is not the one in the manifest: it was changed");
    }
    if reference.size != Some(size) {
        return refused(&format!("it has {size} bytes; the manifest says otherwise"));
    }
    Ok(())
}

fn check_works(
    folder: &ReportFolder,
    tracks: &[Track],
    arrival: &Arrival<'_>,
) -> Result<(), FileRefused> {
    for (row, track) in (1..).zip(tracks) {
        let differs = |what: &str| {
            let reason = format!("{what} of {} is not as in the work's own object", track.id);
            FileRefused::at(&folder.name_of(ReportFolder::TRACKS), row, reason)
        };
        let Some(known) = (arrival.known_work)(&track.id) else {
            let reason = format!("the work {} is not known here", track.id);
            return Err(FileRefused::at(
                &folder.name_of(ReportFolder::TRACKS),
                row,
                reason,
            ));
        };
        if known.kind != track.kind {
            return Err(differs("the kind"));
        }
        if known.home != track.home {
            return Err(differs("the home"));
        }
        if known.isrc != track.isrc {
            return Err(differs("the ISRC"));
        }
    }
    Ok(())
}

/// The manifest says of the lines what they say themselves.
fn check_counts(manifest: &PlayReport, reduced: &Reduced) -> Result<(), String> {
    if let Some(totals) = &manifest.totals
        && (totals.uses, totals.seconds) != (reduced.uses, reduced.seconds)
    {
        return Err(format!(
            "its totals are {} uses and {} seconds; the lines have {} and {}",
            totals.uses, totals.seconds, reduced.uses, reduced.seconds
        ));
    }
    let venues: HashMap<u32, _> = manifest
        .venues
        .iter()
        .map(|venue| (venue.venue, venue))
        .collect();
    for (number, &active) in (0..).zip(&reduced.members) {
        if let Some(venue) = venues.get(&number)
            && venue.active_members != u64::from(active)
        {
            return Err(format!(
                "the venue {} is said to have {} active members; the lines are about {active}",
                venue.id, venue.active_members
            ));
        }
    }
    Ok(())
}
