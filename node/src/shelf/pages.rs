//! The pages of the shelf: favourites and playlists at a glance, one playlist, what was heard. Every
//! change is a form; the player's heart sends the same one.

use askama::Template;
use axum::extract::{Form, Multipart, Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use settlement::WorkId;

use super::lists::{self, Format, List};
use super::{Change, Entry, Followed, Playlist, store};
use crate::catalogue::shown::{self, ShownWork};
use crate::db::Conn;
use crate::listening::shown::{self as heard, Heard};
use crate::pages::{self, Page, local_path};
use crate::web::{App, Complaint, Guest, Refusal};
use crate::words::Say;

/// How many favourites the shelf shows.
const FAVOURITES: i64 = 500;
/// How many plays a page of history shows.
const HISTORY: i64 = 60;

/// The doors of this room.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/shelf", get(shelf))
        .route("/shelf/history", get(history))
        .route("/shelf/history/remove", post(unsee))
        .route("/shelf/favourites", post(favour))
        .route("/shelf/favourites/of", get(favourite_of))
        .route("/shelf/add", get(choose).post(add))
        .route("/shelf/playlists", post(begin))
        .route("/shelf/playlists/import", post(import))
        .route("/shelf/playlists/{id}", get(playlist).post(change))
        .route("/shelf/playlists/{id}/delete", post(delete))
        .route("/shelf/playlists/{id}/as/{ending}", get(export))
}

/// Where somebody comes back to after a form.
fn back_to(path: &str) -> Response {
    Redirect::to(local_path(path)).into_response()
}

fn stays(path: &str) -> String {
    if path.is_empty() { "/shelf" } else { path }.to_owned()
}

/// Favourites, playlists, whom one follows.
#[derive(Template)]
#[template(path = "shelf/shelf.html")]
struct ShelfPage {
    page: Page,
    favourites: Vec<ShownWork>,
    playlists: Vec<Playlist>,
    follows: Vec<Followed>,
    title: String,
    complaints: Vec<Complaint>,
}

async fn shelf(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    let page = read_shelf(&app, &guest, String::new(), Vec::new()).await?;
    pages::answer(&page)
}

async fn read_shelf(
    app: &App,
    guest: &Guest,
    title: String,
    complaints: Vec<Complaint>,
) -> Result<ShelfPage, Refusal> {
    let member = guest.signed_in()?.id.clone();
    let page = Page::of(app, guest);
    app.db
        .read(move |conn| {
            let ids = store::favourites(conn, &member, FAVOURITES)?;
            let mut works = shown::works(conn, &ids)?;
            Ok(ShelfPage {
                favourites: ids.iter().filter_map(|id| works.remove(id)).collect(),
                playlists: store::playlists(conn, &member)?,
                follows: store::follows(conn, &member)?,
                page,
                title,
                complaints,
            })
        })
        .await
}

/// What a member heard, a page at a time.
#[derive(Template)]
#[template(path = "shelf/history.html")]
struct HistoryPage {
    page: Page,
    history: Vec<Heard>,
}

impl HistoryPage {
    /// The page of what was heard before all this.
    fn earlier(&self) -> Option<String> {
        let full = self.history.len() >= usize::try_from(HISTORY).unwrap_or(usize::MAX);
        let last = self.history.last().filter(|_| full)?;
        Some(format!("/shelf/history?before={}", last.started_us))
    }
}

#[derive(Deserialize)]
struct Before {
    before: Option<i64>,
}

async fn history(
    State(app): State<App>,
    guest: Guest,
    Query(asked): Query<Before>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.id.clone();
    let page = Page::of(&app, &guest);
    let before = asked.before.unwrap_or(i64::MAX);
    let found = app
        .db
        .read(move |conn| {
            let history = heard::history_before(conn, &member, before, HISTORY)?;
            Ok::<_, Refusal>(HistoryPage { page, history })
        })
        .await?;
    pages::answer(&found)
}

#[derive(Deserialize)]
struct Unseen {
    /// One play; all of them where it is missing.
    play: Option<String>,
}

async fn unsee(
    State(app): State<App>,
    guest: Guest,
    Form(form): Form<Unseen>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.id.clone();
    app.db
        .write(move |conn| match form.play {
            None => Ok(store::unsee_all(conn, &member)?),
            Some(play) if store::unsee(conn, &member, &play)? => Ok(()),
            Some(_) => Err(Refusal::Missing),
        })
        .await?;
    Ok(back_to("/shelf/history"))
}

#[derive(Deserialize)]
struct Favour {
    work: String,
    #[serde(default)]
    wanted: String,
    #[serde(default)]
    back: String,
}

/// `POST /shelf/favourites`: a work is a favourite (`wanted=yes`) or not (anything else).
async fn favour(
    State(app): State<App>,
    guest: Guest,
    Form(form): Form<Favour>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.id.clone();
    let work = WorkId::parse(&form.work).map_err(|_| Refusal::Missing)?;
    let wanted = form.wanted == "yes";
    let node = app.clone();
    app.db
        .write(move |conn| super::favour(conn, &node, &member, &work, wanted))
        .await?;
    Ok(back_to(&stays(&form.back)))
}

#[derive(Deserialize)]
struct OfWork {
    work: String,
}

/// `GET /shelf/favourites/of?work=`: whether it is one, for the player's heart.
async fn favourite_of(
    State(app): State<App>,
    guest: Guest,
    Query(of): Query<OfWork>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.id.clone();
    let work = WorkId::parse(&of.work).map_err(|_| Refusal::Missing)?;
    let is_one = app
        .db
        .read(move |conn| Ok::<_, Refusal>(store::is_favourite(conn, &member, &work)?))
        .await?;
    let private = [(CACHE_CONTROL, "no-store")];
    Ok((private, Json(json!({ "favourite": is_one }))).into_response())
}

/// Choosing the playlist a work goes on.
#[derive(Template)]
#[template(path = "shelf/add.html")]
struct AddPage {
    page: Page,
    work: ShownWork,
    playlists: Vec<Playlist>,
    back: String,
    title: String,
    complaints: Vec<Complaint>,
}

#[derive(Deserialize)]
struct Adding {
    work: String,
    /// The playlist; a new one where it is empty.
    #[serde(default)]
    playlist: String,
    /// What a new one is called.
    #[serde(default)]
    title: String,
    #[serde(default)]
    back: String,
}

async fn choose(
    State(app): State<App>,
    guest: Guest,
    Query(asked): Query<Adding>,
) -> Result<Response, Refusal> {
    pages::answer(&read_add(&app, &guest, asked, Vec::new()).await?)
}

async fn read_add(
    app: &App,
    guest: &Guest,
    asked: Adding,
    complaints: Vec<Complaint>,
) -> Result<AddPage, Refusal> {
    let member = guest.signed_in()?.id.clone();
    let page = Page::of(app, guest);
    app.db
        .read(move |conn| {
            let id = WorkId::parse(&asked.work).map_err(|_| Refusal::Missing)?;
            Ok(AddPage {
                work: shown::work(conn, &id)?.ok_or(Refusal::Missing)?,
                playlists: store::playlists(conn, &member)?,
                page,
                back: local_path(&stays(&asked.back)).to_owned(),
                title: asked.title.chars().take(super::TITLE_LIMIT).collect(),
                complaints,
            })
        })
        .await
}

async fn add(
    State(app): State<App>,
    guest: Guest,
    Form(form): Form<Adding>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.id.clone();
    let work = WorkId::parse(&form.work).map_err(|_| Refusal::Missing)?;
    let (node, title, playlist) = (app.clone(), form.title.clone(), form.playlist.clone());
    let added = app
        .db
        .write(move |conn| {
            let playlist = match playlist.as_str() {
                "" => super::begin(conn, &node, &member, &title, &[])?,
                _ => playlist,
            };
            super::change(conn, &node, &member, &playlist, None, Change::Add(work))
        })
        .await;
    match added {
        Ok(()) => Ok(back_to(&stays(&form.back))),
        Err(Refusal::Invalid(complaints)) => {
            pages::answer_invalid(&read_add(&app, &guest, form, complaints).await?)
        }
        Err(refusal) => Err(refusal),
    }
}

#[derive(Deserialize)]
struct Titled {
    #[serde(default)]
    title: String,
}

async fn begin(
    State(app): State<App>,
    guest: Guest,
    Form(form): Form<Titled>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.id.clone();
    let (node, title) = (app.clone(), form.title.clone());
    let begun = app
        .db
        .write(move |conn| super::begin(conn, &node, &member, &title, &[]))
        .await;
    match begun {
        Ok(id) => Ok(Redirect::to(&format!("/shelf/playlists/{id}")).into_response()),
        Err(Refusal::Invalid(complaints)) => {
            let title = form.title.chars().take(super::TITLE_LIMIT).collect();
            pages::answer_invalid(&read_shelf(&app, &guest, title, complaints).await?)
        }
        Err(refusal) => Err(refusal),
    }
}

async fn import(
    State(app): State<App>,
    guest: Guest,
    mut form: Multipart,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.id.clone();
    let large = || {
        let limit = lists::BYTES_LIMIT / 1024;
        Refusal::field("file", Say::new("shelf-list-large").with("limit", limit))
    };
    let (mut bytes, mut name) = (Vec::new(), String::new());
    while let Some(field) = form.next_field().await.map_err(|_| large())? {
        if field.name() == Some("file") {
            name = field.file_name().unwrap_or_default().to_owned();
            bytes = field.bytes().await.map_err(|_| large())?.to_vec();
        }
    }
    let node = app.clone();
    let read = app.db.read(move |conn| {
        let mut list: List = lists::read(&bytes).map_err(|say| Refusal::field("file", say))?;
        let lines = std::mem::take(&mut list.lines);
        let entries = super::find(conn, &node, lines)?;
        Ok::<_, Refusal>((list.title, entries))
    });
    let begun = match read.await {
        Ok((title, entries)) => {
            let (node, fallback) = (app.clone(), guest.t("shelf-imported"));
            app.db
                .write(move |conn| {
                    let stem = name.rsplit_once('.').map_or(&*name, |(stem, _)| stem);
                    let titles = [title.as_str(), stem, fallback.as_str()];
                    let title = titles
                        .into_iter()
                        .map(|title| title.chars().take(super::TITLE_LIMIT).collect::<String>())
                        .find(|title| super::titled(title).is_ok());
                    super::begin(conn, &node, &member, &title.unwrap_or(fallback), &entries)
                })
                .await
        }
        Err(refusal) => Err(refusal),
    };
    match begun {
        Ok(id) => Ok(Redirect::to(&format!("/shelf/playlists/{id}")).into_response()),
        Err(Refusal::Invalid(complaints)) => {
            let page = read_shelf(&app, &guest, String::new(), complaints).await?;
            pages::answer_invalid(&page)
        }
        Err(refusal) => Err(refusal),
    }
}

/// A playlist.
#[derive(Template)]
#[template(path = "shelf/playlist.html")]
struct PlaylistPage {
    page: Page,
    playlist: Playlist,
    /// Each entry, with its work while it is offered.
    entries: Vec<(Entry, Option<ShownWork>)>,
    complaints: Vec<Complaint>,
}

impl PlaylistPage {
    fn seconds(&self) -> i64 {
        let known = self.entries.iter();
        known
            .filter_map(|(entry, _)| entry.duration_ms)
            .map(|ms| (ms + 999) / 1000)
            .sum()
    }

    fn missing(&self) -> usize {
        let gone = self.entries.iter().filter(|(_, work)| work.is_none());
        gone.count()
    }
}

fn read_playlist(
    conn: &mut Conn,
    page: Page,
    member: &str,
    id: &str,
    complaints: Vec<Complaint>,
) -> Result<PlaylistPage, Refusal> {
    let playlist = store::playlist(conn, member, id)?.ok_or(Refusal::Missing)?;
    let entries = store::entries(conn, id)?;
    let ids: Vec<WorkId> = entries
        .iter()
        .filter_map(|entry| entry.work.clone())
        .collect();
    let works = shown::works(conn, &ids)?;
    let entries = entries.into_iter().map(|entry| {
        let work = entry.work.as_ref().and_then(|id| works.get(id)).cloned();
        (entry, work)
    });
    Ok(PlaylistPage {
        entries: entries.collect(),
        page,
        playlist,
        complaints,
    })
}

async fn playlist(
    State(app): State<App>,
    guest: Guest,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.id.clone();
    let page = Page::of(&app, &guest);
    let found = app
        .db
        .read(move |conn| read_playlist(conn, page, &member, &id, Vec::new()))
        .await?;
    pages::answer(&found)
}

#[derive(Deserialize)]
struct Changing {
    act: String,
    #[serde(default)]
    title: String,
    as_of: Option<i64>,
    from: Option<usize>,
    to: Option<usize>,
}

impl Changing {
    fn read(&self) -> Result<Change, Refusal> {
        match (self.act.as_str(), self.from, self.to) {
            ("rename", _, _) => Ok(Change::Rename(self.title.clone())),
            ("move", Some(from), Some(to)) => Ok(Change::Move(from, to)),
            ("remove", Some(at), _) => Ok(Change::Remove(at)),
            _ => Err(Refusal::Missing),
        }
    }
}

async fn change(
    State(app): State<App>,
    guest: Guest,
    Path(id): Path<String>,
    Form(form): Form<Changing>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.id.clone();
    let change = form.read()?;
    let to = format!("/shelf/playlists/{id}");
    let (node, of, who) = (app.clone(), id.clone(), member.clone());
    let changed = app
        .db
        .write(move |conn| super::change(conn, &node, &who, &of, form.as_of, change))
        .await;
    match changed {
        Ok(()) => Ok(Redirect::to(&to).into_response()),
        Err(Refusal::Invalid(complaints)) => {
            let page = Page::of(&app, &guest);
            let again = app
                .db
                .read(move |conn| read_playlist(conn, page, &member, &id, complaints));
            pages::answer_invalid(&again.await?)
        }
        Err(refusal) => Err(refusal),
    }
}

async fn delete(
    State(app): State<App>,
    guest: Guest,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.id.clone();
    app.db
        .write(
            move |conn| match store::delete_playlist(conn, &member, &id)? {
                true => Ok(()),
                false => Err(Refusal::Missing),
            },
        )
        .await?;
    Ok(back_to("/shelf"))
}

/// `GET /shelf/playlists/{id}/as/{ending}`: the playlist as a file, to take along.
async fn export(
    State(app): State<App>,
    guest: Guest,
    Path((id, ending)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.id.clone();
    let format = Format::of_ending(&ending).ok_or(Refusal::Missing)?;
    let (playlist, entries) = app
        .db
        .read(move |conn| {
            let playlist = store::playlist(conn, &member, &id)?.ok_or(Refusal::Missing)?;
            let entries = store::entries(conn, &playlist.id)?;
            Ok::<_, Refusal>((playlist, entries))
        })
        .await?;
    let page = Page::of(&app, &guest);
    let file = lists::write(format, &playlist.title, &entries, |entry| {
        let work = entry.work.as_ref()?;
        let path = page.link("works", work);
        Some(app.config.uri(&path))
    });
    let name = crate::names::slug(&playlist.title, "playlist");
    let head = [
        (CONTENT_TYPE, format.media_type().to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}.{}\"", format.ending()),
        ),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((head, file).into_response())
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    use crate::catalogue::pages::sample_work;
    let page = || Page::sample(language, true);
    let playlist = || Playlist {
        id: "1".into(),
        title: "Matins \"lents\" <&>".into(),
        updated_us: 1,
        length: 3,
    };
    let entry = |at: u8| {
        let work = (at != 2).then(|| sample_work(at));
        let entry = Entry {
            work: work.as_ref().map(|work| work.id.clone()),
            title: "Autre <part>".into(),
            credit: "Zed & co".into(),
            duration_ms: Some(61_000),
            isrc: None,
        };
        (entry, work)
    };
    let mut all = Vec::new();
    for full in [true, false] {
        let complaints = || match full {
            true => Vec::new(),
            false => ["title", "file"]
                .map(|field| Complaint {
                    field,
                    say: Say::new("shelf-list-empty"),
                })
                .to_vec(),
        };
        let shelf = ShelfPage {
            page: page(),
            favourites: if full {
                (0..4).map(sample_work).collect()
            } else {
                Vec::new()
            },
            playlists: if full { vec![playlist()] } else { Vec::new() },
            follows: [None, Some("venues")]
                .into_iter()
                .filter(|_| full)
                .map(|kind| Followed {
                    id: "https://ailleurs.example/users/ada".into(),
                    name: "Ada <&>".into(),
                    kind,
                })
                .collect(),
            title: "<b>".into(),
            complaints: complaints(),
        };
        all.push(("shelf", shelf.render()));
        let one = PlaylistPage {
            page: page(),
            playlist: playlist(),
            entries: if full {
                (0..4).map(entry).collect()
            } else {
                Vec::new()
            },
            complaints: complaints(),
        };
        all.push(("playlist", one.render()));
        let add = AddPage {
            page: page(),
            work: sample_work(1),
            playlists: if full { vec![playlist()] } else { Vec::new() },
            back: "/search?q=\"".into(),
            title: String::new(),
            complaints: complaints(),
        };
        all.push(("add to a playlist", add.render()));
        let history = HistoryPage {
            page: page(),
            history: (0..if full { 60 } else { 0 })
                .map(|at| Heard {
                    id: format!("m/{at}"),
                    work: (at != 3).then(|| sample_work(at)),
                    title: "http://localhost:8102/works/9".into(),
                    started_us: 1_793_491_200_000_000,
                    seconds: 31,
                })
                .collect(),
        };
        all.push(("history", history.render()));
    }
    all
}
