//! The people of the demo: venues that pay, members who join with an invitation, the devices they
//! listen on, and a curator.

use anyhow::{Context as _, Result, bail};
use cli::door::{Knock, Session};
use cli::post::{Post, Voucher};
use federation::keys::Ed25519Secret;
use futures_util::{StreamExt as _, TryStreamExt as _};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::dice::Dice;
use super::nodes::DemoNode;
use crate::progress::Step;

/// What everybody in the demo signs in with.
pub const PASSWORD: &str = "ecouter-ensemble";
/// How many people come to the doors at once.
const AT_ONCE: usize = 6;

/// A venue as the demo plans it.
pub struct VenuePlan {
    /// Its name.
    pub name: &'static str,
    /// What it pays for a year, in cents.
    pub contribution: u64,
    /// How many in a hundred of the territory's members are its members.
    pub share: usize,
    /// Whether a listening post plays in its rooms.
    pub post: bool,
}

/// Venues of the Loire.
pub const LOIRE: &[VenuePlan] = &[
    VenuePlan {
        name: "Médiathèque de Tarentaize",
        contribution: 1_260_000,
        share: 45,
        post: true,
    },
    VenuePlan {
        name: "Comité d’entreprise de la Haute-Fonte",
        contribution: 756_050,
        share: 33,
        post: false,
    },
    VenuePlan {
        name: "Le Fil d’eau, salle de concert",
        contribution: 420_007,
        share: 22,
        post: true,
    },
];

/// Venues of Wallonia.
pub const WALLONIE: &[VenuePlan] = &[
    VenuePlan {
        name: "Bibliothèque de la Citadelle",
        contribution: 990_000,
        share: 58,
        post: true,
    },
    VenuePlan {
        name: "Maison de la culture du Bocage",
        contribution: 645_013,
        share: 42,
        post: true,
    },
];

/// A venue that is there.
pub struct Venue {
    /// Its address.
    pub id: String,
    /// Invitations not used yet.
    codes: Vec<String>,
    /// How many members come.
    members: usize,
    post: bool,
}

/// Somebody who listens, on a device that keeps plays until it hands them in.
pub struct Listener {
    /// The device.
    pub post: Post,
    /// Whether it stands in a venue's rooms, for whoever is there.
    pub in_rooms: bool,
}

/// A member who can sign in.
pub struct Member {
    /// The name they sign in with.
    pub name: String,
    /// Their open session.
    pub session: Session,
}

/// Adds the venues and prints their invitations, by the commands a host has.
pub async fn open_venues(
    node: &DemoNode,
    plans: &[VenuePlan],
    members: usize,
) -> Result<Vec<Venue>> {
    let mut venues = Vec::new();
    let mut left = members;
    for (i, plan) in plans.iter().enumerate() {
        let theirs = if i + 1 == plans.len() {
            left
        } else {
            members * plan.share / 100
        };
        left -= theirs;
        let contribution = plan.contribution.to_string();
        let seats = (theirs + 20).to_string();
        let added = node
            .command(
                &[
                    "venue",
                    "add",
                    "--name",
                    plan.name,
                    "--contribution",
                    &contribution,
                    "--seats",
                    &seats,
                ],
                None,
            )
            .await?;
        let id = added.trim().to_owned();
        let count = (theirs + usize::from(plan.post)).to_string();
        let codes = if count == "0" {
            Vec::new()
        } else {
            let printed = node
                .command(&["invite", "--venue", &id, "--count", &count], None)
                .await?;
            printed.lines().map(str::to_owned).collect()
        };
        venues.push(Venue {
            id,
            codes,
            members: theirs,
            post: plan.post,
        });
    }
    Ok(venues)
}

/// Everybody joins: members over HTTP with a name and a password, each enrolling a device; posts
/// in the venues' rooms with a code alone.
pub async fn join(
    node: &DemoNode,
    venues: &mut [Venue],
    dice: &mut Dice,
    step: &Step,
) -> Result<(Vec<Member>, Vec<Listener>)> {
    let mut names = names(dice);
    let mut comers = Vec::new();
    for venue in venues {
        for _ in 0..venue.members {
            let name = names
                .pop()
                .context("there are no names left: ask for fewer --members")?;
            let code = venue.codes.pop().context("an invitation is missing")?;
            comers.push((Some(name), code));
        }
        if venue.post {
            comers.push((None, venue.codes.pop().context("an invitation is missing")?));
        }
    }
    let arrivals: Vec<(Option<Member>, Listener)> = futures_util::stream::iter(comers)
        .map(|(name, code)| async move {
            let arrived = match name {
                Some(name) => {
                    let (member, listener) = member_joins(node, &name, &code).await?;
                    (Some(member), listener)
                }
                None => (None, post_moves_in(node, &code).await?),
            };
            step.advance();
            anyhow::Ok(arrived)
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let mut members = Vec::new();
    let mut listeners = Vec::new();
    for (member, listener) in arrivals {
        members.extend(member);
        listeners.push(listener);
    }
    Ok((members, listeners))
}

async fn member_joins(node: &DemoNode, name: &str, code: &str) -> Result<(Member, Listener)> {
    let joining = Knock::post(
        "/api/join",
        &json!({ "code": code, "name": name, "password": PASSWORD, "language": "fr" }),
    );
    let session = match node.door.knock(&joining).await?.accepted() {
        Ok(answer) => answer.session()?,
        // A node that was killed after it took somebody in, and before it could say so, has them
        // all the same: then they sign in.
        Err(refused) => match sign_in(node, name, PASSWORD).await {
            Ok(session) => session,
            Err(_) => return Err(refused.context(format!("{name} cannot join {}", node.name))),
        },
    };
    let key = Ed25519Secret::generate(&mut rand::rngs::OsRng);
    let device = format!("Appareil de {name}");
    let post = enrol(node, Voucher::Member(&session), &device, key).await?;
    let member = Member {
        name: name.to_owned(),
        session,
    };
    Ok((
        member,
        Listener {
            post,
            in_rooms: false,
        },
    ))
}

async fn post_moves_in(node: &DemoNode, code: &str) -> Result<Listener> {
    let key = Ed25519Secret::generate(&mut rand::rngs::OsRng);
    let post = enrol(node, Voucher::Code(code), "Borne d’écoute", key).await?;
    Ok(Listener {
        post,
        in_rooms: true,
    })
}

async fn enrol(
    node: &DemoNode,
    voucher: Voucher<'_>,
    name: &str,
    key: Ed25519Secret,
) -> Result<Post> {
    let enrolled = Post::enrol(&node.door, voucher, name, &key)
        .await
        .with_context(|| format!("{name} cannot be enrolled at {}", node.name))?;
    Ok(Post::new(enrolled.id, key))
}

/// Signs in by the door.
pub async fn sign_in(node: &DemoNode, name: &str, password: &str) -> Result<Session> {
    let knock = Knock::post(
        "/api/sessions",
        &json!({ "name": name, "password": password }),
    );
    node.door.knock(&knock).await?.accepted()?.session()
}

/// A venue's curator: added by the host, signing in by the door.
pub async fn curator(node: &DemoNode, venue: &Venue, name: &str) -> Result<Session> {
    let added = node
        .command(
            &[
                "member",
                "add",
                "--venue",
                &venue.id,
                "--name",
                name,
                "--password-stdin",
                "--role",
                "curator",
            ],
            Some(&format!("{PASSWORD}\n")),
        )
        .await;
    match sign_in(node, name, PASSWORD).await {
        Ok(session) => Ok(session),
        Err(error) => Err(added.err().unwrap_or(error)),
    }
}

/// The curator publishes a selection of works; returns its address.
pub async fn publish_selection(
    node: &DemoNode,
    venue: &Venue,
    curator: &Session,
    title: &str,
    words: &str,
    works: &[(String, String)],
) -> Result<String> {
    let path = venue
        .id
        .strip_prefix(&node.base)
        .with_context(|| format!("{} is not a venue of {}", venue.id, node.name))?;
    let works: Vec<Value> = works
        .iter()
        .map(|(work, note)| json!({ "work": work, "note": note }))
        .collect();
    let body = json!({ "title": title, "words": words, "works": works });
    let knock = Knock::post(format!("{path}/selections"), &body).by(curator);
    let answer = node.door.knock(&knock).await?;
    if answer.status == StatusCode::SEE_OTHER {
        bail!("{path}/selections answers a program with a page");
    }
    let answer: Value = answer.accepted()?.json()?;
    let id = answer["id"].as_str().context("the selection has no id")?;
    Ok(id.to_owned())
}

/// Names for everybody, each once, in the seed's order.
fn names(dice: &mut Dice) -> Vec<String> {
    const FIRST: &[&str] = &[
        "Adèle", "Amina", "Anouk", "Antoine", "Baptiste", "Camille", "Chloé", "Claire", "Denis",
        "Élodie", "Émile", "Fatou", "Félix", "Gaspard", "Hélène", "Hugo", "Inès", "Jeanne",
        "Jules", "Karim", "Léa", "Louise", "Lucien", "Maëlle", "Marius", "Nadia", "Noé", "Odile",
        "Paul", "Rachid", "Rosalie", "Samir", "Simone", "Théo", "Victoire", "Yann", "Zoé",
    ];
    const LAST: &[&str] = &[
        "Arnaud", "Bastin", "Bernard", "Chalaye", "Collard", "Delvaux", "Diallo", "Faure",
        "Fontanel", "Gillet", "Giraud", "Hubert", "Jacquet", "Lambert", "Lejeune", "Marcoux",
        "Mathieu", "Noël", "Peyrard", "Piron", "Renard", "Rivoire", "Simonet", "Thonon", "Vacher",
        "Wauters",
    ];
    let mut names: Vec<String> = FIRST
        .iter()
        .flat_map(|first| LAST.iter().map(move |last| format!("{first} {last}")))
        .collect();
    // Past nine hundred, people share a name and are told apart by a number.
    for number in 2..=20 {
        let again: Vec<String> = names[..FIRST.len() * LAST.len()]
            .iter()
            .map(|name| format!("{name} {number}"))
            .collect();
        names.extend(again);
    }
    let single = FIRST.len() * LAST.len();
    dice.shuffle(&mut names[..single]);
    names.reverse();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_thousand_people_have_names_of_their_own() {
        let mut names = names(&mut Dice::new(1, "names"));
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(count > 19_000, "{count}");
    }
}
