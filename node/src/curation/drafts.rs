//! Drafts: what a venue's curators work on together. A **draft** holds what was written, perhaps in
//! both languages, the works in their order, a picture, whom it answers, and when it is to be
//! published and withdrawn. Published, it becomes a selection and stays: later changes are made in
//! it and published again.
//!
//! Two curators at once: a form says which state it was made from, and an older one changes
//! nothing ([`Saved::Stale`]); what its writer wrote is shown to them again beside who came first.

use std::time::Duration;

use federation::digest::Sha256Digest;
use serde::{Deserialize, Serialize};
use settlement::{Uri, VenueId, WorkId};
use tokio::sync::watch;

use super::store::details::{self, Details};
use super::{Item, NOTE_LIMIT, Selection, TITLE_LIMIT, WORDS_LIMIT, WORKS_LIMIT, plain, store};
use crate::Node;
use crate::config::Language;
use crate::db::Conn;
use crate::errands::{self, Errand, Rest};
use crate::members::SignedIn;
use crate::venues::{self, Venue};
use crate::web::{App, Complaint, Refusal};
use crate::words::Say;

/// How often it is looked whether a draft's time has come.
const EVERY: Duration = Duration::from_secs(30);
/// How many drafts are published or withdrawn at once.
const AT_ONCE: i64 = 20;

/// What a venue's curators work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its id, the last part of its address.
    pub id: String,
    /// The venue.
    pub venue: VenueId,
    /// What it was published as, while that stands.
    pub selection: Option<Uri>,
    /// What was written.
    pub body: Body,
    /// When it is to be published, in microseconds UTC.
    pub publish_us: Option<i64>,
    /// When it is to be withdrawn, in microseconds UTC.
    pub unpublish_us: Option<i64>,
    /// When it last changed, in microseconds UTC.
    pub updated_us: i64,
    /// Who changed it last.
    pub updated_by: String,
    /// The time at which it could not be published, until it is or has another.
    pub missed: Option<Missed>,
}

/// A time at which a draft could not be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// When it was to be, in microseconds UTC.
    pub at_us: i64,
    fr: String,
    en: String,
}

#[derive(Serialize, Deserialize)]
struct Why {
    fr: String,
    en: String,
}

impl Missed {
    /// What kept a draft from being published at this time.
    pub fn of(at_us: i64, refusal: &Refusal) -> Self {
        let told = |language| match refusal {
            Refusal::Invalid(complaints) => {
                let all: Vec<String> = complaints.iter().map(|c| c.say.to(language)).collect();
                all.join(" ")
            }
            other => other.sentence(language),
        };
        Missed {
            at_us,
            fr: told(Language::Fr),
            en: told(Language::En),
        }
    }

    /// Why, in the reader's language.
    pub fn why(&self, language: Language) -> &str {
        match language {
            Language::Fr => &self.fr,
            Language::En => &self.en,
        }
    }

    /// Reads what [`Missed::written`] wrote.
    ///
    /// # Errors
    /// When it is no such thing.
    pub fn read(at_us: i64, why: &str) -> serde_json::Result<Self> {
        let Why { fr, en } = serde_json::from_str(why)?;
        Ok(Missed { at_us, fr, en })
    }

    /// As the database keeps why.
    pub fn written(&self) -> String {
        let why = Why {
            fr: self.fr.clone(),
            en: self.en.clone(),
        };
        serde_json::to_string(&why).unwrap_or_default()
    }
}

/// What was written in a draft.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// The language of title and words: `fr` or `en`.
    pub language: String,
    /// The title.
    pub title: String,
    /// The words.
    pub words: String,
    /// The title in the other language; may be empty.
    pub other_title: String,
    /// The words in the other language; may be empty.
    pub other_words: String,
    /// The works in order.
    pub works: Vec<Line>,
    /// The picture, by its digest.
    pub picture: Option<String>,
    /// The selection it was borrowed from.
    pub answers: Option<String>,
}

/// A work in a draft.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its address, as it was written.
    pub work: String,
    /// Why it is here.
    pub note: String,
}

impl Body {
    /// Reads what [`Body::written`] wrote.
    ///
    /// # Errors
    /// When it is no such thing.
    pub fn read(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// As the database keeps it.
    pub fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The language of title and words.
    pub fn language(&self) -> Language {
        Language::parse(&self.language).unwrap_or(Language::Fr)
    }

    fn picture(&self) -> Option<Sha256Digest> {
        self.picture
            .as_deref()
            .and_then(|digest| digest.parse().ok())
    }

    /// Within what a draft may hold; unfinished is well.
    fn checked(mut self) -> Result<Self, Refusal> {
        let mut complaints = Vec::new();
        let mut within = |field, text: &mut String, limit: usize, key| {
            *text = plain(text);
            if text.chars().count() > limit {
                let say = Say::new(key).with("limit", limit);
                complaints.push(Complaint { field, say });
            }
        };
        within("title", &mut self.title, TITLE_LIMIT, "curation-title");
        within(
            "other_title",
            &mut self.other_title,
            TITLE_LIMIT,
            "curation-title",
        );
        within("words", &mut self.words, WORDS_LIMIT, "curation-words");
        within(
            "other_words",
            &mut self.other_words,
            WORDS_LIMIT,
            "curation-words",
        );
        for line in &mut self.works {
            line.note = plain(&line.note).replace('\n', " ");
            if line.note.chars().count() > NOTE_LIMIT {
                let say = Say::new("curation-note").with("limit", NOTE_LIMIT);
                complaints.push(Complaint {
                    field: "works",
                    say,
                });
                break;
            }
        }
        if self.works.len() > WORKS_LIMIT {
            let say = Say::new("curation-works").with("limit", WORKS_LIMIT);
            complaints.push(Complaint {
                field: "works",
                say,
            });
        }
        if complaints.is_empty() {
            return Ok(self);
        }
        Err(Refusal::Invalid(complaints))
    }

    fn items(&self) -> Result<Vec<Item>, Refusal> {
        let items = self.works.iter().map(|line| {
            let unknown = || Say::new("curation-work-unknown").with("work", &line.work);
            let work = WorkId::parse(line.work.trim());
            Ok(Item {
                work: work.map_err(|_| Refusal::field("works", unknown()))?,
                note: line.note.clone(),
            })
        });
        items.collect()
    }

    fn details(&self) -> Details {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Details {
            language: Some(self.language()),
            other_title: text(&self.other_title),
            other_words: text(&self.other_words),
            picture: self.picture(),
            picture_url: None,
            answers: self.answers.as_deref().and_then(|id| Uri::parse(id).ok()),
        }
    }
}

/// What became of a draft that was to be saved.
#[derive(Debug)]
pub enum Saved {
    /// It is kept.
    Kept(Box<Draft>),
    /// Somebody else changed it since the form was made; this is theirs.
    Stale(Box<Draft>),
}

/// When a draft is to be published and withdrawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// When to publish it, in microseconds UTC.
    pub publish_us: Option<i64>,
    /// When to withdraw it, in microseconds UTC.
    pub unpublish_us: Option<i64>,
}

/// What a form wants kept.
#[derive(Debug, Default)]
pub struct Wish<'w> {
    /// The draft; a new one where there is none.
    pub id: Option<&'w str>,
    /// The state the form was made from ([`Draft::updated_us`]).
    pub as_of: Option<i64>,
    /// What was written.
    pub body: Body,
    /// When it is to be published and withdrawn.
    pub times: Times,
}

/// Saves a draft of a venue, in the caller's transaction.
///
/// # Errors
/// A complaint for each field that cannot be kept; [`Refusal::Missing`] for no draft of this venue.
pub fn save(
    conn: &mut Conn,
    node: &Node,
    venue: &Venue,
    curator: &SignedIn,
    wish: Wish<'_>,
) -> Result<Saved, Refusal> {
    let Wish {
        id,
        as_of,
        body,
        times,
    } = wish;
    let before = match id {
        None => None,
        Some(id) => Some(store::drafts::draft(conn, &venue.id, id)?.ok_or(Refusal::Missing)?),
    };
    if let Some(before) = &before
        && as_of != Some(before.updated_us)
    {
        return Ok(Saved::Stale(Box::new(before.clone())));
    }
    let now_us = node.clock.now_us();
    if let (Some(publish), Some(unpublish)) = (times.publish_us, times.unpublish_us)
        && unpublish <= publish
    {
        let order = Say::new("curation-times-order");
        return Err(Refusal::field("unpublish_at", order));
    }
    let mut body = body.checked()?;
    let earlier = before.as_ref();
    // A picture and whom it answers are not in the form's text: they stay until they are changed.
    body.answers = earlier
        .and_then(|before| before.body.answers.clone())
        .or(body.answers);
    let draft = Draft {
        id: earlier.map_or_else(|| node.clock.fresh_id(), |before| before.id.clone()),
        venue: venue.id.clone(),
        selection: earlier.and_then(|before| before.selection.clone()),
        body,
        publish_us: times.publish_us,
        unpublish_us: times.unpublish_us,
        updated_us: earlier.map_or(now_us, |before| now_us.max(before.updated_us + 1)),
        updated_by: curator.name.clone(),
        missed: match times.publish_us {
            Some(_) => None,
            None => earlier.and_then(|before| before.missed.clone()),
        },
    };
    store::drafts::put(conn, &draft)?;
    Ok(Saved::Kept(Box::new(draft)))
}

/// Publishes a draft, or what changed in it since it was published; in the caller's transaction.
///
/// # Errors
/// As [`super::publish`].
pub fn publish(
    conn: &mut Conn,
    node: &Node,
    venue: &Venue,
    draft: &mut Draft,
) -> Result<Selection, Refusal> {
    let items = draft.body.items()?;
    let (title, words) = (&draft.body.title, &draft.body.words);
    let details = draft.body.details();
    let selection = match &draft.selection {
        Some(id) => super::update_with(conn, node, id, title, words, &items, &details)?,
        None => super::publish_with(conn, node, venue, title, words, &items, &details)?,
    };
    draft.selection = Some(selection.id.clone());
    draft.publish_us = None;
    draft.missed = None;
    store::drafts::put(conn, draft)?;
    Ok(selection)
}

/// Withdraws what a draft was published as; the draft stays. In the caller's transaction.
///
/// # Errors
/// When the database breaks.
pub fn withdraw(conn: &mut Conn, node: &Node, draft: &mut Draft) -> Result<(), Refusal> {
    if let Some(selection) = draft.selection.take() {
        match super::withdraw(conn, node, &selection) {
            Ok(()) | Err(Refusal::Missing) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    draft.unpublish_us = None;
    Ok(store::drafts::put(conn, draft)?)
}

/// Begins a draft with the works and notes of another venue's selection, which it answers; in the
/// caller's transaction.
///
/// # Errors
/// When there is no such selection here.
pub fn borrow(
    conn: &mut Conn,
    node: &Node,
    venue: &Venue,
    curator: &SignedIn,
    from: &Uri,
) -> Result<Draft, Refusal> {
    let selection = store::selection(conn, from)?;
    let selection = selection.filter(|selection| selection.withdrawn_us.is_none());
    let selection = selection.ok_or(Refusal::Missing)?;
    let language = details::of(conn, from.as_str())?.language;
    let body = Body {
        language: language.unwrap_or(node.config.language).code().to_owned(),
        title: selection.title,
        works: selection
            .items
            .into_iter()
            .map(|item| Line {
                work: item.work.to_string(),
                note: String::new(),
            })
            .collect(),
        answers: Some(from.to_string()),
        ..Body::default()
    };
    let wish = Wish {
        body,
        ..Wish::default()
    };
    match save(conn, node, venue, curator, wish)? {
        Saved::Kept(draft) | Saved::Stale(draft) => Ok(*draft),
    }
}

/// Publishes and withdraws every draft whose time has come; how many.
///
/// # Errors
/// When the database breaks.
pub fn turn(node: &Node) -> Result<usize, Refusal> {
    let now_us = node.clock.now_us();
    let due = node
        .db
        .read_now(|conn| Ok::<_, Refusal>(store::drafts::due(conn, now_us, AT_ONCE)?))?;
    for draft in &due {
        // Each by itself: one that cannot be published stops no other.
        node.db
            .write_now(|conn| turn_one(conn, node, draft, now_us))?;
    }
    Ok(due.len())
}

fn turn_one(conn: &mut Conn, node: &Node, due: &Draft, now_us: i64) -> Result<(), Refusal> {
    // Somebody may have changed it since it was found.
    let Some(mut draft) = store::drafts::draft(conn, &due.venue, &due.id)? else {
        return Ok(());
    };
    if let Some(at_us) = draft.publish_us.filter(|at_us| *at_us <= now_us)
        && let Some(venue) = venues::store::venue(conn, &draft.venue)?
    {
        match publish(conn, node, &venue, &mut draft) {
            Ok(_) => {}
            Err(refusal @ Refusal::Broken(_)) => return Err(refusal),
            Err(refusal) => {
                // A curator reads it in the list and on its page: it stays a draft without a time.
                tracing::warn!(draft = %draft.id, %refusal, "a draft cannot be published");
                draft.publish_us = None;
                draft.missed = Some(Missed::of(at_us, &refusal));
                store::drafts::put(conn, &draft)?;
            }
        }
    }
    if draft.unpublish_us.is_some_and(|time| time <= now_us) {
        withdraw(conn, node, &mut draft)?;
    }
    Ok(())
}

/// The errand: drafts are published and withdrawn when their time comes, until `left`.
pub async fn run(app: App, mut left: watch::Receiver<bool>) {
    loop {
        app.errands.begin(Errand::Drafts, app.clock.now_us());
        let node = app.clone();
        match tokio::task::spawn_blocking(move || turn(&node)).await {
            Ok(Ok(0)) | Err(_) => {}
            Ok(Ok(turned)) => tracing::info!(turned, "drafts published or withdrawn in time"),
            Ok(Err(error)) => {
                tracing::error!(%error, "drafts cannot be looked after");
                app.errands
                    .failed(Errand::Drafts, app.clock.now_us(), &error);
            }
        }
        if errands::rest(&app, Errand::Drafts, EVERY, &mut left).await == Rest::Left {
            return;
        }
    }
}
