//! Works: written down on their releases, with who shares in them, who did what, and where they may
//! be played.

use settlement::{Uri, WorkId};

use super::{Enter, Entered, digest_of};
use crate::catalogue::import::entry::WorkEntry;
use crate::catalogue::rights::Offer;
use crate::catalogue::store::Provenance;
use crate::catalogue::{Release, Role, Work, changes, claims, splits, store, tell};
use crate::db::Conn;
use crate::web::Refusal;

impl Enter<'_> {
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
}
