//! How people and listening posts become members of a venue, and how they leave it.

use settlement::VenueId;

use super::code::Code;
use super::guesses::{self, Subject};
use super::session::{self, Session};
use super::store::As;
use super::{Member, Role, password, store};
use crate::Node;
use crate::config::Language;
use crate::db::{self, Conn};
use crate::names::{self, NoName};
use crate::venues::{self, Venue};
use crate::web::{Complaint, Refusal};
use crate::words::Say;

/// The longest name of a member, in characters.
pub const NAME_LIMIT: usize = 60;

/// What somebody who joins says.
#[derive(Clone, Debug)]
pub struct Joining {
    /// The code on their invitation.
    pub code: String,
    /// The name they want to sign in with.
    pub name: String,
    /// The password they chose.
    pub password: String,
    /// The language they read.
    pub language: Language,
}

/// Makes somebody a member of the venue that invited them, and signs them in.
///
/// # Errors
/// [`Refusal::Invalid`] with a complaint for `code`, `name` or `password`; [`Refusal::TooMany`]
/// when codes were guessed at.
pub async fn join(node: &Node, joining: Joining) -> Result<Session, Refusal> {
    let name = checked(&joining.name, &joining.password);
    let code = Code::read(&joining.code).ok_or_else(|| form_complaint("code"));
    let (code, name) = match (code, name) {
        (Ok(code), Ok(name)) => (code, name),
        (code, name) => {
            let mut complaints: Vec<Complaint> = code.err().into_iter().collect();
            complaints.extend(name.err().unwrap_or_default());
            return Err(Refusal::Invalid(complaints));
        }
    };
    check_invitation(node, &code).await?;
    let hash = password::aside(move || password::hash(&joining.password))
        .await?
        .map_err(Refusal::broken)?;
    let member = Member {
        id: node.clock.fresh_id(),
        name,
        language: joining.language,
    };
    let session = session::draw(node, member.clone());
    let opening = session.digest();
    let now_us = node.clock.now_us();
    node.db
        .write(move |conn| {
            enter(conn, &member, As::Person(Some(&hash)), now_us)?;
            let venue = use_invitation(conn, &code, &member, now_us)?;
            store::add_membership(conn, &member.id, &venue, now_us)?;
            store::add_session(
                conn,
                &opening,
                &member.id,
                false,
                now_us,
                session::ends_us(now_us),
            )?;
            Ok::<_, Refusal>(())
        })
        .await?;
    Ok(session)
}

/// Makes somebody a member of a venue without an invitation; takes a seat. An operator runs the
/// node, and is a member of the venue like anybody. Blocks.
///
/// # Errors
/// [`Refusal::Invalid`] for a name or password that cannot be; [`Refusal::Conflict`] when the
/// venue has no seat left.
pub fn add(
    node: &Node,
    venue: &str,
    name: &str,
    password: &str,
    role: Option<Role>,
) -> Result<Member, Refusal> {
    let name = checked(name, password).map_err(Refusal::Invalid)?;
    // Asked before the password is worked on, and again when it counts.
    node.db
        .read_now(|conn| venues::named(conn, venue).map(drop))?;
    let hash = password::hash(password).map_err(Refusal::broken)?;
    let member = Member {
        id: node.clock.fresh_id(),
        name,
        language: node.config.language,
    };
    let now_us = node.clock.now_us();
    node.db.write_now(|conn| {
        let venue = venues::named(conn, venue)?;
        venues::seats_for(conn, node, &venue, 1)?;
        enter(conn, &member, As::Person(Some(&hash)), now_us)?;
        store::add_membership(conn, &member.id, &venue.id, now_us)?;
        if let Some(role) = role {
            let at = (role != Role::Operator).then_some(&venue.id);
            store::add_role(conn, &member.id, at, role, now_us)?;
        }
        Ok(member.clone())
    })
}

/// Makes a listening post a member of a venue: it has no face, no password and a name of its own.
/// In the caller's transaction, which uses the invitation.
pub fn add_post(
    conn: &mut Conn,
    node: &Node,
    short_id: &str,
    now_us: i64,
) -> Result<Member, Refusal> {
    let member = Member {
        id: node.clock.fresh_id(),
        name: format!("post {short_id}"),
        language: node.config.language,
    };
    enter(conn, &member, As::Post, now_us)?;
    Ok(member)
}

pub(super) fn enter(
    conn: &mut Conn,
    member: &Member,
    come: As<'_>,
    now_us: i64,
) -> Result<(), Refusal> {
    let key = names::fold(&member.name);
    match store::add(conn, member, &key, come, now_us) {
        Err(error) if db::is_taken(&error) => Err(taken(&member.name)),
        done => Ok(done?),
    }
}

pub(super) fn taken(name: &str) -> Refusal {
    Refusal::field("name", Say::new("members-name-taken").with("name", name))
}

/// Ends a membership. The seat is free again with the next month; what was listened to counts.
///
/// # Errors
/// [`Refusal::Missing`] when there is no such membership.
pub async fn leave(node: &Node, member: &str, venue: &VenueId) -> Result<(), Refusal> {
    let (member, venue) = (member.to_owned(), venue.clone());
    let now_us = node.clock.now_us();
    node.db
        .write(
            move |conn| match store::end_membership(conn, &member, &venue, now_us)? {
                true => Ok(()),
                false => Err(Refusal::Missing),
            },
        )
        .await
}

/// Whether an invitation can be used, before anything is made of it; counts guesses at codes.
/// Answers whose it is.
pub async fn check_invitation(node: &Node, code: &Code) -> Result<Venue, Refusal> {
    let code = code.clone();
    let now_us = node.clock.now_us();
    node.db
        .write(move |conn| {
            let subject = Subject::code(&code.first_group());
            guesses::try_at(conn, &subject, now_us)?;
            let Some(invitation) = venues::store::invitation(conn, &code.digest())? else {
                // Not an error yet: the guess must stay counted.
                let many = guesses::stray_code(conn, now_us)?;
                return Ok::<_, Refusal>(Err(many.unwrap_or_else(unknown_code)));
            };
            guesses::was_right(conn, &subject)?;
            if let Some(refusal) = why_not_open(&invitation, now_us) {
                return Ok(Err(refusal));
            }
            let venue = venues::store::venue(conn, &invitation.venue)?;
            Ok(venue.ok_or(Refusal::Missing))
        })
        .await?
}

/// Uses an invitation up, in the caller's transaction: of two who race for it one is refused.
pub fn use_invitation(
    conn: &mut Conn,
    code: &Code,
    member: &Member,
    now_us: i64,
) -> Result<VenueId, Refusal> {
    let digest = code.digest();
    let Some(invitation) = venues::store::invitation(conn, &digest)? else {
        return Err(unknown_code());
    };
    if venues::store::use_invitation(conn, &digest, &member.id, now_us)? {
        return Ok(invitation.venue);
    }
    Err(why_not_open(&invitation, now_us).unwrap_or_else(unknown_code))
}

fn why_not_open(invitation: &venues::store::Invitation, now_us: i64) -> Option<Refusal> {
    let key = if invitation.used_us.is_some() {
        "members-code-used"
    } else if invitation.revoked_us.is_some() {
        "members-code-revoked"
    } else if invitation.expires_us <= now_us {
        "members-code-expired"
    } else {
        return None;
    };
    Some(Refusal::field("code", Say::new(key)))
}

fn unknown_code() -> Refusal {
    Refusal::field("code", Say::new("members-code-unknown"))
}

pub(super) fn form_complaint(field: &'static str) -> Complaint {
    Complaint {
        field,
        say: Say::new("members-code-form"),
    }
}

/// The name as it is kept, or what is wrong with it.
pub(super) fn checked_name(name: &str) -> Result<String, Complaint> {
    names::one_line(name, NAME_LIMIT).map_err(|why| Complaint {
        field: "name",
        say: match why {
            NoName::Empty => Say::new("members-name-empty"),
            NoName::TooLong => Say::new("members-name-long").with("limit", NAME_LIMIT),
            NoName::Unseen => Say::new("members-name-unseen"),
        },
    })
}

/// The name as it is kept, or what is wrong with it and with the password.
fn checked(name: &str, password: &str) -> Result<String, Vec<Complaint>> {
    match (checked_name(name), password::complaint(password)) {
        (Ok(name), None) => Ok(name),
        (name, complaint) => Err(name.err().into_iter().chain(complaint).collect()),
    }
}

/// Makes a member who is signed in a member of another venue, or of one they left, with an
/// invitation of it; this session listens through it from now on.
///
/// # Errors
/// [`Refusal::Invalid`] on `code`; [`Refusal::Conflict`] when they are a member of it;
/// [`Refusal::TooMany`] when codes were guessed at.
pub async fn join_another(
    node: &Node,
    member: &super::SignedIn,
    token: &str,
    code: &str,
) -> Result<Venue, Refusal> {
    let code = Code::read(code).ok_or_else(|| Refusal::Invalid(vec![form_complaint("code")]))?;
    let venue = check_invitation(node, &code).await?;
    let member = Member {
        id: member.id.clone(),
        name: member.name.clone(),
        language: member.language,
    };
    let here = super::token_digest(token);
    let now_us = node.clock.now_us();
    node.db
        .write(move |conn| {
            not_a_member(conn, &member, &venue)?;
            use_invitation(conn, &code, &member, now_us)?;
            store::add_membership(conn, &member.id, &venue.id, now_us)?;
            store::listen_through(conn, &here, &venue.id)?;
            Ok(venue)
        })
        .await
}

/// Makes the member of this name a member of another venue; takes a seat. Blocks.
///
/// # Errors
/// [`Refusal::Conflict`] when there is no such member, no seat, or they are a member already.
pub fn join_named(node: &Node, venue: &str, name: &str) -> Result<Venue, Refusal> {
    let now_us = node.clock.now_us();
    node.db.write_now(|conn| {
        let venue = venues::named(conn, venue)?;
        let member = person(conn, name)?;
        not_a_member(conn, &member, &venue)?;
        venues::seats_for(conn, node, &venue, 1)?;
        store::add_membership(conn, &member.id, &venue.id, now_us)?;
        Ok(venue)
    })
}

/// Ends the membership of the member of this name. Blocks.
///
/// # Errors
/// [`Refusal::Conflict`] when there is no such member, or they are none of this venue.
pub fn leave_named(node: &Node, venue: &str, name: &str) -> Result<(), Refusal> {
    let now_us = node.clock.now_us();
    node.db.write_now(|conn| {
        let venue = venues::named(conn, venue)?;
        let member = person(conn, name)?;
        match store::end_membership(conn, &member.id, &venue.id, now_us)? {
            true => Ok(()),
            false => Err(Refusal::Conflict(
                Say::new("members-not-of")
                    .with("name", &member.name)
                    .with("venue", &venue.name),
            )),
        }
    })
}

/// Gives the member of this name a role, or takes it back (`give` is false). The operator's is for
/// the node, the others for `venue`. Blocks.
///
/// # Errors
/// [`Refusal::Conflict`] when there is no such member, they are none of the venue, or nobody would
/// run the node any more.
pub fn set_role(
    node: &Node,
    venue: Option<&str>,
    name: &str,
    role: Role,
    give: bool,
) -> Result<(), Refusal> {
    let now_us = node.clock.now_us();
    node.db.write_now(|conn| {
        let member = person(conn, name)?;
        let venue = match (role, venue) {
            (Role::Operator, _) => None,
            (_, Some(venue)) => Some(venues::named(conn, venue)?),
            (_, None) => return Err(Refusal::Conflict(Say::new("members-role-where"))),
        };
        put_role(conn, &member.id, venue.as_ref(), role, give, now_us)
    })
}

/// Gives or takes a role, in the caller's transaction; giving it twice is giving it once.
pub(crate) fn put_role(
    conn: &mut Conn,
    member: &str,
    venue: Option<&Venue>,
    role: Role,
    give: bool,
    now_us: i64,
) -> Result<(), Refusal> {
    let at = venue.map(|venue| &venue.id);
    let has = store::roles(conn, member)?
        .iter()
        .any(|(there, has)| there.as_ref() == at && *has == role);
    if give == has {
        return Ok(());
    }
    if !give {
        if role == Role::Operator && store::operators(conn)? <= 1 {
            return Err(Refusal::Conflict(Say::new("members-last-operator")));
        }
        store::remove_role(conn, member, at, role)?;
        return Ok(());
    }
    if let Some(venue) = venue
        && store::member_since(conn, member, &venue.id)?.is_none()
    {
        return Err(Refusal::Conflict(
            Say::new("members-role-member-first").with("venue", &venue.name),
        ));
    }
    Ok(store::add_role(conn, member, at, role, now_us)?)
}

fn person(conn: &mut Conn, name: &str) -> Result<Member, Refusal> {
    let known = store::by_name(conn, &names::fold(name))?;
    let known = known.filter(|known| known.person);
    Ok(known
        .ok_or_else(|| Refusal::Conflict(Say::new("members-unknown").with("name", name)))?
        .member)
}

fn not_a_member(conn: &mut Conn, member: &Member, venue: &Venue) -> Result<(), Refusal> {
    match store::member_since(conn, &member.id, &venue.id)? {
        None => Ok(()),
        Some(_) => Err(Refusal::field(
            "code",
            Say::new("members-there-already").with("venue", &venue.name),
        )),
    }
}
