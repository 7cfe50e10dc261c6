//! Sentences to the database about what can be found: what changed, and what it is now.

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::ask::Place;
use super::esteem;
use super::segment::{Entry, Group, Sound};
use crate::catalogue::Role;
use crate::db::Conn;
use crate::peers;
use crate::schema::{
    parties, peers as peer_rows, releases, search_changes, search_epoch, selection_works,
    selections, works,
};

/// How many rows are read at once.
const ROWS: i64 = 5_000;
/// How many ids are asked for at once.
const IDS: usize = 500;
/// How many letters of a selection's words are looked at.
const ABOUT: usize = 2_000;

/// Something that changed.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Change {
    /// Its number: later changes have larger ones.
    pub seq: i64,
    /// `work`, `release`, `party` or `selection`.
    pub what: String,
    /// Its URI.
    pub id: String,
}

/// The number of the last change, 0 when there was none.
pub fn newest_change(conn: &mut Conn) -> QueryResult<i64> {
    let newest: Option<i64> = search_changes::table
        .select(search_changes::seq)
        .order_by(search_changes::seq.desc())
        .first(conn)
        .optional()?;
    Ok(newest.unwrap_or(0))
}

/// The changes after this one, in their order.
pub fn changes_after(conn: &mut Conn, seq: i64, limit: i64) -> QueryResult<Vec<Change>> {
    search_changes::table
        .filter(search_changes::seq.gt(seq))
        .order_by(search_changes::seq)
        .limit(limit)
        .load(conn)
}

/// Forgets the changes before this one, which a kept index holds.
pub fn forget_changes(conn: &mut Conn, before: i64) -> QueryResult<usize> {
    diesel::delete(search_changes::table.filter(search_changes::seq.lt(before))).execute(conn)
}

/// Whether there are more works than this, in whatever state.
pub fn has_more_works(conn: &mut Conn, than: i64) -> QueryResult<bool> {
    let one: Option<String> = works::table
        .order_by(works::id)
        .offset(than)
        .select(works::id)
        .first(conn)
        .optional()?;
    Ok(one.is_some())
}

/// What tells this database from others.
pub fn epoch(conn: &mut Conn) -> QueryResult<String> {
    search_epoch::table.select(search_epoch::epoch).first(conn)
}

/// What the search is to know about other nodes now: those we do not show, and those that do not
/// answer. Whoever asks `by_name`, for one address, is shown what is not shown unasked.
pub fn place(conn: &mut Conn, territory: &str, by_name: bool) -> QueryResult<Place> {
    let hidden = match by_name {
        true => peer_rows::table
            .filter(peer_rows::standing.eq(peers::Standing::Blocked.as_str()))
            .select(peer_rows::origin)
            .load(conn)?,
        false => peers::store::not_shown(conn)?,
    };
    let away: Vec<String> = peer_rows::table
        .filter(peer_rows::failing_since_us.is_not_null())
        .select(peer_rows::origin)
        .load(conn)?;
    Ok(Place {
        territory: territory.to_owned(),
        hidden: hidden.into_iter().collect(),
        away: away.into_iter().collect(),
    })
}

/// URIs of what is to be looked at again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    works: BTreeSet<String>,
    releases: BTreeSet<String>,
    parties: BTreeSet<String>,
    selections: BTreeSet<String>,
}

impl Touched {
    /// All of them.
    pub fn ids(&self) -> BTreeSet<String> {
        [&self.works, &self.releases, &self.parties, &self.selections]
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }
}

/// What is to be looked at again after these changes: a release's works are found by its title,
/// a release is of the kind of its works, a selection makes its works dearer, and a party is found
/// while it has works.
pub fn touched(conn: &mut Conn, changes: Vec<Change>) -> QueryResult<Touched> {
    let mut touched = Touched::default();
    for change in changes {
        match change.what.as_str() {
            "work" => touched.works.insert(change.id),
            "release" => touched.releases.insert(change.id),
            "party" => touched.parties.insert(change.id),
            _ => touched.selections.insert(change.id),
        };
    }
    for some in chunks(&touched.releases) {
        let of: Vec<String> = works::table
            .filter(works::release_id.eq_any(some))
            .select(works::id)
            .load(conn)?;
        touched.works.extend(of);
    }
    for some in chunks(&touched.selections) {
        let named: Vec<String> = selection_works::table
            .filter(selection_works::selection_id.eq_any(some))
            .select(selection_works::work_id)
            .load(conn)?;
        touched.works.extend(named);
    }
    for some in chunks(&touched.works) {
        let with: Vec<(Option<String>, Option<String>)> = works::table
            .filter(works::id.eq_any(some))
            .select((works::release_id, works::artist_id))
            .load(conn)?;
        for (release, artist) in with {
            touched.releases.extend(release);
            touched.parties.extend(artist);
        }
    }
    Ok(touched)
}

fn chunks(ids: &BTreeSet<String>) -> Vec<Vec<String>> {
    let ids: Vec<String> = ids.iter().cloned().collect();
    ids.chunks(IDS).map(<[String]>::to_vec).collect()
}

type WorkRow = (
    (String, String, String, String, String),
    (Option<String>, Option<String>, Option<String>, bool, bool),
    (Option<String>, Option<i64>, i64),
);

macro_rules! work_columns {
    () => {
        (
            (
                works::id,
                works::origin,
                works::kind,
                works::title,
                works::credit,
            ),
            (
                works::artist_id,
                works::release_id,
                works::territory,
                works::media.is_not_null(),
                works::media_url.is_not_null(),
            ),
            (works::genre, works::year, works::created_us),
        )
    };
}

/// What is taken from a release into what it is found by, and what its works are found by.
struct ReleaseRow {
    entry: Entry,
    artist: Option<String>,
    label_party: Option<String>,
    is_offered: bool,
}

/// What the works of a release say about it.
#[derive(Default)]
struct Made {
    kind: String,
    sound: Sound,
    esteem: u64,
}

/// Everything that can be found now, each thing once.
pub fn everything(conn: &mut Conn, mut take: impl FnMut(Entry)) -> QueryResult<()> {
    let all = release_rows(conn, None)?;
    let times = times_selected(conn, None)?;
    let mut made: HashMap<String, Made> = HashMap::new();
    let mut artists: HashMap<String, u64> = HashMap::new();
    let mut last = String::new();
    loop {
        let rows: Vec<WorkRow> = works::table
            .filter(works::id.gt(&last))
            .filter(works::withdrawn_us.is_null())
            .filter(works::closed.eq(false))
            .order_by(works::id)
            .limit(ROWS)
            .select(work_columns!())
            .load(conn)?;
        let Some(row) = rows.last() else { break };
        last.clone_from(&row.0.0);
        for row in rows {
            let times = times.get(&row.0.0).copied().unwrap_or(0);
            if let Some(artist) = &row.1.0 {
                count(&mut artists, artist, times);
            }
            let release = row.1.1.clone();
            let entry = work_entry(row, &all, times);
            if let Some(release) = release {
                made.entry(release).or_default().add(&entry, times);
            }
            take(entry);
        }
    }
    let mut labels: HashSet<&str> = HashSet::new();
    for (id, release) in &all {
        let Some(made) = made.get(id).filter(|_| release.is_offered) else {
            continue;
        };
        labels.extend(release.label_party.as_deref());
        if let Some(artist) = &release.artist {
            count(&mut artists, artist, 0);
        }
        take(made.complete(&release.entry));
    }
    for (row, times) in party_rows(conn, None)?.into_iter().filter_map(|row| {
        let times = artists.get(&row.0).copied();
        let is_there = times.is_some() || labels.contains(row.0.as_str());
        is_there.then_some((row, times.unwrap_or(0)))
    }) {
        if let Some(entry) = party_entry(row, times) {
            take(entry);
        }
    }
    for entry in selection_entries(conn, None)? {
        take(entry);
    }
    Ok(())
}

/// What these things are now; what is not offered any more is not among them.
pub fn entries(conn: &mut Conn, touched: &Touched) -> QueryResult<Vec<Entry>> {
    let mut entries = Vec::new();
    let all = release_rows(conn, Some(&touched.releases))?;
    let mut made: HashMap<String, Made> = HashMap::new();
    let mut rows: Vec<WorkRow> = Vec::new();
    for some in chunks(&touched.works) {
        let some = works::table.filter(works::id.eq_any(some));
        let offered = some
            .filter(works::withdrawn_us.is_null())
            .filter(works::closed.eq(false));
        rows.extend(offered.select(work_columns!()).load::<WorkRow>(conn)?);
    }
    // A release is what all its works are, changed or not.
    for some in chunks(&touched.releases) {
        let some = works::table.filter(works::release_id.eq_any(some));
        let offered = some
            .filter(works::withdrawn_us.is_null())
            .filter(works::closed.eq(false));
        let loaded: Vec<WorkRow> = offered.select(work_columns!()).load(conn)?;
        rows.extend(
            loaded
                .into_iter()
                .filter(|row| !touched.works.contains(&row.0.0)),
        );
    }
    let ids = rows.iter().map(|row| row.0.0.clone()).collect();
    let times = times_selected(conn, Some(&ids))?;
    for row in rows {
        let times = times.get(&row.0.0).copied().unwrap_or(0);
        let release = row.1.1.clone();
        let entry = work_entry(row, &all, times);
        if let Some(release) = release {
            made.entry(release).or_default().add(&entry, times);
        }
        if touched.works.contains(&entry.id) {
            entries.push(entry);
        }
    }
    for (id, release) in all {
        if let Some(made) = made.get(&id).filter(|_| release.is_offered) {
            entries.push(made.complete(&release.entry));
        }
    }
    for row in party_rows(conn, Some(&touched.parties))? {
        if let Some(times) = times_of_party(conn, &row.0)? {
            entries.extend(party_entry(row, times));
        }
    }
    entries.extend(selection_entries(conn, Some(&touched.selections))?);
    Ok(entries)
}

fn count(artists: &mut HashMap<String, u64>, artist: &str, times: u64) {
    match artists.get_mut(artist) {
        Some(sum) => *sum += times,
        None => {
            artists.insert(artist.to_owned(), times);
        }
    }
}

/// How often standing selections name works of this party; none where nothing of it is offered.
fn times_of_party(conn: &mut Conn, party: &str) -> QueryResult<Option<u64>> {
    let made = || {
        works::table
            .filter(works::artist_id.eq(party))
            .filter(works::withdrawn_us.is_null())
            .filter(works::closed.eq(false))
            .select(works::id)
    };
    let first: Option<String> = made().first(conn).optional()?;
    let put_out: Option<String> = releases::table
        .filter(
            releases::label_id
                .eq(party)
                .or(releases::artist_id.eq(party)),
        )
        .filter(releases::withdrawn_us.is_null())
        .select(releases::id)
        .first(conn)
        .optional()?;
    if first.is_none() && put_out.is_none() {
        return Ok(None);
    }
    let times: i64 = selection_works::table
        .filter(selection_works::work_id.eq_any(made()))
        .count()
        .get_result(conn)?;
    Ok(Some(u64::try_from(times).unwrap_or(0)))
}

impl Made {
    fn add(&mut self, work: &Entry, times: u64) {
        if self.kind.is_empty() {
            self.kind.clone_from(&work.kind);
        }
        self.sound = self.sound.max(work.sound);
        self.esteem = self.esteem.saturating_add(times);
    }

    fn complete(&self, release: &Entry) -> Entry {
        Entry {
            kind: self.kind.clone(),
            sound: self.sound,
            esteem: esteem(self.esteem),
            ..release.clone()
        }
    }
}

fn work_entry(row: WorkRow, releases: &HashMap<String, ReleaseRow>, times: u64) -> Entry {
    let ((id, origin, kind, title, credit), rest, (genre, year, created_us)) = row;
    let (_, release, territory, is_here, is_there) = rest;
    let release = release.and_then(|release| releases.get(&release));
    let release = release.map(|release| &release.entry);
    let said = |own: Option<String>, of_release: fn(&Entry) -> &String| {
        let own = own.filter(|text| !text.trim().is_empty());
        own.unwrap_or_else(|| release.map(of_release).cloned().unwrap_or_default())
    };
    Entry {
        id,
        origin,
        group: Some(Group::Works),
        kind,
        title,
        credit,
        release: said(None, |release| &release.title),
        label: said(None, |release| &release.label),
        genre: said(genre, |release| &release.genre),
        about: String::new(),
        year: match year.and_then(|year| u16::try_from(year).ok()) {
            Some(year) => year,
            None => release.map_or(0, |release| release.year),
        },
        territory: said(territory, |release| &release.territory),
        sound: match (is_here, is_there) {
            (true, _) => Sound::Here,
            (false, true) => Sound::There,
            (false, false) => Sound::Nowhere,
        },
        esteem: esteem(times),
        created_us,
    }
}

type ReleaseColumns = (
    (String, String, String, String),
    (Option<String>, Option<String>, Option<String>),
    (Option<i64>, Option<String>, Option<String>),
    (i64, Option<i64>),
);

fn release_rows(
    conn: &mut Conn,
    only: Option<&BTreeSet<String>>,
) -> QueryResult<HashMap<String, ReleaseRow>> {
    macro_rules! columns {
        () => {
            (
                (
                    releases::id,
                    releases::origin,
                    releases::title,
                    releases::credit,
                ),
                (releases::artist_id, releases::label_id, releases::label),
                (releases::year, releases::genre, releases::territory),
                (releases::created_us, releases::withdrawn_us),
            )
        };
    }
    let mut rows: Vec<ReleaseColumns> = Vec::new();
    match only {
        None => rows = releases::table.select(columns!()).load(conn)?,
        Some(ids) => {
            for some in chunks(ids) {
                let some = releases::table.filter(releases::id.eq_any(some));
                rows.extend(some.select(columns!()).load::<ReleaseColumns>(conn)?);
            }
        }
    }
    let read = |row: ReleaseColumns| {
        let ((id, origin, title, credit), (artist, label_party, label), said, times) = row;
        let (year, genre, territory) = said;
        let release = ReleaseRow {
            entry: Entry {
                id: id.clone(),
                origin,
                group: Some(Group::Releases),
                title,
                credit,
                label: label.unwrap_or_default(),
                genre: genre.unwrap_or_default(),
                year: year.and_then(|y| u16::try_from(y).ok()).unwrap_or(0),
                territory: territory.unwrap_or_default(),
                created_us: times.0,
                ..Entry::default()
            },
            artist,
            label_party,
            is_offered: times.1.is_none(),
        };
        (id, release)
    };
    Ok(rows.into_iter().map(read).collect())
}

/// How many standing selections name each work.
fn times_selected(
    conn: &mut Conn,
    only: Option<&BTreeSet<String>>,
) -> QueryResult<HashMap<String, u64>> {
    let standing = || {
        selections::table
            .filter(selections::withdrawn_us.is_null())
            .select(selections::id)
    };
    let mut rows: Vec<(String, i64)> = Vec::new();
    match only {
        None => {
            rows = selection_works::table
                .filter(selection_works::selection_id.eq_any(standing()))
                .group_by(selection_works::work_id)
                .select((selection_works::work_id, count_star()))
                .load(conn)?;
        }
        Some(ids) => {
            for some in chunks(ids) {
                let some: Vec<(String, i64)> = selection_works::table
                    .filter(selection_works::selection_id.eq_any(standing()))
                    .filter(selection_works::work_id.eq_any(some))
                    .group_by(selection_works::work_id)
                    .select((selection_works::work_id, count_star()))
                    .load(conn)?;
                rows.extend(some);
            }
        }
    }
    let counted = |(id, times): (String, i64)| (id, u64::try_from(times).unwrap_or(0));
    Ok(rows.into_iter().map(counted).collect())
}

type PartyRow = (String, String, String, String, i64);

fn party_rows(conn: &mut Conn, only: Option<&BTreeSet<String>>) -> QueryResult<Vec<PartyRow>> {
    let Some(ids) = only else {
        return parties::table.load(conn);
    };
    let mut rows = Vec::new();
    for some in chunks(ids) {
        let some = parties::table.filter(parties::id.eq_any(some));
        rows.extend(some.load::<PartyRow>(conn)?);
    }
    Ok(rows)
}

/// Artists and labels are found; who else has a part in works is read on their pages.
fn party_entry((id, kind, name, origin, created_us): PartyRow, times: u64) -> Option<Entry> {
    let group = match Role::parse(&kind)? {
        Role::Artist => Group::Artists,
        Role::Label => Group::Labels,
        Role::Producer | Role::Publisher | Role::Distributor => return None,
    };
    Some(Entry {
        id,
        origin,
        group: Some(group),
        title: name,
        esteem: esteem(times),
        created_us,
        ..Entry::default()
    })
}

fn selection_entries(conn: &mut Conn, only: Option<&BTreeSet<String>>) -> QueryResult<Vec<Entry>> {
    type Row = (
        (String, String, String, String),
        (String, Option<String>, i64),
    );
    macro_rules! columns {
        () => {
            (
                (
                    selections::id,
                    selections::origin,
                    selections::title,
                    selections::venue_name,
                ),
                (
                    selections::words,
                    selections::territory,
                    selections::published_us,
                ),
            )
        };
    }
    let standing = || selections::table.filter(selections::withdrawn_us.is_null());
    let mut rows: Vec<Row> = Vec::new();
    match only {
        None => rows = standing().select(columns!()).load(conn)?,
        Some(ids) => {
            for some in chunks(ids) {
                let some = standing().filter(selections::id.eq_any(some));
                rows.extend(some.select(columns!()).load::<Row>(conn)?);
            }
        }
    }
    let read = |row: Row| {
        let ((id, origin, title, venue), (about, territory, published_us)) = row;
        Entry {
            id,
            origin,
            group: Some(Group::Selections),
            title,
            credit: venue,
            about: about.chars().take(ABOUT).collect(),
            territory: territory.unwrap_or_default(),
            created_us: published_us,
            ..Entry::default()
        }
    };
    Ok(rows.into_iter().map(read).collect())
}

/// The works with this recording code, those of this node first.
pub fn works_with_isrc(conn: &mut Conn, isrc: &str) -> QueryResult<Vec<String>> {
    works::table
        .filter(works::isrc.eq(isrc))
        .filter(works::withdrawn_us.is_null())
        .filter(works::closed.eq(false))
        .order_by((works::created_us, works::id))
        .limit(20)
        .select(works::id)
        .load(conn)
}

/// The releases with one of these bar codes.
pub fn releases_with_icpn(conn: &mut Conn, codes: &[String]) -> QueryResult<Vec<String>> {
    releases::table
        .filter(releases::icpn.eq_any(codes))
        .filter(releases::withdrawn_us.is_null())
        .order_by((releases::created_us, releases::id))
        .limit(20)
        .select(releases::id)
        .load(conn)
}
