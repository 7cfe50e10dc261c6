//! Releases: written down, changed, known again.

use federation::identifiers::Scheme;
use settlement::Uri;

use super::{Enter, Entered, digest_of};
use crate::catalogue::import::entry::{PartyEntry, ReleaseEntry};
use crate::catalogue::store::Provenance;
use crate::catalogue::{Release, Role, store, tell};
use crate::db::Conn;
use crate::web::Refusal;

impl Enter<'_> {
    /// Writes a release down; what the sender said earlier than what is here changes nothing. It is
    /// known again by its key, or by one of `also`.
    ///
    /// # Errors
    /// When the database does not take it.
    pub fn release(
        &mut self,
        conn: &mut Conn,
        entry: &ReleaseEntry,
        also: &[String],
        dated_us: i64,
    ) -> Result<(Release, Entered), Refusal> {
        let now = self.node.clock.now_us();
        let digest = digest_of(entry, &self.options.mandate);
        let (known, there) = match known_release(conn, &entry.key, also)? {
            Some((known, there)) => (Some(known), Some(there)),
            None => (None, None),
        };
        if let (Some(known), Some(there)) = (&known, &there) {
            if known.dated_us > dated_us {
                return Ok((there.clone(), Entered::Older));
            }
            if known.digest == digest {
                for key in std::iter::once(&entry.key).chain(also) {
                    self.said_again(conn, key, known, dated_us)?;
                }
                return Ok((there.clone(), Entered::Same));
            }
        }
        let is_new = there.is_none();
        let release = self.release_of(conn, entry, there, now)?;
        store::put_release(conn, &release)?;
        store::set_codes(conn, release.id.as_str(), &entry.codes)?;
        let licensor = entry
            .label
            .as_ref()
            .map_or(&entry.credit, |label| &label.name);
        self.mandate(
            conn,
            release.id.as_str(),
            entry.mandate.clone(),
            licensor,
            now,
        )?;
        let provenance = Provenance {
            subject: release.id.as_str().to_owned(),
            digest,
            dated_us,
        };
        for key in std::iter::once(&entry.key).chain(also) {
            store::put_provenance(conn, key, &provenance, now)?;
        }
        tell::release(conn, self.node, &release, is_new)?;
        let entered = if is_new {
            Entered::New
        } else {
            Entered::Changed
        };
        Ok((release, entered))
    }

    fn release_of(
        &mut self,
        conn: &mut Conn,
        entry: &ReleaseEntry,
        there: Option<Release>,
        now: i64,
    ) -> Result<Release, Refusal> {
        let node = self.node;
        let id = match &there {
            Some(there) => there.id.clone(),
            None => {
                let path = format!("/releases/{}", node.clock.fresh_id());
                Uri::parse(&node.config.uri(&path)).map_err(Refusal::broken)?
            }
        };
        let mut named = |entry: &Option<PartyEntry>, role| {
            let party = entry
                .as_ref()
                .map(|party| self.party(conn, party, role, now));
            party.transpose()
        };
        let icpn = entry
            .codes
            .iter()
            .find(|code| code.scheme() == Scheme::Icpn);
        Ok(Release {
            id,
            origin: node.config.base(),
            title: entry.title.clone(),
            credit: entry.credit.clone(),
            artist: named(&entry.artist, Role::Artist)?,
            label_party: named(&entry.label, Role::Label)?,
            label: entry.label.as_ref().map(|label| label.name.clone()),
            icpn: icpn.map(|code| code.value().to_owned()),
            year: entry.year,
            genre: entry.genre.clone(),
            // A message without a picture does not take the picture away.
            cover: entry.cover.or(there.as_ref().and_then(|there| there.cover)),
            cover_url: None,
            territory: Some(node.config.territory),
            document: None,
            grouping: there.as_ref().and_then(|there| there.grouping.clone()),
            created_us: there.as_ref().map_or(now, |there| there.created_us),
            updated_us: now,
            withdrawn_us: None,
        })
    }
}

/// The release that came in under one of these keys, and what was said of it last.
///
/// # Errors
/// When the database breaks.
pub fn known_release(
    conn: &mut Conn,
    key: &str,
    also: &[String],
) -> Result<Option<(Provenance, Release)>, Refusal> {
    for key in std::iter::once(key).chain(also.iter().map(String::as_str)) {
        let Some(known) = store::provenance(conn, key)? else {
            continue;
        };
        let id = Uri::parse(&known.subject).map_err(Refusal::broken)?;
        let release = store::release(conn, &id)?;
        if let Some(release) = release.filter(|release| release.withdrawn_us.is_none()) {
            return Ok(Some((known, release)));
        }
    }
    Ok(None)
}
