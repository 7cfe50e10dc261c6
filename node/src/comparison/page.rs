//! `comparison.html`: one page that an assembly reads together. It fetches nothing: fonts, styles and
//! drawings are inside.

use askama::Template;
use settlement::{Currency, Kind};

use super::{Amount, By, Comparison, Counts, Group, Key, MILLION, bounds};
use crate::config::Language;
use crate::pages::assets;
use crate::words::{figures, places, say};

/// The most territories that a drawing tells apart; the table behind it has all.
const MOST_DRAWN: usize = 12;
/// Heights in a drawing, in pixels: of a group's name, of a row of words with its bar.
const NAME: usize = 26;
const ROW: usize = 36;

/// The page.
#[derive(Template)]
#[template(path = "comparison/comparison.html")]
pub struct ComparisonPage {
    language: Language,
    serif: String,
    sans: String,
    over: String,
    lede: String,
    against: Vec<Against>,
    sections: Vec<Section>,
}

/// A policy against the first, in four numbers.
struct Against {
    heading: String,
    /// Why it has none, if it has none.
    instead: Option<String>,
    facts: Vec<(String, String)>,
}

struct Section {
    heading: String,
    words: String,
    charts: Vec<Chart>,
    table: Table,
}

/// A drawing as wide as the page lets it be: across in per cent, down in pixels.
struct Chart {
    caption: String,
    height: usize,
    /// Whether bars grow to either side of the middle.
    sided: bool,
    names: Vec<Name>,
    bars: Vec<Bar>,
}

struct Name {
    y: usize,
    text: String,
}

struct Bar {
    y_words: usize,
    y: usize,
    x: String,
    width: String,
    class: &'static str,
    left: String,
    right: String,
}

struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// A group as it is told: its name, how much it holds, what it comes to.
struct Told {
    name: String,
    of: Option<(u64, u128)>,
    under: Vec<Amount>,
}

impl ComparisonPage {
    /// The page of a comparison.
    pub fn of(comparison: &Comparison, language: Language) -> Self {
        Writer {
            comparison,
            language,
        }
        .page()
    }

    /// The page as HTML.
    ///
    /// # Errors
    /// Only when there is no memory for it.
    pub fn html(&self) -> Result<String, askama::Error> {
        self.render()
    }

    fn t(&self, key: &str) -> String {
        say(self.language, key, &[])
    }
}

struct Writer<'a> {
    comparison: &'a Comparison,
    language: Language,
}

impl Writer<'_> {
    fn page(&self) -> ComparisonPage {
        let names = &self.comparison.names;
        let first = names.first().cloned().unwrap_or_default();
        let month = figures::month(self.language, self.comparison.period);
        let mut sections = vec![self.parts()];
        for by in By::ALL {
            if !self.comparison.groups(by).is_empty() {
                sections.push(self.section(by));
            }
        }
        ComparisonPage {
            language: self.language,
            serif: assets::font_inside("fonts/newsreader-roman.woff2"),
            sans: assets::font_inside("fonts/hanken-grotesk.woff2"),
            over: self.say(
                "comparison-over",
                &[("month", &month), ("policies", &names.join(", "))],
            ),
            lede: self.say("comparison-lede", &[("first", &first)]),
            against: (1..names.len()).map(|case| self.against(case)).collect(),
            sections,
        }
    }

    fn say(&self, key: &str, blanks: &[(&str, &str)]) -> String {
        say(self.language, key, blanks)
    }

    fn against(&self, case: usize) -> Against {
        let (first, name) = (&self.comparison.names[0], &self.comparison.names[case]);
        let instead = (!self.comparison.comparable(case)).then(|| {
            let currency = self.comparison.currencies[case].to_string();
            self.say(
                "comparison-currencies",
                &[("policy", name), ("currency", &currency), ("first", first)],
            )
        });
        let all: u64 = self
            .comparison
            .groups(By::Rank)
            .iter()
            .map(|group| group.works)
            .sum();
        let of_works = |count: u64| {
            let share = u128::from(count) * MILLION / u128::from(all.max(1));
            format!("{} ({})", self.count(count.into()), self.percent(share))
        };
        let Counts { gaining, losing } = self.comparison.works[case];
        let parties = self.comparison.parties[case];
        let facts = vec![
            ("comparison-works-more", of_works(gaining)),
            ("comparison-works-less", of_works(losing)),
            (
                "comparison-parties-more",
                self.count(parties.gaining.into()),
            ),
            ("comparison-parties-less", self.count(parties.losing.into())),
        ];
        Against {
            heading: self.say("comparison-against", &[("policy", name), ("first", first)]),
            facts: match instead {
                Some(_) => Vec::new(),
                None => facts
                    .into_iter()
                    .map(|(key, value)| (self.say(key, &[]), value))
                    .collect(),
            },
            instead,
        }
    }

    fn parts(&self) -> Section {
        let told: Vec<Told> = self
            .comparison
            .parts()
            .iter()
            .map(|part| Told {
                name: self.say(
                    match part.name {
                        "parties" => "comparison-part-parties",
                        "held" => "comparison-part-held",
                        "fund" => "comparison-part-fund",
                        "nodes" => "comparison-part-nodes",
                        _ => "comparison-part-coordinator",
                    },
                    &[],
                ),
                of: None,
                under: part.under.clone(),
            })
            .collect();
        Section {
            heading: self.say("comparison-part-heading", &[]),
            words: self.say("comparison-part-words", &[]),
            charts: vec![self.shares(&told)],
            table: self.table(&told),
        }
    }

    fn section(&self, by: By) -> Section {
        let (heading, words) = match by {
            By::Rank => ("comparison-rank-heading", "comparison-rank-words"),
            By::Territory => ("comparison-territory-heading", "comparison-territory-words"),
            By::Home => ("comparison-home-heading", "comparison-home-words"),
            By::Kind => ("comparison-kind-heading", "comparison-kind-words"),
        };
        let mut told: Vec<Told> = self
            .comparison
            .groups(by)
            .iter()
            .map(|group| self.told(group))
            .collect();
        if matches!(by, By::Territory | By::Home) {
            told.sort_by_key(|one| std::cmp::Reverse(one.under[0].micro));
        }
        let table = self.table(&told);
        let drawn = self.most_drawn(told);
        let changes = self.changes(&drawn);
        let charts = match (by, changes) {
            (By::Rank, Some(changes)) => vec![self.shares(&drawn), changes],
            (_, Some(changes)) => vec![changes],
            (_, None) => vec![self.shares(&drawn)],
        };
        Section {
            heading: self.say(heading, &[]),
            words: self.say(words, &[]),
            charts,
            table,
        }
    }

    fn told(&self, group: &Group) -> Told {
        let name = match group.key {
            Key::Band(band) => {
                let (from, to) = bounds(band);
                let from = self.count(from.into());
                match to {
                    Some(to) => {
                        let to = self.count(to.into());
                        self.say("comparison-rank-to", &[("from", &from), ("to", &to)])
                    }
                    None => self.say("comparison-rank-from", &[("from", &from)]),
                }
            }
            Key::Territory(Some(territory)) => {
                places::name(self.language, territory.as_str()).to_owned()
            }
            Key::Territory(None) => self.say("comparison-home-nowhere", &[]),
            Key::Kind(Kind::Music) => self.say("comparison-kind-music", &[]),
            Key::Kind(Kind::Film) => self.say("comparison-kind-film", &[]),
            Key::Kind(Kind::Game) => self.say("comparison-kind-game", &[]),
            Key::Kind(Kind::Book) => self.say("comparison-kind-book", &[]),
        };
        Told {
            name,
            of: Some((group.works, group.uses)),
            under: group.under.clone(),
        }
    }

    /// The first of many groups, and the others as one.
    fn most_drawn(&self, mut told: Vec<Told>) -> Vec<Told> {
        if told.len() > MOST_DRAWN {
            let rest = told.split_off(MOST_DRAWN - 1);
            let mut under = vec![Amount::default(); self.comparison.names.len()];
            for other in &rest {
                for (sum, amount) in under.iter_mut().zip(&other.under) {
                    sum.micro += amount.micro;
                    sum.millionths += amount.millionths;
                }
            }
            told.push(Told {
                name: self.say("comparison-others", &[]),
                of: None,
                under,
            });
        }
        told
    }

    /// What part of the money each group has under each policy.
    fn shares(&self, told: &[Told]) -> Chart {
        let widest = told
            .iter()
            .flat_map(|one| &one.under)
            .map(|amount| amount.millionths)
            .max()
            .unwrap_or(0)
            .max(1);
        let mut chart = Chart::new(self.say("comparison-chart-shares", &[]), false);
        for one in told {
            chart.name(&one.name);
            for (case, amount) in one.under.iter().enumerate() {
                chart.bar(
                    "0%".into(),
                    across(amount.millionths * 10_000 / widest),
                    if case == 0 { "first" } else { "other" },
                    self.comparison.names[case].clone(),
                    self.percent(amount.millionths),
                );
            }
        }
        chart
    }

    /// What each group gains or loses against the first policy; nothing where no policy can be held
    /// against it.
    fn changes(&self, told: &[Told]) -> Option<Chart> {
        let cases: Vec<usize> = (1..self.comparison.names.len())
            .filter(|case| self.comparison.comparable(*case))
            .collect();
        let change = |one: &Told, case: usize| one.under[case].micro - one.under[0].micro;
        let widest = told
            .iter()
            .flat_map(|one| cases.iter().map(|case| change(one, *case).unsigned_abs()))
            .max()?
            .max(1);
        let first = self.comparison.names[0].as_str();
        let mut chart = Chart::new(
            self.say("comparison-chart-changes", &[("first", first)]),
            true,
        );
        for one in told {
            chart.name(&one.name);
            for case in &cases {
                let by = change(one, *case);
                // Amounts are far below 10³⁴ micros: nobody pays that much in.
                let half = (by.unsigned_abs().saturating_mul(5_000)) / widest;
                let (x, class) = if by < 0 {
                    (across(5_000 - half), "loss")
                } else {
                    ("50%".into(), "gain")
                };
                chart.bar(
                    x,
                    across(half),
                    class,
                    self.comparison.names[*case].clone(),
                    self.change(by, one.under[0].micro, *case),
                );
            }
        }
        Some(chart)
    }

    fn table(&self, told: &[Told]) -> Table {
        let counted = told.iter().any(|one| one.of.is_some());
        let mut head = vec![self.say("comparison-table-group", &[])];
        if counted {
            head.push(self.say("comparison-table-works", &[]));
            head.push(self.say("comparison-table-uses", &[]));
        }
        for (case, name) in self.comparison.names.iter().enumerate() {
            head.push(self.say("comparison-table-amount", &[("policy", name)]));
            head.push(self.say("comparison-table-share", &[]));
            if case > 0 && self.comparison.comparable(case) {
                head.push(self.say("comparison-table-change", &[]));
            }
        }
        let row = |one: &Told| {
            let mut row = vec![one.name.clone()];
            if let Some((works, uses)) = one.of {
                row.push(self.count(works.into()));
                row.push(self.count(uses));
            }
            for (case, amount) in one.under.iter().enumerate() {
                row.push(self.money(amount.micro, self.comparison.currencies[case]));
                row.push(self.percent(amount.millionths));
                if case > 0 && self.comparison.comparable(case) {
                    let first = one.under[0].micro;
                    row.push(self.change(amount.micro - first, first, case));
                }
            }
            row
        };
        Table {
            head,
            rows: told.iter().map(row).collect(),
        }
    }

    /// `+1 234,00 € (+25,3 %)`.
    fn change(&self, by: i128, first: i128, case: usize) -> String {
        if by == 0 {
            return self.say("comparison-unchanged", &[]);
        }
        let plus = if by > 0 { "+" } else { "" };
        let mut text = format!("{plus}{}", self.money(by, self.comparison.currencies[case]));
        if first > 0
            && let Some(ten_thousands) = by.unsigned_abs().checked_mul(10_000)
        {
            let sign = if by > 0 { '+' } else { '\u{2212}' };
            let of_first = ten_thousands / first.unsigned_abs();
            let percent = figures::percent(self.language, small(of_first));
            text.push_str(&format!(" ({sign}{percent})"));
        }
        text
    }

    fn money(&self, micro: i128, currency: Currency) -> String {
        let minor = micro / 1_000_000;
        figures::money(self.language, small_signed(minor), currency)
    }

    fn percent(&self, millionths: u128) -> String {
        figures::percent(self.language, small((millionths + 50) / 100))
    }

    fn count(&self, count: u128) -> String {
        figures::number(self.language, small(count))
    }
}

/// What a page can show; the table of exact figures is `comparison.csv`.
fn small(value: u128) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn small_signed(value: i128) -> i64 {
    let bound = if value < 0 { i64::MIN + 1 } else { i64::MAX };
    i64::try_from(value).unwrap_or(bound)
}

/// Ten-thousandths of the width as per cent.
fn across(ten_thousandths: u128) -> String {
    format!("{}.{:02}%", ten_thousandths / 100, ten_thousandths % 100)
}

impl Chart {
    fn new(caption: String, sided: bool) -> Self {
        Chart {
            caption,
            height: 0,
            sided,
            names: Vec::new(),
            bars: Vec::new(),
        }
    }

    /// The name of the group whose bars follow.
    fn name(&mut self, text: &str) {
        let above = if self.height == 0 { 0 } else { 10 };
        self.names.push(Name {
            y: self.height + above + 16,
            text: text.to_owned(),
        });
        self.height += above + NAME;
    }

    fn bar(&mut self, x: String, width: String, class: &'static str, left: String, right: String) {
        self.bars.push(Bar {
            y_words: self.height + 12,
            y: self.height + 18,
            x,
            width,
            class,
            left,
            right,
        });
        self.height += ROW;
    }
}
