//! Writing one file down: its parties, its release, the work, who shares in it, and word of all
//! that to whoever follows us. One transaction.

use std::path::{Path, PathBuf};

use federation::digest::Sha256Digester;
use settlement::{Kind, PartyId, Uri, WorkId};

use super::{ImportOptions, Look};
use crate::Node;
use crate::calendar::Calendar;
use crate::catalogue::fold::fold;
use crate::catalogue::tags::{Tags, cleaned};
use crate::catalogue::{Party, Release, Role, Work, changes, claims, splits, store, tell};
use crate::db::Conn;
use crate::names;
use crate::web::Refusal;
use crate::words::Say;

/// What became of a sound file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// A new work.
    New,
    /// A change to a work that was here.
    Changed,
    /// Nothing: it was here already.
    Known,
    /// Nothing: the work was withdrawn, and only its people bring it back.
    Withdrawn,
}

/// The name of whoever cannot be named.
const NOBODY: &str = "—";

/// Writes down what a look found.
///
/// # Errors
/// When the database does not take it; nothing of it is kept then.
pub fn take(
    conn: &mut Conn,
    node: &Node,
    options: &ImportOptions,
    look: &Look,
) -> Result<Taken, Refusal> {
    let before = store::work_of_sound(conn, &look.sound.digest)?;
    if let Some(work) = &before {
        if work.withdrawn_us.is_some() {
            return Ok(Taken::Withdrawn);
        }
        // The same file twice in one import: the first was written down since this was read.
        if work.media == Some(look.digest) {
            store::keep_measure(conn, &look.digest, &look.sound.measure)?;
            return Ok(Taken::Known);
        }
    }
    let now = node.clock.now_us();
    let media_type = look.sound.media_type;
    store::keep_media(
        conn,
        &look.digest,
        &look.sound.digest,
        media_type,
        look.size,
        now,
    )?;
    store::keep_measure(conn, &look.digest, &look.sound.measure)?;
    let names = Names::of(look);
    let who = names.parties(conn, node, now)?;
    let release = put_release(conn, node, look, &names, &who, before.as_ref(), now)?;
    let work = work(node, look, &names, &who, &release, before.as_ref(), now)?;
    store::put_work(conn, &work)?;
    store::set_contributors(conn, &work.id, &who)?;
    note_codes(conn, look, &work, &release)?;
    changes::propose(conn, node, &work.id, &splits::shares(&options.split, &who))?;
    record_mandate(conn, node, options, &work, &release, now)?;
    claims::look(conn, node, &work)?;
    tell::work(conn, node, &work, before.is_none())?;
    if let Some(before) = before {
        withdraw_if_empty(conn, node, before.release.as_ref(), now)?;
        return Ok(Taken::Changed);
    }
    Ok(Taken::New)
}

/// Notes the codes that the tags name beside those the rows hold: MusicBrainz's of the work, its
/// release, and its artist where there is one alone.
fn note_codes(conn: &mut Conn, look: &Look, work: &Work, release: &Release) -> Result<(), Refusal> {
    let tags = &look.tags;
    let artist = work.artist.as_ref().filter(|_| tags.artists.len() == 1);
    for (subject, code) in [
        (Some(work.id.as_str()), &tags.recording_id),
        (Some(release.id.as_str()), &tags.release_id),
        (artist.map(PartyId::as_str), &tags.artist_id),
    ] {
        if let (Some(subject), Some(code)) = (subject, code) {
            store::add_codes(conn, subject, std::slice::from_ref(code))?;
        }
    }
    Ok(())
}

/// What the file calls everyone, with what it leaves out filled in.
struct Names {
    title: String,
    artists: Vec<String>,
    label: Option<String>,
    producer: Option<String>,
    publisher: Option<String>,
}

impl Names {
    fn of(look: &Look) -> Self {
        let tags = &look.tags;
        let artists = match (&tags.artists, &tags.album_artist) {
            (artists, _) if !artists.is_empty() => artists.clone(),
            (_, Some(artist)) => vec![artist.clone()],
            // A folder is mostly named after who plays what is in it.
            _ => vec![folder_name(&look.path).unwrap_or_else(|| NOBODY.to_owned())],
        };
        Names {
            title: tags.title.clone().unwrap_or_else(|| file_name(&look.path)),
            artists,
            label: tags.label.clone(),
            producer: tags.producer.clone(),
            publisher: tags.publisher.clone(),
        }
    }

    fn credit(&self) -> String {
        cleaned(&self.artists.join(", ")).0
    }

    /// The parties, the first artist first; those that nobody named before are made.
    fn parties(
        &self,
        conn: &mut Conn,
        node: &Node,
        now: i64,
    ) -> Result<Vec<(PartyId, Role)>, Refusal> {
        let artists = self.artists.iter().map(|name| (name, Role::Artist));
        let others = [
            (&self.label, Role::Label),
            (&self.producer, Role::Producer),
            (&self.publisher, Role::Publisher),
        ];
        let others = others
            .into_iter()
            .filter_map(|(name, role)| Some((name.as_ref()?, role)));
        artists
            .chain(others)
            .map(|(name, role)| Ok((party(conn, node, name, role, now)?, role)))
            .collect()
    }
}

/// The party of this name on this node. Names are compared letter by letter: to take two artists
/// for one would pay the one for the other.
pub(super) fn party(
    conn: &mut Conn,
    node: &Node,
    name: &str,
    role: Role,
    now: i64,
) -> Result<PartyId, Refusal> {
    match store::party_named(conn, &node.config.base(), name)? {
        Some(party) => Ok(party.id),
        None => new_party(conn, node, name, role, now),
    }
}

/// A party of this name that nobody named before, perhaps beside another of the same name.
///
/// # Errors
/// When the database does not take it.
pub fn new_party(
    conn: &mut Conn,
    node: &Node,
    name: &str,
    role: Role,
    now: i64,
) -> Result<PartyId, Refusal> {
    let origin = node.config.base();
    let slug = names::slug(name, "");
    let id = |slug: &str| {
        PartyId::parse(&node.config.uri(&format!("/parties/{slug}"))).map_err(Refusal::broken)
    };
    let plain = id(&slug)?;
    let id = if !slug.is_empty() && store::party(conn, &plain)?.is_none() {
        plain
    } else {
        // Another party has the plain address, or the name has no letter that fits into one.
        let fresh = node.clock.fresh_id();
        id(format!("{slug}-{fresh}").trim_start_matches('-'))?
    };
    let party = Party {
        id: id.clone(),
        kind: role,
        name: name.to_owned(),
        origin,
        created_us: now,
    };
    store::put_party(conn, &party)?;
    Ok(id)
}

fn first(who: &[(PartyId, Role)], role: Role) -> Option<PartyId> {
    who.iter()
        .find(|(_, as_what)| *as_what == role)
        .map(|(party, _)| party.clone())
}

/// The release the file belongs to, made or brought up to date, and told.
fn put_release(
    conn: &mut Conn,
    node: &Node,
    look: &Look,
    names: &Names,
    who: &[(PartyId, Role)],
    before: Option<&Work>,
    now: i64,
) -> Result<Release, Refusal> {
    let grouping = grouping(look);
    let Some(there) = store::release_grouped(conn, &grouping)? else {
        let release = new_release(conn, node, look, names, who, grouping, now)?;
        store::put_release(conn, &release)?;
        tell::release(conn, node, &release, true)?;
        return Ok(release);
    };
    let mut release = there.clone();
    let tags = &look.tags;
    // A file whose tags were changed has the last word; a further track fills in what is missing.
    let corrects = before.is_some_and(|work| work.release.as_ref() == Some(&there.id));
    if tags.album.is_none() {
        release.title = names.title.clone();
        release.credit = names.credit();
        release.artist = first(who, Role::Artist);
    } else if tags.album_artist.is_none() && release.credit != names.credit() && !corrects {
        // Tracks of several artists, and no word about whose album it is.
        release.credit = Say::new("catalogue-various-artists").to(node.config.language);
        release.artist = None;
    }
    fn settle<T: Clone>(there: &mut Option<T>, said: &Option<T>, corrects: bool) {
        if said.is_some() && (corrects || there.is_none()) {
            there.clone_from(said);
        }
    }
    settle(&mut release.label, &names.label, corrects);
    settle(&mut release.label_party, &first(who, Role::Label), corrects);
    settle(&mut release.icpn, &tags.icpn, corrects);
    settle(&mut release.year, &tags.year, corrects);
    settle(&mut release.genre, &tags.genre, corrects);
    settle(&mut release.cover, &look.cover, corrects);
    if release != there {
        release.updated_us = now;
        store::put_release(conn, &release)?;
        tell::release(conn, node, &release, false)?;
    }
    Ok(release)
}

fn new_release(
    conn: &mut Conn,
    node: &Node,
    look: &Look,
    names: &Names,
    who: &[(PartyId, Role)],
    grouping: String,
    now: i64,
) -> Result<Release, Refusal> {
    let tags = &look.tags;
    let (credit, artist) = match &tags.album_artist {
        // Who stands for the whole album is somebody, though perhaps not paid for this track.
        Some(name) => (
            name.clone(),
            Some(party(conn, node, name, Role::Artist, now)?),
        ),
        None => (names.credit(), first(who, Role::Artist)),
    };
    let id = node
        .config
        .uri(&format!("/releases/{}", node.clock.fresh_id()));
    Ok(Release {
        id: Uri::parse(&id).map_err(Refusal::broken)?,
        origin: node.config.base(),
        title: tags.album.clone().unwrap_or_else(|| names.title.clone()),
        credit,
        artist,
        label_party: first(who, Role::Label),
        label: names.label.clone(),
        icpn: tags.icpn.clone(),
        year: tags.year,
        genre: tags.genre.clone(),
        cover: look.cover,
        cover_url: None,
        territory: Some(node.config.territory),
        document: None,
        grouping: Some(grouping),
        created_us: now,
        updated_us: now,
        withdrawn_us: None,
    })
}

/// The work as the file has it now: the same work as before, if its sound was here before.
fn work(
    node: &Node,
    look: &Look,
    names: &Names,
    who: &[(PartyId, Role)],
    release: &Release,
    before: Option<&Work>,
    now: i64,
) -> Result<Work, Refusal> {
    let tags: &Tags = &look.tags;
    let id = match before {
        Some(work) => work.id.clone(),
        None => {
            let id = node
                .config
                .uri(&format!("/works/{}", node.clock.fresh_id()));
            WorkId::parse(&id).map_err(Refusal::broken)?
        }
    };
    let media_url = Uri::parse(&format!("{id}/media")).map_err(Refusal::broken)?;
    Ok(Work {
        id,
        origin: node.config.base(),
        kind: Kind::Music,
        title: names.title.clone(),
        credit: names.credit(),
        artist: first(who, Role::Artist),
        release: Some(release.id.clone()),
        disc: tags.disc,
        position: tags.position,
        isrc: tags.isrc.clone(),
        territory: Some(node.config.territory),
        duration_ms: look.sound.duration_ms,
        media: Some(look.digest),
        media_url: Some(media_url),
        media_type: Some(look.sound.media_type.to_owned()),
        media_size: Some(look.size),
        genre: tags.genre.clone(),
        year: tags.year,
        document: None,
        created_us: before.map_or(now, |work| work.created_us),
        updated_us: now,
        withdrawn_us: None,
        // Rights that a message brought stay when the file gets other tags.
        offer: before.map_or_else(Default::default, |work| work.offer.clone()),
    })
}

/// Records who licensed the work: what the command says, else what it can be taken to be, the
/// label or the artist, today.
fn record_mandate(
    conn: &mut Conn,
    node: &Node,
    options: &ImportOptions,
    work: &Work,
    release: &Release,
    now: i64,
) -> Result<(), Refusal> {
    let stated = options.mandate.licensor.is_some();
    if !stated && store::mandate(conn, work.id.as_str())?.is_some() {
        return Ok(());
    }
    let licensor = release.label.as_deref().unwrap_or(&work.credit);
    let today = Calendar::of(&node.config).day(now);
    let mandate = options.mandate.mandate(licensor, today, now)?;
    Ok(store::put_mandate(conn, work.id.as_str(), &mandate)?)
}

/// A release whose last track moved to another is no more.
fn withdraw_if_empty(
    conn: &mut Conn,
    node: &Node,
    release: Option<&Uri>,
    now: i64,
) -> Result<(), Refusal> {
    let Some(release) = release else {
        return Ok(());
    };
    if store::works_of_release(conn, release)?.is_empty()
        && store::withdraw_release(conn, release, now)?
        && let Some(release) = store::release(conn, release)?
    {
        tell::release_gone(conn, node, &release, now)?;
    }
    Ok(())
}

/// What tracks of one release have in common: folder, album, and the album's artist. A track
/// without an album is a release of its own.
fn grouping(look: &Look) -> String {
    let mut digester = Sha256Digester::new();
    match &look.tags.album {
        Some(album) => {
            let folder = release_folder(&look.path);
            digester.update(folder.as_os_str().as_encoded_bytes());
            digester.update(b"\0");
            digester.update(fold(album).as_bytes());
            digester.update(b"\0");
            let artist = look.tags.album_artist.as_deref().unwrap_or("");
            digester.update(fold(artist).as_bytes());
        }
        None => {
            digester.update(b"alone\0");
            digester.update(look.sound.digest.as_bytes());
        }
    }
    digester.finish().to_string()
}

/// The folder of a release: that of its files, or the one above where each disc has its own.
fn release_folder(path: &Path) -> PathBuf {
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
    let is_disc = folder
        .file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| {
            let name = fold(name);
            let number = name.trim_start_matches(|letter: char| letter.is_alphabetic());
            let word = name[..name.len() - number.len()].trim();
            ["cd", "disc", "disk", "disque"].contains(&word) && number.trim().parse::<u8>().is_ok()
        });
    match folder.parent() {
        Some(above) if is_disc => above.to_path_buf(),
        _ => folder,
    }
}

fn folder_name(path: &Path) -> Option<String> {
    let path = std::fs::canonicalize(path).ok()?;
    let name = path.parent()?.file_name()?.to_string_lossy().into_owned();
    Some(cleaned(&name).0).filter(|name| !name.is_empty())
}

fn file_name(path: &Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy());
    let name = cleaned(&stem.unwrap_or_default()).0;
    if name.is_empty() {
        NOBODY.to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_discs_of_an_album_lie_in_one_folder() {
        for (path, folder) in [
            ("/m/Album/CD 2/1.ogg", "/m/Album"),
            ("/m/Album/disc1/1.ogg", "/m/Album"),
            ("/m/Album/Disque 10/1.ogg", "/m/Album"),
            ("/m/Discography/1.ogg", "/m/Discography"),
            ("/m/CD/1.ogg", "/m/CD"),
        ] {
            assert_eq!(release_folder(Path::new(path)), Path::new(folder), "{path}");
        }
    }
}
