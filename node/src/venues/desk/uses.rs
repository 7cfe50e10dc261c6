//! How much a venue's members listened, by week, by kind and by selection, and what of it stayed
//! here. Drawn and as a table.
//!
//! A **listen** is a play that lasted as long as a month's rules ask. Weeks in which fewer than five
//! members listened are left out of everything on the page, so that no difference of two sums tells
//! of them; what fewer than five heard of a kind or a selection is counted with others.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use diesel::prelude::*;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use settlement::VenueId;

use super::super::statement::{FEWEST, Line, fold};
use super::{Head, csv_file, open};
use crate::Node;
use crate::db::Conn;
use crate::listening;
use crate::pages::{self, Page};
use crate::schema::{plays, selections, works};
use crate::web::{App, Guest, Refusal};

/// How many weeks back.
const WEEKS: i64 = 13;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/venues/{slug}/desk/uses", get(uses))
        .route("/venues/{slug}/desk/uses.csv", get(as_csv))
}

/// A week: its Monday, and how often was listened; nothing where fewer than five did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Week {
    /// Its Monday's first instant, in microseconds UTC.
    pub begins_us: i64,
    /// The listens.
    pub listens: Option<i64>,
}

/// One line of a figure: a kind or a selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Its name; for a kind, the key of its word.
    pub name: String,
    /// The address it links to, for a selection.
    pub uri: Option<String>,
    /// The listens.
    pub listens: i64,
}

/// What a venue's members listened to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// The weeks, the oldest first.
    pub weeks: Vec<Week>,
    /// By kind of work.
    pub kinds: Vec<Share>,
    /// By selection that led to it; without one, people found it themselves.
    pub selections: Vec<Share>,
    /// Of kinds and of selections, what is counted together.
    pub other_kinds: Option<i64>,
    /// The same of selections.
    pub other_selections: Option<i64>,
    /// Listens to works of here and of elsewhere; nothing where fewer than five heard either.
    pub here: Option<(i64, i64)>,
}

impl Uses {
    /// All listens in the weeks that are shown.
    pub fn total(&self) -> i64 {
        self.weeks.iter().filter_map(|week| week.listens).sum()
    }

    /// The largest of a week.
    pub fn most(&self) -> i64 {
        let listens = self.weeks.iter().filter_map(|week| week.listens);
        listens.max().unwrap_or(0)
    }

    /// The largest of these.
    pub fn largest(&self, shares: &[Share], others: &Option<i64>) -> i64 {
        let listens = shares.iter().map(|share| share.listens);
        listens.chain(*others).max().unwrap_or(0)
    }
}

type Row = (
    String,
    Option<String>,
    i64,
    i64,
    Option<String>,
    Option<String>,
    Option<i64>,
);

/// A listen, as far as figures see it.
struct Listen {
    member: String,
    week: Date,
    kind: String,
    selection: String,
    here: bool,
}

/// What the members of `venue` listened to in the last thirteen weeks.
pub fn of_venue(conn: &mut Conn, node: &Node, venue: &VenueId) -> Result<Uses, Refusal> {
    let zone = node.config.time_zone();
    let this_week = monday(node.clock.now_us(), &zone);
    let first = this_week.saturating_sub((WEEKS - 1).weeks());
    let from_us = begins_us(first, &zone);
    let minimum = i64::from(settlement::Counting::default().minimum_seconds);
    let rows: Vec<Row> = plays::table
        .left_join(works::table.on(works::id.eq(plays::work_id)))
        .filter(plays::venue_id.eq(venue.as_str()))
        .filter(plays::started_us.ge(from_us))
        .select((
            plays::member_id,
            plays::selection_id,
            plays::started_us,
            plays::seconds,
            works::kind.nullable(),
            works::origin.nullable(),
            works::duration_ms.nullable(),
        ))
        .load(conn)?;
    let base = node.config.base();
    let listens: Vec<Listen> = rows
        .into_iter()
        .filter_map(
            |(member, selection, started_us, seconds, kind, origin, duration_ms)| {
                let whole = duration_ms
                    .filter(|ms| *ms > 0)
                    .map_or(minimum, |ms| ms / 1000);
                let kind = kind.unwrap_or_else(|| "music".into());
                let is_use = listening::is_handed_over(&kind) || seconds >= minimum.min(whole);
                is_use.then(|| Listen {
                    member,
                    week: monday(started_us, &zone),
                    kind,
                    selection: selection.unwrap_or_default(),
                    here: origin.as_deref() == Some(base.as_str()),
                })
            },
        )
        .collect();
    let mut uses = figures(listens, first, &zone);
    name_selections(conn, &mut uses.selections)?;
    Ok(uses)
}

fn monday(us: i64, zone: &TimeZone) -> Date {
    let at = Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH);
    let day = at.to_zoned(zone.clone()).date();
    day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days())
}

fn begins_us(day: Date, zone: &TimeZone) -> i64 {
    day.to_zoned(zone.clone())
        .map_or(0, |at| at.timestamp().as_microsecond())
}

fn figures(mut listens: Vec<Listen>, first: Date, zone: &TimeZone) -> Uses {
    let enough = |who: &BTreeSet<&str>| i64::try_from(who.len()).unwrap_or(0) >= FEWEST;
    let mut by_week: BTreeMap<Date, (i64, BTreeSet<&str>)> = BTreeMap::new();
    for listen in &listens {
        let week = by_week.entry(listen.week).or_default();
        week.0 += 1;
        week.1.insert(&listen.member);
    }
    let shown: HashMap<Date, i64> = by_week
        .iter()
        .filter(|(_, (_, who))| enough(who))
        .map(|(week, (count, _))| (*week, *count))
        .collect();
    let weeks = (0..WEEKS)
        .map(|number| {
            let week = first.saturating_add(number.weeks());
            Week {
                begins_us: begins_us(week, zone),
                listens: shown.get(&week).copied(),
            }
        })
        .collect();
    listens.retain(|listen| shown.contains_key(&listen.week));
    let (kinds, other_kinds) = shares(&listens, |listen| &listen.kind);
    let (selections, other_selections) = shares(&listens, |listen| &listen.selection);
    let side = |here: bool| {
        let of_it: Vec<&Listen> = listens.iter().filter(|l| l.here == here).collect();
        let who: BTreeSet<&str> = of_it.iter().map(|l| l.member.as_str()).collect();
        let count = i64::try_from(of_it.len()).unwrap_or(i64::MAX);
        (count == 0 || enough(&who)).then_some(count)
    };
    let here = match (listens.is_empty(), side(true), side(false)) {
        (false, Some(here), Some(elsewhere)) => Some((here, elsewhere)),
        _ => None,
    };
    Uses {
        weeks,
        kinds,
        selections,
        other_kinds,
        other_selections,
        here,
    }
}

fn shares(listens: &[Listen], of: impl Fn(&Listen) -> &String) -> (Vec<Share>, Option<i64>) {
    let mut lines: BTreeMap<&String, Line> = BTreeMap::new();
    for listen in listens {
        let line = lines.entry(of(listen)).or_insert_with(|| Line {
            id: of(listen).clone(),
            uses: 0,
            micro: 0,
            members: BTreeSet::new(),
        });
        line.uses += 1;
        line.micro += 1;
        line.members.insert(listen.member.clone());
    }
    let (shown, others) = fold(lines.into_values().collect());
    // A sum that fewer than five stand behind even so is not told at all.
    let told = |count: i64| match shown.is_empty() {
        true => enough_in_all(listens).then_some(count),
        false => Some(count),
    };
    let others = others.and_then(|(_, uses, _)| told(uses));
    let shares = shown
        .into_iter()
        .map(|line| Share {
            name: line.id,
            uri: None,
            listens: line.uses,
        })
        .collect();
    (shares, others)
}

fn enough_in_all(listens: &[Listen]) -> bool {
    let who: BTreeSet<&str> = listens.iter().map(|l| l.member.as_str()).collect();
    i64::try_from(who.len()).unwrap_or(0) >= FEWEST
}

fn name_selections(conn: &mut Conn, shares: &mut [Share]) -> QueryResult<()> {
    let ids: Vec<&str> = shares.iter().map(|share| share.name.as_str()).collect();
    let titles: Vec<(String, String)> = selections::table
        .filter(selections::id.eq_any(ids))
        .select((selections::id, selections::title))
        .load(conn)?;
    let titles: HashMap<String, String> = titles.into_iter().collect();
    for share in shares {
        if let Some(title) = titles.get(&share.name) {
            share.uri = Some(std::mem::replace(&mut share.name, title.clone()));
        }
    }
    Ok(())
}

/// The page.
#[derive(Template)]
#[template(path = "venues/desk/uses.html")]
struct UsesPage {
    page: Page,
    head: Head,
    uses: Uses,
}

impl UsesPage {
    fn kind(&self, name: &str) -> String {
        kind_word(&self.page, name)
    }
}

fn kind_word(page: &Page, name: &str) -> String {
    page.t(match name {
        "film" => "venues-kind-film",
        "game" => "venues-kind-game",
        "book" => "venues-kind-book",
        _ => "venues-kind-music",
    })
}

async fn uses(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
) -> Result<Response, Refusal> {
    pages::answer(&page_of(&app, &guest, slug).await?)
}

async fn page_of(app: &App, guest: &Guest, slug: String) -> Result<UsesPage, Refusal> {
    let page = Page::of(app, guest);
    let node = app.clone();
    app.db
        .read(move |conn| {
            let head = open(conn, &page, &slug, "/uses")?;
            let uses = of_venue(conn, &node, &head.venue.id)?;
            Ok(UsesPage { page, head, uses })
        })
        .await
}

async fn as_csv(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
) -> Result<Response, Refusal> {
    let found = page_of(&app, &guest, slug).await?;
    let (page, uses) = (&found.page, &found.uses);
    let count = |listens: Option<i64>| listens.map(|n| n.to_string()).unwrap_or_default();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for week in &uses.weeks {
        let begins = monday(week.begins_us, &page.zone).to_string();
        rows.push(vec![
            page.t("venues-uses-week"),
            begins,
            count(week.listens),
        ]);
    }
    for share in &uses.kinds {
        rows.push(vec![
            page.t("venues-uses-kind"),
            kind_word(page, &share.name),
            share.listens.to_string(),
        ]);
    }
    rows.extend(uses.other_kinds.map(|n| {
        vec![
            page.t("venues-uses-kind"),
            page.t("venues-uses-others"),
            n.to_string(),
        ]
    }));
    for share in &uses.selections {
        let name = selection_word(page, share);
        rows.push(vec![
            page.t("venues-uses-selection"),
            name,
            share.listens.to_string(),
        ]);
    }
    rows.extend(uses.other_selections.map(|n| {
        vec![
            page.t("venues-uses-selection"),
            page.t("venues-uses-others"),
            n.to_string(),
        ]
    }));
    if let Some((here, elsewhere)) = uses.here {
        rows.push(vec![
            page.t("venues-uses-where"),
            page.t("venues-uses-here"),
            here.to_string(),
        ]);
        rows.push(vec![
            page.t("venues-uses-where"),
            page.t("venues-uses-elsewhere"),
            elsewhere.to_string(),
        ]);
    }
    let heads = [
        page.t("venues-uses-by"),
        page.t("venues-uses-which"),
        page.t("venues-uses-listens"),
    ];
    csv_file("antiphon-uses.csv", &heads, rows)
}

/// A selection's title, or the words for what nobody put forward.
fn selection_word(page: &Page, share: &Share) -> String {
    match share.name.is_empty() {
        true => page.t("venues-uses-by-themselves"),
        false => share.name.clone(),
    }
}

impl UsesPage {
    fn selection(&self, share: &Share) -> String {
        selection_word(&self.page, share)
    }

    /// The weeks as a picture: label, value.
    fn columns(&self) -> String {
        columns(&self.page, &self.uses)
    }
}

/// The weeks as a picture.
pub(super) fn columns(page: &Page, uses: &Uses) -> String {
    let labelled: Vec<(String, Option<i64>)> = uses
        .weeks
        .iter()
        .map(|week| (page.short_day(week.begins_us), week.listens))
        .collect();
    crate::pages::drawing::columns(&labelled, |value| page.number(value))
}

#[cfg(test)]
pub(crate) fn sample_uses() -> Uses {
    let share = |name: &str, listens| Share {
        name: name.into(),
        uri: None,
        listens,
    };
    Uses {
        weeks: (0..13)
            .map(|n| Week {
                begins_us: 1_785_715_200_000_000 + n * 7 * 24 * 3600 * 1_000_000,
                listens: (n != 3).then_some(40 + n * 17 % 90),
            })
            .collect(),
        kinds: vec![share("music", 812), share("film", 44)],
        selections: vec![
            Share {
                uri: Some("http://localhost:8101/selections/1".into()),
                ..share("Pour les matins <lents>", 301)
            },
            share("", 402),
        ],
        other_kinds: Some(12),
        other_selections: Some(9),
        here: Some((400, 412)),
    }
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    [sample_uses(), Uses::default()]
        .into_iter()
        .map(|uses| {
            let page = UsesPage {
                page: Page::sample(language, true),
                head: super::sample_head("/uses"),
                uses,
            };
            ("desk uses", page.render())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listen(member: u8, week: i8, kind: &str, here: bool) -> Listen {
        Listen {
            member: member.to_string(),
            week: Date::constant(2026, 11, week),
            kind: kind.into(),
            selection: String::new(),
            here,
        }
    }

    #[test]
    fn a_week_of_four_is_in_no_sum_at_all() {
        let mut listens: Vec<Listen> = (0..5).map(|m| listen(m, 2, "music", true)).collect();
        listens.extend((0..4).map(|m| listen(m, 9, "music", true)));
        let uses = figures(listens, Date::constant(2026, 11, 2), &TimeZone::UTC);
        assert_eq!(uses.weeks[0].listens, Some(5));
        assert_eq!(uses.weeks[1].listens, None);
        assert_eq!(uses.total(), 5);
        assert_eq!(uses.kinds[0].listens, 5);
        assert_eq!(uses.here, Some((5, 0)));
    }

    #[test]
    fn what_one_member_watched_is_not_told_by_the_difference() {
        let mut listens: Vec<Listen> = (0..6).map(|m| listen(m, 2, "music", true)).collect();
        listens.push(listen(7, 2, "film", false));
        let uses = figures(listens, Date::constant(2026, 11, 2), &TimeZone::UTC);
        assert_eq!(uses.kinds, []);
        assert_eq!(uses.other_kinds, Some(7));
        assert_eq!(uses.here, None, "elsewhere was one person");
    }

    #[test]
    fn nobody_is_told_of_where_nobody_listened() {
        let uses = figures(Vec::new(), Date::constant(2026, 11, 2), &TimeZone::UTC);
        assert_eq!((uses.total(), uses.here, uses.other_kinds), (0, None, None));
    }
}
