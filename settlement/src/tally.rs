//! One venue's works while its members are counted: dense sums by track number.
//!
//! The arithmetic is exact and mostly in 64 bits: a member's lines are divided by one number, so
//! the division is turned into a multiplication once a member. What does not fit goes the wide way.

use ethnum::U256;

use crate::{
    ReducedRow, Unit,
    reduction::{LineFault, MEMBER_SHARE},
    weighing::{Factors, Weighing},
};

/// Lines of one member in one venue, sorted by track.
#[derive(Clone, Copy)]
pub(crate) struct Amounts<'a> {
    pub track: &'a [u32],
    pub uses: &'a [u32],
    pub seconds: &'a [u64],
}

impl Amounts<'_> {
    fn amount(&self, unit: Unit, line: usize) -> u64 {
        match unit {
            Unit::Uses => self.uses[line].into(),
            Unit::Seconds => self.seconds[line],
        }
    }
}

/// What one member's lines in one venue add up to.
#[derive(Debug, Default)]
pub(crate) struct Member {
    uses: u64,
    seconds: u64,
    /// No line has more, though none may have so many.
    most_uses: u64,
    most_seconds: u64,
}

impl Member {
    /// Adds a piece of the member's lines: their sums, and what none of them passes. The sums of the
    /// whole report fit 64 bits or are refused, so these do.
    pub fn add(&mut self, uses: u64, most_uses: u32, seconds: u64, most_seconds: u64) {
        self.uses = self.uses.saturating_add(uses);
        self.seconds = self.seconds.saturating_add(seconds);
        self.most_uses = self.most_uses.max(most_uses.into());
        self.most_seconds = self.most_seconds.max(most_seconds);
    }

    pub fn seconds(&self) -> u64 {
        self.seconds
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    uses: u64,
    seconds: u64,
    share: u64,
}

impl Tally {
    /// Adds a line; whether the share passes 64 bits by it. Uses and seconds do not: the sums of
    /// the whole report fit.
    #[inline]
    fn add(&mut self, uses: u32, seconds: u64, share: u64) -> bool {
        self.uses += u64::from(uses);
        self.seconds += seconds;
        let (sum, passed) = self.share.overflowing_add(share);
        self.share = sum;
        passed
    }
}

/// The sums of the venue at hand.
///
/// Works are kept side by side as they turn up, and found by one number a track: so what is touched
/// at random is small, and stays near the processor even in a catalogue of millions. That memory is
/// what all else waits for. So it is asked for all of a member's tracks at once, and never for
/// emptying: what it still says of an earlier venue is told by the number.
#[derive(Debug)]
pub(crate) struct Tallies {
    weighing: Weighing,
    /// The first `count` are in use, the others are noughts.
    works: Vec<Tally>,
    /// Beside `works`, their tracks.
    tracks: Vec<u32>,
    count: u32,
    /// Beside `works`, only where members are capped; else a weight is the uses or seconds times
    /// the work's factor.
    weights: Vec<u128>,
    /// For each track, `before` and its place in `works` from 1. Not above `before`: the track was
    /// used in an earlier venue or never.
    places: Vec<u32>,
    before: u32,
    /// For each line of the member at hand, its work's place in `works`.
    found: Vec<u32>,
    /// What rows are put in order with.
    order: Order,
}

impl Tallies {
    pub fn new(weighing: Weighing) -> Self {
        Tallies {
            works: Vec::new(),
            tracks: Vec::new(),
            count: 0,
            weights: Vec::new(),
            places: vec![0; weighing.tracks],
            before: 0,
            found: Vec::new(),
            order: Order::default(),
            weighing,
        }
    }

    pub fn tracks(&self) -> usize {
        self.places.len()
    }

    /// Adds one member's lines, all of them.
    pub fn add(&mut self, member: &Member, lines: Amounts<'_>) -> Result<(), LineFault> {
        let fits = match (&self.weighing.factors, self.weighing.unit) {
            (Factors::Same(0), _) => self.spread(lines, &Division { total: 0 }, |_, _| 0),
            (Factors::Same(_), Unit::Uses) => {
                let division = Division {
                    total: member.uses.into(),
                };
                match division.short(member.most_uses) {
                    Some(short) => self.spread(lines, &short, |uses, _| uses.into()),
                    None => self.spread(lines, &division, |uses, _| uses.into()),
                }
            }
            (Factors::Same(_), Unit::Seconds) => {
                let division = Division {
                    total: member.seconds.into(),
                };
                match division.short(member.most_seconds) {
                    Some(short) => self.spread(lines, &short, |_, seconds| seconds),
                    None => self.spread(lines, &division, |_, seconds| seconds),
                }
            }
            (Factors::ByTrack { .. }, _) => self.spread_by_track(member, lines),
        };
        if self.weighing.cap > 0 {
            self.weigh(member, lines);
        }
        if fits {
            Ok(())
        } else {
            Err(LineFault::TooMuch)
        }
    }

    /// Finds the works of a member's lines, and makes places for those that are new in the venue.
    fn find(&mut self, tracks: &[u32]) {
        // Any line's may be new; one more is written to and not kept.
        let most = (self.count as usize + tracks.len()).min(self.places.len());
        if self.works.len() < most {
            self.works.resize(most, Tally::default());
            self.tracks.resize(most + 1, 0);
        }
        let places = &mut self.places;
        self.found.clear();
        self.found
            .extend(tracks.iter().map(|&track| places[track as usize]));
        // Whether a work is new is anybody's guess, and a guess that fails costs more than all else
        // here: so there is no branch.
        let mut count = self.count;
        for (place, &track) in self.found.iter_mut().zip(tracks) {
            let new = u32::from(*place <= self.before);
            self.tracks[count as usize] = track;
            count += new;
            let known = place.wrapping_sub(self.before);
            let of_new = new.wrapping_neg();
            let from_one = (count & of_new) | (known & !of_new);
            places[track as usize] = self.before + from_one;
            *place = from_one - 1;
        }
        self.count = count;
    }

    /// Uses, seconds and shares of each line; whether the shares still fit.
    fn spread<D: Divide>(
        &mut self,
        lines: Amounts<'_>,
        division: &D,
        amount: impl Fn(u32, u64) -> u64,
    ) -> bool {
        self.find(lines.track);
        let mut passed = false;
        let amounts = lines.uses.iter().zip(lines.seconds);
        for (&place, (&uses, &seconds)) in self.found.iter().zip(amounts) {
            let share = division.share(amount(uses, seconds));
            passed |= self.works[place as usize].add(uses, seconds, share);
        }
        !passed
    }

    /// The same where works weigh differently.
    fn spread_by_track(&mut self, member: &Member, lines: Amounts<'_>) -> bool {
        let most = match self.weighing.unit {
            Unit::Uses => member.most_uses,
            Unit::Seconds => member.most_seconds,
        };
        let heaviest = match &self.weighing.factors {
            Factors::Same(_) => 1,
            Factors::ByTrack { reduced, .. } => reduced.iter().copied().max().unwrap_or(1),
        };
        let rows = 0..lines.track.len();
        // At most 2⁶⁴ uses or seconds in all, times 10¹²: far from 128 bits.
        let total: u128 = rows
            .clone()
            .map(|line| self.reduced_weight(lines, line))
            .sum();
        let division = Division { total };
        let short = most
            .checked_mul(heaviest)
            .and_then(|most| division.short(most));
        self.find(lines.track);
        let mut passed = false;
        for line in rows {
            let weight = self.reduced_weight(lines, line);
            let share = match (&short, u64::try_from(weight)) {
                (Some(short), Ok(weight)) => short.share(weight),
                _ => division.wide_share(weight),
            };
            passed |= self.works[self.found[line] as usize].add(
                lines.uses[line],
                lines.seconds[line],
                share,
            );
        }
        !passed
    }

    /// What a line weighs beside the member's others.
    fn reduced_weight(&self, lines: Amounts<'_>, line: usize) -> u128 {
        let factor = match &self.weighing.factors {
            Factors::Same(_) => 1,
            Factors::ByTrack { place, reduced, .. } => {
                reduced[usize::from(place[lines.track[line] as usize])]
            }
        };
        u128::from(lines.amount(self.weighing.unit, line)) * u128::from(factor)
    }

    /// Weights of each line, with the member's cap.
    fn weigh(&mut self, member: &Member, lines: Amounts<'_>) {
        self.weights.resize(self.count as usize, 0);
        let cap = self.weighing.cap;
        let capped = cap > 0 && member.uses > cap;
        let common = match self.weighing.factors {
            Factors::Same(factor) => factor,
            Factors::ByTrack { common, .. } => common,
        };
        for line in 0..lines.track.len() {
            let weight = self.reduced_weight(lines, line) * u128::from(common);
            self.weights[self.found[line] as usize] += if capped {
                scaled(weight, cap, member.uses)
            } else {
                weight
            };
        }
    }

    /// Gives the venue's rows in the order of tracks, and starts anew.
    pub fn empty_into(&mut self, venue: u32, rows: &mut Vec<ReducedRow>) {
        let tracks = &self.tracks[..self.count as usize];
        let weighing = &self.weighing;
        rows.extend(self.order.of(tracks, self.places.len()).iter().map(|&key| {
            let (track, place) = ((key >> 32) as u32, key as u32 as usize);
            let Tally {
                uses,
                seconds,
                share,
            } = std::mem::take(&mut self.works[place]);
            let amount = u128::from(match weighing.unit {
                Unit::Uses => uses,
                Unit::Seconds => seconds,
            });
            let weight = match &weighing.factors {
                _ if weighing.cap > 0 => self.weights[place],
                Factors::Same(factor) => amount * u128::from(*factor),
                Factors::ByTrack {
                    place,
                    reduced,
                    common,
                } => {
                    let factor = reduced[usize::from(place[track as usize])];
                    amount * u128::from(factor) * u128::from(*common)
                }
            };
            ReducedRow {
                venue,
                track,
                uses,
                seconds,
                share,
                weight,
            }
        }));
        self.before += self.count;
        self.count = 0;
        self.weights.clear();
        // The numbers of all tracks must stay below 2³².
        if u32::try_from(self.places.len()).is_ok_and(|all| self.before.checked_add(all).is_none())
        {
            self.places.fill(0);
            self.before = 0;
        }
    }
}

/// Puts tracks in order, as one does with so many small numbers: by their low digits, then by their
/// high ones.
#[derive(Debug, Default)]
struct Order {
    keys: Vec<u64>,
    spare: Vec<u64>,
    /// How many keys begin with a digit, then where the next of them goes.
    starts: Vec<u32>,
}

impl Order {
    /// The tracks, all of them below `bound`, in rising order: each in the upper half of a key, its
    /// place in `tracks` in the lower.
    fn of(&mut self, tracks: &[u32], bound: usize) -> &[u64] {
        let keys = tracks.iter().zip(0u64..);
        self.keys.clear();
        self.keys
            .extend(keys.map(|(&track, place)| u64::from(track) << 32 | place));
        let digit = (usize::BITS - bound.leading_zeros()).div_ceil(2);
        if tracks.len() >> digit == 0 {
            self.keys.sort_unstable();
            return &self.keys;
        }
        self.spare.clear();
        self.spare.resize(tracks.len(), 0);
        for shift in [32, 32 + digit] {
            let digit_of = |key: u64| (key >> shift) as usize & ((1 << digit) - 1);
            self.starts.clear();
            self.starts.resize(1 << digit, 0);
            for &key in &self.keys {
                self.starts[digit_of(key)] += 1;
            }
            let mut next = 0;
            for start in &mut self.starts {
                next += std::mem::replace(start, next);
            }
            for &key in &self.keys {
                let start = &mut self.starts[digit_of(key)];
                self.spare[*start as usize] = key;
                *start += 1;
            }
            std::mem::swap(&mut self.keys, &mut self.spare);
        }
        &self.keys
    }
}

/// ⌊weight·cap/uses⌋.
fn scaled(weight: u128, cap: u64, uses: u64) -> u128 {
    match weight.checked_mul(cap.into()) {
        Some(product) => product / u128::from(uses),
        // The cap is below the uses, so the result is below the weight.
        None => (U256::from(weight) * U256::from(cap) / U256::from(uses)).as_u128(),
    }
}

/// ⌊10¹²·amount/total⌋, for one total and many amounts.
trait Divide {
    fn share(&self, amount: u64) -> u64;
}

/// For any total; 0 divides nothing.
struct Division {
    total: u128,
}

impl Division {
    /// A shorter way, where every product fits 64 bits.
    fn short(&self, most: u64) -> Option<ShortDivision> {
        let total = u64::try_from(self.total).ok().filter(|&total| total > 0)?;
        most.checked_mul(MEMBER_SHARE)?;
        Some(ShortDivision {
            total,
            inverse: u64::MAX / total,
        })
    }

    fn wide_share(&self, weight: u128) -> u64 {
        if self.total == 0 {
            return 0;
        }
        // A weight is below 2⁸⁰ and a part of the total: the product fits, the share is at most 10¹².
        let share = match (u64::try_from(weight), u64::try_from(self.total)) {
            (Ok(weight), Ok(total)) if weight <= u64::MAX / MEMBER_SHARE => {
                (weight * MEMBER_SHARE / total).into()
            }
            _ => weight * u128::from(MEMBER_SHARE) / self.total,
        };
        u64::try_from(share).unwrap_or(MEMBER_SHARE)
    }
}

impl Divide for Division {
    fn share(&self, amount: u64) -> u64 {
        self.wide_share(amount.into())
    }
}

/// Division by multiplication. With m = ⌊(2⁶⁴−1)/total⌋, which is at least 2⁶⁴/total − 1, and any n
/// below 2⁶⁴, n·m/2⁶⁴ is at most n/total and above n/total − 1: rounded down it is ⌊n/total⌋ or one
/// less, and the remainder tells which.
struct ShortDivision {
    total: u64,
    inverse: u64,
}

impl Divide for ShortDivision {
    #[inline]
    fn share(&self, amount: u64) -> u64 {
        let product = amount * MEMBER_SHARE;
        let share = ((u128::from(product) * u128::from(self.inverse)) >> 64) as u64;
        share + u64::from(product - share * self.total >= self.total)
    }
}
