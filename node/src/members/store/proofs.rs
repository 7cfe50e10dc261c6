//! Sentences about what proves that somebody is who they say: second steps, recovery codes, the
//! one-time codes of a desk, and the guesses at all of these.

use diesel::prelude::*;

use crate::config::Language;
use crate::db::Conn;
use crate::members::Member;
use crate::schema::{guesses, known_browsers, members, recovery_codes, reset_codes, second_steps};

/// A member's second step.
#[derive(Clone, Debug)]
pub struct SecondStep {
    /// The secret, base32.
    pub secret: String,
    /// Whether a code was right once.
    pub confirmed: bool,
    /// The half minute of the last code that was used.
    pub last_step: i64,
}

/// A member's second step, if they began one.
pub fn second_step(conn: &mut Conn, member: &str) -> QueryResult<Option<SecondStep>> {
    let row: Option<(String, Option<i64>, i64)> = second_steps::table
        .find(member)
        .select((
            second_steps::secret,
            second_steps::confirmed_us,
            second_steps::last_step,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(secret, confirmed_us, last_step)| SecondStep {
        secret,
        confirmed: confirmed_us.is_some(),
        last_step,
    }))
}

/// Whether a member is asked for a second step.
pub fn has_second_step(conn: &mut Conn, member: &str) -> QueryResult<bool> {
    Ok(second_step(conn, member)?.is_some_and(|step| step.confirmed))
}

/// Adds a second step that waits for its first code.
pub fn add_second_step(conn: &mut Conn, member: &str, secret: &str) -> QueryResult<()> {
    diesel::insert_into(second_steps::table)
        .values((
            second_steps::member_id.eq(member),
            second_steps::secret.eq(secret),
            second_steps::last_step.eq(0),
        ))
        .execute(conn)
        .map(drop)
}

/// The first code was right.
pub fn confirm_second_step(
    conn: &mut Conn,
    member: &str,
    step: i64,
    now_us: i64,
) -> QueryResult<()> {
    diesel::update(second_steps::table.find(member))
        .set((
            second_steps::confirmed_us.eq(now_us),
            second_steps::last_step.eq(step),
        ))
        .execute(conn)
        .map(drop)
}

/// The code of this half minute was used.
pub fn spend_step(conn: &mut Conn, member: &str, step: i64) -> QueryResult<()> {
    diesel::update(second_steps::table.find(member))
        .set(second_steps::last_step.eq(step))
        .execute(conn)
        .map(drop)
}

/// Takes a second step and its recovery codes away.
pub fn remove_second_step(conn: &mut Conn, member: &str) -> QueryResult<()> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::member_id.eq(member)))
        .execute(conn)?;
    diesel::delete(second_steps::table.find(member))
        .execute(conn)
        .map(drop)
}

/// Adds a recovery code, of which only the digest is kept.
pub fn add_recovery_code(conn: &mut Conn, digest: &str, member: &str) -> QueryResult<()> {
    diesel::insert_into(recovery_codes::table)
        .values((
            recovery_codes::code_digest.eq(digest),
            recovery_codes::member_id.eq(member),
        ))
        .execute(conn)
        .map(drop)
}

/// Uses a recovery code of this member; `false` when it is none, or was used.
pub fn use_recovery_code(
    conn: &mut Conn,
    digest: &str,
    member: &str,
    now_us: i64,
) -> QueryResult<bool> {
    let open = recovery_codes::table
        .filter(recovery_codes::code_digest.eq(digest))
        .filter(recovery_codes::member_id.eq(member))
        .filter(recovery_codes::used_us.is_null());
    let changed = diesel::update(open)
        .set(recovery_codes::used_us.eq(now_us))
        .execute(conn)?;
    Ok(changed == 1)
}

/// How many recovery codes a member has left.
pub fn recovery_codes_left(conn: &mut Conn, member: &str) -> QueryResult<i64> {
    recovery_codes::table
        .filter(recovery_codes::member_id.eq(member))
        .filter(recovery_codes::used_us.is_null())
        .count()
        .get_result(conn)
}

// One-time codes ------------------------------------------------------------

/// Adds a one-time code for a member; those before it are void.
pub fn add_reset(
    conn: &mut Conn,
    digest: &str,
    member: &str,
    now_us: i64,
    expires_us: i64,
) -> QueryResult<()> {
    let before = reset_codes::table.filter(reset_codes::member_id.eq(member));
    diesel::delete(before).execute(conn)?;
    diesel::insert_into(reset_codes::table)
        .values((
            reset_codes::code_digest.eq(digest),
            reset_codes::member_id.eq(member),
            reset_codes::issued_us.eq(now_us),
            reset_codes::expires_us.eq(expires_us),
        ))
        .execute(conn)
        .map(drop)
}

/// Uses a one-time code: whose it was, if it was still good.
pub fn use_reset(conn: &mut Conn, digest: &str, now_us: i64) -> QueryResult<Option<Member>> {
    let open = reset_codes::table
        .filter(reset_codes::code_digest.eq(digest))
        .filter(reset_codes::used_us.is_null())
        .filter(reset_codes::expires_us.gt(now_us));
    let changed = diesel::update(open)
        .set(reset_codes::used_us.eq(now_us))
        .execute(conn)?;
    if changed != 1 {
        return Ok(None);
    }
    let (id, name, language): (String, String, String) = members::table
        .inner_join(reset_codes::table.on(reset_codes::member_id.eq(members::id)))
        .filter(reset_codes::code_digest.eq(digest))
        .select((members::id, members::name, members::language))
        .first(conn)?;
    Ok(Some(Member {
        id,
        name,
        language: Language::parse(&language).unwrap_or(Language::Fr),
    }))
}

// Known browsers ------------------------------------------------------------

/// Whether a member signed in in this browser before.
pub fn knows_browser(
    conn: &mut Conn,
    token_digest: &str,
    member: &str,
    now_us: i64,
) -> QueryResult<bool> {
    let known: i64 = known_browsers::table
        .find(token_digest)
        .filter(known_browsers::member_id.eq(member))
        .filter(known_browsers::expires_us.gt(now_us))
        .count()
        .get_result(conn)?;
    Ok(known == 1)
}

/// Keeps a browser in which a member signed in, and of theirs no more than `at_most`.
pub fn know_browser(
    conn: &mut Conn,
    token_digest: &str,
    member: &str,
    now_us: i64,
    expires_us: i64,
    at_most: usize,
) -> QueryResult<()> {
    diesel::delete(known_browsers::table.filter(known_browsers::expires_us.le(now_us)))
        .execute(conn)?;
    let theirs: Vec<String> = known_browsers::table
        .filter(known_browsers::member_id.eq(member))
        .order((
            known_browsers::expires_us.desc(),
            known_browsers::token_digest,
        ))
        .select(known_browsers::token_digest)
        .load(conn)?;
    for old in theirs.iter().skip(at_most.saturating_sub(1)) {
        diesel::delete(known_browsers::table.find(old)).execute(conn)?;
    }
    diesel::insert_into(known_browsers::table)
        .values((
            known_browsers::token_digest.eq(token_digest),
            known_browsers::member_id.eq(member),
            known_browsers::expires_us.eq(expires_us),
        ))
        .execute(conn)
        .map(drop)
}

/// Forgets the browsers of a member.
pub fn forget_browsers(conn: &mut Conn, member: &str) -> QueryResult<()> {
    diesel::delete(known_browsers::table.filter(known_browsers::member_id.eq(member)))
        .execute(conn)
        .map(drop)
}

// Guesses -------------------------------------------------------------------

/// How many wrong guesses there were at a subject, and when the last was.
pub fn guesses(conn: &mut Conn, subject: &str) -> QueryResult<Option<(i64, i64)>> {
    guesses::table
        .find(subject)
        .select((guesses::wrong, guesses::last_us))
        .first(conn)
        .optional()
}

/// Writes down how many guesses there were.
pub fn count_guess(conn: &mut Conn, subject: &str, wrong: i64, now_us: i64) -> QueryResult<()> {
    forget_guesses_at(conn, subject)?;
    diesel::insert_into(guesses::table)
        .values((
            guesses::subject.eq(subject),
            guesses::wrong.eq(wrong),
            guesses::last_us.eq(now_us),
        ))
        .execute(conn)
        .map(drop)
}

/// Forgets the guesses at a subject.
pub fn forget_guesses_at(conn: &mut Conn, subject: &str) -> QueryResult<()> {
    diesel::delete(guesses::table.find(subject))
        .execute(conn)
        .map(drop)
}

/// Forgets the guesses at subjects nobody has tried since `us`.
pub fn forget_guesses(conn: &mut Conn, us: i64) -> QueryResult<()> {
    diesel::delete(guesses::table.filter(guesses::last_us.lt(us)))
        .execute(conn)
        .map(drop)
}
