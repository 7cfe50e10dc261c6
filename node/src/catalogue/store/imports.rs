use diesel::prelude::*;
use federation::digest::Sha256Digest;

use crate::db::Conn;
use crate::schema::{import_refusals, imports, media, release_draft_works as draft_works, works};

/// How an import went so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Files that became works, or changed one.
    pub taken: u64,
    /// Files that were here already.
    pub known: u64,
    /// Files that were refused.
    pub refused: u64,
}

/// Notes that an import of `path` begins.
pub fn start_import(conn: &mut Conn, id: &str, path: &str, now_us: i64) -> QueryResult<()> {
    diesel::insert_into(imports::table)
        .values((
            imports::id.eq(id),
            imports::path.eq(path),
            imports::started_us.eq(now_us),
            imports::taken.eq(0),
            imports::known.eq(0),
            imports::refused.eq(0),
        ))
        .execute(conn)?;
    Ok(())
}

/// Notes that an import is over.
pub fn end_import(conn: &mut Conn, id: &str, counts: Counts, now_us: i64) -> QueryResult<()> {
    let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    diesel::update(imports::table.find(id))
        .set((
            imports::ended_us.eq(now_us),
            imports::taken.eq(whole(counts.taken)),
            imports::known.eq(whole(counts.known)),
            imports::refused.eq(whole(counts.refused)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Notes why a file was refused.
pub fn refuse_file(conn: &mut Conn, import: &str, file: &str, reason: &str) -> QueryResult<()> {
    diesel::insert_into(import_refusals::table)
        .values((
            import_refusals::import_id.eq(import),
            import_refusals::file.eq(file),
            import_refusals::reason.eq(reason),
        ))
        .execute(conn)?;
    Ok(())
}

/// Whether a file of these bytes was ever taken.
pub fn is_media_known(conn: &mut Conn, digest: &Sha256Digest) -> QueryResult<bool> {
    let found: i64 = media::table
        .filter(media::digest.eq(digest.to_string()))
        .count()
        .get_result(conn)?;
    Ok(found > 0)
}

/// Notes a file that is kept. `sound` names its sound apart from its tags.
pub fn keep_media(
    conn: &mut Conn,
    digest: &Sha256Digest,
    sound: &str,
    media_type: &str,
    size: u64,
    now_us: i64,
) -> QueryResult<()> {
    if is_media_known(conn, digest)? {
        return Ok(());
    }
    diesel::insert_into(media::table)
        .values((
            media::digest.eq(digest.to_string()),
            media::sound.eq(sound),
            media::media_type.eq(media_type),
            media::size.eq(i64::try_from(size).unwrap_or(i64::MAX)),
            media::created_us.eq(now_us),
        ))
        .execute(conn)?;
    Ok(())
}

/// The files that no offered work and no draft has, with their sizes in bytes.
pub fn unused_media(conn: &mut Conn) -> QueryResult<Vec<(Sha256Digest, u64)>> {
    let used = works::table
        .filter(works::withdrawn_us.is_null())
        .filter(works::media.is_not_null())
        .select(works::media.assume_not_null());
    let drafted = draft_works::table.select(draft_works::file);
    let rows: Vec<(String, i64)> = media::table
        .filter(media::digest.ne_all(used))
        .filter(media::digest.ne_all(drafted))
        .order_by(media::digest)
        .select((media::digest, media::size))
        .load(conn)?;
    rows.into_iter()
        .map(|(digest, size)| {
            let digest = digest.parse().map_err(super::unreadable)?;
            Ok((digest, u64::try_from(size).unwrap_or(0)))
        })
        .collect()
}

/// Forgets a file, unless a work has come to need it meanwhile; whether it was forgotten.
pub fn forget_media(conn: &mut Conn, digest: &Sha256Digest) -> QueryResult<bool> {
    let needed: i64 = works::table
        .filter(works::media.eq(digest.to_string()))
        .filter(works::withdrawn_us.is_null())
        .count()
        .get_result(conn)?;
    if needed > 0 || crate::labels::store::needs_file(conn, digest)? {
        return Ok(false);
    }
    diesel::delete(media::table.find(digest.to_string())).execute(conn)?;
    Ok(true)
}
