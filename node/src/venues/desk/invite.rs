//! Inviting: cards to print, links to send, cards for a list of patrons; and taking back.

use askama::Template;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Multipart, Path, Query, State};
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::super::invitations::{self, BATCH_LIMIT, Batch, BatchKind, Wanted};
use super::super::patrons::{self, Patrons, RefusedRow};
use super::super::{Seats, seats, store};
use super::{Head, harmless, open};
use crate::members::code::Code;
use crate::pages::{self, Given, Page};
use crate::web::{App, Complaint, Guest, Refusal};
use crate::words::Say;

/// How many batches are listed.
const LISTED: i64 = 50;
/// How many days cards are good for, unless somebody says otherwise.
const USUAL_DAYS: i64 = 90;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/venues/{slug}/desk/invitations", get(form).post(make))
        .route("/venues/{slug}/desk/invitations/list", post(from_list))
        .route("/venues/{slug}/desk/invitations/revoke", post(revoke))
}

/// The invitations of a venue, and the forms that make more.
#[derive(Template)]
#[template(path = "venues/desk/invitations.html")]
struct InvitationsPage {
    page: Page,
    head: Head,
    seats: Seats,
    batches: Vec<Batch>,
    /// One form is one batch: drawn with the page.
    form_ids: (String, String),
    typed: Typed,
    complaints: Vec<Complaint>,
    done: Option<String>,
}

impl InvitationsPage {
    fn day_choices(&self) -> [i64; 3] {
        [30, USUAL_DAYS, 365]
    }

    fn days_chosen(&self, days: impl Given<i64>) -> bool {
        self.typed.days == days.given()
    }
}

/// What was typed, to be shown again.
#[derive(Clone, Debug)]
struct Typed {
    count: String,
    days: i64,
    kind: BatchKind,
    code: String,
}

impl Default for Typed {
    fn default() -> Self {
        Typed {
            count: "10".into(),
            days: USUAL_DAYS,
            kind: BatchKind::Cards,
            code: String::new(),
        }
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    taken_back: Option<u32>,
}

async fn form(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let page = page_of(&app, &guest, slug, Typed::default(), Vec::new()).await?;
    let done = asked
        .taken_back
        .map(|n| page.page.tn("venues-taken-back", "n", n));
    pages::answer(&InvitationsPage { done, ..page })
}

async fn page_of(
    app: &App,
    guest: &Guest,
    slug: String,
    typed: Typed,
    complaints: Vec<Complaint>,
) -> Result<InvitationsPage, Refusal> {
    let page = Page::of(app, guest);
    let node = app.clone();
    app.db
        .read(move |conn| {
            let head = open(conn, &page, &slug, "/invitations")?;
            let now_us = node.clock.now_us();
            Ok(InvitationsPage {
                seats: seats(conn, &node, &head.venue)?,
                batches: invitations::batches(conn, &head.venue.id, now_us, LISTED)?,
                form_ids: (node.clock.fresh_id(), node.clock.fresh_id()),
                typed,
                complaints,
                done: None,
                page,
                head,
            })
        })
        .await
}

/// The form again, with what to mend; other refusals as they are.
async fn again(
    app: &App,
    guest: &Guest,
    slug: String,
    typed: Typed,
    refusal: Refusal,
) -> Result<Response, Refusal> {
    let complaints = match refusal {
        Refusal::Invalid(complaints) => complaints,
        // Too few seats: told beside the field that asks for them.
        Refusal::Conflict(say) => vec![Complaint {
            field: "count",
            say,
        }],
        other => return Err(other),
    };
    pages::answer_invalid(&page_of(app, guest, slug, typed, complaints).await?)
}

// Cards and links -------------------------------------------------------------------

/// An invitation as it is handed out: this once.
struct Card {
    name: Option<String>,
    code: String,
    address: String,
}

/// The cards, shown once.
#[derive(Template)]
#[template(path = "venues/desk/cards.html")]
struct CardsPage {
    page: Page,
    head: Head,
    kind: BatchKind,
    cards: Vec<Card>,
    expires_us: i64,
    refused: Vec<RefusedRow>,
    /// Where one joins, as it is typed.
    host: String,
}

impl CardsPage {
    /// The same as a table, in an address: the codes are kept nowhere, so no door can serve it.
    fn table(&self) -> String {
        let mut file = csv::Writer::from_writer(Vec::new());
        for card in &self.cards {
            let name = card.name.clone().map(harmless).unwrap_or_default();
            let row = [name.as_str(), card.code.as_str(), card.address.as_str()];
            if file.write_record(row).is_err() {
                return String::new();
            }
        }
        let text = String::from_utf8(file.into_inner().unwrap_or_default()).unwrap_or_default();
        format!(
            "data:text/csv;charset=utf-8,{}",
            percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC)
        )
    }
}

#[derive(Deserialize)]
struct MakeForm {
    #[serde(default)]
    form: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    count: String,
    #[serde(default)]
    days: String,
}

async fn make(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
    sent: Result<Form<MakeForm>, FormRejection>,
) -> Result<Response, Refusal> {
    let sent = crate::web::read(sent)?;
    let typed = Typed {
        count: sent.count.chars().take(8).collect(),
        days: sent.days.trim().parse().unwrap_or(0),
        kind: BatchKind::parse(&sent.kind).unwrap_or(BatchKind::Cards),
        code: String::new(),
    };
    let count: u32 = sent.count.trim().parse().unwrap_or(0);
    if count > BATCH_LIMIT {
        let say = Say::new("venues-invite-many").with("limit", BATCH_LIMIT);
        return again(&app, &guest, slug, typed, Refusal::field("count", say)).await;
    }
    let wanted = Wanted {
        id: sent.form,
        kind: match typed.kind {
            BatchKind::Links => BatchKind::Links,
            _ => BatchKind::Cards,
        },
        count,
        days: typed.days,
    };
    match make_cards(&app, &guest, slug.clone(), wanted, Patrons::default()).await {
        Ok(page) => shown_once(&page),
        Err(refusal) => again(&app, &guest, slug, typed, refusal).await,
    }
}

/// Not a redirect: the codes are kept nowhere, so this is the only answer that has them.
fn shown_once(page: &CardsPage) -> Result<Response, Refusal> {
    Ok(([(CACHE_CONTROL, "no-store")], pages::answer(page)?).into_response())
}

async fn make_cards(
    app: &App,
    guest: &Guest,
    slug: String,
    mut wanted: Wanted,
    patrons: Patrons,
) -> Result<CardsPage, Refusal> {
    let page = Page::of(app, guest);
    let node = app.clone();
    app.db
        .write(move |conn| {
            let head = open(conn, &page, &slug, "/invitations")?;
            let Patrons {
                mut names,
                mut refused,
            } = patrons;
            if wanted.kind == BatchKind::List {
                // As many as there are seats; the rest is told, row by row.
                let left = seats(conn, &node, &head.venue)?.left();
                let left = usize::try_from(left).unwrap_or(usize::MAX);
                for name in names.drain(left.min(names.len())..) {
                    refused.push(RefusedRow {
                        line: 0,
                        text: name,
                        why: Say::new("venues-list-no-seat"),
                    });
                }
                wanted.count = u32::try_from(names.len()).unwrap_or(u32::MAX);
            }
            let codes = match wanted.count {
                0 if wanted.kind == BatchKind::List => Vec::new(),
                _ => invitations::make(conn, &node, &head.venue, &wanted)?,
            };
            let mut names = names.into_iter();
            let cards = codes
                .iter()
                .map(|code| Card {
                    name: names.next(),
                    address: address(&node.config, code),
                    code: code.to_string(),
                })
                .collect();
            Ok(CardsPage {
                kind: wanted.kind,
                cards,
                expires_us: node.clock.now_us() + wanted.days * super::super::DAY_US,
                refused,
                host: format!("{}/join", node.config.domain),
                page,
                head,
            })
        })
        .await
}

fn address(config: &crate::config::Config, code: &Code) -> String {
    config.uri(&format!("/join?code={code}"))
}

// A list ----------------------------------------------------------------------------

async fn from_list(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
    mut sent: Multipart,
) -> Result<Response, Refusal> {
    // Who may not is told before anything is read.
    page_of(&app, &guest, slug.clone(), Typed::default(), Vec::new()).await?;
    let (mut id, mut days, mut list) = (String::new(), USUAL_DAYS, Vec::new());
    let unread = |_| Refusal::field("form", Say::new("page-form-unread"));
    while let Some(field) = sent.next_field().await.map_err(unread)? {
        let name = field.name().unwrap_or("").to_owned();
        let bytes = field.bytes().await.map_err(unread)?;
        match name.as_str() {
            "form" => id = String::from_utf8_lossy(&bytes).chars().take(64).collect(),
            "days" => days = String::from_utf8_lossy(&bytes).trim().parse().unwrap_or(0),
            // A file where there is one, else what was pasted.
            "list" | "names" if list.is_empty() => list = bytes.to_vec(),
            _ => {}
        }
    }
    let typed = Typed {
        days,
        ..Typed::default()
    };
    let patrons = match patrons::read(&list) {
        Ok(patrons) => patrons,
        Err(refusal) => return again(&app, &guest, slug, typed, refusal).await,
    };
    let wanted = Wanted {
        id,
        kind: BatchKind::List,
        count: 0,
        days,
    };
    match make_cards(&app, &guest, slug.clone(), wanted, patrons).await {
        Ok(page) => shown_once(&page),
        Err(refusal) => again(&app, &guest, slug, typed, refusal).await,
    }
}

// Taking back -------------------------------------------------------------------------

#[derive(Deserialize)]
struct RevokeForm {
    #[serde(default)]
    batch: String,
    #[serde(default)]
    code: String,
}

async fn revoke(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
    sent: Result<Form<RevokeForm>, FormRejection>,
) -> Result<Response, Refusal> {
    let sent = crate::web::read(sent)?;
    let page = Page::of(&app, &guest);
    let now_us = app.clock.now_us();
    let (asked, at) = (sent.code.clone(), slug.clone());
    let done = app
        .db
        .write(move |conn| {
            let head = open(conn, &page, &at, "/invitations")?;
            if !sent.batch.is_empty() {
                return Ok(invitations::revoke_batch(
                    conn,
                    &head.venue.id,
                    &sent.batch,
                    now_us,
                )?);
            }
            let code = Code::read(&sent.code)
                .ok_or_else(|| Refusal::field("code", Say::new("members-code-form")))?;
            match store::revoke_invitation(conn, &head.venue.id, &code.digest(), now_us)? {
                true => Ok(1),
                false => Err(Refusal::field("code", Say::new("venues-revoke-unknown"))),
            }
        })
        .await;
    match done {
        Ok(count) => {
            let to = format!("/venues/{slug}/desk/invitations?taken_back={count}");
            Ok(Redirect::to(&to).into_response())
        }
        Err(refusal) => {
            let typed = Typed {
                code: asked.chars().take(64).collect(),
                ..Typed::default()
            };
            again(&app, &guest, slug, typed, refusal).await
        }
    }
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    let batch = |kind, open| Batch {
        id: "b1".into(),
        kind,
        made_us: 1_793_491_200_000_000,
        expires_us: 1_801_267_200_000_000,
        made: 24,
        used: 7,
        open,
    };
    let mut all = Vec::new();
    for wrong in [&[][..], &["count", "days", "list", "code"][..]] {
        let full = wrong.is_empty();
        let page = InvitationsPage {
            page: Page::sample(language, true),
            head: super::sample_head("/invitations"),
            seats: Seats {
                paid: 120,
                taken: 73,
                invited: 17,
            },
            batches: match full {
                true => vec![batch(BatchKind::List, 17), batch(BatchKind::Links, 0)],
                false => Vec::new(),
            },
            form_ids: ("a".into(), "b".into()),
            typed: Typed {
                code: "7K2M\"<b>".into(),
                ..Typed::default()
            },
            complaints: Complaint::samples(wrong),
            done: full.then(|| "2".into()),
        };
        all.push(("desk invitations", page.render()));
    }
    for kind in [BatchKind::Cards, BatchKind::Links, BatchKind::List] {
        let card = |name: Option<&str>| Card {
            name: name.map(str::to_owned),
            code: "7K2M-Q9XA-0TBD".into(),
            address: "http://localhost:8101/join?code=7K2M-Q9XA-0TBD".into(),
        };
        let listed = kind == BatchKind::List;
        let page = CardsPage {
            page: Page::sample(language, true),
            head: super::sample_head("/invitations"),
            kind,
            cards: vec![card(listed.then_some("Zoé <b>")), card(None)],
            expires_us: 1_801_267_200_000_000,
            refused: match listed {
                true => vec![RefusedRow {
                    line: 3,
                    text: "<Bela>".into(),
                    why: Say::new("venues-list-no-name"),
                }],
                false => Vec::new(),
            },
            host: "loire.example/join".into(),
        };
        all.push(("cards", page.render()));
    }
    all
}
