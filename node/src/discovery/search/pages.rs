//! The search page: an answer at every letter, and a shelf to walk along where nothing is typed.

use std::borrow::Borrow;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;
use settlement::Kind;

use super::ask::{Order, Question};
use super::segment::Group;
use super::shown::{self, Shown};
use super::words::QUESTION;
use crate::catalogue::shown::ShownWork;
use crate::discovery::{CounterProposal, counter_proposals, remote};
use crate::pages::{self, Page};
use crate::web::{App, Guest, Refusal};
use crate::words::{Say, places};

/// How many works the first page shows.
const WORKS: usize = 24;
/// How many of every other group it shows.
const OTHERS: usize = 6;
/// How many of one group a page of a long list shows.
const LENGTH: usize = 48;
/// How many pages a list has at most: who reads on narrows it down.
const PAGES: usize = 50;
/// The longest value of a filter, in characters.
const VALUE: usize = 200;

/// The doors that answer with pages alone.
pub fn routes() -> Router<App> {
    Router::new().route("/search", get(search))
}

/// What a query string asks. A value that means nothing here is as good as none.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    territory: String,
    #[serde(default)]
    years: String,
    #[serde(default)]
    genre: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    playable: String,
    #[serde(default)]
    order: String,
    /// The group that is listed at length.
    #[serde(default, rename = "in")]
    within: String,
    #[serde(default)]
    page: String,
    /// How many a program wants.
    pub(super) limit: Option<usize>,
}

impl Asked {
    /// The question as the index is asked it.
    pub fn question(&self) -> Question {
        let short = |text: &str| -> Option<String> {
            let text: String = text.trim().chars().take(VALUE).collect();
            (!text.is_empty()).then_some(text)
        };
        let at_length = Group::parse(&self.within);
        let (works, skip) = match at_length {
            Some(_) => (LENGTH, (self.page() - 1) * LENGTH),
            None => (WORKS, 0),
        };
        Question {
            words: self.q.chars().take(QUESTION).collect(),
            kind: Kind::parse(&self.kind).ok(),
            territory: short(&self.territory).map(|code| code.to_ascii_uppercase()),
            years: years(&self.years),
            genre: short(&self.genre),
            label: short(&self.label),
            playable: self.playable == "yes",
            order: match self.order.as_str() {
                "newest" => Order::Newest,
                _ => Order::Best,
            },
            skip,
            works,
            others: OTHERS,
            at_length,
        }
    }

    fn page(&self) -> usize {
        self.page.parse().unwrap_or(1).clamp(1, PAGES)
    }

    /// This page with one thing asked differently, and the list from its beginning.
    fn but(&self, name: &str, value: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (key, kept) in [
            ("q", &self.q),
            ("kind", &self.kind),
            ("territory", &self.territory),
            ("years", &self.years),
            ("genre", &self.genre),
            ("label", &self.label),
            ("playable", &self.playable),
            ("order", &self.order),
            ("in", &self.within),
        ] {
            let value = if key == name { value } else { kept };
            if !value.is_empty() {
                query.append_pair(key, value);
            }
        }
        if name == "page" {
            query.append_pair("page", value);
        }
        format!("/search?{}", query.finish())
    }
}

/// `1994`, or a decade as `1990s`.
fn years(text: &str) -> Option<(u16, u16)> {
    match text.strip_suffix('s') {
        Some(decade) => {
            let first: u16 = decade.parse().ok()?;
            Some((first, first.saturating_add(9)))
        }
        None => {
            let year: u16 = text.parse().ok()?;
            Some((year, year))
        }
    }
}

/// A value of a filter, as a choice in a form.
struct Choice {
    value: String,
    name: String,
    count: usize,
    chosen: bool,
}

/// A filter, as a field of a form.
struct Filter {
    name: &'static str,
    /// The sentence that names it.
    label: &'static str,
    /// The sentence for not choosing.
    any: &'static str,
    choices: Vec<Choice>,
}

impl Filter {
    fn of(
        (name, label, any): (&'static str, &'static str, &'static str),
        chosen: &str,
        values: impl IntoIterator<Item = (String, String, usize)>,
    ) -> Self {
        let mut choices: Vec<Choice> = values
            .into_iter()
            .map(|(value, name, count)| Choice {
                chosen: value == chosen,
                value,
                name,
                count,
            })
            .collect();
        // What was chosen stays chosen, found or not.
        if !chosen.is_empty() && choices.iter().all(|choice| !choice.chosen) {
            choices.push(Choice {
                value: chosen.to_owned(),
                name: chosen.to_owned(),
                count: 0,
                chosen: true,
            });
        }
        Filter {
            name,
            label,
            any,
            choices,
        }
    }
}

/// A way into the catalogue, where nothing is typed.
struct Way {
    name: String,
    link: String,
    count: usize,
}

/// The search and what it found.
#[derive(Template)]
#[template(path = "discovery/search.html")]
struct SearchPage {
    page: Page,
    q: String,
    asked: Asked,
    question: Question,
    shown: Shown,
    filters: Vec<Filter>,
    here: Vec<ShownWork>,
    elsewhere: Vec<ShownWork>,
    /// What is near a name that the catalogue lacks.
    proposals: Vec<CounterProposal>,
    /// The host that may know what has this address or handle.
    remote: Option<String>,
}

impl SearchPage {
    fn of(page: Page, asked: Asked, shown: Shown, proposals: Vec<CounterProposal>) -> Self {
        let question = asked.question();
        let (here, elsewhere) = shown
            .works
            .iter()
            .cloned()
            .partition(|work| page.is_from_here(&work.origin));
        let unknown = shown.found.total() == 0;
        SearchPage {
            remote: remote::host_of(&asked.q, &page.base).filter(|_| unknown),
            filters: filters(&page, &asked, &shown),
            q: asked.q.chars().take(QUESTION).collect(),
            here,
            elsewhere,
            asked,
            question,
            shown,
            proposals,
            page,
        }
    }

    /// Whether somebody looks around rather than for something.
    fn is_browsing(&self) -> bool {
        self.q.trim().is_empty() && !self.question.is_filtered() && self.at_length().is_none()
    }

    fn at_length(&self) -> Option<Group> {
        self.question.at_length
    }

    fn is_at_length(&self, group: impl Borrow<Group>) -> bool {
        self.at_length() == Some(*group.borrow())
    }

    fn total(&self) -> usize {
        match self.at_length() {
            Some(group) => self.count(group),
            None => self.shown.found.total(),
        }
    }

    fn count(&self, group: impl Borrow<Group>) -> usize {
        self.shown.found.count(*group.borrow())
    }

    /// What the group that is listed at length is called.
    fn group_name(&self) -> String {
        let group = self.at_length();
        group.map_or_else(String::new, |group| self.page.t(group_key(&group)))
    }

    fn is_filtered(&self) -> bool {
        self.question.is_filtered() || self.question.order == Order::Newest
    }

    /// How many filters are chosen.
    fn chosen(&self) -> usize {
        let question = &self.question;
        [
            question.kind.is_some(),
            question.territory.is_some(),
            question.years.is_some(),
            question.genre.is_some(),
            question.label.is_some(),
            question.playable,
        ]
        .into_iter()
        .filter(|chosen| *chosen)
        .count()
    }

    /// The groups that have more than the first page shows.
    fn more(&self) -> Vec<Way> {
        let shown = |group| match group {
            Group::Works => self.shown.works.len(),
            Group::Artists => self.shown.artists.len(),
            Group::Releases => self.shown.releases.len(),
            Group::Labels => self.shown.labels.len(),
            Group::Selections => self.shown.selections.len(),
        };
        Group::ALL
            .into_iter()
            .filter(|group| self.count(group) > shown(*group))
            .map(|group| Way {
                name: self.page.t(group_key(&group)),
                link: self.asked.but("in", group.as_str()),
                count: self.count(group),
            })
            .collect()
    }

    /// A count as figures are written.
    fn figure(&self, count: impl Borrow<usize>) -> i64 {
        i64::try_from(*count.borrow()).unwrap_or(i64::MAX)
    }

    fn is_newest(&self) -> bool {
        self.question.order == Order::Newest
    }

    fn found_for(&self) -> String {
        let total = self.total();
        let written = self.page.number(self.figure(total));
        let say = Say::new("discovery-found-for").with("n", total);
        self.page
            .say(&say.with("written", written).with("q", &self.q))
    }

    fn page_at(&self) -> usize {
        self.asked.page()
    }

    fn last_page(&self) -> usize {
        self.total().div_ceil(LENGTH).clamp(1, PAGES)
    }

    fn previous(&self) -> Option<String> {
        let at = self.page_at();
        (at > 1).then(|| self.asked.but("page", &(at - 1).to_string()))
    }

    fn next(&self) -> Option<String> {
        let at = self.page_at();
        (at < self.last_page()).then(|| self.asked.but("page", &(at + 1).to_string()))
    }

    fn all_groups(&self) -> String {
        self.asked.but("in", "")
    }

    fn without_filters(&self) -> String {
        let asked = Asked {
            q: self.asked.q.clone(),
            within: self.asked.within.clone(),
            ..Asked::default()
        };
        asked.but("", "")
    }

    /// The ways into the catalogue by one filter.
    fn ways(&self, name: &str) -> Vec<Way> {
        let filter = self.filters.iter().find(|filter| filter.name == name);
        filter.map_or_else(Vec::new, |filter| {
            let choices = filter.choices.iter().take(12);
            choices
                .map(|choice| Way {
                    name: choice.name.clone(),
                    link: self.asked.but(name, &choice.value),
                    count: choice.count,
                })
                .collect()
        })
    }
}

fn filters(page: &Page, asked: &Asked, shown: &Shown) -> Vec<Filter> {
    let facets = &shown.found.facets;
    let named = |values: &[(String, usize)]| -> Vec<(String, String, usize)> {
        let mut all: Vec<(String, String, usize)> = values
            .iter()
            .map(|(value, count)| (value.clone(), value.clone(), *count))
            .collect();
        all.truncate(VALUE);
        all
    };
    let kinds = facets.kinds.iter().filter_map(|(value, count)| {
        let kind = Kind::parse(value).ok()?;
        let name = page.t(crate::catalogue::pages::kind_key(&kind));
        Some((value.clone(), name, *count))
    });
    let territories = facets.territories.iter().map(|(code, count)| {
        let name = places::name(page.language, code).to_owned();
        (code.clone(), name, *count)
    });
    let decades = facets.decades.iter().map(|(first, count)| {
        let name = page.tn("discovery-decade", "year", first.to_string());
        (format!("{first}s"), name, *count)
    });
    vec![
        Filter::of(
            ("kind", "discovery-kind", "discovery-kind-any"),
            &asked.kind,
            kinds,
        ),
        Filter::of(
            (
                "territory",
                "discovery-territory",
                "discovery-territory-any",
            ),
            &asked.territory,
            territories,
        ),
        Filter::of(
            ("years", "discovery-years", "discovery-years-any"),
            &asked.years,
            decades,
        ),
        Filter::of(
            ("genre", "discovery-genre", "discovery-genre-any"),
            &asked.genre,
            named(&facets.genres),
        ),
        Filter::of(
            ("label", "discovery-label", "discovery-label-any"),
            &asked.label,
            named(&facets.labels),
        ),
    ]
}

/// The sentence that names a group.
fn group_key(group: &Group) -> &'static str {
    match group {
        Group::Works => "discovery-works",
        Group::Artists => "discovery-artists",
        Group::Releases => "discovery-releases",
        Group::Labels => "discovery-labels",
        Group::Selections => "discovery-selections",
    }
}

async fn search(
    State(app): State<App>,
    guest: Guest,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    let node = app.clone();
    let found = app
        .db
        .read(move |conn| {
            let mut question = asked.question();
            let is_bare = question.words.trim().is_empty() && question.at_length.is_none();
            if is_bare && !question.is_filtered() {
                // Who looks around is shown what came in last.
                question.order = Order::Newest;
                question.works = 12;
            }
            let shown = shown::look(conn, &node, &question)?;
            let is_lacking = shown.found.near || shown.found.total() == 0;
            let proposals = match is_lacking && !is_bare {
                true => counter_proposals(conn, &node, &asked.q)?,
                false => Vec::new(),
            };
            Ok::<_, Refusal>(SearchPage::of(page, asked, shown, proposals))
        })
        .await?;
    pages::answer(&found)
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    use super::ask::{Facets, Found};
    use crate::catalogue::pages::{sample_party, sample_release, sample_work};
    use crate::curation::pages::sample_selection;

    let counts = Group::ALL.map(|group| (group, 120));
    let facets = Facets {
        kinds: vec![("music".into(), 90), ("film".into(), 3)],
        territories: vec![("FR-ARA".into(), 60), ("XX".into(), 1)],
        decades: vec![(2020, 12), (1990, 1)],
        genres: vec![("Chanson \"<i>\"".into(), 7)],
        labels: vec![("Le Fil & Cie".into(), 7)],
        playable: 42,
    };
    let full = Shown {
        works: (0..4).map(sample_work).collect(),
        artists: vec![sample_party(true), sample_party(false)],
        releases: vec![sample_release(true), sample_release(false)],
        labels: vec![sample_party(true)],
        selections: vec![sample_selection(true), sample_selection(false)],
        found: Found {
            counts: counts.into_iter().collect(),
            facets,
            near: true,
            ..Found::default()
        },
    };
    let asked = |q: &str, within: &str, genre: &str| Asked {
        q: q.into(),
        within: within.into(),
        genre: genre.into(),
        page: "2".into(),
        ..Asked::default()
    };
    let mut all = Vec::new();
    for signed_in in [true, false] {
        let page = || Page::sample(language, signed_in);
        let mut add = |asked: Asked, shown: &Shown| {
            let near = CounterProposal {
                work: sample_work(1),
                why: Say::new("discovery-counter-members").with("name", "Radio <head>"),
            };
            let near = (shown.found.total() == 0).then_some(near);
            let near = near.into_iter().collect();
            let page = SearchPage::of(page(), asked, shown.clone(), near);
            all.push(("search", page.render()));
        };
        add(asked("", "", ""), &full);
        add(asked("", "", ""), &Shown::default());
        let found = Found {
            preparing: true,
            ..Found::default()
        };
        let preparing = Shown {
            found,
            ..Shown::default()
        };
        add(asked("", "", ""), &preparing);
        add(asked("eau\"><script>", "", "Nobody’s <genre>"), &full);
        add(asked("eau\"><script>", "", ""), &Shown::default());
        add(asked("@fil@scene.example", "", ""), &Shown::default());
        for group in Group::ALL {
            add(asked("l’eau", group.as_str(), ""), &full);
        }
    }
    all
}
