use diesel::prelude::*;
use federation::digest::Sha256Digest;
use settlement::{PartyId, Territory, Uri};

use super::unreadable;
use crate::catalogue::Release;
use crate::db::Conn;
use crate::peers;
use crate::schema::{releases, works};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = releases, treat_none_as_null = true)]
struct Row {
    id: String,
    origin: String,
    title: String,
    credit: String,
    artist_id: Option<String>,
    label_id: Option<String>,
    label: Option<String>,
    icpn: Option<String>,
    year: Option<i64>,
    genre: Option<String>,
    cover: Option<String>,
    cover_url: Option<String>,
    territory: Option<String>,
    document: Option<String>,
    grouping: Option<String>,
    created_us: i64,
    updated_us: i64,
    withdrawn_us: Option<i64>,
}

impl Row {
    fn of(release: &Release) -> Self {
        let release = release.clone();
        Row {
            id: release.id.as_str().to_owned(),
            origin: release.origin,
            title: release.title,
            credit: release.credit,
            artist_id: release.artist.map(|id| id.as_str().to_owned()),
            label_id: release.label_party.map(|id| id.as_str().to_owned()),
            label: release.label,
            icpn: release.icpn,
            year: release.year.map(i64::from),
            genre: release.genre,
            cover: release.cover.map(|digest| digest.to_string()),
            cover_url: release.cover_url.map(|url| url.as_str().to_owned()),
            territory: release.territory.map(|t| t.as_str().to_owned()),
            document: release.document,
            grouping: release.grouping,
            created_us: release.created_us,
            updated_us: release.updated_us,
            withdrawn_us: release.withdrawn_us,
        }
    }

    fn read(self) -> QueryResult<Release> {
        let party = |text: Option<String>| {
            text.map(|text| PartyId::parse(&text))
                .transpose()
                .map_err(unreadable)
        };
        Ok(Release {
            id: Uri::parse(&self.id).map_err(unreadable)?,
            origin: self.origin,
            title: self.title,
            credit: self.credit,
            artist: party(self.artist_id)?,
            label_party: party(self.label_id)?,
            label: self.label,
            icpn: self.icpn,
            year: self
                .year
                .map(u16::try_from)
                .transpose()
                .map_err(unreadable)?,
            genre: self.genre,
            cover: self
                .cover
                .map(|text| text.parse())
                .transpose()
                .map_err(unreadable)?,
            cover_url: self
                .cover_url
                .map(|text| Uri::parse(&text))
                .transpose()
                .map_err(unreadable)?,
            territory: self
                .territory
                .map(|text| Territory::parse(&text))
                .transpose()
                .map_err(unreadable)?,
            document: self.document,
            grouping: self.grouping,
            created_us: self.created_us,
            updated_us: self.updated_us,
            withdrawn_us: self.withdrawn_us,
        })
    }
}

fn read_all(rows: Vec<Row>) -> QueryResult<Vec<Release>> {
    rows.into_iter().map(Row::read).collect()
}

/// The release of this URI, withdrawn or not.
pub fn release(conn: &mut Conn, id: &Uri) -> QueryResult<Option<Release>> {
    let row: Option<Row> = releases::table.find(id.as_str()).first(conn).optional()?;
    row.map(Row::read).transpose()
}

/// The releases of these URIs that are known here, in no order.
pub fn releases(conn: &mut Conn, ids: &[Uri]) -> QueryResult<Vec<Release>> {
    let mut found = Vec::new();
    for some in ids.chunks(500) {
        let some: Vec<&str> = some.iter().map(Uri::as_str).collect();
        let rows: Vec<Row> = releases::table
            .filter(releases::id.eq_any(some))
            .load(conn)?;
        found.extend(read_all(rows)?);
    }
    Ok(found)
}

/// The release of this node that tracks of this grouping belong to.
pub fn release_grouped(conn: &mut Conn, grouping: &str) -> QueryResult<Option<Release>> {
    let row: Option<Row> = releases::table
        .filter(releases::grouping.eq(grouping))
        .filter(releases::withdrawn_us.is_null())
        .order_by((releases::created_us, releases::id))
        .first(conn)
        .optional()?;
    row.map(Row::read).transpose()
}

/// The newest offered releases: those of `origin` when `here`, else those of every other node.
pub fn latest_releases(
    conn: &mut Conn,
    origin: &str,
    here: bool,
    limit: i64,
) -> QueryResult<Vec<Release>> {
    let offered = releases::table
        .filter(releases::withdrawn_us.is_null())
        .order_by((releases::created_us.desc(), releases::id.desc()))
        .limit(limit);
    let rows: Vec<Row> = if here {
        offered.filter(releases::origin.eq(origin)).load(conn)?
    } else {
        offered
            .filter(releases::origin.ne(origin))
            .filter(releases::origin.ne_all(peers::store::not_shown(conn)?))
            .load(conn)?
    };
    read_all(rows)
}

/// The offered releases a party made or put out, the newest first.
pub fn releases_of_party(
    conn: &mut Conn,
    party: &PartyId,
    limit: i64,
) -> QueryResult<Vec<Release>> {
    let rows: Vec<Row> = releases::table
        .filter(
            releases::artist_id
                .eq(party.as_str())
                .or(releases::label_id.eq(party.as_str())),
        )
        .filter(releases::withdrawn_us.is_null())
        .order_by((releases::created_us.desc(), releases::id))
        .limit(limit)
        .load(conn)?;
    read_all(rows)
}

/// The offered releases any of these parties made or put out, the newest first.
pub fn releases_of_parties(
    conn: &mut Conn,
    parties: &[String],
    limit: i64,
) -> QueryResult<Vec<Release>> {
    let rows: Vec<Row> = releases::table
        .filter(
            releases::artist_id
                .eq_any(parties)
                .or(releases::label_id.eq_any(parties)),
        )
        .filter(releases::withdrawn_us.is_null())
        .order_by((releases::created_us.desc(), releases::id))
        .limit(limit)
        .load(conn)?;
    read_all(rows)
}

/// Writes the release, new or changed.
pub fn put_release(conn: &mut Conn, release: &Release) -> QueryResult<()> {
    let row = Row::of(release);
    let known = releases::table.find(release.id.as_str());
    match is_there!(conn, known) {
        true => diesel::update(known).set(&row).execute(conn)?,
        false => diesel::insert_into(releases::table)
            .values(&row)
            .execute(conn)?,
    };
    Ok(())
}

/// Withdraws a release and the works on it; whether it was offered until now.
pub fn withdraw_release(conn: &mut Conn, id: &Uri, now_us: i64) -> QueryResult<bool> {
    let changed = diesel::update(
        releases::table
            .find(id.as_str())
            .filter(releases::withdrawn_us.is_null()),
    )
    .set((
        releases::withdrawn_us.eq(now_us),
        releases::updated_us.eq(now_us),
    ))
    .execute(conn)?;
    diesel::update(
        works::table
            .filter(works::release_id.eq(id.as_str()))
            .filter(works::withdrawn_us.is_null()),
    )
    .set((works::withdrawn_us.eq(now_us), works::updated_us.eq(now_us)))
    .execute(conn)?;
    Ok(changed > 0)
}

/// Notes the picture that was fetched from `url` for a release; none when what was there is no
/// picture, which is then not asked for again.
pub fn set_cover(
    conn: &mut Conn,
    id: &Uri,
    url: &Uri,
    cover: Option<Sha256Digest>,
) -> QueryResult<()> {
    let still = releases::table
        .find(id.as_str())
        .filter(releases::cover_url.eq(url.as_str()));
    match cover {
        Some(digest) => diesel::update(still)
            .set(releases::cover.eq(digest.to_string()))
            .execute(conn)?,
        None => diesel::update(still)
            .set(releases::cover_url.eq(None::<String>))
            .execute(conn)?,
    };
    Ok(())
}
