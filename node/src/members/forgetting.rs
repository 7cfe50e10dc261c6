//! Being forgotten: the person goes, the sums stay.
//!
//! Plays have been counted, seats were taken, a venue's figures rest on how many listened: all that
//! is handed to a member who never was anybody, drawn for the purpose, with neither a name nor a
//! password. Everything else that points to the person is deleted, and whoever follows them is told
//! that they are gone. Nothing leads from the one to the other afterwards.

use diesel::prelude::*;

use super::{Role, passkeys, public, store};
use crate::Node;
use crate::db::Conn;
use crate::listening;
use crate::schema::{
    brought_names, drafts, invitations, label_invitations, label_people, member_follows, members,
    memberships, plays, posts, public_members, reset_codes, staff,
};
use crate::shelf;
use crate::web::Refusal;
use crate::words::Say;
use settlement::Uri;

/// How somebody who is signed in shows once more that it is them.
#[derive(Clone, Debug)]
pub enum Again {
    /// They type their password.
    Password(String),
    /// They answer with a passkey.
    Passkey(passkeys::Sent),
}

/// Forgets the member of this id, who shows once more that it is them.
///
/// # Errors
/// [`Refusal::Invalid`] on `password` or `passkey`; [`Refusal::Conflict`] for the last who runs the
/// node.
pub async fn forget(node: &crate::web::App, member: &str, again: Again) -> Result<(), Refusal> {
    let sent = match again {
        Again::Password(typed) => {
            super::check_password(node, member, &typed).await?;
            None
        }
        Again::Passkey(sent) => Some(sent),
    };
    let (app, member) = (node.clone(), member.to_owned());
    node.db
        .write(move |conn| {
            if let Some(sent) = sent
                && let Err(refusal) = passkeys::confirm_in(conn, &app, &member, &sent)?
            {
                return Ok(Err(refusal));
            }
            forget_in(conn, &app, &member).map(Ok)
        })
        .await?
}

/// Forgets the member of this name: for whoever keeps the node's folder. Blocks.
///
/// # Errors
/// [`Refusal::Conflict`] when nobody has that name, or for the last who runs the node.
pub fn forget_named(node: &Node, name: &str) -> Result<(), Refusal> {
    node.db.write_now(|conn| {
        let known = store::by_name(conn, &crate::names::fold(name))?
            .ok_or_else(|| Refusal::Conflict(Say::new("members-unknown").with("name", name)))?;
        forget_in(conn, node, &known.member.id)
    })
}

fn forget_in(conn: &mut Conn, node: &Node, member: &str) -> Result<(), Refusal> {
    let runs_it = |(at, role): &(Option<_>, Role)| at.is_none() && *role == Role::Operator;
    if store::roles(conn, member)?.iter().any(runs_it) && store::operators(conn)? <= 1 {
        return Err(Refusal::Conflict(Say::new("members-last-operator")));
    }
    let now_us = node.clock.now_us();
    // Told to others first: it reads what is deleted below.
    public::close(conn, node, member)?;
    for (actor, _) in public::store::follows(conn, member)? {
        let actor = Uri::parse(&actor).map_err(Refusal::broken)?;
        public::unfollow(conn, node, member, &actor)?;
    }
    for membership in store::memberships_of(conn, member)? {
        if membership.until_us.is_none() {
            store::end_membership(conn, member, &membership.venue, now_us)?;
        }
    }
    for post in listening::store::posts_of(conn, member)? {
        listening::store::revoke_post(conn, &post.id, now_us)?;
    }
    store::remove_second_step(conn, member)?;
    passkeys::store::remove_all(conn, member)?;
    store::end_sessions_of(conn, member)?;
    store::forget_browsers(conn, member)?;
    shelf::store::clear(conn, member)?;
    if let Some(known) = store::by_id(conn, member)? {
        // A draft is its venue's; who wrote it last is nobody's business any more.
        let theirs = drafts::table.filter(drafts::updated_by.eq(&known.member.name));
        diesel::update(theirs)
            .set(drafts::updated_by.eq(""))
            .execute(conn)?;
    }
    let nobody = store::add_nobody(conn, &node.clock.fresh_id())?;
    Ok(hand_over(conn, member, &nobody)?)
}

/// What must stay goes to `nobody`; the rest goes.
fn hand_over(conn: &mut Conn, member: &str, nobody: &str) -> QueryResult<()> {
    diesel::update(plays::table.filter(plays::member_id.eq(member)))
        .set(plays::member_id.eq(nobody))
        .execute(conn)?;
    diesel::update(memberships::table.filter(memberships::member_id.eq(member)))
        .set(memberships::member_id.eq(nobody))
        .execute(conn)?;
    diesel::update(invitations::table.filter(invitations::used_by.eq(member)))
        .set(invitations::used_by.eq(nobody))
        .execute(conn)?;
    diesel::update(posts::table.filter(posts::member_id.eq(member)))
        .set((posts::member_id.eq(nobody), posts::name.eq("")))
        .execute(conn)?;
    // A handle stays taken, so that nobody is taken for somebody who left.
    diesel::update(public_members::table.filter(public_members::member_id.eq(member)))
        .set((
            public_members::member_id.eq(nobody),
            public_members::name.eq(""),
        ))
        .execute(conn)?;
    diesel::delete(member_follows::table.filter(member_follows::member_id.eq(member)))
        .execute(conn)?;
    diesel::delete(brought_names::table.filter(brought_names::member_id.eq(member)))
        .execute(conn)?;
    diesel::delete(reset_codes::table.filter(reset_codes::member_id.eq(member))).execute(conn)?;
    diesel::delete(staff::table.filter(staff::member_id.eq(member))).execute(conn)?;
    diesel::delete(label_people::table.filter(label_people::member_id.eq(member))).execute(conn)?;
    diesel::update(label_invitations::table.filter(label_invitations::used_by.eq(member)))
        .set(label_invitations::used_by.eq(nobody))
        .execute(conn)?;
    diesel::delete(members::table.find(member)).execute(conn)?;
    Ok(())
}
