//! Sentences to the database about passkeys and what browsers were asked to sign.

use diesel::prelude::*;

use super::{Purpose, ceremony::Kept};
use crate::db::Conn;
use crate::schema::{passkey_challenges, passkeys};

/// A passkey, as its member sees it.
#[derive(Clone, Debug, Queryable)]
pub struct Passkey {
    /// Its id here.
    pub id: String,
    /// What the member calls it; empty when they never said.
    pub name: String,
    /// When it was added, in microseconds since 1970 UTC.
    pub added_us: i64,
    /// When somebody last signed in with it.
    pub used_us: Option<i64>,
}

/// The passkeys of a member, the oldest first.
pub fn of_member(conn: &mut Conn, member: &str) -> QueryResult<Vec<Passkey>> {
    passkeys::table
        .filter(passkeys::member_id.eq(member))
        .order((passkeys::added_us, passkeys::id))
        .select((
            passkeys::id,
            passkeys::name,
            passkeys::added_us,
            passkeys::used_us,
        ))
        .load(conn)
}

/// How many passkeys a member has.
pub fn count(conn: &mut Conn, member: &str) -> QueryResult<i64> {
    passkeys::table
        .filter(passkeys::member_id.eq(member))
        .count()
        .get_result(conn)
}

/// The credentials of a member, for an authenticator that must not make another beside them.
pub fn credentials(conn: &mut Conn, member: &str) -> QueryResult<Vec<String>> {
    passkeys::table
        .filter(passkeys::member_id.eq(member))
        .order(passkeys::id)
        .select(passkeys::credential)
        .load(conn)
}

/// The passkey of this credential: its id, whose it is, and what is kept of it.
pub fn by_credential(
    conn: &mut Conn,
    credential: &str,
) -> QueryResult<Option<(String, String, Kept)>> {
    let row: Option<(String, String, String, String)> = passkeys::table
        .filter(passkeys::credential.eq(credential))
        .select((
            passkeys::id,
            passkeys::member_id,
            passkeys::public_key,
            passkeys::state,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, member, public_key, state)| {
        let kept = Kept {
            credential: credential.to_owned(),
            public_key,
            state,
        };
        (id, member, kept)
    }))
}

/// Adds a passkey.
pub fn add(
    conn: &mut Conn,
    id: &str,
    member: &str,
    kept: &Kept,
    name: &str,
    now_us: i64,
) -> QueryResult<()> {
    diesel::insert_into(passkeys::table)
        .values((
            passkeys::id.eq(id),
            passkeys::member_id.eq(member),
            passkeys::credential.eq(&kept.credential),
            passkeys::public_key.eq(&kept.public_key),
            passkeys::state.eq(&kept.state),
            passkeys::name.eq(name),
            passkeys::added_us.eq(now_us),
        ))
        .execute(conn)
        .map(drop)
}

/// A passkey was used: what of it changes, and when.
pub fn was_used(conn: &mut Conn, id: &str, state: &str, now_us: i64) -> QueryResult<()> {
    diesel::update(passkeys::table.find(id))
        .set((passkeys::state.eq(state), passkeys::used_us.eq(now_us)))
        .execute(conn)
        .map(drop)
}

/// Calls a member's passkey otherwise; `false` when they have no such.
pub fn rename(conn: &mut Conn, member: &str, id: &str, name: &str) -> QueryResult<bool> {
    let theirs = passkeys::table
        .find(id)
        .filter(passkeys::member_id.eq(member));
    let changed = diesel::update(theirs)
        .set(passkeys::name.eq(name))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Removes a member's passkey; `false` when they have no such.
pub fn remove(conn: &mut Conn, member: &str, id: &str) -> QueryResult<bool> {
    let theirs = passkeys::table
        .find(id)
        .filter(passkeys::member_id.eq(member));
    Ok(diesel::delete(theirs).execute(conn)? == 1)
}

/// Removes every passkey of a member, and what they were asked to sign.
pub fn remove_all(conn: &mut Conn, member: &str) -> QueryResult<()> {
    diesel::delete(passkey_challenges::table.filter(passkey_challenges::member_id.eq(member)))
        .execute(conn)?;
    diesel::delete(passkeys::table.filter(passkeys::member_id.eq(member)))
        .execute(conn)
        .map(drop)
}

// Challenges ------------------------------------------------------------------

/// What a browser was asked.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// What for.
    pub purpose: Purpose,
    /// Who is asked, or who they will be; nobody in particular when somebody signs in.
    pub member: Option<String>,
    /// What the answer is judged by, base64url.
    pub challenge: String,
    /// Until when it may be answered, in microseconds since 1970 UTC.
    pub expires_us: i64,
}

/// Keeps what a browser was asked, in the place of what it was asked before, and no more than
/// `at_most` of all: the oldest give way.
pub fn ask(
    conn: &mut Conn,
    token_digest: &str,
    asked: &Challenge,
    now_us: i64,
    at_most: i64,
) -> QueryResult<()> {
    diesel::delete(passkey_challenges::table.filter(passkey_challenges::expires_us.le(now_us)))
        .execute(conn)?;
    let open: i64 = passkey_challenges::table.count().get_result(conn)?;
    if open >= at_most {
        let oldest: Vec<String> = passkey_challenges::table
            .order((
                passkey_challenges::expires_us,
                passkey_challenges::token_digest,
            ))
            .limit(open - at_most + 1)
            .select(passkey_challenges::token_digest)
            .load(conn)?;
        diesel::delete(
            passkey_challenges::table.filter(passkey_challenges::token_digest.eq_any(oldest)),
        )
        .execute(conn)?;
    }
    diesel::insert_into(passkey_challenges::table)
        .values((
            passkey_challenges::token_digest.eq(token_digest),
            passkey_challenges::purpose.eq(asked.purpose.as_str()),
            passkey_challenges::member_id.eq(&asked.member),
            passkey_challenges::challenge.eq(&asked.challenge),
            passkey_challenges::expires_us.eq(asked.expires_us),
        ))
        .execute(conn)
        .map(drop)
}

/// Takes what a browser was asked: it is asked no longer, whatever it answers.
pub fn take(conn: &mut Conn, token_digest: &str) -> QueryResult<Option<Challenge>> {
    let row: Option<(String, Option<String>, String, i64)> = passkey_challenges::table
        .find(token_digest)
        .select((
            passkey_challenges::purpose,
            passkey_challenges::member_id,
            passkey_challenges::challenge,
            passkey_challenges::expires_us,
        ))
        .first(conn)
        .optional()?;
    let gone = diesel::delete(passkey_challenges::table.find(token_digest)).execute(conn)?;
    // Of two who take it at once, one has it.
    Ok(row
        .filter(|_| gone == 1)
        .and_then(|(purpose, member, challenge, expires_us)| {
            Some(Challenge {
                purpose: Purpose::parse(&purpose)?,
                member,
                challenge,
                expires_us,
            })
        }))
}
