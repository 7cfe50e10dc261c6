//! Answering a question from the index: every needed word must be found, in whichever field; what
//! is found is weighed, filtered, counted, and the best of each group kept.
//!
//! Nothing is guessed from a part of what matches: a word's places are one stretch of an array, so
//! that weighing all of a million things costs some milliseconds.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use settlement::Kind;

use super::near::Near;
use super::segment::{Group, KINDS, Names, Segment, field};
use super::words::{self, Sought};
use super::{Part, Snapshot};

/// With fewer works or other things found than this, words that are nearly those typed count too.
const FEW: usize = 4;
/// Letters of a word that are found as typed, and not nearly.
const AS_TYPED: u8 = 0x80;
/// A word that is found whole.
const WHOLE: u8 = 0x40;

/// In which order works are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// What fits best first.
    #[default]
    Best,
    /// What came in last first.
    Newest,
}

/// What somebody looks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The words, as typed. None: everything there is.
    pub words: String,
    /// Only works of this kind.
    pub kind: Option<Kind>,
    /// Only what is at home there, ISO 3166; a country means its regions too.
    pub territory: Option<String>,
    /// Only what came out in these years, both included.
    pub years: Option<(u16, u16)>,
    /// Only what is of this genre; case and accents do not matter.
    pub genre: Option<String>,
    /// Only what this label put out; case and accents do not matter.
    pub label: Option<String>,
    /// Only what can be played now.
    pub playable: bool,
    /// In which order works come.
    pub order: Order,
    /// How many of the best works are left out: those of the pages before.
    pub skip: usize,
    /// How many works are wanted.
    pub works: usize,
    /// How many of each other group are wanted.
    pub others: usize,
    /// The one group that is listed at length: `skip` and `works` are about it.
    pub at_length: Option<Group>,
}

impl Question {
    /// Whether anything but words narrows it down.
    pub fn is_filtered(&self) -> bool {
        self.kind.is_some()
            || self.territory.is_some()
            || self.years.is_some()
            || self.genre.is_some()
            || self.label.is_some()
            || self.playable
    }

    fn wants(&self, group: Group) -> (usize, usize) {
        match (self.at_length, group) {
            (Some(wanted), group) if wanted == group => (self.skip, self.works),
            (Some(_), _) => (0, 0),
            (None, Group::Works) => (self.skip, self.works),
            (None, _) => (0, self.others),
        }
    }
}

/// Where the search is asked, and what is not to be found there now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The node's territory: what is at home there comes before what is as good.
    pub territory: String,
    /// Nodes whose things are not shown.
    pub hidden: HashSet<String>,
    /// Nodes that do not answer: what only they have cannot be played now.
    pub away: HashSet<String>,
}

/// How often each value of a filter is among the works found, the most frequent first. Of each
/// filter, what the other filters leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facets {
    /// Kinds, as [`Kind::as_str`] writes them.
    pub kinds: Vec<(String, usize)>,
    /// Homes, ISO 3166.
    pub territories: Vec<(String, usize)>,
    /// The first years of decades, the latest first.
    pub decades: Vec<(u16, usize)>,
    /// Genres.
    pub genres: Vec<(String, usize)>,
    /// Labels.
    pub labels: Vec<(String, usize)>,
    /// How many can be played now.
    pub playable: usize,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// URIs, the best first, of each group.
    pub ids: HashMap<Group, Vec<String>>,
    /// How many there are of each group.
    pub counts: HashMap<Group, usize>,
    /// What the works found are like.
    pub facets: Facets,
    /// Whether nothing was found as typed, and this is what is near it.
    pub near: bool,
    /// Whether nothing can be found yet, since the index is being built.
    pub preparing: bool,
}

impl Found {
    /// How many there are of a group.
    pub fn count(&self, group: Group) -> usize {
        self.counts.get(&group).copied().unwrap_or(0)
    }

    /// How many there are in all.
    pub fn total(&self) -> usize {
        self.counts.values().sum()
    }

    /// The best of a group.
    pub fn of(&self, group: Group) -> &[String] {
        self.ids.get(&group).map_or(&[], Vec::as_slice)
    }
}

/// How many decades a year can be in.
const DECADES: usize = u16::MAX as usize / 10 + 1;
/// The most values of a filter that are told.
const VALUES: usize = 40;

/// Answers.
pub(super) fn ask(snapshot: &Snapshot, place: &Place, question: &Question) -> Found {
    if snapshot.preparing {
        return Found {
            preparing: true,
            ..Found::default()
        };
    }
    let sought = words::sought(&question.words);
    if sought.is_empty() && !question.words.trim().is_empty() {
        return Found::default();
    }
    let exact = look(snapshot, place, question, &sought, false);
    if sought.is_empty() || exact.total() >= FEW {
        return exact;
    }
    let found = look(snapshot, place, question, &sought, true);
    let mut better = if found.total() > 0 {
        found
    } else {
        // `porte manteau` may be written as one word.
        let joined = Sought {
            text: sought.iter().map(|word| word.text.as_str()).collect(),
            needed: true,
            open: true,
        };
        look(snapshot, place, question, &[joined], true)
    };
    better.near = exact.total() == 0;
    better
}

fn look(
    snapshot: &Snapshot,
    place: &Place,
    question: &Question,
    sought: &[Sought],
    near: bool,
) -> Found {
    let mut gathered = Gathered::new(question);
    // The needed words first: they say what is still in question.
    let mut sought: Vec<&Sought> = sought.iter().collect();
    sought.sort_by_key(|word| !word.needed);
    let near: Vec<Option<Near>> = sought
        .iter()
        .map(|word| near.then(|| Near::of(&word.text, word.open)).flatten())
        .collect();
    for (number, part) in snapshot.parts.iter().enumerate() {
        let weighed = Weighed::of(part, &sought, &near);
        gathered.gather(number, part, place, question, &weighed);
    }
    gathered.found(snapshot)
}

/// What a word is worth by where it stands: the best of its fields.
fn worth(fields: u8) -> u16 {
    let mut worth = 0;
    if fields & field::TAG != 0 {
        worth = 22;
    }
    if fields & field::LABEL != 0 {
        worth = worth.max(24);
    }
    if fields & field::RELEASE != 0 {
        worth = worth.max(28);
    }
    if fields & field::CREDIT != 0 {
        worth = worth.max(50);
    }
    if fields & field::TITLE != 0 {
        worth = worth.max(60);
    }
    if fields & field::FIRST != 0 {
        worth += 6;
    }
    worth
}

/// What each thing of a segment is worth to a question.
struct Weighed {
    /// 0: it is not what is looked for.
    worth: Vec<u16>,
    /// The fields in which every needed word stands, [`WHOLE`] and [`AS_TYPED`].
    fields: Vec<u8>,
    /// How many needed words there are.
    needed: u8,
    /// Whether anything is looked for by words.
    by_words: bool,
}

impl Weighed {
    fn of(part: &Part, sought: &[&Sought], near: &[Option<Near>]) -> Self {
        let segment = &part.segment;
        let things = segment.len();
        let mut weighed = Weighed {
            worth: vec![1; things],
            fields: vec![0xff; things],
            needed: 0,
            by_words: !sought.is_empty(),
        };
        // For the word at hand: what it is worth (high byte), its fields and how it was found.
        let mut now = vec![0_u16; things];
        for (number, word) in sought.iter().enumerate() {
            if number > 0 {
                now.fill(0);
            }
            mark(&mut now, segment, word, near[number].as_ref());
            let all = weighed.worth.iter_mut().zip(&mut weighed.fields).zip(&now);
            if word.needed {
                weighed.needed = weighed.needed.saturating_add(1);
                for ((worth, fields), now) in all {
                    let is_in = u16::from(*now > 0) * u16::from(*worth > 0);
                    *worth = (*worth + (now >> 8)) * is_in;
                    *fields &= (now & 0xff) as u8;
                }
            } else {
                for ((worth, _), now) in all {
                    *worth += (now >> 10) * u16::from(*worth > 0);
                }
            }
        }
        weighed
    }
}

impl Weighed {
    /// What is worth anything and may be shown.
    fn standing(&self, part: &Part, sieve: &Sieve) -> Vec<u32> {
        let origins = &part.segment.columns.origin;
        let hides = sieve.hidden.contains(&true);
        let worth = (0_u32..).zip(&self.worth).filter(|(_, worth)| **worth > 0);
        let mut standing: Vec<u32> = worth.map(|(at, _)| at).collect();
        if hides || part.gone_count > 0 {
            let is_shown = |at: usize| !sieve.hidden[origins[at] as usize] && !part.is_gone(at);
            standing.retain(|at| is_shown(*at as usize));
        }
        standing
    }
}

/// Notes where a word is found: as typed, as the beginning of a word, or nearly.
fn mark(now: &mut [u16], segment: &Segment, word: &Sought, near: Option<&Near>) {
    let stretch = segment.beginning(&word.text);
    let whole = segment.terms.get(&word.text).map(|at| at as usize);
    if let Some(near) = near {
        for (at, slips) in near.words(segment) {
            let of_ten = if slips > 1 { 4 } else { 5 };
            note(now, segment.places_of(at..at + 1), of_ten, 0);
        }
    }
    let begun = if word.open { 7 } else { 5 };
    note(now, segment.places_of(stretch), begun, AS_TYPED);
    if let Some(at) = whole {
        note(now, segment.places_of(at..at + 1), 10, AS_TYPED | WHOLE);
    }
}

fn note(now: &mut [u16], places: &[u32], of_ten: u16, how: u8) {
    let mut table = [0_u16; 64];
    for (fields, value) in (0_u8..).zip(table.iter_mut()) {
        *value = (worth(fields) * of_ten / 10).max(1) << 8 | u16::from(fields | how);
    }
    for place in places {
        let value = table[(place & 0x3f) as usize];
        let slot = &mut now[(place >> 8) as usize];
        *slot = (*slot).max(value);
    }
}

/// The filters, as bits of what a thing does not pass.
mod fails {
    pub const KIND: u8 = 1;
    pub const TERRITORY: u8 = 2;
    pub const YEAR: u8 = 4;
    pub const GENRE: u8 = 8;
    pub const LABEL: u8 = 16;
    pub const PLAYABLE: u8 = 32;
}

/// Where something stands: the part of the index and its place there, the first being the better
/// of two equals.
type Standing = (u32, Reverse<(usize, usize)>);

/// The best so far, and the counts.
struct Gathered {
    best: HashMap<Group, BinaryHeap<Reverse<Standing>>>,
    wanted: [(usize, usize); 5],
    counts: [usize; 5],
    kinds: HashMap<String, usize>,
    territories: HashMap<String, usize>,
    decades: HashMap<u16, usize>,
    genres: HashMap<String, usize>,
    labels: HashMap<String, usize>,
    playable: usize,
}

impl Gathered {
    fn new(question: &Question) -> Self {
        let mut wanted = [(0, 0); 5];
        for group in Group::ALL {
            wanted[group as usize] = question.wants(group);
        }
        Gathered {
            best: HashMap::new(),
            wanted,
            counts: [0; 5],
            kinds: HashMap::new(),
            territories: HashMap::new(),
            decades: HashMap::new(),
            genres: HashMap::new(),
            labels: HashMap::new(),
            playable: 0,
        }
    }

    fn gather(
        &mut self,
        number: usize,
        part: &Part,
        place: &Place,
        question: &Question,
        weighed: &Weighed,
    ) {
        let segment = &part.segment;
        let columns = &segment.columns;
        let sieve = Sieve::of(segment, place, question);
        // Column by column: one that is read alone is read fast.
        let standing = weighed.standing(part, &sieve);
        let (works, others): (Vec<u32>, Vec<u32>) = standing
            .iter()
            .partition(|at| columns.group[**at as usize] == Group::Works as u8);
        let failed = sieve.failed(segment, question, &works);
        let those = (works.as_slice(), failed.as_deref());
        let named = |names: &Names, column: &[u32], filter: u8| {
            tally(those, names.shown.len(), filter, |at| column[at] as usize)
        };
        let territories = named(&segment.territories, &columns.territory, fails::TERRITORY);
        let genres = named(&segment.genres, &columns.genre, fails::GENRE);
        let labels = named(&segment.labels, &columns.label, fails::LABEL);
        let kind = |at: usize| usize::from(columns.kind[at]);
        let kinds = tally(those, KINDS.len() + 1, fails::KIND, kind);
        let decade = |at: usize| usize::from(columns.year[at]) / 10;
        let decades = tally(those, DECADES, fails::YEAR, decade);
        let playable = |at: usize| usize::from(sieve.is_playable(segment, at));
        self.playable += tally(those, 2, fails::PLAYABLE, playable)[1];

        let passes = |failed: Option<Vec<u8>>, all: Vec<u32>| match failed {
            None => all,
            Some(failed) => {
                let both = all.into_iter().zip(failed);
                both.filter(|(_, fails)| *fails == 0)
                    .map(|(at, _)| at)
                    .collect()
            }
        };
        let failed_others = sieve.failed(segment, question, &others);
        let mut best: [BinaryHeap<Reverse<Standing>>; 5] = Default::default();
        for at in passes(failed, works)
            .into_iter()
            .chain(passes(failed_others, others))
        {
            let at = at as usize;
            let group = usize::from(columns.group[at]);
            if group >= self.counts.len() {
                continue;
            }
            self.counts[group] += 1;
            let (skip, wanted) = self.wanted[group];
            if wanted == 0 {
                continue;
            }
            let score = match question.order {
                Order::Newest => columns.created[at],
                Order::Best => sieve.score(segment, at, weighed),
            };
            let heap = &mut best[group];
            let standing = (score, Reverse((number, at)));
            if heap.len() < skip + wanted {
                heap.push(Reverse(standing));
            } else if heap.peek().is_some_and(|least| standing > least.0) {
                heap.pop();
                heap.push(Reverse(standing));
            }
        }
        for (group, heap) in Group::ALL.into_iter().zip(best) {
            self.best.entry(group).or_default().extend(heap);
        }
        for (kind, count) in KINDS.iter().zip(&kinds[1..]) {
            *self.kinds.entry((*kind).to_owned()).or_default() += count;
        }
        add(
            &mut self.territories,
            &segment.territories.shown,
            &territories,
        );
        add(&mut self.genres, &segment.genres.shown, &genres);
        add(&mut self.labels, &segment.labels.shown, &labels);
        for (decade, count) in (0_u16..).zip(&decades).skip(1).filter(|(_, n)| **n > 0) {
            *self.decades.entry(decade * 10).or_default() += count;
        }
    }

    fn found(self, snapshot: &Snapshot) -> Found {
        let mut found = Found::default();
        for (group, heap) in self.best {
            let (skip, wanted) = self.wanted[group as usize];
            let mut standing: Vec<Standing> = heap.into_iter().map(|least| least.0).collect();
            standing.sort_unstable_by(|a, b| b.cmp(a));
            let ids = standing.iter().skip(skip).take(wanted);
            let ids = ids.map(|(_, Reverse((part, at)))| snapshot.parts[*part].segment.id(*at));
            found.ids.insert(group, ids.collect());
        }
        for group in Group::ALL {
            found.counts.insert(group, self.counts[group as usize]);
        }
        let mut decades: Vec<(u16, usize)> = self.decades.into_iter().collect();
        decades.sort_unstable_by(|a, b| b.cmp(a));
        found.facets = Facets {
            kinds: most(self.kinds),
            territories: most(self.territories),
            decades,
            genres: most(self.genres),
            labels: most(self.labels),
            playable: self.playable,
        };
        found
    }
}

/// How often each value of a column is among the works that pass every filter but one.
fn tally(
    (works, failed): (&[u32], Option<&[u8]>),
    values: usize,
    filter: u8,
    column: impl Fn(usize) -> usize,
) -> Vec<usize> {
    let mut counts = vec![0_usize; values];
    match failed {
        None => {
            for at in works {
                counts[column(*at as usize)] += 1;
            }
        }
        Some(failed) => {
            for (at, fails) in works.iter().zip(failed) {
                if fails & !filter == 0 {
                    counts[column(*at as usize)] += 1;
                }
            }
        }
    }
    counts
}

fn add(all: &mut HashMap<String, usize>, names: &[String], counts: &[usize]) {
    for (name, count) in names.iter().zip(counts).skip(1).filter(|(_, n)| **n > 0) {
        match all.get_mut(name) {
            Some(so_far) => *so_far += count,
            None => {
                all.insert(name.clone(), *count);
            }
        }
    }
}

fn most(counts: HashMap<String, usize>) -> Vec<(String, usize)> {
    let mut counts: Vec<(String, usize)> = counts.into_iter().filter(|(_, n)| *n > 0).collect();
    counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts.truncate(VALUES);
    counts
}

/// A question's filters and a place, in the numbers of one segment.
struct Sieve {
    hidden: Vec<bool>,
    away: Vec<bool>,
    kind: Option<u8>,
    territories: Option<Vec<bool>>,
    years: Option<(u16, u16)>,
    genre: Option<Option<u32>>,
    label: Option<Option<u32>>,
    playable: bool,
    /// What being at home there is worth.
    near: Vec<u32>,
}

impl Sieve {
    fn of(segment: &Segment, place: &Place, question: &Question) -> Self {
        let country = |code: &str| code.split('-').next().unwrap_or(code).to_owned();
        let here = country(&place.territory);
        let near = |code: &String| match () {
            () if code.is_empty() => 0,
            () if *code == place.territory => 14,
            () if country(code) == here => 7,
            () => 0,
        };
        let number = |shown: &[String], wanted: &String| {
            let wanted = words::whole(wanted);
            let at = shown
                .iter()
                .skip(1)
                .position(|one| words::whole(one) == wanted);
            at.and_then(|at| u32::try_from(at + 1).ok())
        };
        let is_one_of = |these: &HashSet<String>| -> Vec<bool> {
            let all = segment.origins.shown.iter();
            all.map(|origin| these.contains(origin)).collect()
        };
        Sieve {
            hidden: is_one_of(&place.hidden),
            away: is_one_of(&place.away),
            kind: question.kind.map(|wanted| {
                let at = KINDS.iter().position(|kind| *kind == wanted.as_str());
                at.map_or(u8::MAX, |at| at as u8 + 1)
            }),
            territories: question.territory.as_ref().map(|wanted| {
                let inside = format!("{wanted}-");
                let is_there = |code: &String| code == wanted || code.starts_with(&inside);
                segment.territories.shown.iter().map(is_there).collect()
            }),
            years: question.years,
            genre: question
                .genre
                .as_ref()
                .map(|wanted| number(&segment.genres.shown, wanted)),
            label: question
                .label
                .as_ref()
                .map(|wanted| number(&segment.labels.shown, wanted)),
            playable: question.playable,
            near: segment.territories.shown.iter().map(near).collect(),
        }
    }

    /// Which filters each of these does not pass; none where there is no filter.
    fn failed(&self, segment: &Segment, question: &Question, these: &[u32]) -> Option<Vec<u8>> {
        question.is_filtered().then(|| {
            let all = these.iter();
            all.map(|at| self.fails(segment, *at as usize)).collect()
        })
    }

    fn is_playable(&self, segment: &Segment, at: usize) -> bool {
        match segment.columns.sound[at] {
            0 => false,
            2 => true,
            _ => !self.away[segment.columns.origin[at] as usize],
        }
    }

    /// Which filters a thing does not pass. What has no kind, year, genre, label or sound of its
    /// own passes none that asks for one.
    fn fails(&self, segment: &Segment, at: usize) -> u8 {
        let columns = &segment.columns;
        let mut fails = 0;
        if self.kind.is_some_and(|kind| columns.kind[at] != kind) {
            fails |= fails::KIND;
        }
        if let Some(territories) = &self.territories
            && !territories[columns.territory[at] as usize]
        {
            fails |= fails::TERRITORY;
        }
        if let Some((first, last)) = self.years
            && !(first..=last).contains(&columns.year[at])
        {
            fails |= fails::YEAR;
        }
        if self
            .genre
            .is_some_and(|genre| genre != Some(columns.genre[at]))
        {
            fails |= fails::GENRE;
        }
        if self
            .label
            .is_some_and(|label| label != Some(columns.label[at]))
        {
            fails |= fails::LABEL;
        }
        if self.playable && !self.is_playable(segment, at) {
            fails |= fails::PLAYABLE;
        }
        fails
    }

    /// How good an answer a thing is: what its words are worth, more when they stand together and
    /// are all of it, then how dear it is, and a little for being from here.
    fn score(&self, segment: &Segment, at: usize, weighed: &Weighed) -> u32 {
        let columns = &segment.columns;
        let mut score = u32::from(weighed.worth[at]);
        if weighed.by_words {
            let fields = weighed.fields[at];
            let needed = u32::from(weighed.needed.max(1));
            if fields & field::TITLE != 0 {
                score += 10 * needed;
                let is_all = columns.title_words[at] == weighed.needed;
                if is_all && fields & WHOLE != 0 {
                    score += 50;
                } else if is_all {
                    score += 12;
                }
            } else if fields & field::CREDIT != 0 {
                score += 8 * needed;
            }
            if fields & AS_TYPED != 0 {
                score += 30;
            }
        }
        score
            + u32::from(columns.esteem[at]) / 3
            + self.near[columns.territory[at] as usize]
            + u32::from(columns.sound[at].min(1)) * 2
    }
}
