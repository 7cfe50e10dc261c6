//! Files that somebody of a label uploads: written to the disk as they come, looked at like those of an
//! import, and kept under the digest of their bytes. A file that cannot be taken has its sentence
//! and stops no other.

use std::path::PathBuf;

use axum::Router;
use axum::extract::multipart::{Field, MultipartError, MultipartRejection};
use axum::extract::{DefaultBodyLimit, Multipart, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use settlement::Kind;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Semaphore;
use tower_http::limit::RequestBodyLimitLayer;

use super::drafts::{self, Draft, DraftWork, Upload, WORKS_LIMIT, WorkFacts};
use super::{store, writing};
use crate::Node;
use crate::catalogue::import::Looker;
use crate::catalogue::import::walk::SIZE_LIMIT;
use crate::catalogue::pictures::{self, PictureRefused};
use crate::catalogue::tags::{self, Tags};
use crate::catalogue::{self, media};
use crate::web::{App, Complaint, Guest, Refusal};
use crate::words::Say;

/// The largest upload in one go, in bytes: an album of lossless files.
const UPLOAD_LIMIT: usize = 4 << 30;
/// The most bytes the works of one draft have together.
const DRAFT_BYTES: u64 = 20 << 30;
/// How the passing names of uploads begin.
pub const PASSING: &str = "upload-";

/// How many files are looked at at once: each takes a processor.
static HANDS: Semaphore = Semaphore::const_new(2);

/// The doors that files come through: they take more than others.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/labels/{slug}/releases/{draft}/files", post(files))
        .route("/labels/{slug}/releases/{draft}/cover", post(cover))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(UPLOAD_LIMIT))
}

type Form = Result<Multipart, MultipartRejection>;

/// Takes the files of new works.
async fn files(
    State(app): State<App>,
    guest: Guest,
    Path((slug, draft)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Refusal> {
    let draft = writing::sit(&app, &guest, &slug, &draft).await?.1;
    let mut form = form.map_err(|_| broken_off())?;
    let mut refused: Vec<(String, Say)> = Vec::new();
    let mut count = 0;
    loop {
        let field = match form.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => break,
            Err(error) => {
                refused.push((String::new(), not_whole(&error)));
                break;
            }
        };
        let name = shown_name(field.file_name().unwrap_or_default());
        if field.name() != Some("files") || name.is_empty() {
            continue;
        }
        count += 1;
        match written(&app, field).await? {
            Err(why) => refused.push((name, why)),
            Ok(passing) => {
                if let Err(why) = take(&app, &draft, &name, passing).await? {
                    refused.push((name, why));
                }
            }
        }
    }
    if count == 0 && refused.is_empty() {
        refused.push((String::new(), Say::new("labels-upload-none")));
    }
    if refused.is_empty() {
        let to = format!("/labels/{slug}/releases/{}#works", draft.id);
        return Ok(Redirect::to(&to).into_response());
    }
    writing::draft_again(&app, &guest, &slug, &draft.id, Vec::new(), refused).await
}

/// Takes the picture of the release.
async fn cover(
    State(app): State<App>,
    guest: Guest,
    Path((slug, draft)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Refusal> {
    let draft = writing::sit(&app, &guest, &slug, &draft).await?.1;
    let mut form = form.map_err(|_| broken_off())?;
    let unread = || Say::new("labels-cover-unread");
    let mut wrong = Some(Say::new("labels-upload-none"));
    while let Ok(Some(mut field)) = form.next_field().await {
        if field.name() != Some("cover") || field.file_name().unwrap_or_default().is_empty() {
            continue;
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(|_| broken_off())? {
            if bytes.len() + chunk.len() > pictures::BYTES_LIMIT {
                return writing::draft_again(
                    &app,
                    &guest,
                    &slug,
                    &draft.id,
                    vec![complaint(unread())],
                    Vec::new(),
                )
                .await;
            }
            bytes.extend_from_slice(&chunk);
        }
        wrong = set_cover(&app, &draft, bytes).await?.err();
    }
    match wrong {
        None => {
            let to = format!("/labels/{slug}/releases/{}", draft.id);
            Ok(Redirect::to(&to).into_response())
        }
        Some(why) => {
            let wrong = vec![complaint(why)];
            writing::draft_again(&app, &guest, &slug, &draft.id, wrong, Vec::new()).await
        }
    }
}

fn complaint(say: Say) -> Complaint {
    Complaint {
        field: "cover",
        say,
    }
}

async fn set_cover(app: &App, draft: &Draft, bytes: Vec<u8>) -> Result<Result<(), Say>, Refusal> {
    let node = app.clone();
    let kept = tokio::task::spawn_blocking(move || {
        let folder = &node.config.media;
        let passing = format!("{PASSING}{}", node.clock.fresh_id());
        match pictures::keep(folder, &passing, &bytes) {
            Ok(cover) => Ok(Ok(cover)),
            Err(PictureRefused::Io(error)) => Err(media::refused(folder, error)),
            Err(_) => Ok(Err(Say::new("labels-cover-unread"))),
        }
    });
    let cover = match kept.await.map_err(Refusal::broken)?? {
        Ok(cover) => cover,
        Err(why) => return Ok(Err(why)),
    };
    let (id, now_us) = (draft.id.clone(), app.clock.now_us());
    app.db
        .write(move |conn| {
            let mut draft = store::draft(conn, &id)?.ok_or(Refusal::Missing)?;
            draft.cover = Some(cover);
            draft.updated_us = now_us;
            store::put_draft(conn, &draft)?;
            Ok(Ok(()))
        })
        .await
}

/// A file under its passing name, gone when this goes.
struct Passing(PathBuf);

impl Drop for Passing {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Writes what comes to the disk; the inner refusal is of this file alone.
async fn written(app: &App, mut field: Field<'_>) -> Result<Result<Passing, Say>, Refusal> {
    let folder = app.config.media.join(media::INCOMING);
    let refuse = |error| media::refused(&app.config.media, error);
    tokio::fs::create_dir_all(&folder).await.map_err(refuse)?;
    let path = folder.join(format!("{PASSING}{}", app.clock.fresh_id()));
    let mut file = tokio::fs::File::create_new(&path).await.map_err(refuse)?;
    let passing = Passing(path);
    let mut size = 0_u64;
    loop {
        match field.chunk().await {
            Ok(Some(chunk)) => {
                size += chunk.len() as u64;
                // The rest is read and thrown away, so that what comes after it is heard.
                if size <= SIZE_LIMIT {
                    file.write_all(&chunk).await.map_err(refuse)?;
                }
            }
            Ok(None) => break,
            Err(error) => return Ok(Err(not_whole(&error))),
        }
    }
    file.flush().await.map_err(refuse)?;
    match size {
        0 => Ok(Err(Say::new("catalogue-file-empty"))),
        1..=SIZE_LIMIT => Ok(Ok(passing)),
        _ => Ok(Err(Say::new("catalogue-file-too-large"))),
    }
}

/// Looks at an uploaded file and puts it into its draft as a work.
async fn take(
    app: &App,
    draft: &Draft,
    name: &str,
    passing: Passing,
) -> Result<Result<(), Say>, Refusal> {
    let _hand = HANDS.acquire().await.map_err(Refusal::broken)?;
    let (node, id, name) = (app.clone(), draft.id.clone(), name.to_owned());
    let kind = Kind::parse(&draft.facts.kind).unwrap_or(Kind::Music);
    let taken = tokio::task::spawn_blocking(move || take_now(&node, &id, kind, &name, &passing));
    taken.await.map_err(Refusal::broken)?
}

fn take_now(
    node: &Node,
    id: &str,
    kind: Kind,
    name: &str,
    passing: &Passing,
) -> Result<Result<(), Say>, Refusal> {
    let looker = Looker::of_uploads(node);
    let file = match looker.named(&passing.0, kind, None)? {
        Ok(file) => file,
        Err(why) => return Ok(Err(why)),
    };
    let tags = match kind {
        Kind::Music => tags::read(&passing.0).0,
        _ => Tags::default(),
    };
    let now_us = node.clock.now_us();
    node.db.write_now(|conn| {
        let mut draft = store::draft(conn, id)?.ok_or(Refusal::Missing)?;
        let bytes: u64 = draft.works.iter().map(|work| work.file.size).sum();
        if draft.works.len() >= WORKS_LIMIT || bytes + file.size > DRAFT_BYTES {
            return Ok(Err(Say::new("labels-draft-full").with("limit", WORKS_LIMIT)));
        }
        let same = |work: &DraftWork| work.file.digest == file.digest;
        if let Some(there) = draft.works.iter().find(|work| same(work)) {
            let twice = Say::new("labels-file-twice");
            return Ok(Err(twice.with("title", &there.facts.title)));
        }
        catalogue::store::keep_media(
            conn,
            &file.digest,
            &file.sound,
            &file.media_type,
            file.size,
            now_us,
        )?;
        if let Some(measure) = &file.measure {
            catalogue::store::keep_measure(conn, &file.digest, measure)?;
        }
        // An empty release is filled in from its first file.
        if draft.facts == drafts::ReleaseFacts::default() {
            let said = |text: &Option<String>| text.clone().unwrap_or_default();
            draft.facts.title = said(&tags.album);
            draft.facts.artist = match &tags.album_artist {
                Some(artist) => artist.clone(),
                None => tags.artists.join("; "),
            };
            draft.facts.genre = said(&tags.genre);
            draft.facts.year = tags.year.map(|year| year.to_string()).unwrap_or_default();
        }
        let last = draft.works.last().map_or(0, |work| work.position);
        let work = DraftWork {
            id: node.clock.fresh_id(),
            position: last + 1,
            facts: facts(&tags, name, &draft),
            file: Upload {
                digest: file.digest,
                name: name.to_owned(),
                sound: file.sound.clone(),
                media_type: file.media_type.clone(),
                size: file.size,
                duration_ms: file.duration_ms,
            },
        };
        draft.updated_us = now_us;
        store::put_draft(conn, &draft)?;
        store::put_work(conn, id, &work)?;
        Ok(Ok(()))
    })
}

/// What a file says of itself, as somebody would have typed it.
fn facts(tags: &Tags, name: &str, draft: &Draft) -> WorkFacts {
    let artist = tags.artists.join("; ");
    let of_release = &draft.facts.artist;
    let title = tags.title.clone().unwrap_or_else(|| {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        stem.to_owned()
    });
    WorkFacts {
        title,
        artist: match of_release.is_empty() || artist == *of_release {
            true => String::new(),
            false => artist,
        },
        isrc: tags
            .isrc
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        composer: String::new(),
    }
}

/// A name as people read it: no folders, nothing that is not seen.
fn shown_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let short: String = last.chars().take(200).collect();
    tags::cleaned(&short).0
}

fn not_whole(error: &MultipartError) -> Say {
    match error.status() {
        axum::http::StatusCode::PAYLOAD_TOO_LARGE => {
            Say::new("labels-upload-too-large").with("limit", UPLOAD_LIMIT >> 30)
        }
        _ => Say::new("labels-upload-broken"),
    }
}

fn broken_off() -> Refusal {
    Refusal::field("files", Say::new("labels-upload-broken"))
}
