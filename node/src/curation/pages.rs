//! Home, where the venues put things forward, and a selection, which reads like a short article
//! that plays, here or within another site's page.

pub(crate) mod compose;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use axum::routing::get;
use settlement::Uri;

use super::shown::{self, Piece, ShownSelection};
use super::store;
use crate::catalogue::shown::{self as works_shown, ShownWork};
use crate::catalogue::{Release, store as catalogue};
use crate::db::Conn;
use crate::members::public::store as people;
use crate::pages::{self, Elsewhere, Page};
use crate::shelf::store as shelf;
use crate::venues;
use crate::venues::statement::FEWEST;
use crate::web::{self, App, Guest, Refusal};

/// The doors that answer with pages alone.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(home))
        .route("/elsewhere/selections", get(selection_elsewhere))
        .merge(compose::routes())
}

/// Home: what the venues say tonight, here and elsewhere, and what is new.
#[derive(Template)]
#[template(path = "curation/home.html")]
struct HomePage {
    page: Page,
    lead: Option<ShownSelection>,
    here: Vec<ShownSelection>,
    elsewhere: Vec<ShownSelection>,
    /// What those the reader follows put forward, and put out.
    followed: Vec<ShownSelection>,
    followed_releases: Vec<Release>,
    /// What the members here love.
    loved: Vec<ShownWork>,
    new_here: Vec<Release>,
    new_elsewhere: Vec<Release>,
}

impl HomePage {
    fn is_bare(&self) -> bool {
        self.lead.is_none() && self.new_here.is_empty() && self.new_elsewhere.is_empty()
    }
}

/// How many new releases each voice shows at most: the newest large, the others two by two.
const NEW: i64 = 7;

/// As many releases as fill their rows.
fn fronted(mut releases: Vec<Release>) -> Vec<Release> {
    if releases.len().is_multiple_of(2) {
        releases.pop();
    }
    releases
}

async fn home(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    let found = app
        .db
        .read(move |conn| {
            let base = page.base.clone();
            let mut here = shown::latest(conn, &base, true, 5)?;
            let mut elsewhere = shown::latest(conn, &base, false, 4)?;
            // The member's own venue speaks first.
            let venue = page.member.as_ref().and_then(|m| m.venue.as_ref());
            let at = here
                .iter()
                .position(|s| venue.is_some_and(|v| v.as_str() == s.venue));
            let lead = if !here.is_empty() {
                Some(here.remove(at.unwrap_or(0)))
            } else if !elsewhere.is_empty() {
                Some(elsewhere.remove(0))
            } else {
                None
            };
            let follows = match &page.member {
                Some(member) => people::followed(conn, &member.id)?,
                None => Vec::new(),
            };
            let loved = shelf::loved(conn, FEWEST, 8)?;
            let mut works = works_shown::works(conn, &loved)?;
            Ok::<_, Refusal>(HomePage {
                followed: shown::of_venues(conn, &follows, 4)?,
                followed_releases: catalogue::releases_of_parties(conn, &follows, 4)?,
                loved: loved.iter().filter_map(|id| works.remove(id)).collect(),
                lead,
                here,
                elsewhere,
                new_here: fronted(catalogue::latest_releases(conn, &base, true, NEW)?),
                new_elsewhere: fronted(catalogue::latest_releases(conn, &base, false, NEW)?),
                page,
            })
        })
        .await?;
    pages::answer(&found)
}

/// A selection.
#[derive(Template)]
#[template(path = "curation/selection.html")]
struct SelectionPage {
    page: Page,
    selection: ShownSelection,
    pieces: Vec<Piece>,
    /// The slug of its venue, when that is here.
    venue_slug: Option<String>,
    /// Whom it answers: address, title, venue.
    answers: Option<(String, String, String)>,
    /// The venue's slug and the draft's id, for who may change it.
    draft: Option<(String, String)>,
    /// The venues the reader may borrow it for: slug and name.
    desks: Vec<(String, String)>,
}

impl SelectionPage {
    /// The picture it is shown with elsewhere: its own, else the first cover among its works.
    fn picture(&self) -> Option<String> {
        let covers = self.pieces.iter().filter_map(|piece| piece.work.as_ref());
        let mut covers = covers.filter_map(ShownWork::cover);
        self.selection.picture().or_else(|| covers.next())
    }

    /// What it is about, in a line or two.
    fn description(&self) -> String {
        let language = &self.page.language;
        let words = self.selection.opening(language);
        if words.is_empty() {
            return self
                .page
                .tn("curation-by", "venue", &self.selection.venue_name);
        }
        self.page.prose(pages::shorten(words, 200))
    }

    /// Where the venue's feed is.
    fn feed(&self) -> Option<String> {
        let slug = self.venue_slug.as_ref()?;
        Some(format!("/venues/{slug}/feed.atom"))
    }

    /// What is put into another page to show it there.
    fn frame(&self) -> String {
        super::feeds::frame(
            &self.selection.id,
            self.selection.titled(&self.page.language),
        )
    }

    fn is_previewed(&self, work: &ShownWork) -> bool {
        work.is_previewed()
    }
}

/// `GET /selections/{id}` for people.
pub async fn selection(
    State(app): State<App>,
    guest: Guest,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    show_selection(&app, &guest, app.config.uri(&format!("/selections/{id}"))).await
}

async fn selection_elsewhere(
    State(app): State<App>,
    guest: Guest,
    Query(wanted): Query<Elsewhere>,
) -> Result<Response, Refusal> {
    show_selection(&app, &guest, wanted.uri).await
}

async fn show_selection(app: &App, guest: &Guest, id: String) -> Result<Response, Refusal> {
    let page = Page::of(app, guest);
    let found = app
        .db
        .read(move |conn| read_selection(conn, page, &id))
        .await?;
    pages::answer(&found)
}

fn read_selection(conn: &mut Conn, page: Page, id: &str) -> Result<SelectionPage, Refusal> {
    let selection = shown::selection(conn, id)?.ok_or(Refusal::Missing)?;
    let answers = match &selection.details.answers {
        Some(answered) => match shown::selection(conn, answered.as_str())? {
            Some(other) => {
                let title = other.titled(&page.language).to_owned();
                Some((other.id, title, other.venue_name))
            }
            // Its title is not known here; its address is.
            None => Some((answered.to_string(), answered.to_string(), String::new())),
        },
        None => None,
    };
    let venues = venues::store::all(conn)?;
    let own = venues
        .iter()
        .find(|venue| venue.id.as_str() == selection.venue);
    let curates = |venue: &&venues::Venue| {
        let member = page.member.as_ref();
        member.is_some_and(|member| member.curates(&venue.id))
    };
    let mut draft = None;
    if let Some(venue) = own.filter(curates) {
        let uri = Uri::parse(id).map_err(Refusal::broken)?;
        draft =
            store::drafts::of_selection(conn, &uri)?.map(|draft| (venue.slug.clone(), draft.id));
    }
    let others = venues
        .iter()
        .filter(|venue| venue.id.as_str() != selection.venue);
    let desks = others
        .filter(curates)
        .map(|venue| (venue.slug.clone(), venue.name.clone()));
    Ok(SelectionPage {
        pieces: shown::pieces(conn, id)?,
        venue_slug: own.map(|venue| venue.slug.clone()),
        desks: desks.collect(),
        answers,
        draft,
        selection,
        page,
    })
}

/// A selection within another site's page: what it is, and a taste of it.
#[derive(Template)]
#[template(path = "curation/embed.html")]
struct EmbedPage {
    page: Page,
    selection: ShownSelection,
    works: Vec<ShownWork>,
}

impl EmbedPage {
    fn is_previewed(&self, work: &ShownWork) -> bool {
        work.is_previewed()
    }
}

/// `GET /selections/{id}/embed`: the only page that others may put into a frame. It shows nothing
/// of who looks at it, and has neither form nor script.
pub(super) async fn embed(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: axum::http::Uri,
) -> Result<Response, Refusal> {
    let guest = Guest::nobody(web::language_of(&headers, &app), &uri);
    let page = Page::of(&app, &guest);
    let id = app.config.uri(&format!("/selections/{id}"));
    let found = app
        .db
        .read(move |conn| {
            let selection = shown::selection(conn, &id)?.ok_or(Refusal::Missing)?;
            let pieces = shown::pieces(conn, &id)?;
            Ok::<_, Refusal>(EmbedPage {
                page,
                selection,
                works: pieces.into_iter().filter_map(|piece| piece.work).collect(),
            })
        })
        .await?;
    let mut response = pages::answer(&found)?;
    let policy = "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; \
                  media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *";
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    Ok(response)
}

#[cfg(test)]
pub(crate) fn sample_selection(here: bool) -> ShownSelection {
    let origin = if here {
        "http://localhost:8101"
    } else {
        "http://localhost:8102"
    };
    ShownSelection {
        id: format!("{origin}/selections/1"),
        origin: origin.into(),
        venue: format!("{origin}/venues/le-fil"),
        venue_name: "Le Fil & Cie".into(),
        title: "Ce que l’eau <porte>".into(),
        words: "Un premier paragraphe : « rivière ».\n\nUn second \"paragraphe\".".into(),
        colour: "#2f5d62\"><script>".into(),
        territory: None,
        published_us: 1_793_491_200_000_000,
        works: 3,
        covers: (0..3).map(crate::catalogue::pages::sample_work).collect(),
        details: super::Details {
            language: Some(crate::config::Language::Fr),
            other_title: here.then(|| "What water <carries>".into()),
            picture: here.then(|| federation::digest::Sha256Digest::of(b"a picture")),
            ..super::Details::default()
        },
    }
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    use crate::catalogue::pages::{sample_release, sample_work};
    let mut all = Vec::new();
    for (full, signed_in) in [(true, true), (true, false), (false, false)] {
        let page = Page::sample(language, signed_in);
        let home = HomePage {
            page: page.clone(),
            lead: full.then(|| sample_selection(true)),
            here: Vec::new(),
            elsewhere: if full {
                vec![sample_selection(false)]
            } else {
                Vec::new()
            },
            followed: if full {
                vec![sample_selection(false)]
            } else {
                Vec::new()
            },
            followed_releases: if full {
                vec![sample_release(false)]
            } else {
                Vec::new()
            },
            loved: if full {
                (0..3).map(sample_work).collect()
            } else {
                Vec::new()
            },
            new_here: if full {
                vec![sample_release(true)]
            } else {
                Vec::new()
            },
            new_elsewhere: if full {
                vec![sample_release(false)]
            } else {
                Vec::new()
            },
        };
        all.push(("home", home.render()));
        let embed = EmbedPage {
            page: page.clone(),
            selection: sample_selection(true),
            works: (0..4).map(sample_work).collect(),
        };
        all.push(("embed", embed.render()));
        let selection = SelectionPage {
            page,
            selection: sample_selection(full),
            venue_slug: full.then(|| "le-fil".into()),
            answers: full.then(|| {
                (
                    "http://localhost:8102/selections/9".into(),
                    "Eaux <vives>".into(),
                    "Le \"Fil\"".into(),
                )
            }),
            draft: full.then(|| ("le-fil".into(), "1".into())),
            desks: if full {
                vec![("le-fil".into(), "Le Fil <&>".into())]
            } else {
                Vec::new()
            },
            pieces: vec![
                Piece {
                    id: "http://localhost:8101/works/2".into(),
                    work: Some(sample_work(2)),
                    note: "Pour <finir>".into(),
                },
                Piece {
                    id: "http://localhost:8102/works/9".into(),
                    work: None,
                    note: String::new(),
                },
                Piece {
                    id: "http://localhost:8102/works/1".into(),
                    work: Some(sample_work(1)),
                    note: String::new(),
                },
            ],
        };
        all.push(("selection", selection.render()));
    }
    all
}
