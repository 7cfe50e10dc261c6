//! How an import is to be done, as its command says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use settlement::BasisPoints;

use crate::catalogue::Role;
use crate::catalogue::mandates::MandateWords;
use crate::web::Refusal;
use crate::words::Say;

/// How an import is to be done.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// Who shares in the works, by role. The part of a role that a file does not name goes to the
    /// artist.
    pub split: Vec<(Role, BasisPoints)>,
    /// Who licensed the works, where what comes in does not say.
    pub mandate: MandateWords,
    /// Only say what would come of it: nothing is written.
    pub dry_run: bool,
    /// Take messages that say they are a test.
    pub test_messages: bool,
    /// Somebody who wants it stopped sets it: after the file at hand nothing more is taken.
    pub stop: Option<Arc<AtomicBool>>,
}

impl Default for ImportOptions {
    fn default() -> Self {
        ImportOptions {
            split: vec![(Role::Artist, BasisPoints::WHOLE)],
            mandate: MandateWords::default(),
            dry_run: false,
            test_messages: false,
            stop: None,
        }
    }
}

impl ImportOptions {
    /// Reads a split as it is written on a command line: `artist=7000,label=3000`, in basis
    /// points that add up to 10000.
    ///
    /// # Errors
    /// A sentence that says what to write.
    pub fn with_split(text: &str) -> Result<Self, Refusal> {
        let split = split_of(text).ok_or_else(|| {
            let malformed = Say::new("catalogue-split-malformed");
            Refusal::field("split", malformed.with("split", text))
        })?;
        Ok(ImportOptions {
            split,
            ..ImportOptions::default()
        })
    }
}

/// Reads `artist=7000,label=3000`: basis points by role that add up to 10000.
pub fn split_of(text: &str) -> Option<Vec<(Role, BasisPoints)>> {
    let mut split: BTreeMap<Role, BasisPoints> = BTreeMap::new();
    let mut sum = 0;
    for part in text.split([',', ' ']).filter(|part| !part.is_empty()) {
        let (role, bp) = part.split_once('=')?;
        let role = Role::parse(role.trim())?;
        let bp: u32 = bp.trim().parse().ok()?;
        let bp = BasisPoints::new(bp).filter(|bp| *bp <= BasisPoints::WHOLE)?;
        sum += bp.get();
        if split.insert(role, bp).is_some() {
            return None;
        }
    }
    (sum == BasisPoints::WHOLE.get()).then(|| split.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_is_read_and_must_be_whole() {
        let options = ImportOptions::with_split("label=3000, artist=7000").unwrap();
        let read: Vec<_> = options
            .split
            .iter()
            .map(|(role, bp)| (*role, bp.get()))
            .collect();
        assert_eq!(read, [(Role::Artist, 7000), (Role::Label, 3000)]);
        for bad in [
            "",
            "artist",
            "artist=7000",
            "artist=10001",
            "artist=5000,artist=5000",
            "manager=10000",
            "artist=-1,label=10001",
        ] {
            let refused = ImportOptions::with_split(bad).unwrap_err().to_string();
            assert!(refused.contains("artist=7000,label=3000"), "{refused}");
        }
    }
}
