use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use diesel::prelude::*;
use federation::digest::Sha256Digest;

use super::unreadable;
use crate::catalogue::decode::Measure;
use crate::db::Conn;
use crate::schema::measures;

type Row = (String, Option<i64>, i64, String);

fn read((digest, loudness_mlufs, peak_micro, peaks): Row) -> QueryResult<(Sha256Digest, Measure)> {
    let measure = Measure {
        loudness_mlufs,
        peak_micro,
        peaks: STANDARD.decode(peaks).map_err(unreadable)?,
    };
    Ok((digest.parse().map_err(unreadable)?, measure))
}

/// Keeps what was measured of the file with this digest.
pub fn keep_measure(conn: &mut Conn, digest: &Sha256Digest, measure: &Measure) -> QueryResult<()> {
    diesel::delete(measures::table.find(digest.to_string())).execute(conn)?;
    diesel::insert_into(measures::table)
        .values((
            measures::digest.eq(digest.to_string()),
            measures::loudness_mlufs.eq(measure.loudness_mlufs),
            measures::peak_micro.eq(measure.peak_micro),
            measures::peaks.eq(STANDARD.encode(&measure.peaks)),
        ))
        .execute(conn)?;
    Ok(())
}

/// What was measured of the file with this digest.
pub fn measure(conn: &mut Conn, digest: &Sha256Digest) -> QueryResult<Option<Measure>> {
    let row: Option<Row> = measures::table
        .find(digest.to_string())
        .first(conn)
        .optional()?;
    Ok(row.map(read).transpose()?.map(|(_, measure)| measure))
}

/// Loudness (thousandths of LUFS, none for silence) and highest sample (millionths of full scale)
/// of the files with these digests.
pub fn measures(
    conn: &mut Conn,
    digests: &[Sha256Digest],
) -> QueryResult<HashMap<Sha256Digest, (Option<i64>, i64)>> {
    let mut found = HashMap::new();
    for some in digests.chunks(500) {
        let some: Vec<String> = some.iter().map(Sha256Digest::to_string).collect();
        let rows: Vec<(String, Option<i64>, i64)> = measures::table
            .filter(measures::digest.eq_any(some))
            .select((
                measures::digest,
                measures::loudness_mlufs,
                measures::peak_micro,
            ))
            .load(conn)?;
        for (digest, loudness, peak) in rows {
            found.insert(digest.parse().map_err(unreadable)?, (loudness, peak));
        }
    }
    Ok(found)
}
