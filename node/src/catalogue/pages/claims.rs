//! The page of claims: two works of different people under one recording code, side by side, for who
//! runs the node to settle with them.

use askama::Template;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use settlement::WorkId;

use crate::catalogue::claims::{self, Claim, ClaimState};
use crate::catalogue::shown::{self, ShownWork};
use crate::catalogue::store;
use crate::db::Conn;
use crate::pages::{self, Page};
use crate::web::{App, Guest, Refusal};
use crate::words::Say;

/// How many claims the page shows.
const LIST: i64 = 200;
/// The longest note, in characters.
const NOTE_LIMIT: usize = 1_000;

/// The claims.
#[derive(Template)]
#[template(path = "catalogue/claims.html")]
struct ClaimsPage {
    page: Page,
    open: Vec<ShownClaim>,
    settled: Vec<ShownClaim>,
}

/// A claim with its works, as far as they are still offered.
struct ShownClaim {
    claim: Claim,
    works: Vec<(WorkId, Option<ShownWork>)>,
}

impl ShownClaim {
    fn read(conn: &mut Conn, claim: Claim) -> Result<Self, Refusal> {
        let mut works = Vec::new();
        for id in [&claim.first, &claim.second] {
            works.push((id.clone(), shown::even_closed(conn, id)?));
        }
        Ok(ShownClaim { claim, works })
    }

    /// The works of this node: those that can be withdrawn here.
    fn ours(&self, page: &Page) -> Vec<&ShownWork> {
        let known = self.works.iter().filter_map(|(_, work)| work.as_ref());
        known
            .filter(|work| page.is_from_here(&work.origin))
            .collect()
    }

    fn state_key(&self) -> &'static str {
        match self.claim.state {
            ClaimState::Open => "catalogue-claim-open",
            ClaimState::Distinct => "catalogue-claim-distinct",
            ClaimState::Same => "catalogue-claim-same",
            ClaimState::Withdrawn => "catalogue-claim-withdrawn",
        }
    }
}

fn operator(guest: &Guest) -> Result<(), Refusal> {
    match guest.signed_in()?.operates() {
        true => Ok(()),
        false => Err(Refusal::Forbidden(Say::new("catalogue-claims-operators"))),
    }
}

/// `GET /claims`: for who runs the node.
pub(in crate::catalogue) async fn claims(
    State(app): State<App>,
    guest: Guest,
) -> Result<Response, Refusal> {
    operator(&guest)?;
    let page = Page::of(&app, &guest);
    let found = app
        .db
        .read(move |conn| {
            let (mut open, mut settled) = (Vec::new(), Vec::new());
            for claim in store::claims(conn, true, LIST)? {
                open.push(ShownClaim::read(conn, claim)?);
            }
            for claim in store::claims(conn, false, LIST)? {
                if claim.state != ClaimState::Open {
                    settled.push(ShownClaim::read(conn, claim)?);
                }
            }
            Ok::<_, Refusal>(ClaimsPage {
                page,
                open,
                settled,
            })
        })
        .await?;
    pages::answer(&found)
}

/// How a claim is settled.
#[derive(Deserialize)]
pub(in crate::catalogue) struct Settled {
    first: String,
    second: String,
    /// `distinct`, `same`, or the URI of the work of this node that goes.
    how: String,
    #[serde(default)]
    note: String,
}

/// `POST /claims`: notes what people made of a claim.
pub(in crate::catalogue) async fn settle(
    State(app): State<App>,
    guest: Guest,
    Form(settled): Form<Settled>,
) -> Result<Response, Refusal> {
    operator(&guest)?;
    let id = |text: &str| WorkId::parse(text).map_err(|_| Refusal::Missing);
    let pair = (id(&settled.first)?, id(&settled.second)?);
    let (state, loser) = match settled.how.as_str() {
        "distinct" => (ClaimState::Distinct, None),
        "same" => (ClaimState::Same, None),
        work => (ClaimState::Withdrawn, Some(id(work)?)),
    };
    let note: String = settled.note.trim().chars().take(NOTE_LIMIT).collect();
    let done = tokio::task::spawn_blocking(move || {
        let note = (!note.is_empty()).then_some(note);
        let pair = (&pair.0, &pair.1);
        claims::settle(&app, pair, state, loser.as_ref(), note.as_deref())
    });
    done.await.map_err(Refusal::broken)??;
    Ok(Redirect::to("/claims").into_response())
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    use super::sample_work;
    let claim = |state: ClaimState| {
        let works = [sample_work(2), sample_work(3)];
        ShownClaim {
            claim: Claim {
                first: works[0].id.clone(),
                second: works[1].id.clone(),
                isrc: settlement::Isrc::parse("FRZ032600001").unwrap(),
                state,
                found_us: 1_793_491_200_000_000,
                settled_us: (state != ClaimState::Open).then_some(1_793_491_200_000_000),
                note: Some("the second is a <cover> & stays".into()),
            },
            works: works
                .into_iter()
                .enumerate()
                .map(|(at, work)| {
                    (
                        work.id.clone(),
                        (at == 0 || state == ClaimState::Open).then_some(work),
                    )
                })
                .collect(),
        }
    };
    let page = |full: bool| ClaimsPage {
        page: Page::sample(language, true),
        open: match full {
            true => vec![claim(ClaimState::Open)],
            false => Vec::new(),
        },
        settled: match full {
            true => vec![
                claim(ClaimState::Distinct),
                claim(ClaimState::Same),
                claim(ClaimState::Withdrawn),
            ],
            false => Vec::new(),
        },
    };
    vec![
        ("claims", page(true).render()),
        ("no claims", page(false).render()),
    ]
}
