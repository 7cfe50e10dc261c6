//! Sentences to the database about members, sessions and roles.

use diesel::prelude::*;
use settlement::VenueId;

use super::{Member, Role, SignedIn};
use crate::config::Language;
use crate::db::Conn;
use crate::schema::{
    guesses, members, memberships, recovery_codes, reset_codes, second_steps, sessions, staff,
};

/// The member whose session has this token digest and has not expired at `now_us`, and until when
/// it lasts. A session that waits for its second step opens nothing.
pub fn session(
    conn: &mut Conn,
    token_digest: &str,
    now_us: i64,
) -> QueryResult<Option<(SignedIn, i64)>> {
    let row: Option<(String, String, String, Option<String>, i64, bool)> = sessions::table
        .inner_join(members::table.on(members::id.eq(sessions::member_id)))
        .filter(sessions::token_digest.eq(token_digest))
        .filter(sessions::expires_us.gt(now_us))
        .select((
            members::id,
            members::name,
            members::language,
            sessions::venue_id,
            sessions::expires_us,
            sessions::proved,
        ))
        .first(conn)
        .optional()?;
    let Some((id, name, language, venue, expires_us, proved)) = row else {
        return Ok(None);
    };
    if !proved && has_second_step(conn, &id)? {
        return Ok(None);
    }
    let roles = roles(conn, &id)?;
    let member = SignedIn {
        id,
        name,
        language: Language::parse(&language).unwrap_or(Language::Fr),
        venue: venue.and_then(|v| VenueId::parse(&v).ok()),
        roles,
        proved,
        waiting: false,
    };
    Ok(Some((member, expires_us)))
}

/// A member's roles, by venue (`None`: the node).
pub fn roles(conn: &mut Conn, member: &str) -> QueryResult<Vec<(Option<VenueId>, Role)>> {
    let roles: Vec<(String, String)> = staff::table
        .filter(staff::member_id.eq(member))
        .order((staff::venue_id, staff::role))
        .select((staff::venue_id, staff::role))
        .load(conn)?;
    Ok(roles
        .into_iter()
        .filter_map(|(venue, role)| Some((VenueId::parse(&venue).ok(), Role::parse(&role)?)))
        .collect())
}

/// Whose session waits for its second step.
pub fn waiting_session(
    conn: &mut Conn,
    token_digest: &str,
    now_us: i64,
) -> QueryResult<Option<Member>> {
    let row: Option<(String, String, String)> = sessions::table
        .inner_join(members::table.on(members::id.eq(sessions::member_id)))
        .filter(sessions::token_digest.eq(token_digest))
        .filter(sessions::expires_us.gt(now_us))
        .filter(sessions::proved.eq(false))
        .select((members::id, members::name, members::language))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, name, language)| Member {
        id,
        name,
        language: Language::parse(&language).unwrap_or(Language::Fr),
    }))
}

/// The second step of this session was shown: it lasts until `expires_us`.
pub fn prove_session(conn: &mut Conn, token_digest: &str, expires_us: i64) -> QueryResult<()> {
    diesel::update(sessions::table.find(token_digest))
        .set((
            sessions::proved.eq(true),
            sessions::expires_us.eq(expires_us),
        ))
        .execute(conn)
        .map(drop)
}

/// Lets a session listen through another venue.
pub fn listen_through(conn: &mut Conn, token_digest: &str, venue: &VenueId) -> QueryResult<()> {
    diesel::update(sessions::table.find(token_digest))
        .set(sessions::venue_id.eq(venue.as_str()))
        .execute(conn)
        .map(drop)
}

/// Ends every session of a member but this one.
pub fn end_sessions_but(conn: &mut Conn, member: &str, token_digest: &str) -> QueryResult<()> {
    diesel::delete(
        sessions::table
            .filter(sessions::member_id.eq(member))
            .filter(sessions::token_digest.ne(token_digest)),
    )
    .execute(conn)
    .map(drop)
}

/// Opens a session.
pub fn add_session(
    conn: &mut Conn,
    token_digest: &str,
    member: &str,
    now_us: i64,
    expires_us: i64,
) -> QueryResult<()> {
    let venue = venue_of(conn, member)?;
    diesel::insert_into(sessions::table)
        .values((
            sessions::token_digest.eq(token_digest),
            sessions::member_id.eq(member),
            sessions::venue_id.eq(venue),
            sessions::created_us.eq(now_us),
            sessions::expires_us.eq(expires_us),
            sessions::proved.eq(false),
        ))
        .execute(conn)
        .map(drop)
}

/// Lets a session last until `expires_us`.
pub fn renew_session(conn: &mut Conn, token_digest: &str, expires_us: i64) -> QueryResult<()> {
    diesel::update(sessions::table.find(token_digest))
        .set(sessions::expires_us.eq(expires_us))
        .execute(conn)
        .map(drop)
}

/// Ends a session.
pub fn end_session(conn: &mut Conn, token_digest: &str) -> QueryResult<()> {
    diesel::delete(sessions::table.find(token_digest))
        .execute(conn)
        .map(drop)
}

/// Ends every session of a member.
pub fn end_sessions_of(conn: &mut Conn, member: &str) -> QueryResult<()> {
    diesel::delete(sessions::table.filter(sessions::member_id.eq(member)))
        .execute(conn)
        .map(drop)
}

/// Clears away the sessions that ended before `now_us`.
pub fn forget_sessions(conn: &mut Conn, now_us: i64) -> QueryResult<()> {
    diesel::delete(sessions::table.filter(sessions::expires_us.le(now_us)))
        .execute(conn)
        .map(drop)
}

// Members -------------------------------------------------------------------

/// What signing in takes.
#[derive(Clone, Debug)]
pub struct Known {
    /// The member.
    pub member: Member,
    /// Their password's hash; a post has none.
    pub password_hash: Option<String>,
}

/// The member of this folded name.
pub fn by_name(conn: &mut Conn, name_key: &str) -> QueryResult<Option<Known>> {
    let row: Option<(String, String, String, Option<String>)> = members::table
        .filter(members::name_key.eq(name_key))
        .select((
            members::id,
            members::name,
            members::language,
            members::password_hash,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, name, language, password_hash)| Known {
        member: Member {
            id,
            name,
            language: Language::parse(&language).unwrap_or(Language::Fr),
        },
        password_hash,
    }))
}

/// Adds a member: a person with a password, or a listening post without.
pub fn add(
    conn: &mut Conn,
    member: &Member,
    name_key: &str,
    password_hash: Option<&str>,
    now_us: i64,
) -> QueryResult<()> {
    let kind = match password_hash {
        Some(_) => "person",
        None => "post",
    };
    diesel::insert_into(members::table)
        .values((
            members::id.eq(&member.id),
            members::kind.eq(kind),
            members::name.eq(&member.name),
            members::name_key.eq(name_key),
            members::password_hash.eq(password_hash),
            members::language.eq(member.language.code()),
            members::joined_us.eq(now_us),
        ))
        .execute(conn)
        .map(drop)
}

/// Adds a member who never was anybody: what somebody who was forgotten leaves behind is theirs.
/// Answers the id.
pub fn add_nobody(conn: &mut Conn, id: &str) -> QueryResult<String> {
    diesel::insert_into(members::table)
        .values((
            members::id.eq(id),
            members::kind.eq("gone"),
            members::name.eq(""),
            // No folded name has a line end.
            members::name_key.eq(format!("gone\n{id}")),
            members::language.eq(Language::Fr.code()),
            members::joined_us.eq(0),
        ))
        .execute(conn)?;
    Ok(id.to_owned())
}

/// A member's folded name and their password's hash.
pub fn password_of(conn: &mut Conn, member: &str) -> QueryResult<(String, Option<String>)> {
    members::table
        .find(member)
        .select((members::name_key, members::password_hash))
        .first(conn)
}

/// The member of this id.
pub fn by_id(conn: &mut Conn, member: &str) -> QueryResult<Option<Known>> {
    let row: Option<(String, String, String, Option<String>)> = members::table
        .find(member)
        .select((
            members::id,
            members::name,
            members::language,
            members::password_hash,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, name, language, password_hash)| Known {
        member: Member {
            id,
            name,
            language: Language::parse(&language).unwrap_or(Language::Fr),
        },
        password_hash,
    }))
}

/// Whether a member is a listening post.
pub fn is_post(conn: &mut Conn, member: &str) -> QueryResult<bool> {
    let kind: Option<String> = members::table
        .find(member)
        .select(members::kind)
        .first(conn)
        .optional()?;
    Ok(kind.as_deref() == Some("post"))
}

/// Gives a member another password.
pub fn set_password(conn: &mut Conn, member: &str, password_hash: &str) -> QueryResult<()> {
    diesel::update(members::table.find(member))
        .set(members::password_hash.eq(password_hash))
        .execute(conn)
        .map(drop)
}

/// Gives a member a role at a venue, or at the node.
pub fn add_role(
    conn: &mut Conn,
    member: &str,
    venue: Option<&VenueId>,
    role: Role,
    now_us: i64,
) -> QueryResult<()> {
    diesel::insert_into(staff::table)
        .values((
            staff::member_id.eq(member),
            staff::venue_id.eq(venue.map_or("", VenueId::as_str)),
            staff::role.eq(role.as_str()),
            staff::since_us.eq(now_us),
        ))
        .execute(conn)
        .map(drop)
}

/// Takes a role back; `false` when there was none.
pub fn remove_role(
    conn: &mut Conn,
    member: &str,
    venue: Option<&VenueId>,
    role: Role,
) -> QueryResult<bool> {
    let gone = diesel::delete(staff::table.find((
        member,
        venue.map_or("", VenueId::as_str),
        role.as_str(),
    )))
    .execute(conn)?;
    Ok(gone == 1)
}

/// How many members run the node.
pub fn operators(conn: &mut Conn) -> QueryResult<i64> {
    staff::table
        .filter(staff::role.eq(Role::Operator.as_str()))
        .count()
        .get_result(conn)
}

/// Who has a role at a venue, or at the node (`None`): the member's id and the role.
pub fn staff_of(conn: &mut Conn, venue: Option<&VenueId>) -> QueryResult<Vec<(String, Role)>> {
    let rows: Vec<(String, String)> = staff::table
        .filter(staff::venue_id.eq(venue.map_or("", VenueId::as_str)))
        .order((staff::member_id, staff::role))
        .select((staff::member_id, staff::role))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(|(member, role)| Some((member, Role::parse(&role)?)))
        .collect())
}

// The second step --------------------------------------------------------------

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

// Memberships ---------------------------------------------------------------

/// Makes somebody a member of a venue. Who was one before is one again, from when they first came:
/// the months in between are counted already.
pub fn add_membership(
    conn: &mut Conn,
    member: &str,
    venue: &VenueId,
    now_us: i64,
) -> QueryResult<()> {
    let again = diesel::update(memberships::table.find((member, venue.as_str())))
        .set(memberships::until_us.eq(None::<i64>))
        .execute(conn)?;
    if again == 1 {
        return Ok(());
    }
    diesel::insert_into(memberships::table)
        .values((
            memberships::member_id.eq(member),
            memberships::venue_id.eq(venue.as_str()),
            memberships::since_us.eq(now_us),
        ))
        .execute(conn)
        .map(drop)
}

/// The venue a member listens through: the one they joined last of those they have not left.
fn venue_of(conn: &mut Conn, member: &str) -> QueryResult<Option<String>> {
    memberships::table
        .filter(memberships::member_id.eq(member))
        .filter(memberships::until_us.is_null())
        .order((memberships::since_us.desc(), memberships::venue_id))
        .select(memberships::venue_id)
        .first(conn)
        .optional()
}

/// Since when somebody is a member of a venue; `None` when they are not, or not any more.
pub fn member_since(conn: &mut Conn, member: &str, venue: &VenueId) -> QueryResult<Option<i64>> {
    memberships::table
        .find((member, venue.as_str()))
        .filter(memberships::until_us.is_null())
        .select(memberships::since_us)
        .first(conn)
        .optional()
}

/// Ends a membership: sessions go on through another venue, or through none; the roles there end.
/// `false` when there was none.
pub fn end_membership(
    conn: &mut Conn,
    member: &str,
    venue: &VenueId,
    now_us: i64,
) -> QueryResult<bool> {
    let here = memberships::table
        .find((member, venue.as_str()))
        .filter(memberships::until_us.is_null());
    let changed = diesel::update(here)
        .set(memberships::until_us.eq(now_us))
        .execute(conn)?;
    let next = venue_of(conn, member)?;
    let there = sessions::table
        .filter(sessions::member_id.eq(member))
        .filter(sessions::venue_id.eq(venue.as_str()));
    diesel::update(there)
        .set(sessions::venue_id.eq(next))
        .execute(conn)?;
    let roles = staff::table
        .filter(staff::member_id.eq(member))
        .filter(staff::venue_id.eq(venue.as_str()));
    diesel::delete(roles).execute(conn)?;
    Ok(changed == 1)
}

/// A venue somebody belongs to.
#[derive(Clone, Debug)]
pub struct Membership {
    /// The venue's URI.
    pub venue: VenueId,
    /// Its name.
    pub name: String,
    /// Since when, in microseconds since 1970 UTC.
    pub since_us: i64,
    /// Until when, for who left.
    pub until_us: Option<i64>,
}

/// The venues somebody belongs to or belonged to, the latest first.
pub fn memberships_of(conn: &mut Conn, member: &str) -> QueryResult<Vec<Membership>> {
    use crate::schema::venues;
    let rows: Vec<(String, String, i64, Option<i64>)> = memberships::table
        .inner_join(venues::table.on(venues::id.eq(memberships::venue_id)))
        .filter(memberships::member_id.eq(member))
        .order((memberships::since_us.desc(), memberships::venue_id))
        .select((
            venues::id,
            venues::name,
            memberships::since_us,
            memberships::until_us,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(venue, name, since_us, until_us)| {
            Ok(Membership {
                venue: VenueId::parse(&venue).map_err(crate::venues::store::unreadable)?,
                name,
                since_us,
                until_us,
            })
        })
        .collect()
}

/// One who belongs to a venue, as its desk lists them.
#[derive(Clone, Debug)]
pub struct Belonging {
    /// The member's id.
    pub id: String,
    /// Their name, or that of a listening post.
    pub name: String,
    /// Whether it is a listening post.
    pub post: bool,
    /// Since when, in microseconds since 1970 UTC.
    pub since_us: i64,
}

/// Who belongs to a venue now, by name.
pub fn belonging_to(conn: &mut Conn, venue: &VenueId) -> QueryResult<Vec<Belonging>> {
    let rows: Vec<(String, String, String, i64)> = memberships::table
        .inner_join(members::table.on(members::id.eq(memberships::member_id)))
        .filter(memberships::venue_id.eq(venue.as_str()))
        .filter(memberships::until_us.is_null())
        .order((members::name_key, members::id))
        .select((
            members::id,
            members::name,
            members::kind,
            memberships::since_us,
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, name, kind, since_us)| Belonging {
            id,
            name,
            post: kind == "post",
            since_us,
        })
        .collect())
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
