use diesel::prelude::*;
use federation::digest::Sha256Digest;

use crate::db::Conn;
use crate::schema::{import_refusals, imports, media};

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
