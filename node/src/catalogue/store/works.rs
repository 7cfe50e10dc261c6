use diesel::prelude::*;
use federation::availability::Availability;
use settlement::{Isrc, Kind, PartyId, Territory, Uri, WorkId};

use super::unreadable;
use crate::catalogue::rights::Offer;
use crate::catalogue::{Role, Work};
use crate::db::Conn;
use crate::schema::{also_on, contributors, media, works};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = works, treat_none_as_null = true)]
struct Row {
    id: String,
    origin: String,
    kind: String,
    title: String,
    credit: String,
    artist_id: Option<String>,
    release_id: Option<String>,
    disc: Option<i64>,
    position: Option<i64>,
    isrc: Option<String>,
    territory: Option<String>,
    duration_ms: i64,
    media: Option<String>,
    media_url: Option<String>,
    media_type: Option<String>,
    media_size: Option<i64>,
    genre: Option<String>,
    year: Option<i64>,
    document: Option<String>,
    created_us: i64,
    updated_us: i64,
    withdrawn_us: Option<i64>,
    rights: Option<String>,
    closed: bool,
    turns_us: Option<i64>,
}

impl Row {
    fn of(work: &Work) -> Self {
        Row {
            id: work.id.as_str().to_owned(),
            origin: work.origin.clone(),
            kind: work.kind.as_str().to_owned(),
            title: work.title.clone(),
            credit: work.credit.clone(),
            artist_id: work.artist.as_ref().map(|id| id.as_str().to_owned()),
            release_id: work.release.as_ref().map(|id| id.as_str().to_owned()),
            disc: work.disc.map(i64::from),
            position: work.position.map(i64::from),
            isrc: work.isrc.as_ref().map(|isrc| isrc.as_str().to_owned()),
            territory: work.territory.as_ref().map(|t| t.as_str().to_owned()),
            duration_ms: i64::try_from(work.duration_ms).unwrap_or(i64::MAX),
            media: work.media.map(|digest| digest.to_string()),
            media_url: work.media_url.as_ref().map(|url| url.as_str().to_owned()),
            media_type: work.media_type.clone(),
            media_size: work
                .media_size
                .map(|size| i64::try_from(size).unwrap_or(i64::MAX)),
            genre: work.genre.clone(),
            year: work.year.map(i64::from),
            document: work.document.clone(),
            created_us: work.created_us,
            updated_us: work.updated_us,
            withdrawn_us: work.withdrawn_us,
            rights: rights_text(&work.offer),
            closed: work.offer.closed,
            turns_us: work.offer.turns_us,
        }
    }

    fn read(self) -> QueryResult<Work> {
        Ok(Work {
            id: WorkId::parse(&self.id).map_err(unreadable)?,
            origin: self.origin,
            kind: Kind::parse(&self.kind).map_err(unreadable)?,
            title: self.title,
            credit: self.credit,
            artist: parsed(self.artist_id, PartyId::parse)?,
            release: parsed(self.release_id, Uri::parse)?,
            disc: self
                .disc
                .map(u32::try_from)
                .transpose()
                .map_err(unreadable)?,
            position: self
                .position
                .map(u32::try_from)
                .transpose()
                .map_err(unreadable)?,
            isrc: parsed(self.isrc, Isrc::parse)?,
            territory: parsed(self.territory, Territory::parse)?,
            duration_ms: u64::try_from(self.duration_ms).map_err(unreadable)?,
            media: parsed(self.media, |text| text.parse())?,
            media_url: parsed(self.media_url, Uri::parse)?,
            media_type: self.media_type,
            media_size: self
                .media_size
                .map(u64::try_from)
                .transpose()
                .map_err(unreadable)?,
            genre: self.genre,
            year: self
                .year
                .map(u16::try_from)
                .transpose()
                .map_err(unreadable)?,
            document: self.document,
            created_us: self.created_us,
            updated_us: self.updated_us,
            withdrawn_us: self.withdrawn_us,
            offer: Offer {
                rights: parsed(self.rights, rights_of)?,
                closed: self.closed,
                turns_us: self.turns_us,
            },
        })
    }
}

fn rights_text(offer: &Offer) -> Option<String> {
    let rights = offer.rights.as_ref()?;
    Some(rights.to_value().to_string())
}

fn rights_of(text: &str) -> Result<Availability, String> {
    let value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Ok(Availability::of(&value)?.unwrap_or_default())
}

fn parsed<T, E: std::fmt::Display>(
    text: Option<String>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> QueryResult<Option<T>> {
    text.map(|text| parse(&text))
        .transpose()
        .map_err(unreadable)
}

fn read_all(rows: Vec<Row>) -> QueryResult<Vec<Work>> {
    rows.into_iter().map(Row::read).collect()
}

/// The work of this URI, withdrawn or not.
pub fn work(conn: &mut Conn, id: &WorkId) -> QueryResult<Option<Work>> {
    let row: Option<Row> = works::table.find(id.as_str()).first(conn).optional()?;
    row.map(Row::read).transpose()
}

/// The works of these URIs that are known here, in the order asked for.
pub fn works(conn: &mut Conn, ids: &[WorkId]) -> QueryResult<Vec<Work>> {
    let mut found = std::collections::BTreeMap::new();
    for some in ids.chunks(500) {
        let some: Vec<&str> = some.iter().map(WorkId::as_str).collect();
        let rows: Vec<Row> = works::table.filter(works::id.eq_any(some)).load(conn)?;
        for work in read_all(rows)? {
            found.insert(work.id.clone(), work);
        }
    }
    Ok(ids.iter().filter_map(|id| found.get(id).cloned()).collect())
}

/// How many works of this origin stand.
pub fn count_of_origin(conn: &mut Conn, origin: &str) -> QueryResult<i64> {
    works::table
        .filter(works::origin.eq(origin))
        .filter(works::withdrawn_us.is_null())
        .count()
        .get_result(conn)
}

/// The works of this origin that stand, by address: at most `limit` after this one (`""`: from the
/// first on).
pub fn ids_of_origin(
    conn: &mut Conn,
    origin: &str,
    after: &str,
    limit: i64,
) -> QueryResult<Vec<WorkId>> {
    let ids: Vec<String> = works::table
        .filter(works::origin.eq(origin))
        .filter(works::withdrawn_us.is_null())
        .filter(works::id.gt(after))
        .order(works::id)
        .limit(limit)
        .select(works::id)
        .load(conn)?;
    ids.iter()
        .map(|id| WorkId::parse(id).map_err(unreadable))
        .collect()
}

/// The works of a release that were not withdrawn, by disc and position: those that came out on
/// it, and those that are on it too. Some may be closed just now.
pub fn works_of_release(conn: &mut Conn, release: &Uri) -> QueryResult<Vec<Work>> {
    let rows: Vec<Row> = works::table
        .filter(works::release_id.eq(release.as_str()))
        .filter(works::withdrawn_us.is_null())
        .load(conn)?;
    let mut found = read_all(rows)?;
    let also: Vec<(String, Option<i64>, Option<i64>)> = also_on::table
        .filter(also_on::release_id.eq(release.as_str()))
        .select((also_on::work_id, also_on::disc, also_on::position))
        .load(conn)?;
    for some in also.chunks(500) {
        let ids: Vec<&str> = some.iter().map(|(id, _, _)| id.as_str()).collect();
        let rows: Vec<Row> = works::table
            .filter(works::id.eq_any(ids))
            .filter(works::withdrawn_us.is_null())
            .load(conn)?;
        for mut work in read_all(rows)? {
            if work.release.as_ref() == Some(release) {
                continue;
            }
            let place = some.iter().find(|(id, _, _)| id == work.id.as_str());
            if let Some((_, disc, position)) = place {
                work.disc = disc.and_then(|disc| u32::try_from(disc).ok());
                work.position = position.and_then(|position| u32::try_from(position).ok());
            }
            found.push(work);
        }
    }
    found.sort_by(|one, other| {
        let place = |work: &Work| {
            let number = |number: Option<u32>| (number.is_none(), number);
            (number(work.disc), number(work.position))
        };
        (place(one), &one.title, &one.id).cmp(&(place(other), &other.title, &other.id))
    });
    Ok(found)
}

/// Says that a work is on a release besides the one it came out on.
pub fn put_also_on(
    conn: &mut Conn,
    release: &Uri,
    work: &WorkId,
    disc: Option<u32>,
    position: Option<u32>,
) -> QueryResult<()> {
    let values = (
        also_on::disc.eq(disc.map(i64::from)),
        also_on::position.eq(position.map(i64::from)),
    );
    let changed = diesel::update(also_on::table.find((release.as_str(), work.as_str())))
        .set(values)
        .execute(conn)?;
    if changed == 0 {
        diesel::insert_into(also_on::table)
            .values((
                also_on::release_id.eq(release.as_str()),
                also_on::work_id.eq(work.as_str()),
                values,
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Whether a work is on a release besides the one it came out on.
pub fn is_also_on(conn: &mut Conn, release: &Uri, work: &WorkId) -> QueryResult<bool> {
    let found = also_on::table.find((release.as_str(), work.as_str()));
    let count: i64 = found.count().get_result(conn)?;
    Ok(count > 0)
}

/// Says that a work is no longer on a release that it did not come out on.
pub fn drop_also_on(conn: &mut Conn, release: &Uri, work: &WorkId) -> QueryResult<()> {
    diesel::delete(also_on::table.find((release.as_str(), work.as_str()))).execute(conn)?;
    Ok(())
}

/// The works with this recording code, withdrawn or not.
pub fn works_of_isrc(conn: &mut Conn, isrc: &Isrc) -> QueryResult<Vec<Work>> {
    let rows: Vec<Row> = works::table
        .filter(works::isrc.eq(isrc.as_str()))
        .order_by(works::id)
        .limit(100)
        .load(conn)?;
    read_all(rows)
}

/// The works whose rights open or end by `now_us`.
pub fn works_turning(conn: &mut Conn, now_us: i64, limit: i64) -> QueryResult<Vec<Work>> {
    let rows: Vec<Row> = works::table
        .filter(works::turns_us.le(now_us))
        .order_by((works::turns_us, works::id))
        .limit(limit)
        .load(conn)?;
    read_all(rows)
}

/// Notes whether a work is offered here.
pub fn set_offer(conn: &mut Conn, id: &WorkId, offer: &Offer) -> QueryResult<()> {
    diesel::update(works::table.find(id.as_str()))
        .set((
            works::rights.eq(rights_text(offer)),
            works::closed.eq(offer.closed),
            works::turns_us.eq(offer.turns_us),
        ))
        .execute(conn)?;
    Ok(())
}

/// The offered works a party shares in, the newest first, at most `limit`.
pub fn works_of_party(conn: &mut Conn, party: &PartyId, limit: i64) -> QueryResult<Vec<Work>> {
    let shared = contributors::table
        .filter(contributors::party_id.eq(party.as_str()))
        .select(contributors::work_id);
    let rows: Vec<Row> = works::table
        .filter(works::id.eq_any(shared))
        .filter(works::withdrawn_us.is_null())
        .filter(works::closed.eq(false))
        .order_by((works::created_us.desc(), works::id))
        .limit(limit)
        .load(conn)?;
    read_all(rows)
}

/// The work of this node whose file holds this sound, whatever its tags say.
pub fn work_of_sound(conn: &mut Conn, sound: &str) -> QueryResult<Option<Work>> {
    let row: Option<Row> = works::table
        .filter(
            works::media.eq_any(
                media::table
                    .filter(media::sound.eq(sound))
                    .select(media::digest.nullable()),
            ),
        )
        .order_by((works::created_us, works::id))
        .first(conn)
        .optional()?;
    row.map(Row::read).transpose()
}

/// Writes the work, new or changed.
pub fn put_work(conn: &mut Conn, work: &Work) -> QueryResult<()> {
    let row = Row::of(work);
    let known = works::table.find(work.id.as_str());
    match is_there!(conn, known) {
        true => diesel::update(known).set(&row).execute(conn)?,
        false => diesel::insert_into(works::table)
            .values(&row)
            .execute(conn)?,
    };
    Ok(())
}

/// Says who shares in a work, instead of whoever did.
pub fn set_contributors(
    conn: &mut Conn,
    work: &WorkId,
    who: &[(PartyId, Role)],
) -> QueryResult<()> {
    diesel::delete(contributors::table.filter(contributors::work_id.eq(work.as_str())))
        .execute(conn)?;
    let mut who = who.to_vec();
    who.sort();
    who.dedup();
    for (party, role) in who {
        diesel::insert_into(contributors::table)
            .values((
                contributors::work_id.eq(work.as_str()),
                contributors::party_id.eq(party.as_str()),
                contributors::role.eq(role.as_str()),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Withdraws a work; whether it was offered until now.
pub fn withdraw_work(conn: &mut Conn, id: &WorkId, now_us: i64) -> QueryResult<bool> {
    let changed = diesel::update(
        works::table
            .find(id.as_str())
            .filter(works::withdrawn_us.is_null()),
    )
    .set((works::withdrawn_us.eq(now_us), works::updated_us.eq(now_us)))
    .execute(conn)?;
    Ok(changed > 0)
}
