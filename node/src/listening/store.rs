//! Sentences to the database about plays, posts and the months they count in.

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::dsl::min;
use diesel::prelude::*;
use federation::keys::KeyRefused;
use settlement::{Period, VenueId, WorkId};

use super::counting;
use super::posts::Post;
use super::taking::NewPlay;
use crate::db::Conn;
use crate::schema::{periods, plays, posts, works};
use crate::venues::store::unreadable;

/// The months that are closed for good. A month nobody wrote down is open.
pub fn closed_months(conn: &mut Conn) -> QueryResult<BTreeSet<Period>> {
    let months: Vec<String> = periods::table
        .filter(periods::state.ne("open"))
        .select(periods::period)
        .load(conn)?;
    months
        .iter()
        .map(|month| Period::parse(month).map_err(unreadable))
        .collect()
}

// Plays ---------------------------------------------------------------------

/// Who plays, through which venue, on what.
#[derive(Clone, Copy, Debug)]
pub struct Player<'p> {
    /// The member's id.
    pub member: &'p str,
    /// The venue they listen through.
    pub venue: &'p VenueId,
    /// The URI of the post that hands the play in.
    pub post: Option<&'p str>,
}

/// Adds a play under the id `key`.
pub fn add_play(
    conn: &mut Conn,
    key: &str,
    player: Player<'_>,
    play: &NewPlay,
    received_us: i64,
    period: Period,
) -> QueryResult<()> {
    diesel::insert_into(plays::table)
        .values((
            plays::id.eq(key),
            plays::member_id.eq(player.member),
            plays::venue_id.eq(player.venue.as_str()),
            plays::work_id.eq(play.work.as_str()),
            plays::selection_id.eq(play.selection.as_ref().map(|uri| uri.as_str())),
            plays::post_id.eq(player.post),
            plays::started_us.eq(play.started_us),
            plays::seconds.eq(i64::from(play.seconds)),
            plays::received_us.eq(received_us),
            plays::period.eq(period.to_string()),
        ))
        .execute(conn)
        .map(drop)
}

/// A play that is here already.
#[derive(Clone, Debug)]
pub struct Taken {
    /// What was played.
    pub work: String,
    /// When it started, in microseconds since 1970 UTC.
    pub started_us: i64,
    /// How long it lasted.
    pub seconds: i64,
    /// The month it counts in.
    pub period: Period,
}

/// The play of this id.
pub fn play(conn: &mut Conn, key: &str) -> QueryResult<Option<Taken>> {
    let row: Option<(String, i64, i64, String)> = plays::table
        .find(key)
        .select((
            plays::work_id,
            plays::started_us,
            plays::seconds,
            plays::period,
        ))
        .first(conn)
        .optional()?;
    let Some((work, started_us, seconds, period)) = row else {
        return Ok(None);
    };
    Ok(Some(Taken {
        work,
        started_us,
        seconds,
        period: Period::parse(&period).map_err(unreadable)?,
    }))
}

/// Those of these ids under which a play is here already.
pub fn known_plays(conn: &mut Conn, keys: &[String]) -> QueryResult<HashSet<String>> {
    let known: Vec<String> = plays::table
        .filter(plays::id.eq_any(keys))
        .select(plays::id)
        .load(conn)?;
    Ok(known.into_iter().collect())
}

/// Lets a play have lasted longer.
pub fn lengthen(conn: &mut Conn, key: &str, seconds: u32) -> QueryResult<()> {
    let shorter = plays::table
        .find(key)
        .filter(plays::seconds.lt(i64::from(seconds)));
    diesel::update(shorter)
        .set(plays::seconds.eq(i64::from(seconds)))
        .execute(conn)
        .map(drop)
}

/// How long works are, in milliseconds, for those of these ids that the catalogue knows.
pub fn work_lengths(conn: &mut Conn, ids: &[&str]) -> QueryResult<HashMap<String, i64>> {
    let rows: Vec<(String, i64)> = works::table
        .filter(works::id.eq_any(ids))
        .select((works::id, works::duration_ms))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// When the first of the plays that count in a month started.
pub fn first_start(conn: &mut Conn, period: Period) -> QueryResult<Option<i64>> {
    plays::table
        .filter(plays::period.eq(period.to_string()))
        .select(min(plays::started_us))
        .first(conn)
}

type PlayRow = (
    String,
    String,
    String,
    String,
    i64,
    i64,
    String,
    Option<(i64, String)>,
);

/// Hands `each` the plays of one member after another: all that count in `period`, and those of
/// the months before that started at `from_us` or later. Members without a play in either are left
/// out; one member's plays are in no order.
pub fn each_member(
    conn: &mut Conn,
    period: Period,
    from_us: i64,
    mut each: impl FnMut(&str, Vec<counting::Play>),
) -> QueryResult<()> {
    let month = period.to_string();
    let before = plays::period.lt(&month).and(plays::started_us.ge(from_us));
    let rows = plays::table
        .left_join(works::table.on(works::id.eq(plays::work_id)))
        .filter(plays::period.eq(&month).or(before))
        .order(plays::member_id)
        .select((
            plays::id,
            plays::member_id,
            plays::venue_id,
            plays::work_id,
            plays::started_us,
            plays::seconds,
            plays::period,
            (works::duration_ms, works::kind).nullable(),
        ))
        .load_iter::<PlayRow, diesel::connection::DefaultLoadingMode>(conn)?;
    let mut of_one: Option<(String, Vec<counting::Play>)> = None;
    for row in rows {
        let (id, member, venue, work, started_us, seconds, month, facts) = row?;
        let (duration_ms, kind) = facts.unzip();
        let play = counting::Play {
            id,
            venue: VenueId::parse(&venue).map_err(unreadable)?,
            work: WorkId::parse(&work).map_err(unreadable)?,
            work_seconds: duration_ms.and_then(whole_seconds),
            handed: kind.is_some_and(|kind| super::is_handed_over(&kind)),
            started_us,
            seconds: seconds.max(0).unsigned_abs(),
            period: Period::parse(&month).map_err(unreadable)?,
        };
        match &mut of_one {
            Some((known, plays)) if *known == member => plays.push(play),
            _ => {
                if let Some((known, plays)) = of_one.replace((member, vec![play])) {
                    each(&known, plays);
                }
            }
        }
    }
    if let Some((known, plays)) = of_one {
        each(&known, plays);
    }
    Ok(())
}

/// The whole seconds of a work; nothing where its length is not known.
pub(super) fn whole_seconds(duration_ms: i64) -> Option<u64> {
    (duration_ms > 0).then(|| duration_ms.unsigned_abs() / 1000)
}

// Posts ---------------------------------------------------------------------

type PostRow = (String, String, String, String, String, i64, Option<i64>);

fn post_of(row: PostRow) -> QueryResult<Post> {
    let (id, member_id, venue, name, key, enrolled_us, revoked_us) = row;
    Ok(Post {
        id,
        member_id,
        venue: VenueId::parse(&venue).map_err(unreadable)?,
        name,
        public_key: key.parse().map_err(|why: KeyRefused| unreadable(why))?,
        enrolled_us,
        revoked_us,
    })
}

/// Adds a listening post.
pub fn add_post(conn: &mut Conn, post: &Post) -> QueryResult<()> {
    diesel::insert_into(posts::table)
        .values((
            posts::id.eq(&post.id),
            posts::member_id.eq(&post.member_id),
            posts::venue_id.eq(post.venue.as_str()),
            posts::name.eq(&post.name),
            posts::public_key.eq(post.public_key.to_multikey()),
            posts::enrolled_us.eq(post.enrolled_us),
        ))
        .execute(conn)
        .map(drop)
}

/// The post of this URI.
pub fn post(conn: &mut Conn, id: &str) -> QueryResult<Option<Post>> {
    let row: Option<PostRow> = posts::table.find(id).first(conn).optional()?;
    row.map(post_of).transpose()
}

/// The posts of a member: itself, or the devices of a person; in the order they came.
pub fn posts_of(conn: &mut Conn, member: &str) -> QueryResult<Vec<Post>> {
    let rows: Vec<PostRow> = posts::table
        .filter(posts::member_id.eq(member))
        .order(posts::id)
        .load(conn)?;
    rows.into_iter().map(post_of).collect()
}

/// The posts that listen through a venue, in the order they came.
pub fn posts_at(conn: &mut Conn, venue: &VenueId) -> QueryResult<Vec<Post>> {
    let rows: Vec<PostRow> = posts::table
        .filter(posts::venue_id.eq(venue.as_str()))
        .order(posts::id)
        .load(conn)?;
    rows.into_iter().map(post_of).collect()
}

/// Believes a post no more from now on.
pub fn revoke_post(conn: &mut Conn, id: &str, now_us: i64) -> QueryResult<()> {
    let trusted = posts::table.find(id).filter(posts::revoked_us.is_null());
    diesel::update(trusted)
        .set(posts::revoked_us.eq(now_us))
        .execute(conn)
        .map(drop)
}
