//! Selections for readers that are no browsers: Atom feeds (RFC 4287), and oEmbed
//! (<https://oembed.com>), by which other sites show one.

use std::fmt::Write as _;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use quick_xml::escape::escape;
use serde::Deserialize;
use serde_json::json;

use super::documents;
use super::shown::{self, ShownSelection};
use crate::clock::rfc3339;
use crate::config::Language;
use crate::venues;
use crate::web::{App, Refusal};

/// How many selections a feed has.
const LATEST: i64 = 30;
/// How wide and high the frame is, in pixels, unless less is asked for.
const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;
/// The least that shows anything.
const LEAST: u32 = 200;

/// `GET /feed.atom`: what the venues of this node put forward.
pub(super) async fn of_node(State(app): State<App>) -> Result<Response, Refusal> {
    let base = app.config.base();
    let selections = app
        .db
        .read(move |conn| Ok::<_, Refusal>(shown::latest(conn, &base, true, LATEST)?))
        .await?;
    let feed = Feed {
        id: app.config.uri("/feed.atom"),
        page: app.config.uri("/"),
        title: app.config.name.clone(),
        language: app.config.language,
    };
    Ok(atom(&feed.written(&selections, app.clock.now_us())))
}

/// `GET /venues/{slug}/feed.atom`: what one venue puts forward.
pub(super) async fn of_venue(
    State(app): State<App>,
    Path(slug): Path<String>,
) -> Result<Response, Refusal> {
    let (venue, selections) = app
        .db
        .read(move |conn| {
            let venue = venues::store::by_slug(conn, &slug)?.ok_or(Refusal::Missing)?;
            let selections = shown::of_venue(conn, venue.id.as_str(), LATEST)?;
            Ok::<_, Refusal>((venue, selections))
        })
        .await?;
    let feed = Feed {
        id: format!("{}/feed.atom", venue.id),
        page: venue.id.to_string(),
        title: venue.name,
        language: app.config.language,
    };
    Ok(atom(&feed.written(&selections, venue.created_us)))
}

fn atom(feed: &str) -> Response {
    let head = [
        (CONTENT_TYPE, "application/atom+xml; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=300"),
    ];
    (head, feed.to_owned()).into_response()
}

struct Feed {
    id: String,
    page: String,
    title: String,
    language: Language,
}

impl Feed {
    /// The feed; `begun_us` is when it changed last where nothing is in it.
    fn written(&self, selections: &[ShownSelection], begun_us: i64) -> String {
        let updated = selections.iter().map(|one| one.published_us).max();
        let mut feed = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\n\
             <id>{}</id><title>{}</title><updated>{}</updated>\n\
             <link rel=\"self\" type=\"application/atom+xml\" href=\"{}\"/>\n\
             <link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n",
            self.language.code(),
            written(&self.id),
            written(&self.title),
            rfc3339(updated.unwrap_or(begun_us)),
            written(&self.id),
            written(&self.page),
        );
        for one in selections {
            let title = one.titled(&self.language);
            let words = documents::html(one.said(&self.language));
            let when = rfc3339(one.published_us);
            let _ = writeln!(
                feed,
                "<entry><id>{id}</id><title>{}</title><published>{when}</published>\
                 <updated>{when}</updated><author><name>{}</name><uri>{}</uri></author>\
                 <link rel=\"alternate\" type=\"text/html\" href=\"{id}\"/>\
                 <content type=\"html\">{}</content></entry>",
                written(title),
                written(&one.venue_name),
                written(&one.venue),
                written(&words),
                id = written(&one.id),
            );
        }
        feed.push_str("</feed>\n");
        feed
    }
}

/// Text within XML 1.0, without the letters it has no way to write.
fn written(text: &str) -> String {
    let text = text
        .chars()
        .filter(|letter| !letter.is_control() && !matches!(letter, '\u{fffe}' | '\u{ffff}'));
    escape(text.collect::<String>()).into_owned()
}

#[derive(Deserialize)]
pub(super) struct Asked {
    url: String,
    format: Option<String>,
    maxwidth: Option<u32>,
    maxheight: Option<u32>,
}

/// `GET /oembed?url=`: how another site shows a selection of this node.
pub(super) async fn oembed(
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    if asked
        .format
        .as_deref()
        .is_some_and(|format| format != "json")
    {
        return Ok(StatusCode::NOT_IMPLEMENTED.into_response());
    }
    let id = asked.url.split(['?', '#']).next().unwrap_or_default();
    let id = id.trim_end_matches("/embed").to_owned();
    if !id.starts_with(&app.config.uri("/selections/")) {
        return Err(Refusal::Missing);
    }
    let (selection, pieces) = app
        .db
        .read(move |conn| {
            let selection = shown::selection(conn, &id)?.ok_or(Refusal::Missing)?;
            let pieces = shown::pieces(conn, &id)?;
            Ok::<_, Refusal>((selection, pieces))
        })
        .await?;
    let title = selection.titled(&app.config.language);
    let width = asked.maxwidth.unwrap_or(WIDTH).clamp(LEAST, WIDTH);
    let height = asked.maxheight.unwrap_or(HEIGHT).clamp(LEAST, HEIGHT);
    let mut answer = json!({
        "type": "rich",
        "version": "1.0",
        "title": title,
        "author_name": selection.venue_name,
        "author_url": selection.venue,
        "provider_name": app.config.name,
        "provider_url": app.config.uri("/"),
        "cache_age": 3600,
        "width": width,
        "height": height,
        "html": framed(&selection.id, title, width, height),
    });
    let mut covers = pieces
        .iter()
        .filter_map(|piece| piece.work.as_ref()?.cover());
    if let Some(picture) = selection.picture().or_else(|| covers.next()) {
        answer["thumbnail_url"] = json!(app.config.uri(&picture));
        // The pictures kept here have no side longer than this.
        answer["thumbnail_width"] = json!(1200);
        answer["thumbnail_height"] = json!(1200);
    }
    let open = [(ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    Ok((open, Json(answer)).into_response())
}

/// What is put into another page to show a selection there.
pub fn frame(id: &str, title: &str) -> String {
    framed(id, title, WIDTH, HEIGHT)
}

fn framed(id: &str, title: &str, width: u32, height: u32) -> String {
    format!(
        "<iframe src=\"{}/embed\" title=\"{}\" width=\"{width}\" height=\"{height}\" \
         loading=\"lazy\"></iframe>",
        written(id),
        written(title),
    )
}
