//! The pages of a settled month: its totals, which everybody may read; a party's statement, at an
//! address nobody can guess; and the list of those addresses, for the operator who sends them.

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use diesel::prelude::*;
use federation::digest::Sha256Digest;
use settlement::{PartyId, Period, WorkId};

use super::store::{self, Countersigned, NodeStatement, PartyEarning, PartyStatement};
use crate::Node;
use crate::catalogue::shown::{self, ShownWork};
use crate::db::Conn;
use crate::pages::{self, Given, Page};
use crate::peers;
use crate::reports::store::{self as known, KnownSettlement};
use crate::schema::{party_earnings, party_statements};
use crate::web::{self, App, Guest, Refusal};
use crate::words::{Say, places};

/// The doors that answer with pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/settlements/{period}", get(settlement))
        .route("/statements/{period}", get(statements))
        .route("/statements/{period}/{token}", get(statement))
}

/// A node's line of a settlement.
struct NodeLine {
    name: String,
    row: NodeStatement,
    word: Word,
    reason: Option<String>,
}

/// A node's word on a settlement, as far as it is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// It settled.
    Published,
    /// It came to the same.
    Agreed,
    /// It did not.
    Objected,
    /// The coordinator still waits for it.
    Awaited,
    /// It went to the coordinator, not here.
    Elsewhere,
}

/// A settlement's totals: what came in, where it went, each node's position, who countersigned.
#[derive(Template)]
#[template(path = "coordinator/settlement.html")]
struct SettlementPage {
    page: Page,
    period: Period,
    settlement: KnownSettlement,
    nodes: Vec<NodeLine>,
}

impl SettlementPage {
    fn sum(&self, of: impl Fn(&NodeStatement) -> i64) -> i64 {
        self.nodes.iter().map(|line| of(&line.row)).sum()
    }

    fn came_in(&self) -> i64 {
        self.sum(|row| row.contributed_micro)
    }

    /// Where the money went: the sentence that names it, the amount in micros. Held money is what
    /// belongs to nobody yet.
    fn went(&self) -> Vec<(&'static str, i64)> {
        let parties = self.sum(|row| row.earned_micro);
        let fund = self.sum(|row| row.fund_micro);
        let nodes = self.sum(|row| row.node_micro);
        let coordinator = self.sum(|row| row.coordinator_micro);
        let held = self.came_in() - parties - fund - nodes - coordinator;
        vec![
            ("coordinator-went-parties", parties),
            ("coordinator-went-fund", fund),
            ("coordinator-went-nodes", nodes),
            ("coordinator-went-coordinator", coordinator),
            ("coordinator-went-held", held),
        ]
    }
}

/// `GET /settlements/{period}`: the page for people; programs are led to the document.
pub async fn settlement(
    State(app): State<App>,
    guest: Guest,
    headers: HeaderMap,
    Path(period): Path<String>,
) -> Result<Response, Refusal> {
    let period = Period::parse(&period).map_err(|_| Refusal::Missing)?;
    if !web::wants_page(&headers) {
        let document = format!("/settlements/{period}/settlement.json");
        return Ok(Redirect::temporary(&document).into_response());
    }
    let page = Page::of(&app, &guest);
    let own = app.config.name.clone();
    let actor = app.config.actor();
    let found = app
        .db
        .read(move |conn| {
            let settlement = known::settlement_of(conn, period)?.ok_or(Refusal::Missing)?;
            let mut names: HashMap<String, String> = peers::store::peers(conn)?
                .into_iter()
                .map(|peer| (peer.actor_id.to_string(), peer.name))
                .collect();
            names.insert(actor.to_string(), own);
            let signed: HashMap<String, Countersigned> =
                store::countersignatures(conn, &settlement.id)?
                    .into_iter()
                    .map(|answer| (answer.node_id.clone(), answer))
                    .collect();
            let nodes = store::node_statements(conn, &settlement.id)?
                .into_iter()
                .map(|row| {
                    let answer = signed.get(&row.node_id);
                    let own = row.node_id == actor.as_str();
                    let word = if row.node_id == settlement.coordinator_id {
                        Word::Published
                    } else if let Some(answer) = answer {
                        if answer.agreed {
                            Word::Agreed
                        } else {
                            Word::Objected
                        }
                    } else if own && settlement.state == "recomputed" {
                        Word::Agreed
                    } else if own && settlement.state == "objected" {
                        Word::Objected
                    } else if settlement.coordinator_id == actor.as_str() || own {
                        Word::Awaited
                    } else {
                        Word::Elsewhere
                    };
                    NodeLine {
                        name: names
                            .get(&row.node_id)
                            .cloned()
                            .unwrap_or_else(|| row.node_id.clone()),
                        word,
                        reason: answer.and_then(|answer| answer.reason.clone()),
                        row,
                    }
                })
                .collect();
            Ok::<_, Refusal>(SettlementPage {
                page,
                period,
                settlement,
                nodes,
            })
        })
        .await?;
    pages::answer(&found)
}

/// The last part of the address of a party's statement: a digest under a key that only this node
/// can make (its signature over a fixed sentence), nested as in HMAC. 128 bits.
pub fn statement_token(node: &Node, period: Period, party: &str) -> String {
    let key = Sha256Digest::of(
        &node
            .keys()
            .ed25519
            .sign(b"antiphon: addresses of statements"),
    )
    .hex();
    let inner = Sha256Digest::of(format!("{key} {period} {party}").as_bytes()).hex();
    let outer = Sha256Digest::of(format!("{key} {inner}").as_bytes()).hex();
    outer[..32].to_owned()
}

/// The address of a party's statement, to be sent to the party.
pub fn statement_address(node: &Node, period: Period, party: &str) -> String {
    let token = statement_token(node, period, party);
    node.config.uri(&format!("/statements/{period}/{token}"))
}

/// Every statement of a month, for operators alone.
#[derive(Template)]
#[template(path = "coordinator/statements.html")]
struct StatementsPage {
    page: Page,
    period: Period,
    /// Path, name, row.
    lines: Vec<(String, String, PartyStatement)>,
}

async fn statements(
    State(app): State<App>,
    guest: Guest,
    Path(period): Path<String>,
) -> Result<Response, Refusal> {
    if !guest.signed_in()?.operates() {
        return Err(Refusal::Forbidden(Say::new("coordinator-operators-only")));
    }
    let period = Period::parse(&period).map_err(|_| Refusal::Missing)?;
    let page = Page::of(&app, &guest);
    let node = app.clone();
    let found = app
        .db
        .read(move |conn| {
            let settlement = known::settlement_of(conn, period)?.ok_or(Refusal::Missing)?;
            let rows = party_statements_of(conn, &settlement.id)?;
            let names = party_names(conn, &rows)?;
            let key = |party: &str| statement_token(&node, period, party);
            let mut lines: Vec<_> = rows
                .into_iter()
                .map(|row| {
                    let path = format!("/statements/{period}/{}", key(&row.party_id));
                    let name = names.get(&row.party_id).cloned();
                    (path, name.unwrap_or_else(|| row.party_id.clone()), row)
                })
                .collect();
            lines.sort_by(|a, b| a.1.cmp(&b.1));
            Ok::<_, Refusal>(StatementsPage {
                page,
                period,
                lines,
            })
        })
        .await?;
    pages::answer(&found)
}

fn party_statements_of(conn: &mut Conn, settlement: &str) -> QueryResult<Vec<PartyStatement>> {
    party_statements::table
        .filter(party_statements::settlement_id.eq(settlement))
        .order(party_statements::party_id)
        .select(PartyStatement::as_select())
        .load(conn)
}

fn party_names(conn: &mut Conn, rows: &[PartyStatement]) -> QueryResult<HashMap<String, String>> {
    let ids: Vec<PartyId> = rows
        .iter()
        .filter_map(|row| PartyId::parse(&row.party_id).ok())
        .collect();
    let names = shown::names(conn, &ids)?;
    Ok(names
        .into_iter()
        .map(|(id, name)| (id.to_string(), name))
        .collect())
}

/// A line of a party's statement.
struct EarningLine {
    work: Option<ShownWork>,
    row: PartyEarning,
    place: String,
    /// Whether the work was used where this node stands.
    here: bool,
}

impl EarningLine {
    fn title(&self) -> &str {
        self.work.as_ref().map_or(&self.row.work_id, |w| &w.title)
    }
}

/// A party's statement: one sum, one sentence, one picture, then the table.
#[derive(Template)]
#[template(path = "coordinator/party_statement.html")]
struct PartyStatementPage {
    page: Page,
    period: Period,
    name: String,
    row: PartyStatement,
    lines: Vec<EarningLine>,
}

impl PartyStatementPage {
    fn uses(&self) -> i64 {
        self.lines.iter().map(|line| line.row.uses).sum()
    }

    fn places(&self) -> usize {
        let mut places: Vec<&str> = self
            .lines
            .iter()
            .map(|l| l.row.territory.as_str())
            .collect();
        places.sort_unstable();
        places.dedup();
        places.len()
    }

    fn works(&self) -> usize {
        let mut works: Vec<&str> = self.lines.iter().map(|l| l.row.work_id.as_str()).collect();
        works.sort_unstable();
        works.dedup();
        works.len()
    }

    fn largest(&self) -> i64 {
        self.lines
            .iter()
            .map(|line| line.row.amount_micro)
            .max()
            .unwrap_or(0)
    }

    /// The sentence under the sum.
    fn sentence(&self) -> String {
        let blanks = [
            ("month", self.page.month(self.period)),
            ("works", self.works().to_string()),
            ("uses", self.uses().to_string()),
            ("places", self.places().to_string()),
        ];
        let blanks: Vec<(&str, &str)> = blanks.iter().map(|(k, v)| (*k, v.as_str())).collect();
        crate::words::say(
            self.page.language,
            "coordinator-statement-sentence",
            &blanks,
        )
    }
}

async fn statement(
    State(app): State<App>,
    guest: Guest,
    Path((period, token)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let period = Period::parse(&period).map_err(|_| Refusal::Missing)?;
    let page = Page::of(&app, &guest);
    let node = app.clone();
    let found = app
        .db
        .read(move |conn| {
            let settlement = known::settlement_of(conn, period)?.ok_or(Refusal::Missing)?;
            let row = party_statements_of(conn, &settlement.id)?
                .into_iter()
                .find(|row| statement_token(&node, period, &row.party_id) == token)
                .ok_or(Refusal::Missing)?;
            let names = party_names(conn, std::slice::from_ref(&row))?;
            Ok::<_, Refusal>(PartyStatementPage {
                lines: earning_lines(conn, &page, &node, &row)?,
                name: names
                    .get(&row.party_id)
                    .cloned()
                    .unwrap_or_else(|| row.party_id.clone()),
                page,
                period,
                row,
            })
        })
        .await?;
    pages::answer(&found)
}

fn earning_lines(
    conn: &mut Conn,
    page: &Page,
    node: &Node,
    row: &PartyStatement,
) -> QueryResult<Vec<EarningLine>> {
    let rows: Vec<PartyEarning> = party_earnings::table
        .filter(party_earnings::settlement_id.eq(&row.settlement_id))
        .filter(party_earnings::party_id.eq(&row.party_id))
        .order((
            party_earnings::amount_micro.desc(),
            party_earnings::work_id,
            party_earnings::territory,
        ))
        .select(PartyEarning::as_select())
        .load(conn)?;
    let ids: Vec<WorkId> = rows
        .iter()
        .filter_map(|row| WorkId::parse(&row.work_id).ok())
        .collect();
    let works = shown::works(conn, &ids)?;
    Ok(rows
        .into_iter()
        .map(|row| EarningLine {
            work: WorkId::parse(&row.work_id)
                .ok()
                .and_then(|id| works.get(&id).cloned()),
            place: places::name(page.language, &row.territory).to_owned(),
            here: row.territory == node.config.territory.as_str(),
            row,
        })
        .collect())
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    use crate::catalogue::pages::sample_work;
    let period = Period::parse("2026-10").unwrap();
    let party = PartyStatement {
        settlement_id: "http://localhost:8100/settlements/2026-10".into(),
        party_id: "http://localhost:8101/parties/zed".into(),
        carried_in_micro: 2_000_000,
        earned_micro: 4_127_345_678,
        adjusted_micro: -1_000_000,
        payable_minor: 4_128,
        carried_out_micro: 345_678,
    };
    let earning = |at: u8| EarningLine {
        work: (at != 2).then(|| sample_work(at)),
        row: PartyEarning {
            settlement_id: party.settlement_id.clone(),
            party_id: party.party_id.clone(),
            territory: "BE-WAL".into(),
            work_id: format!("http://localhost:8101/works/{at}"),
            uses: i64::from(at) * 7,
            share_bp: 5000,
            of_micro: 2_000_000,
            amount_micro: i64::from(at) * 1_000_000,
        },
        place: "Wallonie <&>".into(),
        here: at == 1,
    };
    let line = |name: &str, word, position_micro| NodeLine {
        name: name.into(),
        row: NodeStatement {
            settlement_id: party.settlement_id.clone(),
            node_id: "http://localhost:8101/actor".into(),
            contributed_micro: 100_000_000,
            rights_micro: 55_000_000,
            fund_micro: 10_000_000,
            node_micro: 25_000_000,
            coordinator_micro: 10_000_000,
            earned_micro: 54_000_000,
            adjusted_micro: 0,
            position_micro,
        },
        word,
        reason: (word == Word::Objected).then(|| "a row <differs>".into()),
    };
    let settlement = SettlementPage {
        page: Page::sample(language, false),
        period,
        settlement: KnownSettlement {
            id: party.settlement_id.clone(),
            period: "2026-10".into(),
            coordinator_id: "http://localhost:8100/actor".into(),
            document: "{}".into(),
            digest: "sha-256:00".into(),
            folder: None,
            state: "recomputed".into(),
            reason: None,
            attempts: 0,
            next_try_us: 0,
            published_us: 1_793_491_200_000_000,
            answered_us: None,
        },
        nodes: vec![
            line("Loire", Word::Agreed, 21_000_000),
            line("Wallonie", Word::Objected, -21_000_000),
            line("Bretagne <&>", Word::Awaited, 0),
            line("Coordination", Word::Published, 0),
            line("Corse", Word::Elsewhere, 0),
        ],
    };
    let statements = StatementsPage {
        page: Page::sample(language, true),
        period,
        lines: vec![(
            "/statements/2026-10/abc".into(),
            "Zed <&>".into(),
            party.clone(),
        )],
    };
    let full = PartyStatementPage {
        page: Page::sample(language, false),
        period,
        name: "Zed <&>".into(),
        row: party.clone(),
        lines: (1..4).map(earning).collect(),
    };
    let bare = PartyStatementPage {
        page: Page::sample(language, false),
        period,
        name: "Zed".into(),
        row: PartyStatement {
            payable_minor: 0,
            ..party.clone()
        },
        lines: Vec::new(),
    };
    vec![
        ("settlement", settlement.render()),
        ("statements", statements.render()),
        ("party statement", full.render()),
        ("bare party statement", bare.render()),
    ]
}
