//! The curators' room: a venue's drafts, and composing one. The form works as it is, with the
//! addresses of works; a search beside it puts them there with a script, by button or by hand.

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Form, Multipart, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use settlement::{Uri, WorkId};

use crate::catalogue::pictures;
use crate::catalogue::shown::{self as works_shown, ShownWork};
use crate::config::Language;
use crate::curation::drafts::{self, Body, Draft, Line, Missed, Saved, Times, Wish};
use crate::curation::shown::{self, ShownSelection};
use crate::curation::{NOTE_LIMIT, WORDS_LIMIT, WORKS_LIMIT, store};
use crate::db::Conn;
use crate::discovery::search::shown as search;
use crate::members::SignedIn;
use crate::pages::{self, Page};
use crate::venues::{self, Venue};
use crate::web::{App, Complaint, Guest, Refusal};
use crate::words::Say;

/// The largest form taken here, in bytes.
const LIMIT: usize = 2 * 4 * (WORDS_LIMIT + WORKS_LIMIT * (NOTE_LIMIT + Uri::LIMIT));
/// How many works the search beside a draft finds.
const FOUND: usize = 30;
/// How many empty lines a form has for who writes without a script.
const EMPTY_LINES: usize = 5;
/// How many drafts a list shows.
const DRAFTS: i64 = 100;

/// The doors of this drawer.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/venues/{slug}/compose", get(compose))
        .route("/venues/{slug}/drafts", get(list).post(begin))
        .route("/venues/{slug}/drafts/{id}", get(open).post(save))
        .route("/venues/{slug}/drafts/{id}/picture", post(picture))
        .route("/venues/{slug}/borrow", post(borrow))
}

/// The venue, for who composes for it.
fn desk(conn: &mut Conn, member: &SignedIn, slug: &str) -> Result<Venue, Refusal> {
    let venue = venues::store::by_slug(conn, slug)?.ok_or(Refusal::Missing)?;
    if member.curates(&venue.id) {
        return Ok(venue);
    }
    let not_yours = Say::new("curation-not-yours").with("venue", &venue.name);
    Err(Refusal::Forbidden(not_yours))
}

/// A venue's drafts.
#[derive(Template)]
#[template(path = "curation/drafts.html")]
struct DraftsPage {
    page: Page,
    slug: String,
    venue: String,
    drafts: Vec<Draft>,
}

impl DraftsPage {
    fn state(&self, draft: &Draft) -> String {
        let page = &self.page;
        if let Some(missed) = &draft.missed {
            return said(page, missed);
        }
        match (&draft.selection, draft.publish_us) {
            (_, Some(at)) => page.t2(
                "curation-draft-timed",
                "day",
                page.day(at),
                "time",
                page.time(at),
            ),
            (Some(_), None) => page.t("curation-draft-published"),
            (None, None) => page.t("curation-draft-unpublished"),
        }
    }
}

/// What kept a draft from being published at its time.
fn said(page: &Page, missed: &Missed) -> String {
    let (day, time) = (page.day(missed.at_us), page.time(missed.at_us));
    let was = page.t2("curation-draft-missed", "day", day, "time", time);
    format!("{was} {}", missed.why(page.language))
}

async fn list(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.clone();
    let page = Page::of(&app, &guest);
    let found = app
        .db
        .read(move |conn| {
            let venue = desk(conn, &member, &slug)?;
            Ok::<_, Refusal>(DraftsPage {
                page,
                slug,
                venue: venue.name,
                drafts: store::drafts::of_venue(conn, &venue.id, DRAFTS)?,
            })
        })
        .await?;
    pages::answer(&found)
}

/// Composing.
#[derive(Template)]
#[template(path = "curation/compose.html")]
struct ComposePage {
    page: Page,
    slug: String,
    venue: String,
    /// The draft's id; none before it was saved.
    id: Option<String>,
    as_of: Option<i64>,
    body: Body,
    /// Each line, with its work where it is known.
    lines: Vec<(Line, Option<ShownWork>)>,
    publish_at: String,
    unpublish_at: String,
    /// Why it was not published at its time.
    missed: Option<String>,
    /// What it was published as.
    published: Option<String>,
    /// Whom it answers: its title and page.
    answers: Option<ShownSelection>,
    /// Who changed it in the meantime, and when.
    overtaken: Option<(String, i64)>,
    complaints: Vec<Complaint>,
    q: String,
    found: Vec<ShownWork>,
}

impl ComposePage {
    /// Where the form goes, and the search beside it.
    fn address(&self) -> String {
        match &self.id {
            Some(id) => format!("/venues/{}/drafts/{id}", self.slug),
            None => format!("/venues/{}/drafts", self.slug),
        }
    }

    fn search_address(&self) -> String {
        match &self.id {
            Some(_) => self.address(),
            None => format!("/venues/{}/compose", self.slug),
        }
    }

    fn is_in(&self, language: &str) -> bool {
        self.body.language().code() == language
    }

    /// The covers of its works, to choose its picture from: digest and title.
    fn covers(&self) -> Vec<(String, String)> {
        let mut covers: Vec<(String, String)> = Vec::new();
        for work in self.lines.iter().filter_map(|(_, work)| work.as_ref()) {
            let digest = work.came_on.as_ref().and_then(|release| release.cover);
            if let Some(digest) = digest.map(|digest| digest.to_string())
                && covers.iter().all(|(known, _)| *known != digest)
            {
                covers.push((digest, work.title.clone()));
            }
        }
        if let Some(own) = &self.body.picture
            && covers.iter().all(|(known, _)| known != own)
        {
            covers.insert(0, (own.clone(), self.page.t("curation-picture-own")));
        }
        covers
    }

    fn cover_path(&self, digest: &str) -> String {
        let digest: Option<federation::digest::Sha256Digest> = digest.parse().ok();
        digest.map_or_else(String::new, |digest| format!("/covers/{}", digest.hex()))
    }

    fn is_chosen(&self, digest: &str) -> bool {
        self.body.picture.as_deref() == Some(digest)
    }
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    q: String,
}

async fn compose(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    let body = Body {
        language: guest.language.code().to_owned(),
        ..Body::default()
    };
    let written = Written {
        body,
        ..Written::default()
    };
    pages::answer(&read_page(&app, &guest, slug, None, Some(written), wanted.q).await?)
}

async fn open(
    State(app): State<App>,
    guest: Guest,
    Path((slug, id)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    pages::answer(&read_page(&app, &guest, slug, Some(id), None, wanted.q).await?)
}

/// What a form held, to be shown again.
#[derive(Default)]
struct Written {
    body: Body,
    publish_at: String,
    unpublish_at: String,
    as_of: Option<i64>,
    act: String,
    overtaken: Option<(String, i64)>,
    complaints: Vec<Complaint>,
}

/// The page: of a draft as it is kept, or of what was written.
async fn read_page(
    app: &App,
    guest: &Guest,
    slug: String,
    id: Option<String>,
    written: Option<Written>,
    q: String,
) -> Result<ComposePage, Refusal> {
    let member = guest.signed_in()?.clone();
    let page = Page::of(app, guest);
    let node = app.clone();
    let q: String = q.trim().chars().take(200).collect();
    app.db
        .read(move |conn| {
            let venue = desk(conn, &member, &slug)?;
            let draft = match &id {
                Some(id) => {
                    Some(store::drafts::draft(conn, &venue.id, id)?.ok_or(Refusal::Missing)?)
                }
                None => None,
            };
            let local = |us: Option<i64>| us.map_or_else(String::new, |us| local(us, &page.zone));
            let kept = draft.as_ref();
            let mut written = written.unwrap_or_else(|| Written {
                body: kept.map(|draft| draft.body.clone()).unwrap_or_default(),
                publish_at: local(kept.and_then(|draft| draft.publish_us)),
                unpublish_at: local(kept.and_then(|draft| draft.unpublish_us)),
                as_of: kept.map(|draft| draft.updated_us),
                ..Written::default()
            });
            if let Some(draft) = kept {
                written.body.answers.clone_from(&draft.body.answers);
            }
            let ids: Vec<WorkId> = written
                .body
                .works
                .iter()
                .filter_map(|line| WorkId::parse(line.work.trim()).ok())
                .collect();
            let works = works_shown::works(conn, &ids)?;
            let lines = written.body.works.iter().map(|line| {
                let id = WorkId::parse(line.work.trim()).ok();
                (line.clone(), id.and_then(|id| works.get(&id).cloned()))
            });
            let answers = match &written.body.answers {
                Some(id) => shown::selection(conn, id)?,
                None => None,
            };
            let empty = (0..EMPTY_LINES).map(|_| (Line::default(), None));
            Ok(ComposePage {
                lines: lines.chain(empty).collect(),
                found: search::works(conn, &node, &q, FOUND)?,
                missed: kept
                    .and_then(|draft| draft.missed.as_ref())
                    .map(|missed| said(&page, missed)),
                published: kept.and_then(|draft| draft.selection.as_ref().map(Uri::to_string)),
                slug,
                venue: venue.name,
                id,
                as_of: written.as_of,
                body: written.body,
                publish_at: written.publish_at,
                unpublish_at: written.unpublish_at,
                overtaken: written.overtaken,
                complaints: written.complaints,
                answers,
                q,
                page,
            })
        })
        .await
}

/// A moment as a form writes it, in the node's time zone.
fn local(us: i64, zone: &TimeZone) -> String {
    let moment = jiff::Timestamp::from_microsecond(us);
    moment.map_or_else(
        |_| String::new(),
        |moment| {
            moment
                .to_zoned(zone.clone())
                .strftime("%Y-%m-%dT%H:%M")
                .to_string()
        },
    )
}

/// The moment a form says, in the node's time zone; none where it says nothing.
fn moment(text: &str, field: &'static str, zone: &TimeZone) -> Result<Option<i64>, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let unread = || Refusal::field(field, Say::new("curation-time-unread"));
    let time: DateTime = text.parse().map_err(|_| unread())?;
    let moment = time.to_zoned(zone.clone()).map_err(|_| unread())?;
    Ok(Some(moment.timestamp().as_microsecond()))
}

impl Written {
    fn read(body: &[u8]) -> Result<Self, Refusal> {
        if body.len() > LIMIT {
            let say = Say::new("refusal-body-large").with("limit", LIMIT / 1024);
            return Err(Refusal::field("body", say));
        }
        let mut written = Written::default();
        // The note that follows an empty line belongs to no work.
        let mut line_is_empty = true;
        for (name, value) in url::form_urlencoded::parse(body) {
            let body = &mut written.body;
            let value = value.into_owned();
            match &*name {
                "title" => body.title = value,
                "words" => body.words = value,
                "other_title" => body.other_title = value,
                "other_words" => body.other_words = value,
                "language" => body.language = value,
                "picture" => body.picture = Some(value).filter(|digest| !digest.is_empty()),
                "work" => {
                    line_is_empty = value.trim().is_empty();
                    if !line_is_empty {
                        let work = value.trim().chars().take(Uri::LIMIT).collect();
                        let note = String::new();
                        body.works.push(Line { work, note });
                    }
                }
                "note" if !line_is_empty => {
                    if let Some(last) = body.works.last_mut() {
                        last.note = value;
                    }
                }
                "publish_at" => written.publish_at = value.chars().take(40).collect(),
                "unpublish_at" => written.unpublish_at = value.chars().take(40).collect(),
                "as_of" => written.as_of = value.parse().ok(),
                "act" => written.act = value,
                _ => {}
            }
        }
        if Language::parse(&written.body.language).is_none() {
            written.body.language = Language::Fr.code().to_owned();
        }
        Ok(written)
    }

    fn times(&self, zone: &TimeZone) -> Result<Times, Refusal> {
        Ok(Times {
            publish_us: moment(&self.publish_at, "publish_at", zone)?,
            unpublish_us: moment(&self.unpublish_at, "unpublish_at", zone)?,
        })
    }
}

async fn begin(
    app: State<App>,
    guest: Guest,
    Path(slug): Path<String>,
    body: Bytes,
) -> Result<Response, Refusal> {
    act(app, guest, slug, None, body).await
}

async fn save(
    app: State<App>,
    guest: Guest,
    Path((slug, id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, Refusal> {
    act(app, guest, slug, Some(id), body).await
}

/// What is left to do once a form was acted on.
enum Done {
    GoTo(String),
    Overtaken(Box<Draft>),
}

async fn act(
    State(app): State<App>,
    guest: Guest,
    slug: String,
    id: Option<String>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.clone();
    let mut written = Written::read(&body)?;
    let zone = app.config.time_zone();
    let (node, of, at) = (app.clone(), slug.clone(), id.clone());
    let (wish, act, as_of) = (written.body.clone(), written.act.clone(), written.as_of);
    let done = match written.times(&zone) {
        Err(refusal) => Err(refusal),
        Ok(times) => {
            app.db
                .write(move |conn| {
                    let venue = desk(conn, &member, &of)?;
                    let wish = Wish {
                        id: at.as_deref(),
                        as_of,
                        body: wish,
                        times,
                    };
                    let saved = drafts::save(conn, &node, &venue, &member, wish)?;
                    match saved {
                        Saved::Stale(theirs) => Ok(Done::Overtaken(theirs)),
                        Saved::Kept(draft) => go_on(conn, &node, &venue, *draft, &act),
                    }
                })
                .await
        }
    };
    match done {
        Ok(Done::GoTo(path)) => return Ok(Redirect::to(&path).into_response()),
        Ok(Done::Overtaken(theirs)) => {
            // Once told, who saves again saves over it.
            written.overtaken = Some((theirs.updated_by, theirs.updated_us));
            written.as_of = Some(theirs.updated_us);
        }
        Err(Refusal::Invalid(complaints)) => written.complaints = complaints,
        Err(refusal) => return Err(refusal),
    }
    let page = read_page(&app, &guest, slug, id, Some(written), String::new()).await?;
    pages::answer_invalid(&page)
}

fn go_on(
    conn: &mut Conn,
    node: &crate::Node,
    venue: &Venue,
    mut draft: Draft,
    act: &str,
) -> Result<Done, Refusal> {
    let here = format!("/venues/{}/drafts", venue.slug);
    match act {
        "publish" => {
            let selection = drafts::publish(conn, node, venue, &mut draft)?;
            let base = node.config.base();
            let path = selection.id.as_str().strip_prefix(&base).unwrap_or("/");
            Ok(Done::GoTo(path.to_owned()))
        }
        "withdraw" => {
            drafts::withdraw(conn, node, &mut draft)?;
            Ok(Done::GoTo(here))
        }
        "delete" if draft.selection.is_none() => {
            store::drafts::delete(conn, &draft.id)?;
            Ok(Done::GoTo(here))
        }
        _ => Ok(Done::GoTo(format!("{here}/{}", draft.id))),
    }
}

/// `POST /venues/{slug}/drafts/{id}/picture`: a picture of one's own; it is drawn anew, so that no
/// byte of the file is ever served.
async fn picture(
    State(app): State<App>,
    guest: Guest,
    Path((slug, id)): Path<(String, String)>,
    mut form: Multipart,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.clone();
    let refused = || Refusal::field("picture", Say::new("curation-picture-refused"));
    let mut bytes = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|_| refused())? {
        if field.name() == Some("file") {
            bytes = field.bytes().await.map_err(|_| refused())?.to_vec();
        }
    }
    // Whose door it is comes before what was brought.
    let (who, of) = (member.clone(), slug.clone());
    app.db
        .read(move |conn| desk(conn, &who, &of).map(drop))
        .await?;
    let (node, passing) = (app.clone(), app.clock.fresh_id());
    let kept =
        tokio::task::spawn_blocking(move || pictures::keep(&node.config.media, &passing, &bytes));
    let digest = match kept.await.map_err(Refusal::broken)? {
        Ok(digest) => digest,
        Err(pictures::PictureRefused::Io(error)) => return Err(Refusal::broken(error)),
        Err(_) => {
            let mut page = read_page(&app, &guest, slug, Some(id), None, String::new()).await?;
            page.complaints = vec![Complaint {
                field: "picture",
                say: Say::new("curation-picture-refused"),
            }];
            return pages::answer_invalid(&page);
        }
    };
    let to = format!("/venues/{slug}/drafts/{id}");
    let node = app.clone();
    app.db
        .write(move |conn| {
            let venue = desk(conn, &member, &slug)?;
            let draft = store::drafts::draft(conn, &venue.id, &id)?;
            let mut draft = draft.ok_or(Refusal::Missing)?;
            draft.body.picture = Some(digest.to_string());
            draft.updated_us = node.clock.now_us().max(draft.updated_us + 1);
            draft.updated_by = member.name;
            Ok::<_, Refusal>(store::drafts::put(conn, &draft)?)
        })
        .await?;
    Ok(Redirect::to(&to).into_response())
}

#[derive(Deserialize)]
struct Borrowing {
    selection: String,
}

/// `POST /venues/{slug}/borrow`: a draft with the works of another's selection, which it answers.
async fn borrow(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
    Form(form): Form<Borrowing>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.clone();
    let from = Uri::parse(&form.selection).map_err(|_| Refusal::Missing)?;
    let (node, of) = (app.clone(), slug.clone());
    let draft = app
        .db
        .write(move |conn| {
            let venue = desk(conn, &member, &of)?;
            drafts::borrow(conn, &node, &venue, &member, &from)
        })
        .await?;
    let to = format!("/venues/{slug}/drafts/{}", draft.id);
    Ok(Redirect::to(&to).into_response())
}

#[cfg(test)]
pub(crate) fn samples(language: Language) -> Vec<(&'static str, askama::Result<String>)> {
    use crate::catalogue::pages::sample_work;
    use crate::curation::pages::sample_selection;
    let digest = federation::digest::Sha256Digest::of(b"a picture").to_string();
    let body = |full: bool| Body {
        language: "fr".into(),
        title: "Ce que l’eau <porte>".into(),
        words: "Un & deux".into(),
        other_title: if full {
            "What \"water\" carries".into()
        } else {
            String::new()
        },
        picture: full.then(|| digest.clone()),
        ..Body::default()
    };
    let mut all = Vec::new();
    for full in [true, false] {
        let line = |at: u8| {
            let work = sample_work(at);
            let line = Line {
                work: work.id.to_string(),
                note: "Pour <finir>".into(),
            };
            (line, (at != 2).then_some(work))
        };
        let lines = (0..3).filter(|_| full).map(line);
        let compose = ComposePage {
            page: Page::sample(language, true),
            slug: "le-fil".into(),
            venue: "Le Fil <&>".into(),
            id: full.then(|| "1".into()),
            as_of: full.then_some(1),
            body: body(full),
            lines: lines.chain([(Line::default(), None)]).collect(),
            publish_at: "2026-11-30T18:00".into(),
            unpublish_at: String::new(),
            missed: full.then(|| "It was <not>.".into()),
            published: full.then(|| "http://localhost:8101/selections/1".into()),
            answers: full.then(|| sample_selection(false)),
            overtaken: full.then(|| ("Zoé <&>".into(), 1_793_491_200_000_000)),
            complaints: if full {
                Vec::new()
            } else {
                [
                    "title",
                    "other_title",
                    "words",
                    "other_words",
                    "works",
                    "publish_at",
                    "unpublish_at",
                    "picture",
                ]
                .map(|field| Complaint {
                    field,
                    say: Say::new("curation-time-unread"),
                })
                .to_vec()
            },
            q: if full { "\"eau".into() } else { String::new() },
            found: if full {
                vec![sample_work(1), sample_work(2)]
            } else {
                Vec::new()
            },
        };
        all.push(("compose", compose.render()));
        let draft = |at: i64| Draft {
            id: at.to_string(),
            venue: settlement::VenueId::parse("http://localhost:8101/venues/le-fil").unwrap(),
            selection: (at == 1).then(|| Uri::parse("http://localhost:8101/selections/1").unwrap()),
            body: if at == 3 { Body::default() } else { body(true) },
            publish_us: (at == 2).then_some(1_793_491_200_000_000),
            unpublish_us: None,
            updated_us: at,
            updated_by: "Ana <&>".into(),
            missed: (at == 3).then(|| {
                let untitled = Refusal::field("title", Say::new("curation-time-unread"));
                Missed::of(1_793_491_200_000_000, &untitled)
            }),
        };
        let drafts = DraftsPage {
            page: Page::sample(language, true),
            slug: "le-fil".into(),
            venue: "Le Fil <&>".into(),
            drafts: if full {
                (1..4).map(draft).collect()
            } else {
                Vec::new()
            },
        };
        all.push(("drafts", drafts.render()));
    }
    all
}
