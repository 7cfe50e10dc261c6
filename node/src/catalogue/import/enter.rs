//! Writing entries down: parties, release, works, who shares in them, mandates, rights; and word of
//! all that to whoever follows us. What says the same as before changes nothing.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use federation::digest::Sha256Digester;
use federation::identifiers::Scheme;
use settlement::{PartyId, Uri, WorkId};

use super::entry::{PartyEntry, ReleaseEntry, WorkEntry};
use super::{ImportOptions, take};
use crate::Node;
use crate::calendar::Calendar;
use crate::catalogue::rights::Offer;
use crate::catalogue::store::Provenance;
use crate::catalogue::{Release, Role, Work, changes, claims, splits, store, tell};
use crate::db::Conn;
use crate::web::Refusal;

/// The most parties whose addresses are remembered between two transactions.
const REMEMBERED: usize = 100_000;

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entered {
    /// It is new.
    New,
    /// It changed what was here.
    Changed,
    /// It was here as it is.
    Same,
    /// It is older than what is here.
    Older,
}

/// Writes entries down for one import.
pub struct Enter<'a> {
    node: &'a Node,
    options: &'a ImportOptions,
    parties: HashMap<PartyEntry, PartyId>,
}

/// A digest of everything an entry says.
fn digest_of(entry: &impl Hash, also: &impl Hash) -> String {
    struct Writer(Sha256Digester);
    impl Hasher for Writer {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut writer = Writer(Sha256Digester::new());
    entry.hash(&mut writer);
    also.hash(&mut writer);
    writer.0.finish().to_string()
}

impl<'a> Enter<'a> {
    /// Writes down for this node.
    pub fn new(node: &'a Node, options: &'a ImportOptions) -> Self {
        Enter {
            node,
            options,
            parties: HashMap::new(),
        }
    }

    /// Forgets what a transaction that was undone had made.
    pub fn forget(&mut self) {
        self.parties.clear();
    }

    /// Writes a release down; what the sender said earlier than what is here changes nothing.
    ///
    /// # Errors
    /// When the database does not take it.
    pub fn release(
        &mut self,
        conn: &mut Conn,
        entry: &ReleaseEntry,
        dated_us: i64,
    ) -> Result<(Release, Entered), Refusal> {
        let now = self.node.clock.now_us();
        let digest = digest_of(entry, &self.options.mandate);
        let known = store::provenance(conn, &entry.key)?;
        let there = match &known {
            Some(known) => {
                let id = Uri::parse(&known.subject).map_err(Refusal::broken)?;
                store::release(conn, &id)?.filter(|release| release.withdrawn_us.is_none())
            }
            None => None,
        };
        if let (Some(known), Some(there)) = (&known, &there) {
            if known.dated_us > dated_us {
                return Ok((there.clone(), Entered::Older));
            }
            if known.digest == digest {
                self.said_again(conn, &entry.key, known, dated_us)?;
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
        store::put_provenance(conn, &entry.key, &provenance, now)?;
        tell::release(conn, self.node, &release, is_new)?;
        let entered = if is_new {
            Entered::New
        } else {
            Entered::Changed
        };
        Ok((release, entered))
    }

    /// What [`Enter::release`] and [`Enter::work`] would make of it, by its key alone: what is
    /// known may still be changed by it.
    ///
    /// # Errors
    /// When the database breaks.
    pub fn is_known(conn: &mut Conn, key: &str) -> Result<bool, Refusal> {
        Ok(store::provenance(conn, key)?.is_some())
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

    /// Writes a work down, on its release or on one it is on as well.
    ///
    /// # Errors
    /// When the database does not take it.
    pub fn work(
        &mut self,
        conn: &mut Conn,
        entry: &WorkEntry,
        release: &Release,
        dated_us: i64,
    ) -> Result<(WorkId, Entered), Refusal> {
        let now = self.node.clock.now_us();
        let split = entry.split.as_ref().unwrap_or(&self.options.split);
        let digest = digest_of(
            entry,
            &(split, &self.options.mandate, &release.title, &release.label),
        );
        let known = store::provenance(conn, &entry.key)?;
        let there = match &known {
            Some(known) => {
                let id = WorkId::parse(&known.subject).map_err(Refusal::broken)?;
                store::work(conn, &id)?.filter(|work| work.withdrawn_us.is_none())
            }
            None => self.work_of_the_same_sound(conn, entry)?,
        };
        if let (Some(known), Some(there)) = (&known, &there) {
            // What a work is, the release it came out on says.
            let brings_file = there.media.is_none() && entry.file.is_some();
            if there.release.as_ref() != Some(&release.id) && !brings_file {
                let entered = self.also_on(conn, entry, there, release)?;
                return Ok((there.id.clone(), entered));
            }
            if known.dated_us > dated_us {
                return Ok((there.id.clone(), Entered::Older));
            }
            if known.digest == digest {
                self.said_again(conn, &entry.key, known, dated_us)?;
                return Ok((there.id.clone(), Entered::Same));
            }
        }
        let work = self.work_of(conn, entry, there.as_ref(), release, now)?;
        if let Some(file) = &entry.file {
            store::keep_media(
                conn,
                &file.digest,
                &file.sound,
                &file.media_type,
                file.size,
                now,
            )?;
            if let Some(measure) = &file.measure {
                store::keep_measure(conn, &file.digest, measure)?;
            }
        }
        store::put_work(conn, &work)?;
        let mut who = Vec::new();
        for (party, role) in &entry.who {
            who.push((self.party(conn, party, *role, now)?, *role));
        }
        store::set_contributors(conn, &work.id, &who)?;
        let mut credits = Vec::new();
        for (party, role) in &entry.credits {
            let as_what = if role.contains("Producer") {
                Role::Producer
            } else {
                Role::Artist
            };
            credits.push((self.party(conn, party, as_what, now)?, role.clone()));
        }
        store::set_credits(conn, &work.id, &credits)?;
        store::set_codes(conn, work.id.as_str(), &entry.codes)?;
        changes::propose(conn, self.node, &work.id, &splits::shares(split, &who))?;
        let licensor = release
            .label
            .clone()
            .unwrap_or_else(|| entry.credit.clone());
        self.mandate(
            conn,
            work.id.as_str(),
            entry.mandate.clone(),
            &licensor,
            now,
        )?;
        let provenance = Provenance {
            subject: work.id.as_str().to_owned(),
            digest,
            dated_us,
        };
        store::put_provenance(conn, &entry.key, &provenance, now)?;
        claims::look(conn, self.node, &work)?;
        tell::work(conn, self.node, &work, there.is_none())?;
        let entered = match there {
            None => Entered::New,
            Some(there) => {
                self.also_on(conn, entry, &there, release)?;
                Entered::Changed
            }
        };
        Ok((work.id, entered))
    }

    /// A work that came in as a tagged file, and now comes with a message: the same work, if its
    /// code is the same or was not known.
    fn work_of_the_same_sound(
        &self,
        conn: &mut Conn,
        entry: &WorkEntry,
    ) -> Result<Option<Work>, Refusal> {
        let Some(file) = &entry.file else {
            return Ok(None);
        };
        let work = store::work_of_sound(conn, &file.sound)?;
        let Some(work) = work.filter(|work| work.withdrawn_us.is_none()) else {
            return Ok(None);
        };
        let is_of_another_key = !store::keys_of(conn, work.id.as_str())?.is_empty();
        let is_of_another_code = work.isrc.is_some() && work.isrc != entry.isrc();
        Ok((!is_of_another_key && !is_of_another_code).then_some(work))
    }

    /// The same was said later: what was said before that is older from now on.
    fn said_again(
        &self,
        conn: &mut Conn,
        key: &str,
        known: &Provenance,
        dated_us: i64,
    ) -> Result<(), Refusal> {
        if known.dated_us == dated_us {
            return Ok(());
        }
        let later = Provenance {
            dated_us,
            ..known.clone()
        };
        Ok(store::put_provenance(
            conn,
            key,
            &later,
            self.node.clock.now_us(),
        )?)
    }

    /// Notes that a work that came out on another release is on this one too: changed, when that
    /// is new.
    fn also_on(
        &self,
        conn: &mut Conn,
        entry: &WorkEntry,
        there: &Work,
        release: &Release,
    ) -> Result<Entered, Refusal> {
        if there.release.is_none() || there.release.as_ref() == Some(&release.id) {
            return Ok(Entered::Same);
        }
        let before = store::is_also_on(conn, &release.id, &there.id)?;
        store::put_also_on(conn, &release.id, &there.id, entry.disc, entry.position)?;
        Ok(if before {
            Entered::Same
        } else {
            Entered::Changed
        })
    }

    fn work_of(
        &mut self,
        conn: &mut Conn,
        entry: &WorkEntry,
        there: Option<&Work>,
        release: &Release,
        now: i64,
    ) -> Result<Work, Refusal> {
        let node = self.node;
        let id = match there {
            Some(there) => there.id.clone(),
            None => {
                let path = format!("/works/{}", node.clock.fresh_id());
                WorkId::parse(&node.config.uri(&path)).map_err(Refusal::broken)?
            }
        };
        let artist = entry.who.iter().find(|(_, role)| *role == Role::Artist);
        let artist = artist.map(|(party, role)| self.party(conn, party, *role, now));
        // A work stays on the release it came out on.
        let came_on = there
            .filter(|there| there.release.is_some() && there.release.as_ref() != Some(&release.id));
        let (on, disc, position) = match came_on {
            Some(there) => (there.release.clone(), there.disc, there.position),
            None => (Some(release.id.clone()), entry.disc, entry.position),
        };
        // A message without the file does not take the file away.
        let kept = there.filter(|there| entry.file.is_none() && there.media.is_some());
        let media_url = match (&entry.file, kept) {
            (Some(_), _) => Some(Uri::parse(&format!("{id}/media")).map_err(Refusal::broken)?),
            (None, Some(kept)) => kept.media_url.clone(),
            (None, None) => None,
        };
        let file = entry.file.as_ref();
        let duration_ms = match (file, kept) {
            (Some(file), _) if file.duration_ms > 0 => file.duration_ms,
            (None, Some(kept)) => kept.duration_ms,
            _ => entry.duration_ms,
        };
        Ok(Work {
            id,
            origin: node.config.base(),
            kind: entry.kind,
            title: entry.title.clone(),
            credit: entry.credit.clone(),
            artist: artist.transpose()?,
            release: on,
            disc,
            position,
            isrc: entry.isrc(),
            territory: Some(node.config.territory),
            duration_ms,
            media: file
                .map(|file| file.digest)
                .or(kept.and_then(|kept| kept.media)),
            media_url,
            media_type: file
                .map(|file| file.media_type.clone())
                .or(kept.and_then(|kept| kept.media_type.clone())),
            media_size: file
                .map(|file| file.size)
                .or(kept.and_then(|kept| kept.media_size)),
            genre: entry.genre.clone(),
            year: entry.year,
            document: None,
            created_us: there.map_or(now, |there| there.created_us),
            updated_us: now,
            withdrawn_us: None,
            offer: Offer::of(entry.rights.clone(), node.config.territory, now),
        })
    }

    fn mandate(
        &self,
        conn: &mut Conn,
        subject: &str,
        words: crate::catalogue::mandates::MandateWords,
        licensor: &str,
        now: i64,
    ) -> Result<(), Refusal> {
        let words = words.or(&self.options.mandate);
        let today = Calendar::of(&self.node.config).day(now);
        let mandate = words.mandate(licensor, today, now)?;
        Ok(store::put_mandate(conn, subject, &mandate)?)
    }

    /// The party of this node that an entry means: the one with its codes; else the one of its
    /// name, unless that has another code of the same kind; else a new one.
    fn party(
        &mut self,
        conn: &mut Conn,
        entry: &PartyEntry,
        role: Role,
        now: i64,
    ) -> Result<PartyId, Refusal> {
        if let Some(id) = self.parties.get(entry) {
            return Ok(id.clone());
        }
        let id = find_party(conn, self.node, entry, role, now)?;
        if self.parties.len() >= REMEMBERED {
            self.parties.clear();
        }
        self.parties.insert(entry.clone(), id.clone());
        Ok(id)
    }
}

fn find_party(
    conn: &mut Conn,
    node: &Node,
    entry: &PartyEntry,
    role: Role,
    now: i64,
) -> Result<PartyId, Refusal> {
    let origin = node.config.base();
    for code in &entry.codes {
        for subject in store::subjects_of(conn, code)? {
            let Ok(id) = PartyId::parse(&subject) else {
                continue;
            };
            if id.origin() == origin && store::party(conn, &id)?.is_some() {
                store::add_codes(conn, id.as_str(), &entry.codes)?;
                return Ok(id);
            }
        }
    }
    let same_name = store::party_named(conn, &origin, &entry.name)?;
    let id = match same_name {
        Some(party) if !contradicts(&store::codes(conn, party.id.as_str())?, entry) => party.id,
        Some(_) => take::new_party(conn, node, &entry.name, role, now)?,
        None => take::party(conn, node, &entry.name, role, now)?,
    };
    store::add_codes(conn, id.as_str(), &entry.codes)?;
    Ok(id)
}

/// Whether somebody of the same name is somebody else: both have a code of one kind, and not one
/// of them in common.
fn contradicts(known: &[federation::identifiers::Identifier], entry: &PartyEntry) -> bool {
    entry.codes.iter().any(|code| {
        let mut same_kind = known
            .iter()
            .filter(|known| known.scheme() == code.scheme())
            .peekable();
        same_kind.peek().is_some() && same_kind.all(|known| known != code)
    })
}
