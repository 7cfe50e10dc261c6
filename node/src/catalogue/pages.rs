//! The pages of the catalogue: a work, a release, a party.

pub mod claims;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;

use federation::identifiers::{Identifier, Scheme};
use settlement::{Kind, PartyId, Uri, WorkId};

use super::changes::Notice;
use super::claims::ClaimState;
use super::loudness::{self, Loudness};
use super::mandates::{Mandate, Society};
use super::shown::{self, ShownWork};
use super::{Party, Release, Role, store};
use crate::curation::shown::{self as selected, ShownSelection};
use crate::db::Conn;
use crate::labels;
use crate::members::public::store as people;
use crate::pages::{self, Elsewhere, Page, drawing};
use crate::web::{App, Guest, Refusal};

/// How many lines a list on a page has at most.
const LIST: i64 = 60;

/// The doors that answer with pages alone.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/elsewhere/works", get(work_elsewhere))
        .route("/elsewhere/releases", get(release_elsewhere))
        .route("/elsewhere/parties", get(party_elsewhere))
}

/// A work.
#[derive(Template)]
#[template(path = "catalogue/work.html")]
struct WorkPage {
    page: Page,
    work: ShownWork,
    /// The path that draws the outline of its sound, where that was measured.
    outline: Option<String>,
    parts: Vec<(Party, Role)>,
    codes: Vec<Identifier>,
    credits: Vec<(Party, String)>,
    mandate: Option<Mandate>,
    claimed: Vec<ShownWork>,
    selections: Vec<ShownSelection>,
    /// Whether the reader keeps it among their favourites.
    favourite: bool,
}

/// How a work is used.
enum Way {
    /// The player plays it.
    Hear,
    /// It plays on its own page.
    Watch,
    /// A browser opens it.
    Read,
    /// It is handed out as a file.
    Take,
}

impl WorkPage {
    fn way(&self) -> Way {
        match (self.work.kind, self.work.media_type.as_deref()) {
            (Kind::Music, _) => Way::Hear,
            (Kind::Film, _) => Way::Watch,
            (Kind::Book, Some("application/pdf")) => Way::Read,
            (Kind::Book | Kind::Game, _) => Way::Take,
        }
    }

    /// Whether it is seen on this very page.
    fn is_shown(&self) -> bool {
        let may = self.page.member.is_some() && !self.work.offer.closed;
        may && matches!(self.way(), Way::Watch)
    }

    /// Where it is heard, seen, read or taken.
    fn listen(&self) -> String {
        super::api::listen_path(&self.work.id)
    }

    /// How large its file is, in millions of bytes.
    fn size(&self) -> Option<String> {
        let bytes = i64::try_from(self.work.media_size?).ok()?;
        let millions = self.page.number((bytes + 999_999) / 1_000_000);
        Some(self.page.tn("catalogue-size", "n", millions))
    }

    /// Why it may not be played here just now, or until when it may.
    fn closed(&self) -> Option<String> {
        let offer = &self.work.work.offer;
        match (offer.closed, offer.turns_us) {
            (true, Some(opens)) => Some(self.page.tn(
                "catalogue-closed-until",
                "day",
                self.page.day(opens),
            )),
            (true, None) => Some(self.page.t("catalogue-closed")),
            (false, Some(ends)) => Some(self.page.tn(
                "catalogue-open-until",
                "day",
                self.page.day(ends),
            )),
            (false, None) => None,
        }
    }

    fn licensed_on(&self, mandate: &Mandate) -> String {
        mandate.granted.to_string()
    }
}

/// `GET /works/{id}` for people.
pub async fn work(
    State(app): State<App>,
    guest: Guest,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    show_work(&app, &guest, app.config.uri(&format!("/works/{id}"))).await
}

async fn work_elsewhere(
    State(app): State<App>,
    guest: Guest,
    Query(wanted): Query<Elsewhere>,
) -> Result<Response, Refusal> {
    show_work(&app, &guest, wanted.uri).await
}

async fn show_work(app: &App, guest: &Guest, id: String) -> Result<Response, Refusal> {
    let page = Page::of(app, guest);
    let found = app.db.read(move |conn| read_work(conn, page, &id)).await?;
    pages::answer(&found)
}

fn read_work(conn: &mut Conn, page: Page, id: &str) -> Result<WorkPage, Refusal> {
    let id = WorkId::parse(id).map_err(|_| Refusal::Missing)?;
    let work = shown::even_closed(conn, &id)?.ok_or(Refusal::Missing)?;
    let mut claimed = Vec::new();
    for claim in store::claims_of(conn, &id)? {
        let other = if claim.first == id {
            claim.second
        } else {
            claim.first
        };
        if claim.state == ClaimState::Open {
            claimed.extend(shown::even_closed(conn, &other)?);
        }
    }
    let mut credits = Vec::new();
    for (party, role) in store::credits(conn, &id)? {
        credits.extend(store::party(conn, &party)?.map(|party| (party, role)));
    }
    let mut codes = store::codes(conn, id.as_str())?;
    codes.retain(|code| code.scheme() != Scheme::Isrc);
    let favourite = match &page.member {
        Some(member) => crate::shelf::store::is_favourite(conn, &member.id, &id)?,
        None => false,
    };
    let outline = loudness::measured(conn, &work)?.map(|measure| drawing::outline(&measure.peaks));
    Ok(WorkPage {
        favourite,
        outline,
        codes,
        credits,
        mandate: store::mandate(conn, id.as_str())?,
        claimed,
        parts: store::contributors_of(conn, &id)?,
        selections: selected::naming(conn, id.as_str(), 4)?,
        work,
        page,
    })
}

/// A release.
#[derive(Template)]
#[template(path = "catalogue/release.html")]
struct ReleasePage {
    page: Page,
    release: Release,
    works: Vec<ShownWork>,
}

impl ReleasePage {
    /// What it is: an album, or the one thing that is on it.
    fn word(&self) -> &'static str {
        match self.works.as_slice() {
            [only] if !only.is_heard() => kind_key(&only.kind),
            _ => "catalogue-release",
        }
    }

    /// Whether there is anything the player plays.
    fn is_heard(&self) -> bool {
        self.works.iter().any(ShownWork::is_heard)
    }

    fn seconds(&self) -> i64 {
        self.works.iter().map(ShownWork::seconds).sum()
    }

    /// By how much its works are turned up or down when they are played together, in thousandths
    /// of a decibel.
    fn gain_mdb(&self) -> Option<i64> {
        let measured = self.works.iter();
        let measured = measured.filter_map(|work| Some((&work.work, work.loudness?)));
        loudness::together(measured).map(Loudness::gain_mdb)
    }
}

/// `GET /releases/{id}` for people.
pub async fn release(
    State(app): State<App>,
    guest: Guest,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    show_release(&app, &guest, app.config.uri(&format!("/releases/{id}"))).await
}

async fn release_elsewhere(
    State(app): State<App>,
    guest: Guest,
    Query(wanted): Query<Elsewhere>,
) -> Result<Response, Refusal> {
    show_release(&app, &guest, wanted.uri).await
}

async fn show_release(app: &App, guest: &Guest, id: String) -> Result<Response, Refusal> {
    let page = Page::of(app, guest);
    let found = app
        .db
        .read(move |conn| {
            let id = Uri::parse(&id).map_err(|_| Refusal::Missing)?;
            let release = store::release(conn, &id)?
                .filter(|release| release.withdrawn_us.is_none())
                .ok_or(Refusal::Missing)?;
            let works = store::works_of_release(conn, &id)?;
            let works = shown::with_releases(conn, works)?;
            Ok::<_, Refusal>(ReleasePage {
                page,
                release,
                works,
            })
        })
        .await?;
    pages::answer(&found)
}

/// An artist, a label, or anybody else who has a part in works.
#[derive(Template)]
#[template(path = "catalogue/party.html")]
struct PartyPage {
    page: Page,
    party: Party,
    codes: Vec<Identifier>,
    told: Vec<(Notice, String)>,
    releases: Vec<Release>,
    works: Vec<ShownWork>,
    /// Whether the reader follows them.
    following: bool,
    /// The desk of the label, for its people.
    desk: Option<String>,
}

/// `GET /parties/{slug}` for people.
pub async fn party(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
) -> Result<Response, Refusal> {
    show_party(&app, &guest, app.config.uri(&format!("/parties/{slug}"))).await
}

async fn party_elsewhere(
    State(app): State<App>,
    guest: Guest,
    Query(wanted): Query<Elsewhere>,
) -> Result<Response, Refusal> {
    show_party(&app, &guest, wanted.uri).await
}

async fn show_party(app: &App, guest: &Guest, id: String) -> Result<Response, Refusal> {
    let page = Page::of(app, guest);
    let found = app
        .db
        .read(move |conn| {
            let id = PartyId::parse(&id).map_err(|_| Refusal::Missing)?;
            let party = store::party(conn, &id)?.ok_or(Refusal::Missing)?;
            let works = store::works_of_party(conn, &id, LIST)?;
            let mut told = Vec::new();
            for notice in store::notices_of(conn, &id, 10)? {
                let work = store::work(conn, &notice.work)?;
                told.extend(work.map(|work| (notice, work.title)));
            }
            let following = people::is_following(conn, page.member.as_ref(), id.as_str())?;
            let desk = match party.kind {
                Role::Label => labels::pages::desk_of(conn, &page, &party.id)?,
                _ => None,
            };
            Ok::<_, Refusal>(PartyPage {
                following,
                desk,
                page,
                party,
                codes: store::codes(conn, id.as_str())?,
                told,
                releases: store::releases_of_party(conn, &id, LIST)?,
                works: shown::with_releases(conn, works)?,
            })
        })
        .await?;
    pages::answer(&found)
}

/// The sentence that names a kind of work.
pub fn kind_key(kind: &Kind) -> &'static str {
    match kind {
        Kind::Music => "catalogue-kind-music",
        Kind::Film => "catalogue-kind-film",
        Kind::Game => "catalogue-kind-game",
        Kind::Book => "catalogue-kind-book",
    }
}

/// The sentence that names a role.
pub fn role_key(role: &Role) -> &'static str {
    match role {
        Role::Artist => "catalogue-role-artist",
        Role::Label => "catalogue-role-label",
        Role::Producer => "catalogue-role-producer",
        Role::Publisher => "catalogue-role-publisher",
        Role::Distributor => "catalogue-role-distributor",
    }
}

/// A contributor's role as a page shows it: the word of the language where there is one, else
/// DDEX's own in separate words.
pub fn credit_role(page: &Page, role: &str) -> String {
    let key = match role {
        "MainArtist" | "Artist" => "catalogue-role-artist",
        "FeaturedArtist" => "catalogue-credit-featured",
        "Composer" => "catalogue-credit-composer",
        "Lyricist" | "Author" => "catalogue-credit-lyricist",
        "ComposerLyricist" => "catalogue-credit-songwriter",
        "Arranger" => "catalogue-credit-arranger",
        "Conductor" => "catalogue-credit-conductor",
        "Performer" | "AssociatedPerformer" => "catalogue-credit-performer",
        "Producer" | "StudioProducer" => "catalogue-role-producer",
        "MusicPublisher" => "catalogue-role-publisher",
        "Mixer" | "MixingEngineer" => "catalogue-credit-mixer",
        "MasteringEngineer" => "catalogue-credit-mastering",
        other => {
            let mut words = String::new();
            for letter in other.chars() {
                if letter.is_uppercase() && !words.is_empty() && !words.ends_with(' ') {
                    words.push(' ');
                }
                words.push(letter);
            }
            return words;
        }
    };
    page.t(key)
}

#[cfg(test)]
pub(crate) fn sample_work(at: u8) -> ShownWork {
    let here = at.is_multiple_of(2);
    let origin = sample_origin(here);
    let release = here.then(|| sample_release(true));
    ShownWork {
        work: super::Work {
            id: WorkId::parse(&format!("{origin}/works/{at}")).unwrap(),
            origin: origin.into(),
            kind: if at == 3 { Kind::Film } else { Kind::Music },
            title: format!("L’eau & le <feu> n° {at}"),
            credit: "Zéphyrine \"Zed\" d'Août".into(),
            artist: PartyId::parse(&format!("{origin}/parties/zed")).ok(),
            release: release.as_ref().map(|release| release.id.clone()),
            disc: Some(1),
            position: Some(u32::from(at)),
            isrc: settlement::Isrc::parse("FRZ032600001")
                .ok()
                .filter(|_| here),
            territory: settlement::Territory::parse("FR-ARA").ok().filter(|_| here),
            duration_ms: 207_999,
            media: None,
            media_url: None,
            media_type: None,
            media_size: None,
            genre: Some("Chanson".into()),
            year: Some(2026),
            document: None,
            created_us: 0,
            updated_us: 0,
            withdrawn_us: None,
            offer: Default::default(),
        },
        came_on: release,
        loudness: here.then_some(Loudness {
            mlufs: -11_250,
            peak_micro: 988_000,
        }),
    }
}

#[cfg(test)]
fn sample_origin(here: bool) -> &'static str {
    if here {
        "http://localhost:8101"
    } else {
        "http://localhost:8102"
    }
}

#[cfg(test)]
pub(crate) fn sample_release(here: bool) -> Release {
    let origin = sample_origin(here);
    Release {
        id: Uri::parse(&format!("{origin}/releases/1")).unwrap(),
        origin: origin.into(),
        title: "Bords & <débords>".into(),
        credit: "Zéphyrine".into(),
        artist: PartyId::parse(&format!("{origin}/parties/zed")).ok(),
        label_party: PartyId::parse(&format!("{origin}/parties/fil"))
            .ok()
            .filter(|_| here),
        label: Some("Le \"Fil\"".into()),
        icpn: Some("3700000000017".into()),
        year: here.then_some(2026),
        genre: None,
        cover: here.then(|| federation::digest::Sha256Digest::of(b"a picture")),
        cover_url: None,
        territory: settlement::Territory::parse("BE-WAL").ok(),
        document: None,
        grouping: None,
        created_us: 0,
        updated_us: 0,
        withdrawn_us: None,
    }
}

#[cfg(test)]
pub(crate) fn sample_party(here: bool) -> Party {
    Party {
        id: PartyId::parse("http://localhost:8101/parties/zed").unwrap(),
        kind: Role::Artist,
        name: "Zed <&>".into(),
        origin: sample_origin(here).into(),
        created_us: 0,
    }
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    let party = sample_party;
    let mut all = Vec::new();
    for (signed_in, at) in [(true, 2), (false, 3), (true, 4)] {
        let page = Page::sample(language, signed_in);
        let work = WorkPage {
            page: page.clone(),
            work: sample_work(at),
            favourite: at == 2,
            outline: (at != 3).then(|| drawing::outline(&[0, 40, 255, 12])),
            parts: if at == 2 {
                Vec::new()
            } else {
                vec![(party(true), Role::Artist), (party(false), Role::Label)]
            },
            codes: vec![Identifier::parse(Scheme::Iswc, "T-034.524.680-1").unwrap()],
            credits: vec![
                (party(true), "Composer".into()),
                (party(false), "BassGuitar".into()),
            ],
            mandate: Some(Mandate {
                licensor: "Le <Fil>".into(),
                granted: settlement::Date::parse("2026-11-01").unwrap(),
                scope: "streaming".into(),
                society: match at {
                    2 => Society::Unknown,
                    3 => Society::None,
                    _ => Society::Named("SACEM & co".into()),
                },
                stated: signed_in,
                recorded_us: 0,
            }),
            claimed: if at == 2 {
                vec![sample_work(3)]
            } else {
                Vec::new()
            },
            selections: vec![crate::curation::pages::sample_selection(signed_in)],
        };
        all.push(("work", work.render()));
        let release = ReleasePage {
            page: page.clone(),
            release: sample_release(signed_in),
            works: if at == 4 {
                Vec::new()
            } else {
                (0..3).map(sample_work).collect()
            },
        };
        all.push(("release", release.render()));
        let party = PartyPage {
            following: at == 2,
            desk: signed_in.then(|| "/labels/zed".into()),
            page,
            party: party(signed_in),
            codes: vec![Identifier::parse(Scheme::Isni, "0000000121032683").unwrap()],
            told: vec![(
                Notice {
                    party: PartyId::parse("http://localhost:8101/parties/zed").unwrap(),
                    kind: super::changes::NoticeKind::SplitProposed,
                    work: WorkId::parse("http://localhost:8101/works/1").unwrap(),
                    about: "1".into(),
                    told_us: 0,
                },
                "L’eau & le <feu>".into(),
            )],
            releases: vec![sample_release(true), sample_release(false)],
            works: (0..4).map(sample_work).collect(),
        };
        all.push(("party", party.render()));
    }
    all
}
