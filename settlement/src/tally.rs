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
    most_uses: u64,
    most_seconds: u64,
}

impl Member {
    /// Adds a piece of the member's lines. The sums of the whole report fit 64 bits or are refused,
    /// so these do.
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
/// at random is small, and stays near the processor even in a catalogue of millions.
#[derive(Debug)]
pub(crate) struct Tallies {
    weighing: Weighing,
    works: Vec<Tally>,
    /// Beside `works`, only where members are capped; else a weight is the uses or seconds times
    /// the work's factor.
    weights: Vec<u128>,
    /// For each track, its place in `works` from 1; 0 for none.
    places: Vec<u32>,
    /// One bit a track: has it been used in this venue?
    used: Vec<u64>,
}

impl Tallies {
    pub fn new(weighing: Weighing) -> Self {
        Tallies {
            works: Vec::new(),
            weights: Vec::new(),
            places: vec![0; weighing.tracks],
            used: vec![0; weighing.tracks.div_ceil(64)],
            weighing,
        }
    }

    pub fn tracks(&self) -> usize {
        self.places.len()
    }

    /// Adds one member's lines, all of them.
    pub fn add(&mut self, member: &Member, lines: Amounts<'_>) -> Result<(), LineFault> {
        let fits = match (&self.weighing.factors, self.weighing.unit) {
            (Factors::Same(0), _) => self.spread(lines, &Division { total: 0 }, |_| 0),
            (Factors::Same(_), Unit::Uses) => {
                let division = Division {
                    total: member.uses.into(),
                };
                match division.short(member.most_uses) {
                    Some(short) => self.spread(lines, &short, |line| lines.uses[line].into()),
                    None => self.spread(lines, &division, |line| lines.uses[line].into()),
                }
            }
            (Factors::Same(_), Unit::Seconds) => {
                let division = Division {
                    total: member.seconds.into(),
                };
                match division.short(member.most_seconds) {
                    Some(short) => self.spread(lines, &short, |line| lines.seconds[line]),
                    None => self.spread(lines, &division, |line| lines.seconds[line]),
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

    /// The sums of a track, from nought at its first use in the venue.
    #[inline]
    fn work(&mut self, track: usize) -> &mut Tally {
        let mut place = self.places[track] as usize;
        if place == 0 {
            self.works.push(Tally::default());
            place = self.works.len();
            // Track numbers are 32 bits, so no more works than that turn up.
            self.places[track] = u32::try_from(place).unwrap_or(u32::MAX);
            self.used[track / 64] |= 1 << (track % 64);
        }
        &mut self.works[place - 1]
    }

    /// Uses, seconds and shares of each line; whether the shares still fit.
    fn spread<D: Divide>(
        &mut self,
        lines: Amounts<'_>,
        division: &D,
        amount: impl Fn(usize) -> u64,
    ) -> bool {
        let mut passed = false;
        for line in 0..lines.track.len() {
            let share = division.share(amount(line));
            passed |= self.work(lines.track[line] as usize).add(
                lines.uses[line],
                lines.seconds[line],
                share,
            );
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
        let mut passed = false;
        for line in rows {
            let weight = self.reduced_weight(lines, line);
            let share = match (&short, u64::try_from(weight)) {
                (Some(short), Ok(weight)) => short.share(weight),
                _ => division.wide_share(weight),
            };
            passed |= self.work(lines.track[line] as usize).add(
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
        self.weights.resize(self.works.len(), 0);
        let cap = self.weighing.cap;
        let capped = cap > 0 && member.uses > cap;
        let common = match self.weighing.factors {
            Factors::Same(factor) => factor,
            Factors::ByTrack { common, .. } => common,
        };
        for line in 0..lines.track.len() {
            let weight = self.reduced_weight(lines, line) * u128::from(common);
            let place = self.places[lines.track[line] as usize] as usize - 1;
            self.weights[place] += if capped {
                scaled(weight, cap, member.uses)
            } else {
                weight
            };
        }
    }

    /// Gives the venue's rows in the order of tracks, and starts anew.
    pub fn empty_into(&mut self, venue: u32, rows: &mut Vec<ReducedRow>) {
        rows.reserve(self.works.len());
        for (at, word) in self.used.iter_mut().enumerate() {
            let mut left = std::mem::take(word);
            while left != 0 {
                let track = at * 64 + left.trailing_zeros() as usize;
                left &= left - 1;
                let place = std::mem::take(&mut self.places[track]) as usize - 1;
                let Tally {
                    uses,
                    seconds,
                    share,
                } = self.works[place];
                let amount = match self.weighing.unit {
                    Unit::Uses => uses,
                    Unit::Seconds => seconds,
                };
                let weight = match &self.weighing.factors {
                    _ if self.weighing.cap > 0 => self.weights[place],
                    Factors::Same(factor) => u128::from(amount) * u128::from(*factor),
                    Factors::ByTrack {
                        place,
                        reduced,
                        common,
                    } => {
                        u128::from(amount)
                            * u128::from(reduced[usize::from(place[track])])
                            * u128::from(*common)
                    }
                };
                // Track numbers were read as 32 bits.
                let track = u32::try_from(track).unwrap_or(u32::MAX);
                rows.push(ReducedRow {
                    venue,
                    track,
                    uses,
                    seconds,
                    share,
                    weight,
                });
            }
        }
        self.works.clear();
        self.weights.clear();
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
