//! Taking everything along: what the node keeps of a member, as one document they can read and
//! other programs too. Sentences of other rooms where they keep something of a member's.

use diesel::prelude::*;
use serde_json::{Value, json};

use super::{passkeys, public, store};
use crate::Node;
use crate::clock::rfc3339;
use crate::db::Conn;
use crate::listening;
use crate::schema::{brought_names, favourites, members, plays, works};
use crate::shelf;
use crate::web::Refusal;

/// Everything the node keeps of this member, but what proves who they are: their password's hash,
/// the secret of their second step, the public halves of their passkeys.
///
/// # Errors
/// [`Refusal::Missing`] when there is no such member.
pub fn everything(conn: &mut Conn, node: &Node, member: &str) -> Result<Value, Refusal> {
    let (name, language, joined_us): (String, String, i64) = members::table
        .find(member)
        .select((members::name, members::language, members::joined_us))
        .first(conn)?;
    let memberships: Vec<Value> = store::memberships_of(conn, member)?
        .into_iter()
        .map(|m| {
            json!({
                "venue": m.venue.as_str(),
                "name": m.name,
                "since": rfc3339(m.since_us),
                "until": m.until_us.map(rfc3339),
            })
        })
        .collect();
    let roles: Vec<Value> = store::roles(conn, member)?
        .into_iter()
        .map(|(at, role)| json!({ "venue": at.map(|id| id.to_string()), "role": role }))
        .collect();
    let devices: Vec<Value> = listening::store::posts_of(conn, member)?
        .into_iter()
        .map(|post| {
            json!({
                "id": post.id,
                "name": post.name,
                "since": rfc3339(post.enrolled_us),
                "until": post.revoked_us.map(rfc3339),
            })
        })
        .collect();
    let passkeys: Vec<Value> = passkeys::store::of_member(conn, member)?
        .into_iter()
        .map(|passkey| {
            json!({
                "name": passkey.name,
                "added": rfc3339(passkey.added_us),
                "used": passkey.used_us.map(rfc3339),
            })
        })
        .collect();
    let public = public::store::of_member(conn, member)?.map(|public| {
        json!({ "handle": public.handle, "name": public.name, "since": rfc3339(public.since_us) })
    });
    let follows: Vec<Value> = public::store::follows(conn, member)?
        .into_iter()
        .map(|(id, name)| json!({ "id": id, "name": name }))
        .collect();
    let brought: Vec<(String, i64)> = brought_names::table
        .filter(brought_names::member_id.eq(member))
        .order(brought_names::name_key)
        .select((brought_names::name_key, brought_names::times))
        .load(conn)?;
    let brought: Vec<Value> = brought
        .into_iter()
        .map(|(name, times)| json!({ "name": name, "times": times }))
        .collect();
    let favourites: Vec<(String, i64)> = favourites::table
        .filter(favourites::member_id.eq(member))
        .order((favourites::since_us, favourites::work_id))
        .select((favourites::work_id, favourites::since_us))
        .load(conn)?;
    let favourites: Vec<Value> = favourites
        .into_iter()
        .map(|(work, since_us)| json!({ "work": work, "since": rfc3339(since_us) }))
        .collect();
    let mut playlists = Vec::new();
    for playlist in shelf::store::playlists(conn, member)? {
        let entries: Vec<Value> = shelf::store::entries(conn, &playlist.id)?
            .into_iter()
            .map(|entry| {
                json!({
                    "work": entry.work.map(|work| work.to_string()),
                    "title": entry.title,
                    "credit": entry.credit,
                })
            })
            .collect();
        playlists.push(json!({ "title": playlist.title, "entries": entries }));
    }
    Ok(json!({
        "favourites": favourites,
        "playlists": playlists,
        "node": node.config.base(),
        "made": node.clock.now_text(),
        "name": name,
        "language": language,
        "joined": rfc3339(joined_us),
        "memberships": memberships,
        "roles": roles,
        "second_step": store::has_second_step(conn, member)?,
        "passkeys": passkeys,
        "devices": devices,
        "public": public,
        "follows": follows,
        "names_brought_along": brought,
        "plays": plays_of(conn, member)?,
    }))
}

type PlayRow = (
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    i64,
    i64,
    String,
);

fn plays_of(conn: &mut Conn, member: &str) -> QueryResult<Vec<Value>> {
    let rows: Vec<PlayRow> = plays::table
        .left_join(works::table.on(works::id.eq(plays::work_id)))
        .filter(plays::member_id.eq(member))
        .order((plays::started_us, plays::id))
        .select((
            plays::work_id,
            plays::venue_id,
            plays::selection_id,
            works::title.nullable(),
            works::credit.nullable(),
            plays::started_us,
            plays::seconds,
            plays::period,
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(
            |(work, venue, selection, title, credit, started_us, seconds, period)| {
                json!({
                    "work": work,
                    "title": title,
                    "credit": credit,
                    "venue": venue,
                    "selection": selection,
                    "started": rfc3339(started_us),
                    "seconds": seconds,
                    "counts_in": period,
                })
            },
        )
        .collect())
}
