//! How somebody comes to act for a label: with a code, and an account of this node, which may be one
//! they have already.

use crate::Node;
use crate::catalogue::{Party, store as catalogue};
use crate::config::Language;
use crate::db::{self, Conn};
use crate::members::code::Code;
use crate::members::guesses::{self, Subject};
use crate::members::{self, Member, NAME_LIMIT, Session, password};
use crate::names::{self, NoName};
use crate::web::{Complaint, Refusal};
use crate::words::Say;

use super::store;

/// What somebody without an account says.
#[derive(Clone, Debug)]
pub struct Joining {
    /// The code they were given.
    pub code: String,
    /// The name they want to sign in with.
    pub name: String,
    /// The password they chose.
    pub password: String,
    /// The language they read.
    pub language: Language,
}

/// Makes an account that acts for the label, and signs it in.
///
/// # Errors
/// [`Refusal::Invalid`] with a complaint for `code`, `name` or `password`; [`Refusal::TooMany`] when
/// codes were guessed at.
pub async fn join(node: &Node, joining: Joining) -> Result<(Session, Party), Refusal> {
    let mut complaints = Vec::new();
    let code = Code::read(&joining.code);
    if code.is_none() {
        complaints.push(Complaint {
            field: "code",
            say: Say::new("members-code-form"),
        });
    }
    let name = names::one_line(&joining.name, NAME_LIMIT);
    if let Err(why) = &name {
        complaints.push(Complaint {
            field: "name",
            say: match why {
                NoName::Empty => Say::new("members-name-empty"),
                NoName::TooLong => Say::new("members-name-long").with("limit", NAME_LIMIT),
                NoName::Unseen => Say::new("members-name-unseen"),
            },
        });
    }
    complaints.extend(password::complaint(&joining.password));
    let (Some(code), Ok(name), true) = (code, name, complaints.is_empty()) else {
        return Err(Refusal::Invalid(complaints));
    };
    // Looked at before the password is worked on, and again when it counts.
    look(node, &code).await?;
    let secret = joining.password.clone();
    let hash = password::aside(move || password::hash(&secret))
        .await?
        .map_err(Refusal::broken)?;
    let member = Member {
        id: node.clock.fresh_id(),
        name,
        language: joining.language,
    };
    let now_us = node.clock.now_us();
    let named = member.name.clone();
    let label = node
        .db
        .write(move |conn| {
            let key = names::fold(&member.name);
            let come = members::store::As::Person(Some(&hash));
            match members::store::add(conn, &member, &key, come, now_us) {
                Err(error) if db::is_taken(&error) => {
                    let taken = Say::new("members-name-taken").with("name", &member.name);
                    return Err(Refusal::field("name", taken));
                }
                done => done?,
            }
            enter(conn, &code, &member.id, now_us)
        })
        .await?;
    let session = members::sign_in(node, &named, &joining.password).await?;
    Ok((session, label))
}

/// Lets somebody who has an account act for the label of this code.
///
/// # Errors
/// As [`join`], for `code`.
pub async fn join_as(node: &Node, member: &str, code: &str) -> Result<Party, Refusal> {
    let code =
        Code::read(code).ok_or_else(|| Refusal::field("code", Say::new("members-code-form")))?;
    look(node, &code).await?;
    let member = member.to_owned();
    let now_us = node.clock.now_us();
    node.db
        .write(move |conn| enter(conn, &code, &member, now_us))
        .await
}

/// Whether a code is good, guesses counted.
async fn look(node: &Node, code: &Code) -> Result<(), Refusal> {
    let code = code.clone();
    let now_us = node.clock.now_us();
    let good = node
        .db
        .write(move |conn| {
            let subject = Subject::code(&code.first_group());
            guesses::try_at(conn, &subject, now_us)?;
            let good = store::invitation(conn, &code.digest(), now_us)?.is_some();
            if good {
                guesses::was_right(conn, &subject)?;
            }
            // Not an error yet: the guess must stay counted.
            Ok::<_, Refusal>(good)
        })
        .await?;
    good.then_some(()).ok_or_else(no_such_code)
}

fn enter(conn: &mut Conn, code: &Code, member: &str, now_us: i64) -> Result<Party, Refusal> {
    let digest = code.digest();
    let Some(label) = store::invitation(conn, &digest, now_us)? else {
        return Err(no_such_code());
    };
    if !store::use_invitation(conn, &digest, member, now_us)? {
        return Err(no_such_code());
    }
    store::add_person(conn, &label, member, now_us)?;
    catalogue::party(conn, &label)?.ok_or(Refusal::Missing)
}

fn no_such_code() -> Refusal {
    Refusal::field("code", Say::new("labels-code-unknown"))
}
