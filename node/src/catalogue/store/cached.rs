use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::prelude::*;
use federation::digest::Sha256Digest;
use settlement::WorkId;

use super::unreadable;
use crate::db::Conn;
use crate::schema::{cached_media, works};

/// A file of another node that is here for a while, or on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cached {
    /// The work.
    pub work: WorkId,
    /// The digest of its bytes; none while it is arriving.
    pub digest: Option<Sha256Digest>,
    /// Its size in bytes.
    pub size: u64,
    /// When somebody last listened to it, in microseconds UTC.
    pub used_us: i64,
}

type Row = (String, Option<String>, i64, i64);

fn read((work, digest, size, used_us): Row) -> QueryResult<Cached> {
    Ok(Cached {
        work: WorkId::parse(&work).map_err(unreadable)?,
        digest: digest
            .map(|digest| digest.parse())
            .transpose()
            .map_err(unreadable)?,
        size: u64::try_from(size).map_err(unreadable)?,
        used_us,
    })
}

/// What is cached of a work.
pub fn cached(conn: &mut Conn, work: &WorkId) -> QueryResult<Option<Cached>> {
    let row: Option<Row> = cached_media::table
        .find(work.as_str())
        .first(conn)
        .optional()?;
    row.map(read).transpose()
}

/// The digests of those files of these works that are here whole.
pub fn cached_files(conn: &mut Conn, of: &[WorkId]) -> QueryResult<HashMap<WorkId, Sha256Digest>> {
    let mut found = HashMap::new();
    for some in of.chunks(500) {
        let some: Vec<&str> = some.iter().map(WorkId::as_str).collect();
        let rows: Vec<Row> = cached_media::table
            .filter(cached_media::work_id.eq_any(some))
            .load(conn)?;
        for row in rows {
            let cached = read(row)?;
            if let Some(digest) = cached.digest {
                found.insert(cached.work, digest);
            }
        }
    }
    Ok(found)
}

/// All that is cached, the least recently used first.
pub fn all_cached(conn: &mut Conn) -> QueryResult<Vec<Cached>> {
    let rows: Vec<Row> = cached_media::table
        .order_by((cached_media::used_us, cached_media::work_id))
        .load(conn)?;
    rows.into_iter().map(read).collect()
}

/// Notes that a file is arriving and will take so many bytes.
pub fn expect_cached(conn: &mut Conn, work: &WorkId, size: u64, now_us: i64) -> QueryResult<()> {
    forget_cached(conn, work)?;
    diesel::insert_into(cached_media::table)
        .values((
            cached_media::work_id.eq(work.as_str()),
            cached_media::size.eq(i64::try_from(size).unwrap_or(i64::MAX)),
            cached_media::used_us.eq(now_us),
        ))
        .execute(conn)?;
    Ok(())
}

/// Notes that a file has arrived whole, if its work is still offered and nobody forgot it
/// meanwhile; whether that is so.
pub fn keep_cached(conn: &mut Conn, work: &WorkId, digest: &Sha256Digest) -> QueryResult<bool> {
    let offered: i64 = works::table
        .find(work.as_str())
        .filter(works::withdrawn_us.is_null())
        .count()
        .get_result(conn)?;
    if offered == 0 {
        forget_cached(conn, work)?;
        return Ok(false);
    }
    let kept = diesel::update(cached_media::table.find(work.as_str()))
        .set(cached_media::digest.eq(digest.to_string()))
        .execute(conn)?;
    Ok(kept > 0)
}

/// Notes that somebody listens to it now.
pub fn use_cached(conn: &mut Conn, work: &WorkId, now_us: i64) -> QueryResult<()> {
    diesel::update(cached_media::table.find(work.as_str()))
        .set(cached_media::used_us.eq(now_us))
        .execute(conn)?;
    Ok(())
}

/// Forgets what is cached of a work.
pub fn forget_cached(conn: &mut Conn, work: &WorkId) -> QueryResult<()> {
    diesel::delete(cached_media::table.find(work.as_str())).execute(conn)?;
    Ok(())
}

/// Whether a cached file of these bytes belongs to some work.
pub fn is_cached(conn: &mut Conn, digest: &Sha256Digest) -> QueryResult<bool> {
    let found: i64 = cached_media::table
        .filter(cached_media::digest.eq(digest.to_string()))
        .count()
        .get_result(conn)?;
    Ok(found > 0)
}

/// Makes room for `size` bytes more below `cap`: forgets what was not used for longest, except the
/// works in `arriving`. Returns what was forgotten; nothing when there cannot be room.
pub fn make_room(
    conn: &mut Conn,
    size: u64,
    cap: u64,
    arriving: &BTreeSet<WorkId>,
) -> QueryResult<Option<Vec<Cached>>> {
    let all = all_cached(conn)?;
    // Two works may be the same bytes, which are here once.
    let mut sharing: BTreeMap<Sha256Digest, usize> = BTreeMap::new();
    let mut taken: u64 = 0;
    for one in &all {
        let others = one.digest.map(|digest| sharing.entry(digest).or_default());
        let is_first = others.as_ref().is_none_or(|count| **count == 0);
        if is_first {
            taken = taken.saturating_add(one.size);
        }
        if let Some(count) = others {
            *count += 1;
        }
    }
    let mut forgotten = Vec::new();
    for one in all {
        if taken.saturating_add(size) <= cap {
            break;
        }
        if arriving.contains(&one.work) {
            continue;
        }
        let left = match one.digest.and_then(|digest| sharing.get_mut(&digest)) {
            Some(count) => {
                *count -= 1;
                *count
            }
            None => 0,
        };
        if left == 0 {
            taken -= one.size;
        }
        forgotten.push(one);
    }
    if taken.saturating_add(size) > cap {
        return Ok(None);
    }
    for one in &forgotten {
        forget_cached(conn, &one.work)?;
    }
    Ok(Some(forgotten))
}
