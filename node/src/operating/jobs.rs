//! Jobs: what waits to be done and is tried until it is. Deliveries to peers, activities that came
//! and were not acted on yet, reports and settlements to be looked at. Each can be tried at once;
//! what does not concern money can be stopped. Below them, how the node's errands fare
//! ([`crate::errands`]).

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use diesel::prelude::*;
use serde::Deserialize;

use super::{Head, open};
use crate::Node;
use crate::db::Conn;
use crate::errands::{self, Errand, Run};
use crate::pages::{self, Page};
use crate::schema::{deliveries, inbox, peers, received_reports, settlements};
use crate::web::read;
use crate::web::{App, Guest, Refusal};
use crate::words::Say;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/desk/jobs", get(jobs).post(act))
        .route("/desk/errands", post(run))
}

/// What kind of job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobKind {
    /// What is to be told to a peer.
    Delivery,
    /// What came and was not acted on yet.
    Arrival,
    /// A report that was offered to this coordinator.
    Report,
    /// A settlement to be recomputed.
    Settlement,
}

impl JobKind {
    /// As forms write it.
    pub fn as_str(self) -> &'static str {
        match self {
            JobKind::Delivery => "delivery",
            JobKind::Arrival => "arrival",
            JobKind::Report => "report",
            JobKind::Settlement => "settlement",
        }
    }

    /// The key of its word.
    pub fn key(self) -> &'static str {
        match self {
            JobKind::Delivery => "operating-job-delivery",
            JobKind::Arrival => "operating-job-arrival",
            JobKind::Report => "operating-job-report",
            JobKind::Settlement => "operating-job-settlement",
        }
    }
}

/// A job, or the jobs of one kind for one peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// What kind.
    pub kind: JobKind,
    /// Whom or what it is for: a peer's origin, or an id.
    pub about: String,
    /// How many there are.
    pub count: i64,
    /// Since when the oldest waits.
    pub since_us: i64,
    /// How often it was tried in vain.
    pub attempts: i64,
    /// What went wrong last.
    pub error: Option<String>,
    /// How many of these may be stopped: none that concern money.
    pub stoppable: i64,
}

/// Every job that waits, those that failed first.
///
/// # Errors
/// When the database breaks.
pub fn waiting(conn: &mut Conn) -> QueryResult<Vec<Job>> {
    let mut jobs = deliveries_waiting(conn)?;
    let arrived: Vec<(String, i64)> = inbox::table
        .filter(inbox::done_us.is_null())
        .select((inbox::origin, inbox::received_us))
        .load(conn)?;
    let mut by_origin: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for (origin, us) in arrived {
        let line = by_origin.entry(origin).or_insert((0, us));
        *line = (line.0 + 1, line.1.min(us));
    }
    jobs.extend(by_origin.into_iter().map(|(about, (count, since_us))| Job {
        kind: JobKind::Arrival,
        about,
        count,
        since_us,
        attempts: 0,
        error: None,
        stoppable: count,
    }));
    let reports: Vec<(String, i64, i64, Option<String>)> = received_reports::table
        .filter(received_reports::state.eq("offered"))
        .select((
            received_reports::id,
            received_reports::offered_us,
            received_reports::attempts,
            received_reports::reason,
        ))
        .load(conn)?;
    jobs.extend(reports.into_iter().map(one(JobKind::Report)));
    let announced: Vec<(String, i64, i64, Option<String>)> = settlements::table
        .filter(settlements::state.eq("announced"))
        .select((
            settlements::id,
            settlements::published_us,
            settlements::attempts,
            settlements::reason,
        ))
        .load(conn)?;
    jobs.extend(announced.into_iter().map(one(JobKind::Settlement)));
    jobs.sort_by_key(|job| (job.attempts == 0, job.since_us));
    Ok(jobs)
}

fn one(kind: JobKind) -> impl Fn((String, i64, i64, Option<String>)) -> Job {
    move |(about, since_us, attempts, error)| Job {
        kind,
        about,
        count: 1,
        since_us,
        attempts,
        error,
        stoppable: 0,
    }
}

fn deliveries_waiting(conn: &mut Conn) -> QueryResult<Vec<Job>> {
    type Row = (String, bool, i64, i64, Option<String>);
    let rows: Vec<Row> = deliveries::table
        .filter(deliveries::delivered_us.is_null())
        .filter(deliveries::given_up_us.is_null())
        .order(deliveries::id)
        .select((
            deliveries::peer_origin,
            deliveries::money,
            deliveries::queued_us,
            deliveries::attempts,
            deliveries::last_error,
        ))
        .load(conn)?;
    let failing: BTreeMap<String, (i64, Option<String>)> = peers::table
        .select((peers::origin, peers::attempts, peers::last_error))
        .load::<(String, i64, Option<String>)>(conn)?
        .into_iter()
        .map(|(origin, attempts, error)| (origin, (attempts, error)))
        .collect();
    let mut jobs: BTreeMap<String, Job> = BTreeMap::new();
    for (origin, money, queued_us, attempts, error) in rows {
        let (of_peer, peer_error) = failing.get(&origin).cloned().unwrap_or_default();
        let job = jobs.entry(origin.clone()).or_insert(Job {
            kind: JobKind::Delivery,
            about: origin,
            count: 0,
            since_us: queued_us,
            attempts: of_peer,
            error: peer_error,
            stoppable: 0,
        });
        job.count += 1;
        job.stoppable += i64::from(!money);
        job.since_us = job.since_us.min(queued_us);
        job.attempts = job.attempts.max(attempts);
        job.error = job.error.take().or(error);
    }
    Ok(jobs.into_values().collect())
}

/// Tries jobs at once.
///
/// # Errors
/// When the database breaks.
fn retry(conn: &mut Conn, kind: JobKind, about: &str) -> QueryResult<()> {
    match kind {
        JobKind::Delivery => {
            let waits = deliveries::table
                .filter(deliveries::peer_origin.eq(about))
                .filter(deliveries::delivered_us.is_null());
            diesel::update(waits.filter(deliveries::given_up_us.is_null()))
                .set(deliveries::next_try_us.eq(0))
                .execute(conn)?;
            diesel::update(peers::table.find(about))
                .set(peers::next_try_us.eq(0))
                .execute(conn)?;
        }
        // It is tried again as soon as the errand is roused.
        JobKind::Arrival => {}
        JobKind::Report => {
            diesel::update(received_reports::table.find(about))
                .set(received_reports::next_try_us.eq(0))
                .execute(conn)?;
        }
        JobKind::Settlement => {
            diesel::update(settlements::table.find(about))
                .set(settlements::next_try_us.eq(0))
                .execute(conn)?;
        }
    }
    Ok(())
}

/// Stops jobs that do not concern money: a peer reads in our outbox what it was not told, and we in
/// its.
///
/// # Errors
/// When the database breaks.
fn stop(conn: &mut Conn, kind: JobKind, about: &str, now_us: i64) -> QueryResult<()> {
    match kind {
        JobKind::Delivery => {
            let waits = deliveries::table
                .filter(deliveries::peer_origin.eq(about))
                .filter(deliveries::money.eq(false))
                .filter(deliveries::delivered_us.is_null())
                .filter(deliveries::given_up_us.is_null());
            diesel::update(waits)
                .set(deliveries::given_up_us.eq(now_us))
                .execute(conn)?;
        }
        JobKind::Arrival => {
            let waits = inbox::table
                .filter(inbox::origin.eq(about))
                .filter(inbox::done_us.is_null());
            diesel::update(waits)
                .set((
                    inbox::done_us.eq(now_us),
                    inbox::outcome.eq("stopped by the operator"),
                ))
                .execute(conn)?;
        }
        JobKind::Report | JobKind::Settlement => {}
    }
    Ok(())
}

/// The page.
#[derive(Template)]
#[template(path = "operating/jobs.html")]
struct JobsPage {
    page: Page,
    head: Head,
    jobs: Vec<Job>,
    errands: Vec<(Errand, Run)>,
}

impl JobsPage {
    /// A moment in the words of this key, its day left out when it is today.
    fn at(&self, key: &str, us: impl pages::Given<i64>) -> String {
        let us = us.given();
        let (page, day) = (&self.page, self.page.day(us));
        let moment = match day == page.day(page.now_ms * 1000) {
            true => page.time(us),
            false => page.t2("operating-errand-moment", "day", day, "time", page.time(us)),
        };
        page.tn(key, "at", moment)
    }
}

async fn jobs(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    let head = open(&page, "/jobs")?;
    let jobs = app.db.read(|conn| Ok::<_, Refusal>(waiting(conn)?)).await?;
    let errands = Errand::ALL
        .into_iter()
        .filter_map(|errand| Some((errand, app.errands.run(errand)?)))
        .collect();
    pages::answer(&JobsPage {
        page,
        head,
        jobs,
        errands,
    })
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Doing {
    Retry,
    Stop,
}

#[derive(Deserialize)]
struct About {
    kind: JobKind,
    about: String,
    act: Doing,
}

async fn act(
    State(app): State<App>,
    guest: Guest,
    sent: Result<Form<About>, FormRejection>,
) -> Result<Response, Refusal> {
    open(&Page::of(&app, &guest), "/jobs")?;
    let about = read(sent)?;
    let now_us = app.clock.now_us();
    app.db
        .write(move |conn| {
            match about.act {
                Doing::Retry => retry(conn, about.kind, &about.about)?,
                Doing::Stop => stop(conn, about.kind, &about.about, now_us)?,
            }
            Ok::<_, Refusal>(())
        })
        .await?;
    rouse(&app);
    Ok(Redirect::to("/desk/jobs").into_response())
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ToErrand {
    Now,
    PutOff,
    TakeUp,
}

#[derive(Deserialize)]
struct OfErrand {
    errand: Errand,
    act: ToErrand,
}

/// `POST /desk/errands`: has an errand done at once, puts one off, takes one up again.
async fn run(
    State(app): State<App>,
    guest: Guest,
    sent: Result<Form<OfErrand>, FormRejection>,
) -> Result<Response, Refusal> {
    open(&Page::of(&app, &guest), "/jobs")?;
    let wish = read(sent)?;
    // What this node does not do is not there.
    if app.errands.run(wish.errand).is_none() {
        return Err(Refusal::Missing);
    }
    match wish.act {
        ToErrand::Now => errands::rouse(&app, wish.errand),
        ToErrand::PutOff => {
            if !app.errands.put_off(wish.errand, true) {
                return Err(Refusal::Conflict(Say::new("operating-errand-due")));
            }
        }
        ToErrand::TakeUp => {
            app.errands.put_off(wish.errand, false);
            errands::rouse(&app, wish.errand);
        }
    }
    Ok(Redirect::to("/desk/jobs#errands").into_response())
}

fn rouse(node: &Node) {
    node.wake.deliver.notify_one();
    node.wake.inbox.notify_one();
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    let job = |kind, attempts| Job {
        kind,
        about: "http://localhost:8102".into(),
        count: 12,
        since_us: 1_793_491_200_000_000,
        attempts,
        error: (attempts > 0).then(|| "connection <refused>".into()),
        stoppable: 3 * (attempts % 2),
    };
    let run = |at: usize| Run {
        began_us: Some(1_790_000_000_000_000),
        done_us: (at != 2).then_some(1_790_000_000_000_000),
        failed: (at % 4 == 1).then(|| (1_789_000_000_000_000, "disk <full>".to_owned())),
        failing: at % 8 == 1,
        next_us: Some(1_790_000_060_000_000),
        put_off: at == 11,
        ..Run::default()
    };
    let page = |jobs: Vec<Job>| JobsPage {
        page: Page::sample(language, true),
        head: super::sample_head("/jobs"),
        errands: match jobs.is_empty() {
            true => Vec::new(),
            false => Errand::ALL.into_iter().zip((0..13).map(run)).collect(),
        },
        jobs,
    };
    let full = page(vec![
        job(JobKind::Delivery, 3),
        job(JobKind::Arrival, 0),
        job(JobKind::Report, 2),
        job(JobKind::Settlement, 1),
    ]);
    vec![
        ("jobs", full.render()),
        ("no jobs", page(Vec::new()).render()),
    ]
}
