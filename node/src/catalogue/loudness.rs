//! How loud works are, and by how much a player turns them up or down so that one does not drown
//! the next.
//!
//! The reference is that of ReplayGain 2: -18 LUFS. A track played by itself is brought there; the
//! tracks of a release played together are moved by one and the same amount, so that what was meant
//! to be quieter stays so. Nothing is turned up so far that its highest sample would be cut.

use std::collections::HashMap;

use diesel::QueryResult;
use settlement::WorkId;

use super::decode::Measure;
use super::{Work, store};
use crate::db::Conn;

/// The loudness that players aim at, in thousandths of LUFS.
pub const REFERENCE_MLUFS: i64 = -18_000;
/// The furthest anything is turned up or down, in thousandths of a decibel.
const FURTHEST_MDB: i64 = 24_000;

/// What was measured of how loud a work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loudness {
    /// Integrated loudness, in thousandths of LUFS.
    pub mlufs: i64,
    /// The highest sample, in millionths of full scale.
    pub peak_micro: i64,
}

impl Loudness {
    /// By how much it is turned up (or down, below zero) when it is played by itself, in
    /// thousandths of a decibel.
    pub fn gain_mdb(self) -> i64 {
        let gain = (REFERENCE_MLUFS - self.mlufs).clamp(-FURTHEST_MDB, FURTHEST_MDB);
        let peak = self.peak_micro.max(1) as f64 / 1_000_000.0;
        let room = (-20_000.0 * peak.log10()) as i64;
        // What is at full scale already may be turned down, not up.
        gain.min(room.max(0))
    }
}

/// How loud works are together: the mean of their power over time. (The standard's own gate,
/// applied to each track when it was measured, has left out what is silent.)
pub fn together<'a>(works: impl IntoIterator<Item = (&'a Work, Loudness)>) -> Option<Loudness> {
    let (mut power, mut time, mut peak_micro) = (0.0, 0.0, 0);
    for (work, loudness) in works {
        let length = work.duration_ms as f64;
        power += length * 10_f64.powf(loudness.mlufs as f64 / 10_000.0);
        time += length;
        peak_micro = peak_micro.max(loudness.peak_micro);
    }
    (time > 0.0).then(|| Loudness {
        mlufs: (10_000.0 * (power / time).log10()).round() as i64,
        peak_micro,
    })
}

/// How loud these works are, as far as their files were here to be measured.
pub fn of(conn: &mut Conn, works: &[Work]) -> QueryResult<HashMap<WorkId, Loudness>> {
    let mut files = HashMap::new();
    let mut elsewhere = Vec::new();
    for work in works {
        match work.media {
            Some(digest) => drop(files.insert(work.id.clone(), digest)),
            None => elsewhere.push(work.id.clone()),
        }
    }
    files.extend(store::cached_files(conn, &elsewhere)?);
    let digests: Vec<_> = files.values().copied().collect();
    let measures = store::measures(conn, &digests)?;
    Ok(files
        .into_iter()
        .filter_map(|(work, digest)| {
            let (mlufs, peak_micro) = *measures.get(&digest)?;
            let mlufs = mlufs?;
            Some((work, Loudness { mlufs, peak_micro }))
        })
        .collect())
}

/// What was measured of a work's file, where it is or was here.
pub fn measured(conn: &mut Conn, work: &Work) -> QueryResult<Option<Measure>> {
    let file = match work.media {
        Some(digest) => Some(digest),
        None => store::cached_files(conn, std::slice::from_ref(&work.id))?.remove(&work.id),
    };
    match file {
        Some(digest) => store::measure(conn, &digest),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loud_track_is_turned_down_and_a_quiet_one_up_as_far_as_its_peak_allows() {
        let gain = |mlufs, peak_micro| Loudness { mlufs, peak_micro }.gain_mdb();
        assert_eq!(gain(-8_000, 1_000_000), -10_000);
        assert_eq!(gain(-28_000, 100_000), 10_000);
        // Half of full scale: six decibels of room.
        assert_eq!(gain(-28_000, 500_000), 6_020);
        assert_eq!(gain(-28_000, 1_200_000), 0);
        assert_eq!(gain(-69_000, 1), 24_000);
    }

    #[test]
    fn tracks_together_are_as_loud_as_their_mean_power() {
        let mut short = crate::catalogue::pages::sample_work(0).work;
        short.duration_ms = 1_000;
        let mut long = short.clone();
        long.duration_ms = 3_000;
        let loudness = |mlufs| Loudness {
            mlufs,
            peak_micro: 500_000,
        };
        let alike = together([(&short, loudness(-20_000)), (&long, loudness(-20_000))]);
        assert_eq!(alike, Some(loudness(-20_000)));
        // A quarter of the time at a hundredth of the power.
        let mixed = together([(&short, loudness(-40_000)), (&long, loudness(-20_000))]);
        assert_eq!(mixed.unwrap().mlufs, -21_235);
        assert_eq!(together([]), None);
    }
}
