//! The pages: what they share. Each room's own pages are in its `pages.rs`; here are the frame
//! around every one ([`Page`]), the page a refusal is read on, the declaration of accessibility,
//! the choice of a language, and [`assets`], [`shell`] and [`drawing`].

pub mod assets;
pub mod drawing;
pub mod packed;
pub mod shell;

use std::fmt::Display;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use jiff::tz::TimeZone;
use serde::Deserialize;
use settlement::{Currency, Period, Territory};

use crate::Node;
use crate::config::Language;
use crate::members::SignedIn;
use crate::web::{App, Complaint, Guest, LANGUAGE_COOKIE, Refusal};
use crate::words::{Say, figures, places, say};

/// The doors that belong to no room, and those of every room's pages.
pub fn routes() -> Router<App> {
    Router::new()
        .merge(crate::catalogue::pages::routes())
        .merge(crate::curation::pages::routes())
        .merge(crate::discovery::search::pages::routes())
        .merge(crate::discovery::voyage::pages::routes())
        .merge(crate::discovery::remote::routes())
        .merge(crate::labels::pages::routes())
        .merge(crate::venues::pages::routes())
        .merge(crate::members::pages::routes())
        .merge(crate::shelf::pages::routes())
        .merge(crate::peers::pages::routes())
        .merge(crate::coordinator::pages::routes())
        .merge(crate::cases::pages::routes())
        .merge(crate::operating::routes())
        .route("/assets/{*name}", get(assets::serve))
        .route("/manifest.webmanifest", get(shell::manifest))
        .route("/sw.js", get(shell::worker))
        .route("/offline", get(shell::offline))
        .route("/covers/drawn", get(shell::drawn))
        .route("/language", get(choose_language))
        .route("/accessibility", get(accessibility))
        .route("/legal", get(legal))
        .route("/signed-out", get(signed_out))
        .fallback(nothing_here)
}

/// A value, however often it is borrowed: templates borrow what they pass on.
pub trait Given<T> {
    /// The value itself.
    fn given(&self) -> T;
}

impl Given<i64> for i64 {
    fn given(&self) -> i64 {
        *self
    }
}

impl Given<bool> for bool {
    fn given(&self) -> bool {
        *self
    }
}

impl Given<Period> for Period {
    fn given(&self) -> Period {
        *self
    }
}

impl<T, U: Given<T>> Given<T> for &U {
    fn given(&self) -> T {
        (**self).given()
    }
}

/// The frame of a page: whose house this is, who reads, in which language. Templates ask it for
/// sentences and for figures written as the reader's language writes them.
#[derive(Clone, Debug)]
pub struct Page {
    /// The node's name.
    pub node: String,
    /// The language of the page.
    pub language: Language,
    /// Who reads it, when signed in.
    pub member: Option<SignedIn>,
    /// The path of the page.
    pub path: String,
    /// The path with its query, to come back to.
    pub back_to: String,
    /// Scheme, host and port of this node: what begins with it is here.
    pub base: String,
    /// The node's time zone.
    pub zone: TimeZone,
    /// The node's currency.
    pub currency: Currency,
    /// When it was made by the node's clock, in milliseconds since 1970 UTC: the clock of the
    /// device it is read on may be wrong, and plays are told by the node's.
    pub now_ms: i64,
}

impl Page {
    /// The frame of a page for this guest.
    pub fn of(node: &Node, guest: &Guest) -> Self {
        Page {
            node: node.config.name.clone(),
            language: guest.language,
            member: guest.member.clone(),
            path: guest.path.clone(),
            back_to: guest.back.clone(),
            base: node.config.base(),
            zone: node.config.time_zone(),
            currency: node.config.currency,
            now_ms: node.clock.now_us() / 1000,
        }
    }

    /// What the player knows a member by on this device: it keeps a queue for them, and nobody
    /// else's. Nothing when nobody is signed in.
    pub fn listener(&self) -> String {
        let member = self.member.as_ref();
        member.map_or_else(String::new, |member| {
            crate::members::token_digest(&member.id)[..16].to_owned()
        })
    }

    /// The sentence `key`.
    pub fn t(&self, key: &str) -> String {
        say(self.language, key, &[])
    }

    /// The sentence `key` with one blank filled.
    pub fn tn(&self, key: &str, name: &str, value: impl ToString) -> String {
        say(self.language, key, &[(name, &value.to_string())])
    }

    /// The sentence `key` with two blanks filled.
    pub fn t2(
        &self,
        key: &str,
        first: &str,
        value: impl ToString,
        second: &str,
        other: impl ToString,
    ) -> String {
        say(
            self.language,
            key,
            &[(first, &value.to_string()), (second, &other.to_string())],
        )
    }

    /// A sentence chosen elsewhere, in this page's language.
    pub fn say(&self, say: &Say) -> String {
        say.to(self.language)
    }

    /// Whether the page is at this path.
    pub fn is_at(&self, path: &str) -> bool {
        self.path == path
    }

    /// The path to come back to, fit for a query.
    pub fn back(&self) -> String {
        percent_encoding::utf8_percent_encode(&self.back_to, percent_encoding::NON_ALPHANUMERIC)
            .to_string()
    }

    /// The address of this page, fit for a query: what somebody may report. A page that is for one
    /// reader alone is nobody's to report.
    pub fn reported(&self) -> String {
        let public = [
            "/works/",
            "/releases/",
            "/selections/",
            "/statements/",
            "/parties/",
            "/elsewhere/",
        ];
        match public.iter().any(|start| self.back_to.starts_with(start)) {
            true => self.back(),
            false => String::new(),
        }
    }

    /// The other of the two languages.
    pub fn other(&self) -> Language {
        self.language.other()
    }

    /// The address of an asset, which changes when its bytes do.
    pub fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    /// The path below which this node shows what lives at `uri`: its own path when it is here,
    /// this node's page about it when it is elsewhere (`kind` is `works`, `releases`, …).
    pub fn link(&self, kind: &str, uri: impl Display) -> String {
        let uri = uri.to_string();
        match self.here(&uri) {
            Some(path) => path.to_owned(),
            None => format!(
                "/elsewhere/{kind}?uri={}",
                percent_encoding::utf8_percent_encode(&uri, percent_encoding::NON_ALPHANUMERIC)
            ),
        }
    }

    /// The path of the voyage that begins at `uri`.
    pub fn voyage(&self, uri: impl Display) -> String {
        format!(
            "/voyage?from={}",
            crate::catalogue::encoded(&uri.to_string())
        )
    }

    /// The path of what is on this node; nothing for what is elsewhere.
    pub fn here<'u>(&self, uri: &'u str) -> Option<&'u str> {
        uri.strip_prefix(self.base.as_str())
            .filter(|path| path.starts_with('/'))
    }

    /// Whether what has this address is on this node.
    pub fn is_here(&self, uri: &str) -> bool {
        self.here(uri).is_some()
    }

    /// Whether what lives on the node `origin` is on this one.
    pub fn is_from_here(&self, origin: &str) -> bool {
        origin == self.base
    }

    /// Where something is from: the name of its territory, else the host of its node.
    pub fn place(&self, origin: &str, territory: &Option<Territory>) -> String {
        match territory {
            Some(code) => places::name(self.language, code.as_str()).to_owned(),
            None => origin
                .split_once("://")
                .map_or(origin, |(_, host)| host)
                .to_owned(),
        }
    }

    /// An amount of the node's currency in minor units.
    pub fn money(&self, minor: impl Given<i64>) -> String {
        figures::money(self.language, minor.given(), self.currency)
    }

    /// An amount of the node's currency in micros, to a hundredth of a minor unit.
    pub fn money_fine(&self, micro: impl Given<i64>) -> String {
        figures::money_fine(self.language, micro.given(), self.currency)
    }

    /// An amount of the node's currency in micros, in whole minor units (rounded toward zero).
    pub fn money_of_micro(&self, micro: impl Given<i64>) -> String {
        figures::money(self.language, micro.given() / 1_000_000, self.currency)
    }

    /// A whole number.
    pub fn number(&self, value: impl Given<i64>) -> String {
        figures::number(self.language, value.given())
    }

    /// Basis points as per cent.
    pub fn percent(&self, bp: impl Given<i64>) -> String {
        figures::percent(self.language, bp.given())
    }

    /// A part of a whole as per cent, to a tenth.
    pub fn share(&self, part: impl Given<i64>, whole: impl Given<i64>) -> String {
        let (part, whole) = (i128::from(part.given()), i128::from(whole.given()));
        let bp = if whole == 0 {
            0
        } else {
            part * 1000 / whole * 10
        };
        figures::percent(self.language, i64::try_from(bp).unwrap_or(0))
    }

    /// What is wrong with the field of a form, if something is.
    pub fn wrong(&self, complaints: &[Complaint], field: &str) -> Option<String> {
        complaints
            .iter()
            .find(|complaint| complaint.field == field)
            .map(|complaint| self.say(&complaint.say))
    }

    /// What somebody wrote, with the spaces French asks for held narrow and unbroken; other
    /// languages have no space there to hold.
    pub fn prose(&self, text: impl AsRef<str>) -> String {
        figures::french_spacing(text.as_ref())
    }

    /// A month in words.
    pub fn month(&self, period: impl Given<Period>) -> String {
        figures::month(self.language, period.given())
    }

    /// A day in words.
    pub fn day(&self, us: impl Given<i64>) -> String {
        figures::day(self.language, us.given(), &self.zone)
    }

    /// A day without its year.
    pub fn short_day(&self, us: impl Given<i64>) -> String {
        figures::short_day(self.language, us.given(), &self.zone)
    }

    /// A time of day.
    pub fn time(&self, us: impl Given<i64>) -> String {
        figures::time_of_day(self.language, us.given(), &self.zone)
    }

    /// A length in seconds as `3:27`; nothing for what has none, as a book.
    pub fn length(&self, seconds: impl Given<i64>) -> String {
        match seconds.given() {
            ..=0 => String::new(),
            seconds => figures::length(seconds),
        }
    }

    #[cfg(test)]
    pub(crate) fn sample(language: Language, signed_in: bool) -> Self {
        Page {
            node: "Loire <en> scène".into(),
            language,
            member: signed_in.then(|| SignedIn {
                id: "m1".into(),
                name: "Anaïs & Paul".into(),
                language,
                venue: settlement::VenueId::parse("http://localhost:8101/venues/le-fil").ok(),
                roles: vec![(None, crate::members::Role::Operator)],
                proved: true,
                waiting: false,
            }),
            path: "/".into(),
            back_to: "/search?q=l%27eau".into(),
            base: "http://localhost:8101".into(),
            zone: TimeZone::UTC,
            currency: Currency::parse("EUR").unwrap(),
            now_ms: 1_790_000_000_000,
        }
    }
}

/// The first words of a text, at most `limit` characters, cut between words.
pub fn shorten(text: &str, limit: usize) -> String {
    let Some((cut, _)) = text.char_indices().nth(limit) else {
        return text.to_owned();
    };
    let end = text[..cut].rfind(char::is_whitespace).unwrap_or(cut);
    format!(
        "{}…",
        text[..end].trim_end_matches([' ', ',', ';', ':', '.'])
    )
}

/// The address something has, from the query of `/elsewhere/…`.
#[derive(Deserialize)]
pub struct Elsewhere {
    /// The URI of a work, a release, a selection or a party of another node.
    pub uri: String,
}

/// A page as an answer; one that cannot be written is our fault.
pub fn answer(page: &impl Template) -> Result<Response, Refusal> {
    match page.render() {
        Ok(html) => Ok(Html(html).into_response()),
        Err(error) => Err(Refusal::broken(error)),
    }
}

/// A page that shows a form again, with what to mend.
pub fn answer_invalid(page: &impl Template) -> Result<Response, Refusal> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, answer(page)?).into_response())
}

/// The page that tells a guest why there is nothing else to read.
#[derive(Template)]
#[template(path = "pages/refusal.html")]
struct RefusalPage {
    page: Page,
    status: u16,
    heading: String,
    sentence: String,
    complaints: Vec<String>,
}

impl RefusalPage {
    fn of(page: Page, refusal: &Refusal, sentence: String) -> Self {
        let complaints = match refusal {
            Refusal::Invalid(complaints) if complaints.len() > 1 => {
                complaints.iter().map(|c| page.say(&c.say)).collect()
            }
            _ => Vec::new(),
        };
        let heading = match refusal {
            Refusal::Missing => page.t("page-refusal-missing"),
            Refusal::SignIn => page.t("page-refusal-sign-in"),
            Refusal::Forbidden(_) => page.t("page-refusal-forbidden"),
            Refusal::Invalid(_) => page.t("page-refusal-invalid"),
            Refusal::Conflict(_) => page.t("page-refusal-conflict"),
            Refusal::TooMany(_) => page.t("page-refusal-too-many"),
            Refusal::Broken(_) => page.t("page-refusal-broken"),
        };
        RefusalPage {
            status: refusal.status().as_u16(),
            heading,
            sentence,
            complaints,
            page,
        }
    }
}

/// The page a refusal is read on, without its status.
pub fn refusal(node: &Node, guest: &Guest, refusal: &Refusal, sentence: String) -> Html<String> {
    let page = RefusalPage::of(Page::of(node, guest), refusal, sentence.clone());
    // The sentence alone is better than nothing, and holds no markup.
    Html(page.render().unwrap_or(sentence))
}

async fn nothing_here() -> Refusal {
    Refusal::Missing
}

/// The declaration of accessibility a public library must link to.
#[derive(Template)]
#[template(path = "pages/accessibility.html")]
struct AccessibilityPage {
    page: Page,
    address: String,
}

async fn accessibility(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    answer(&AccessibilityPage {
        address: app.config.base(),
        page: Page::of(&app, &guest),
    })
}

/// What somebody reads who signed out: that the music stopped, and what this device forgot.
#[derive(Template)]
#[template(path = "pages/signed_out.html")]
struct SignedOutPage {
    page: Page,
}

async fn signed_out(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    answer(&SignedOutPage { page })
}

/// Who answers for this node, what it keeps of whom, and where its source is.
#[derive(Template)]
#[template(path = "pages/legal.html")]
struct LegalPage {
    page: Page,
    /// What the operator wrote in `legal.txt` in the node's folder, in paragraphs.
    own_words: Vec<String>,
}

/// The most of `legal.txt` that is shown, in bytes.
const LEGAL_LIMIT: usize = 64 * 1024;

async fn legal(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    let path = app.config.dir.join("legal.txt");
    let mut text = tokio::fs::read(path).await.unwrap_or_default();
    text.truncate(LEGAL_LIMIT);
    let text = String::from_utf8_lossy(&text);
    answer(&LegalPage {
        page: Page::of(&app, &guest),
        own_words: text
            .split("\n\n")
            .map(|paragraph| paragraph.trim().to_owned())
            .filter(|paragraph| !paragraph.is_empty())
            .collect(),
    })
}

#[derive(Deserialize)]
struct LanguageChoice {
    to: String,
    #[serde(default)]
    back: String,
}

/// Keeps the chosen language in a cookie and goes back to where one was.
async fn choose_language(
    State(app): State<App>,
    Query(choice): Query<LanguageChoice>,
) -> Result<Response, Refusal> {
    let language = Language::parse(&choice.to)
        .ok_or_else(|| Refusal::field("to", Say::new("page-language-unknown")))?;
    let secure = if app.config.dev { "" } else { "; Secure" };
    let cookie = format!(
        "{LANGUAGE_COOKIE}={}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly{secure}",
        language.code()
    );
    let mut response = Redirect::to(local_path(&choice.back)).into_response();
    let cookie = HeaderValue::from_str(&cookie).map_err(Refusal::broken)?;
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(response)
}

/// The path to go back to, if it is a path of this node; home otherwise. Browsers read `\` as
/// `/` and skip control characters, so that `/\evil.example` would lead elsewhere.
pub fn local_path(path: &str) -> &str {
    let leads_elsewhere = !path.starts_with('/')
        || path.starts_with("//")
        || path.contains('\\')
        || path.chars().any(char::is_control)
        || path.len() > 2000;
    if leads_elsewhere { "/" } else { path }
}

/// The pages of this file as they look with something in them.
#[cfg(test)]
pub(crate) fn samples(language: Language) -> Vec<(&'static str, askama::Result<String>)> {
    let refusals = [
        Refusal::Missing,
        Refusal::SignIn,
        Refusal::Forbidden(Say::new("refusal-forbidden")),
        Refusal::Invalid(vec![
            crate::web::Complaint {
                field: "name",
                say: Say::new("page-language-unknown"),
            },
            crate::web::Complaint {
                field: "to",
                say: Say::new("page-language-unknown"),
            },
        ]),
        Refusal::Conflict(Say::new("refusal-cross-site")),
        Refusal::TooMany(12),
        Refusal::broken("a disk is full"),
    ];
    let mut pages: Vec<_> = refusals
        .iter()
        .map(|refusal| {
            let page = Page::sample(language, false);
            let sentence = refusal.sentence(language);
            ("refusal", RefusalPage::of(page, refusal, sentence).render())
        })
        .collect();
    pages.push((
        "accessibility",
        AccessibilityPage {
            page: Page::sample(language, true),
            address: "https://loire.example".into(),
        }
        .render(),
    ));
    let page = Page::sample(language, false);
    pages.push(("signed out", SignedOutPage { page }.render()));
    for own_words in [Vec::new(), vec!["SCIC <Loire>".into()]] {
        let page = Page::sample(language, false);
        pages.push(("legal", LegalPage { page, own_words }.render()));
    }
    pages
}

#[cfg(test)]
mod axe;
#[cfg(test)]
mod well_made;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_led_back_only_to_a_page_of_this_node() {
        assert_eq!(local_path("/search?q=eau"), "/search?q=eau");
        for elsewhere in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "",
            "/a\nb",
            "javascript:1",
        ] {
            assert_eq!(local_path(elsewhere), "/", "{elsewhere:?}");
        }
    }

    #[test]
    fn what_is_elsewhere_is_linked_through_a_page_of_this_node() {
        let page = Page::sample(Language::Fr, false);
        assert_eq!(
            page.link("works", "http://localhost:8101/works/1"),
            "/works/1"
        );
        assert_eq!(
            page.link("works", "http://localhost:81019/works/1"),
            "/elsewhere/works?uri=http%3A%2F%2Flocalhost%3A81019%2Fworks%2F1"
        );
    }
}
