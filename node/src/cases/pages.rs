//! The pages of a case: the form anybody sends, the sender's and the other side's own page, and the
//! operator's list, where cases are decided.

use askama::Template;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::store::{self, Case};
use super::{Acknowledged, CaseKind, Decision, Sent, Side, WORDS_LIMIT};
use crate::members::token_digest;
use crate::operating::{self, Head};
use crate::pages::{self, Page};
use crate::web::read;
use crate::web::{App, Complaint, Guest, Refusal};

/// How many decided cases the desk lists.
const LISTED: i64 = 100;

/// The doors that answer with pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/cases", get(form).post(send))
        .route("/cases/{token}", get(follow))
        .route("/cases/{token}/appeal", post(contest))
        .route("/desk/cases", get(list))
        .route("/desk/cases/{id}", get(one).post(decide))
}

/// Telling of something.
#[derive(Template)]
#[template(path = "cases/send.html")]
struct SendPage {
    page: Page,
    kind: CaseKind,
    sent: Sent,
    complaints: Vec<Complaint>,
}

/// What is said at once: the number, and where to follow it.
#[derive(Template)]
#[template(path = "cases/acknowledged.html")]
struct AcknowledgedPage {
    page: Page,
    kind: CaseKind,
    acknowledged: Acknowledged,
    address: String,
}

impl AcknowledgedPage {
    fn days(&self) -> i64 {
        self.kind.days()
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    about: String,
}

fn kind_of(about: &str) -> CaseKind {
    match about.contains("/statements/") {
        true => CaseKind::Statement,
        false => CaseKind::Unlawful,
    }
}

async fn form(
    State(app): State<App>,
    guest: Guest,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    pages::answer(&SendPage {
        page: Page::of(&app, &guest),
        kind: kind_of(&asked.about),
        sent: Sent {
            subject: super::line(&asked.about),
            ..Sent::default()
        },
        complaints: Vec::new(),
    })
}

#[derive(Deserialize)]
struct SendForm {
    #[serde(default)]
    subject: String,
    #[serde(default)]
    words: String,
    #[serde(default)]
    sender: String,
    #[serde(default)]
    contact: String,
    #[serde(default)]
    faith: String,
    #[serde(default)]
    kind: String,
}

async fn send(
    State(app): State<App>,
    guest: Guest,
    sent: Result<Form<SendForm>, FormRejection>,
) -> Result<Response, Refusal> {
    let form = read(sent)?;
    let kind = CaseKind::parse(&form.kind).unwrap_or(CaseKind::Unlawful);
    let sent = Sent {
        subject: form.subject,
        words: form.words,
        sender: form.sender,
        contact: form.contact,
        good_faith: form.faith == "yes",
    };
    let (node, said) = (app.clone(), sent.clone());
    let taken = app
        .db
        .write(move |conn| super::take(conn, &node, kind, &said))
        .await;
    let page = Page::of(&app, &guest);
    match taken {
        // Not a redirect: the address is kept nowhere, so this is the only answer that has it.
        Ok(acknowledged) => {
            let page = AcknowledgedPage {
                address: app.config.uri(&format!("/cases/{}", acknowledged.token)),
                page,
                kind,
                acknowledged,
            };
            let answer = pages::answer(&page)?;
            Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], answer).into_response())
        }
        Err(Refusal::Invalid(complaints)) => pages::answer_invalid(&SendPage {
            page,
            kind,
            sent: Sent {
                subject: super::line(&sent.subject),
                words: super::prose(&sent.words),
                sender: super::line(&sent.sender),
                contact: super::line(&sent.contact),
                ..sent
            },
            complaints,
        }),
        Err(refusal) => Err(refusal),
    }
}

/// A case as one of its sides reads it.
#[derive(Template)]
#[template(path = "cases/case.html")]
struct CasePage {
    page: Page,
    case: Case,
    side: Side,
    token: String,
    may_contest: bool,
    appeal: String,
    complaints: Vec<Complaint>,
}

impl CasePage {
    fn is_sender(&self) -> bool {
        self.side == Side::Sender
    }
}

async fn case_page(
    app: &App,
    guest: &Guest,
    token: String,
    appeal: String,
    complaints: Vec<Complaint>,
) -> Result<CasePage, Refusal> {
    let page = Page::of(app, guest);
    let now_us = app.clock.now_us();
    app.db
        .read(move |conn| {
            let found = store::followed(conn, &token_digest(&token))?;
            let (case, side) = found.ok_or(Refusal::Missing)?;
            Ok(CasePage {
                may_contest: case.may_contest(side, now_us),
                page,
                case,
                side,
                token,
                appeal,
                complaints,
            })
        })
        .await
}

async fn follow(
    State(app): State<App>,
    guest: Guest,
    Path(token): Path<String>,
) -> Result<Response, Refusal> {
    let page = case_page(&app, &guest, token, String::new(), Vec::new()).await?;
    Ok(([(CACHE_CONTROL, "no-store")], pages::answer(&page)?).into_response())
}

#[derive(Deserialize)]
struct AppealForm {
    #[serde(default)]
    appeal: String,
}

async fn contest(
    State(app): State<App>,
    guest: Guest,
    Path(token): Path<String>,
    sent: Result<Form<AppealForm>, FormRejection>,
) -> Result<Response, Refusal> {
    let words = read(sent)?.appeal;
    let (node, said, at) = (app.clone(), words.clone(), token.clone());
    let done = app
        .db
        .write(move |conn| {
            let found = store::followed(conn, &token_digest(&at))?;
            let (case, side) = found.ok_or(Refusal::Missing)?;
            super::appeal(conn, &node, &case, side, &said)
        })
        .await;
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/cases/{token}")).into_response()),
        Err(Refusal::Invalid(complaints)) => {
            let words = super::prose(&words);
            pages::answer_invalid(&case_page(&app, &guest, token, words, complaints).await?)
        }
        Err(refusal) => Err(refusal),
    }
}

// The desk ------------------------------------------------------------------------

/// The cases, those that wait first.
#[derive(Template)]
#[template(path = "cases/list.html")]
struct ListPage {
    page: Page,
    head: Head,
    cases: Vec<Case>,
    now_us: i64,
}

impl ListPage {
    fn late(&self, case: &Case) -> bool {
        case.deadline_us().is_some_and(|due| due < self.now_us)
    }
}

/// A case, to be decided.
#[derive(Template)]
#[template(path = "cases/decide.html")]
struct DecidePage {
    page: Page,
    head: Head,
    case: Case,
    /// The address of whoever it is about, to be handed over.
    other: String,
    reason: String,
    complaints: Vec<Complaint>,
}

impl DecidePage {
    fn waits(&self) -> bool {
        self.case.deadline_us().is_some()
    }

    /// What the case is about, when it can be opened here.
    fn link(&self) -> Option<String> {
        let subject = &self.case.subject;
        let here = subject.strip_prefix(&self.page.base).unwrap_or(subject);
        here.starts_with('/').then(|| here.to_owned())
    }
}

async fn list(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    let head = operating::open(&page, "/cases")?;
    let now_us = app.clock.now_us();
    let cases = app
        .db
        .read(|conn| Ok::<_, Refusal>(store::all(conn, LISTED)?))
        .await?;
    pages::answer(&ListPage {
        page,
        head,
        cases,
        now_us,
    })
}

async fn decide_page(
    app: &App,
    guest: &Guest,
    id: String,
    reason: String,
    complaints: Vec<Complaint>,
) -> Result<DecidePage, Refusal> {
    let page = Page::of(app, guest);
    let head = operating::open(&page, "/cases")?;
    let case = app
        .db
        .read(move |conn| store::case(conn, &id)?.ok_or(Refusal::Missing))
        .await?;
    let token = super::other_token(app, &case.id);
    Ok(DecidePage {
        other: app.config.uri(&format!("/cases/{token}")),
        page,
        head,
        case,
        reason,
        complaints,
    })
}

async fn one(
    State(app): State<App>,
    guest: Guest,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    pages::answer(&decide_page(&app, &guest, id, String::new(), Vec::new()).await?)
}

#[derive(Deserialize)]
struct DecideForm {
    #[serde(default)]
    decision: String,
    #[serde(default)]
    reason: String,
}

async fn decide(
    State(app): State<App>,
    guest: Guest,
    Path(id): Path<String>,
    sent: Result<Form<DecideForm>, FormRejection>,
) -> Result<Response, Refusal> {
    operating::open(&Page::of(&app, &guest), "/cases")?;
    let form = read(sent)?;
    let decision = Decision::parse(&form.decision)
        .ok_or_else(|| Refusal::field("decision", crate::words::Say::new("cases-decision-wanted")));
    let (node, at, reason) = (app.clone(), id.clone(), form.reason.clone());
    let done = match decision {
        Ok(decision) => {
            app.db
                .write(move |conn| super::decide(conn, &node, &at, decision, &reason))
                .await
        }
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/desk/cases/{id}")).into_response()),
        Err(Refusal::Invalid(complaints)) => {
            let reason = super::prose(&form.reason);
            pages::answer_invalid(&decide_page(&app, &guest, id, reason, complaints).await?)
        }
        Err(refusal) => Err(refusal),
    }
}

/// A case at this stage.
#[cfg(test)]
pub(crate) fn sample_case(stage: super::Stage) -> Case {
    use super::Stage;
    let at = 1_793_491_200_000_000;
    let decided = (stage != Stage::Open).then_some(at);
    let appealed = matches!(stage, Stage::Appealed | Stage::Closed).then_some(at);
    let closed = (stage == Stage::Closed).then_some(at);
    Case {
        id: "c1".into(),
        number: 12,
        kind: CaseKind::Unlawful,
        subject: "http://localhost:8101/works/1".into(),
        words: "C’est mon <b>enregistrement</b>.\n\nJe n’ai rien signé.".into(),
        sender: "Zoé <b>".into(),
        contact: String::new(),
        received_us: at,
        due_us: at,
        decision: decided.map(|_| "refused".into()),
        reason: decided.map(|_| "Le mandat est <là>.".into()),
        decided_us: decided,
        appeal: appealed.map(|_| "Il est faux.".into()),
        appealed_by: appealed.map(|_| "sender".into()),
        appealed_us: appealed,
        appeal_due_us: appealed,
        appeal_decision: closed.map(|_| "upheld".into()),
        appeal_reason: closed.map(|_| "C’est vrai.".into()),
        appeal_decided_us: closed,
    }
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    use super::Stage;
    let at = 1_793_491_200_000_000;
    let case = sample_case;
    let complaints = Complaint::samples;
    let mut all = Vec::new();
    for (kind, wrong) in [
        (CaseKind::Unlawful, &[][..]),
        (CaseKind::Statement, &["subject", "words", "faith"][..]),
    ] {
        let send = SendPage {
            page: Page::sample(language, false),
            kind,
            sent: Sent {
                subject: "/works/1\"<b>".into(),
                words: "<b>".into(),
                ..Sent::default()
            },
            complaints: complaints(wrong),
        };
        all.push(("notice", send.render()));
        let acknowledged = AcknowledgedPage {
            page: Page::sample(language, false),
            kind,
            acknowledged: Acknowledged {
                number: 12,
                token: "t".into(),
            },
            address: "http://localhost:8101/cases/t".into(),
        };
        all.push(("notice acknowledged", acknowledged.render()));
    }
    let stages = [Stage::Open, Stage::Decided, Stage::Appealed, Stage::Closed];
    for (stage, side) in
        stages
            .into_iter()
            .zip([Side::Sender, Side::Sender, Side::Other, Side::Other])
    {
        let page = CasePage {
            page: Page::sample(language, false),
            case: case(stage),
            side,
            token: "t".into(),
            may_contest: stage == Stage::Decided,
            appeal: String::new(),
            complaints: complaints(&["appeal"]),
        };
        all.push(("case", page.render()));
        let decide = DecidePage {
            page: Page::sample(language, true),
            head: operating::sample_head("/cases"),
            case: case(stage),
            other: "http://localhost:8101/cases/o".into(),
            reason: "<b>".into(),
            complaints: complaints(&["reason"]),
        };
        all.push(("deciding a case", decide.render()));
    }
    let list = ListPage {
        page: Page::sample(language, true),
        head: operating::sample_head("/cases"),
        cases: stages.map(case).into(),
        now_us: at + 1,
    };
    all.push(("cases", list.render()));
    all
}
