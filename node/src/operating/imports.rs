//! Imports at the desk: what was imported, what was refused and why, and an import of a folder below
//! `intake/` in the node's folder, watched while it goes on and stopped when somebody wants it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path as UrlPath, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use diesel::prelude::*;
use serde::Deserialize;

use super::{Head, open};
use crate::Node;
use crate::catalogue::import::{self, Became, ImportEvent, ImportOptions};
use crate::db::Conn;
use crate::pages::{self, Page};
use crate::schema::{import_refusals, imports};
use crate::web::read;
use crate::web::{App, Guest, Refusal};
use crate::words::Say;

/// How many imports are listed.
const LISTED: i64 = 50;
/// How many refusals are shown.
const REFUSALS: i64 = 500;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/desk/imports", get(list).post(start))
        .route("/desk/imports/now", get(progress))
        .route("/desk/imports/stop", post(stop))
        .route("/desk/imports/{id}", get(one))
}

/// The import this process does, if one is at work.
#[derive(Debug, Default)]
pub struct Imports {
    now: Mutex<Option<Running>>,
}

/// An import that goes on, as far as it came.
#[derive(Clone, Debug, Default)]
pub struct Running {
    /// The folder's name.
    pub folder: String,
    /// Files found.
    pub files: i64,
    /// Their bytes.
    pub bytes: i64,
    /// Bytes done with.
    pub done_bytes: i64,
    /// Files done with.
    pub done: i64,
    /// Files refused.
    pub refused: i64,
    /// Why it ended, when it did not end well.
    pub failed: Option<Say>,
    /// Whether it is over.
    pub over: bool,
    stop: Arc<AtomicBool>,
}

impl Imports {
    /// What is at work, or what was last.
    pub fn now(&self) -> Option<Running> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the place, if nobody has it.
    fn begin(&self, folder: &str) -> Option<Arc<AtomicBool>> {
        let mut now = self.lock();
        if now.as_ref().is_some_and(|running| !running.over) {
            return None;
        }
        let running = Running {
            folder: folder.to_owned(),
            ..Running::default()
        };
        let stop = running.stop.clone();
        *now = Some(running);
        Some(stop)
    }

    fn note(&self, change: impl FnOnce(&mut Running)) {
        if let Some(running) = self.lock().as_mut() {
            change(running);
        }
    }
}

/// Where files are laid to be imported from the desk.
pub fn intake(node: &Node) -> PathBuf {
    node.config.dir.join("intake")
}

/// The folders and files that lie there, by name.
fn laid(node: &Node) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(intake(node)) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .take(1_000)
        .collect();
    names.sort();
    names
}

/// Begins an import of what lies in `intake/` under this name, aside.
///
/// # Errors
/// [`Refusal::Invalid`] on `folder`; [`Refusal::Conflict`] while another import is at work.
pub fn begin(app: &App, folder: &str) -> Result<(), Refusal> {
    // A name that is listed is one name: no way leads out of the folder.
    if !laid(app).iter().any(|name| name == folder) {
        return Err(Refusal::field(
            "folder",
            Say::new("operating-import-nothing"),
        ));
    }
    let path = intake(app).join(Path::new(folder));
    let Some(stop) = app.imports.begin(folder) else {
        return Err(Refusal::Conflict(Say::new("catalogue-import-running")));
    };
    let app = app.clone();
    tokio::task::spawn_blocking(move || {
        let options = ImportOptions {
            stop: Some(stop),
            ..ImportOptions::default()
        };
        let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let ran = import::run(&app, &[path], &options, &mut |event| {
            app.imports.note(|running| match event {
                ImportEvent::Found { files, bytes } => {
                    (running.files, running.bytes) = (whole(files), whole(bytes));
                }
                ImportEvent::Noticed { .. } => {}
                ImportEvent::Read { bytes } => running.done_bytes += whole(bytes),
                ImportEvent::Done { bytes, became, .. } => {
                    running.done_bytes += whole(bytes);
                    running.done += 1;
                    running.refused += i64::from(matches!(became, Became::Refused(_)));
                }
            });
        });
        app.imports.note(|running| {
            running.over = true;
            running.failed = match ran {
                Ok(_) => None,
                Err(Refusal::Conflict(say)) => Some(say),
                Err(refusal) => {
                    tracing::error!(%refusal, "an import broke");
                    Some(Say::new("refusal-broken"))
                }
            };
        });
    });
    Ok(())
}

/// An import as the desk lists it.
#[derive(Clone, Debug)]
struct Import {
    id: String,
    path: String,
    started_us: i64,
    ended_us: Option<i64>,
    taken: i64,
    known: i64,
    refused: i64,
}

type Row = (String, String, i64, Option<i64>, i64, i64, i64);

fn read_row((id, path, started_us, ended_us, taken, known, refused): Row) -> Import {
    Import {
        id,
        path,
        started_us,
        ended_us,
        taken,
        known,
        refused,
    }
}

/// The page.
#[derive(Template)]
#[template(path = "operating/imports.html")]
struct ImportsPage {
    page: Page,
    head: Head,
    running: Option<Running>,
    laid: Vec<String>,
    intake: String,
    imports: Vec<Import>,
}

/// The part of it that changes while an import goes on.
#[derive(Template)]
#[template(path = "operating/progress.html")]
struct ProgressPart {
    page: Page,
    running: Option<Running>,
}

async fn list(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    let head = open(&page, "/imports")?;
    let rows = app
        .db
        .read(|conn| {
            let rows: Vec<Row> = imports::table
                .order((imports::started_us.desc(), imports::id.desc()))
                .limit(LISTED)
                .load(conn)?;
            Ok::<_, Refusal>(rows)
        })
        .await?;
    let node = app.clone();
    let laid = tokio::task::spawn_blocking(move || laid(&node));
    pages::answer(&ImportsPage {
        page,
        head,
        running: app.imports.now(),
        laid: laid.await.map_err(Refusal::broken)?,
        intake: intake(&app).display().to_string(),
        imports: rows.into_iter().map(read_row).collect(),
    })
}

async fn progress(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    open(&page, "/imports")?;
    pages::answer(&ProgressPart {
        page,
        running: app.imports.now(),
    })
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    folder: String,
}

async fn start(
    State(app): State<App>,
    guest: Guest,
    sent: Result<Form<Wanted>, FormRejection>,
) -> Result<Response, Refusal> {
    open(&Page::of(&app, &guest), "/imports")?;
    let wanted = read(sent)?;
    begin(&app, &wanted.folder)?;
    Ok(Redirect::to("/desk/imports").into_response())
}

async fn stop(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    open(&Page::of(&app, &guest), "/imports")?;
    if let Some(running) = app.imports.now() {
        running.stop.store(true, Ordering::Relaxed);
    }
    Ok(Redirect::to("/desk/imports").into_response())
}

/// An import and what it refused.
#[derive(Template)]
#[template(path = "operating/import.html")]
struct ImportPage {
    page: Page,
    head: Head,
    import: Import,
    refusals: Vec<(String, String)>,
}

async fn one(
    State(app): State<App>,
    guest: Guest,
    UrlPath(id): UrlPath<String>,
) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    let head = open(&page, "/imports")?;
    let found = app
        .db
        .read(move |conn: &mut Conn| {
            let row: Option<Row> = imports::table.find(&id).first(conn).optional()?;
            let refusals: Vec<(String, String)> = import_refusals::table
                .filter(import_refusals::import_id.eq(&id))
                .order(import_refusals::file)
                .limit(REFUSALS)
                .select((import_refusals::file, import_refusals::reason))
                .load(conn)?;
            Ok::<_, Refusal>(ImportPage {
                page,
                head,
                import: read_row(row.ok_or(Refusal::Missing)?),
                refusals,
            })
        })
        .await?;
    pages::answer(&found)
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    let import = |ended_us| Import {
        id: "i1".into(),
        path: "/srv/intake/<lots>".into(),
        started_us: 1_793_491_200_000_000,
        ended_us,
        taken: 1_204,
        known: 12,
        refused: 3,
    };
    let running = |over: bool, failed: Option<Say>| Running {
        folder: "Kollektiv <&>".into(),
        files: 120,
        bytes: 2_000_000,
        done_bytes: 700_000,
        done: 41,
        refused: 2,
        failed,
        over,
        stop: Arc::default(),
    };
    let states = [
        None,
        Some(running(false, None)),
        Some(running(true, None)),
        Some(running(true, Some(Say::new("catalogue-import-stopped")))),
    ];
    let mut all = Vec::new();
    for state in states {
        let page = ImportsPage {
            page: Page::sample(language, true),
            head: super::sample_head("/imports"),
            laid: match state {
                None => Vec::new(),
                Some(_) => vec!["a <b>".into(), "b".into()],
            },
            intake: "/srv/antiphon/intake".into(),
            imports: match state {
                None => Vec::new(),
                Some(_) => vec![import(None), import(Some(1_793_491_900_000_000))],
            },
            running: state,
        };
        all.push(("imports", page.render()));
    }
    let one = ImportPage {
        page: Page::sample(language, true),
        head: super::sample_head("/imports"),
        import: import(None),
        refusals: vec![("a/<b>.mp3".into(), "It is not a sound.".into())],
    };
    all.push(("import", one.render()));
    all
}
