//! From lines about persons to sums about works.
//!
//! A report's lines say who used what, namelessly; a settlement needs only four sums of each work
//! in each venue. The [`Reducer`] makes them in one pass over the sorted lines: it keeps one
//! member's lines and one venue's works, never more, however many lines there are.
//!
//! A member's lines are divided by their own weight, so each member counts alike (`share`, at most
//! 10¹² a member), and are added up as they are (`weight`, with the member's cap if there is one).

use crate::{
    Period, Policy,
    tally::{Amounts, Member, Tallies},
    weighing::Weighing,
};

/// The most seconds a line may hold, 2⁴⁰.
pub const MOST_SECONDS: u64 = 1 << 40;

/// What one member is divided into.
pub(crate) const MEMBER_SHARE: u64 = 1_000_000_000_000;

/// Rows of `lines.parquet`, column by column: sorted by venue, member and track, no two alike.
#[derive(Clone, Copy, Debug)]
pub struct Lines<'a> {
    venue: &'a [u32],
    member: &'a [u32],
    track: &'a [u32],
    uses: &'a [u32],
    seconds: &'a [u64],
}

impl<'a> Lines<'a> {
    /// The columns side by side; nothing where they differ in length.
    pub fn new(
        venue: &'a [u32],
        member: &'a [u32],
        track: &'a [u32],
        uses: &'a [u32],
        seconds: &'a [u64],
    ) -> Option<Self> {
        let rows = venue.len();
        ([member.len(), track.len(), uses.len(), seconds.len()] == [rows; 4]).then_some(Lines {
            venue,
            member,
            track,
            uses,
            seconds,
        })
    }
}

/// One row of `lines.parquet`: what one member used of one work through one venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The venue's number in the manifest.
    pub venue: u32,
    /// The member's ordinal inside this report.
    pub member: u32,
    /// The work's number in the tracks file.
    pub track: u32,
    /// Counted uses, from 1.
    pub uses: u32,
    /// Counted seconds, at most 2⁴⁰.
    pub seconds: u64,
}

/// One row of `reduction.parquet`: what all members of a venue used of one work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReducedRow {
    /// The venue's number in the manifest.
    pub venue: u32,
    /// The work's number in the tracks file.
    pub track: u32,
    /// Counted uses.
    pub uses: u64,
    /// Counted seconds.
    pub seconds: u64,
    /// u: the members' shares, 10¹² to a member.
    pub share: u64,
    /// w: the weight in the pro-rata part, below 10³⁸.
    pub weight: u128,
}

/// What an arriving report may not pass (files that are only simulated are not held to it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArrivalLimits {
    /// Uses of one work by one member in one venue: the daily limit times the days of the period.
    pub uses_of_a_work: u64,
    /// Seconds of one member, in all venues together: the period's length.
    pub seconds_of_a_member: u64,
}

impl ArrivalLimits {
    /// What the policy's counting and the length of the period allow. The coordinator does not
    /// know the node's time zone, so a month may be an hour longer than its days: in one of them
    /// clocks go back.
    pub fn of(policy: &Policy, period: Period) -> Self {
        let days = u64::from(period.days());
        ArrivalLimits {
            uses_of_a_work: u64::from(policy.counting.max_uses_per_work_per_day) * days,
            seconds_of_a_member: days * 86_400 + 3600,
        }
    }
}

/// A row that cannot be taken, and why. Nothing of a report with such a row may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {row} of the lines: {why}")]
pub struct BadLine {
    /// The row, counted from 1.
    pub row: u64,
    /// What is wrong with it.
    pub why: LineFault,
}

/// What can be wrong with a row of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// The venue is not in the manifest.
    #[error("venue {0} is not in the manifest")]
    UnknownVenue(u32),
    /// The track is not in the tracks file.
    #[error("track {0} is not in the tracks file")]
    UnknownTrack(u32),
    /// It repeats the row before it.
    #[error("the same venue, member and track as the row before it")]
    Duplicate,
    /// It should have come earlier.
    #[error("it belongs before the row above it: lines are sorted by venue, member and track")]
    Unsorted,
    /// A line without a use.
    #[error("a line needs at least one use")]
    NoUses,
    /// More seconds than a line may hold.
    #[error("{0} seconds; a line holds at most 2^40")]
    TooManySeconds(u64),
    /// The report's sums do not fit their columns.
    #[error("with it the sums of the report pass 64 bits")]
    TooMuch,
    /// More uses than the policy's counting allows.
    #[error(
        "{uses} uses of one work by one member; the policy's counting allows {limit} in this period"
    )]
    TooManyUses {
        /// Uses of the line.
        uses: u64,
        /// What the policy allows.
        limit: u64,
    },
    /// A member who listened longer than the period lasted.
    #[error("member {member} has {seconds} seconds; the period lasted {limit}")]
    LongerThanThePeriod {
        /// The member's ordinal inside the report.
        member: u32,
        /// The member's seconds.
        seconds: u128,
        /// The period's length in seconds.
        limit: u64,
    },
}

/// What the lines of a report add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reduced {
    /// How many lines there were.
    pub lines: u64,
    /// All counted uses.
    pub uses: u64,
    /// All counted seconds.
    pub seconds: u64,
    /// How many members each venue's lines are about, by the venue's number.
    pub members: Vec<u32>,
}

/// The longest piece of one member's lines looked at in one go: a sum of so many seconds fits.
const PIECE: usize = 1 << 20;

/// Takes a report's lines in order and gives its reduction, one venue at a time.
#[derive(Debug)]
pub struct Reducer {
    venues: u32,
    limits: Option<ArrivalLimits>,
    tallies: Tallies,
    row: u64,
    last: Option<(u32, u32, u32)>,
    member: Member,
    /// Lines of the member at the end of the last slice, whose next may be in the next one.
    begun: (Vec<u32>, Vec<u32>, Vec<u64>),
    totals: (u64, u64),
    members: Vec<u32>,
    /// Under limits: each member's seconds in each venue, to be added up at the end.
    seconds: Vec<(u32, u64)>,
}

impl Reducer {
    /// A reducer for a report with so many venues and these tracks.
    pub fn new(weighing: Weighing, venues: u32, limits: Option<ArrivalLimits>) -> Self {
        Reducer {
            venues,
            limits,
            tallies: Tallies::new(weighing),
            row: 0,
            last: None,
            member: Member::default(),
            begun: Default::default(),
            totals: (0, 0),
            members: vec![0; venues as usize],
            seconds: Vec::new(),
        }
    }

    /// Takes the next lines; the rows of venues that are complete are added to `rows`.
    ///
    /// # Errors
    /// When a line cannot be taken. The reduction is then void: drop the reducer and the rows.
    pub fn push(&mut self, lines: Lines<'_>, rows: &mut Vec<ReducedRow>) -> Result<(), BadLine> {
        let mut from = 0;
        while from < lines.venue.len() {
            let (venue, member) = (lines.venue[from], lines.member[from]);
            self.step(venue, member, lines.track[from], rows)?;
            let longest = lines.venue.len().min(from + PIECE);
            let of_member = alike(&lines.member[from..longest], member);
            let to = from + alike(&lines.venue[from..from + of_member], venue);
            let piece = Amounts {
                track: &lines.track[from..to],
                uses: &lines.uses[from..to],
                seconds: &lines.seconds[from..to],
            };
            self.check(piece)?;
            if to < longest && self.begun.0.is_empty() {
                self.tallies
                    .add(&self.member, piece)
                    .map_err(|why| self.fault(why))?;
                self.leave();
            } else {
                self.begun.0.extend_from_slice(piece.track);
                self.begun.1.extend_from_slice(piece.uses);
                self.begun.2.extend_from_slice(piece.seconds);
            }
            from = to;
        }
        Ok(())
    }

    /// Takes one line: [`Reducer::push`] for those who have no columns.
    ///
    /// # Errors
    /// As [`Reducer::push`].
    pub fn push_line(&mut self, line: Line, rows: &mut Vec<ReducedRow>) -> Result<(), BadLine> {
        let lines = Lines {
            venue: &[line.venue],
            member: &[line.member],
            track: &[line.track],
            uses: &[line.uses],
            seconds: &[line.seconds],
        };
        self.push(lines, rows)
    }

    /// Adds the rows of the last venue to `rows` and says what there was in all.
    ///
    /// # Errors
    /// When the sums do not fit, or a member's seconds in all venues pass the limit.
    pub fn finish(mut self, rows: &mut Vec<ReducedRow>) -> Result<Reduced, BadLine> {
        self.end_member()?;
        if let Some((venue, ..)) = self.last {
            self.tallies.empty_into(venue, rows);
        }
        if let Some(limits) = self.limits {
            self.seconds.sort_unstable();
            for of_member in self.seconds.chunk_by(|one, other| one.0 == other.0) {
                let seconds = of_member
                    .iter()
                    .map(|&(_, seconds)| u128::from(seconds))
                    .sum();
                if seconds > u128::from(limits.seconds_of_a_member) {
                    let (member, limit) = (of_member[0].0, limits.seconds_of_a_member);
                    return Err(self.fault(LineFault::LongerThanThePeriod {
                        member,
                        seconds,
                        limit,
                    }));
                }
            }
        }
        Ok(Reduced {
            lines: self.row,
            uses: self.totals.0,
            seconds: self.totals.1,
            members: self.members,
        })
    }

    /// From the last line to the next, which may be another member's or another venue's.
    fn step(
        &mut self,
        venue: u32,
        member: u32,
        track: u32,
        rows: &mut Vec<ReducedRow>,
    ) -> Result<(), BadLine> {
        let next = (venue, member, track);
        let before = self.last;
        if before.is_some_and(|last| last >= next) {
            self.row += 1;
            let why = if before == Some(next) {
                LineFault::Duplicate
            } else {
                LineFault::Unsorted
            };
            return Err(self.fault(why));
        }
        if before.is_none_or(|last| (last.0, last.1) != (venue, member)) {
            self.end_member()?;
            if let Some((last, ..)) = before
                && last != venue
            {
                self.tallies.empty_into(last, rows);
            }
            if venue >= self.venues {
                self.row += 1;
                return Err(self.fault(LineFault::UnknownVenue(venue)));
            }
            self.members[venue as usize] += 1;
            self.member = Member::default();
        }
        self.last = Some(next);
        Ok(())
    }

    /// Looks over a piece of one member's lines and adds it to what is known of the member.
    fn check(&mut self, piece: Amounts<'_>) -> Result<(), BadLine> {
        let tracks = self.tallies.tracks();
        let most_uses = self.limits.map_or(u64::MAX, |limits| limits.uses_of_a_work);
        // Each column by itself and to its end, whatever is found: many lines at a time.
        let (mut uses, mut most, mut none) = (0, 0, false);
        for &of_uses in piece.uses {
            uses += u64::from(of_uses);
            most |= of_uses;
            none |= of_uses == 0;
        }
        let (mut seconds, mut longest, mut too_long) = (0u64, 0, false);
        for &of_seconds in piece.seconds {
            // Wraps only if one of them is too long.
            seconds = seconds.wrapping_add(of_seconds);
            longest |= of_seconds;
            too_long |= of_seconds > MOST_SECONDS;
        }
        let sorted = piece
            .track
            .iter()
            .zip(&piece.track[1..])
            .fold(true, |sorted, (track, next)| sorted & (track < next));
        let last = piece.track[piece.track.len() - 1];
        let sound = sorted && (last as usize) < tracks && !none && !too_long;
        let past = |&of_uses: &u32| u64::from(of_uses) > most_uses;
        if !sound || (u64::from(most) > most_uses && piece.uses.iter().any(past)) {
            return Err(self.first_fault(piece, tracks, most_uses));
        }
        self.row += piece.track.len() as u64;
        self.member.add(uses, most, seconds, longest);
        let add = |total: u64, more: u64| total.checked_add(more).ok_or(LineFault::TooMuch);
        let totals =
            add(self.totals.0, uses).and_then(|uses| Ok((uses, add(self.totals.1, seconds)?)));
        self.totals = totals.map_err(|why| self.fault(why))?;
        if let Some(last_line) = &mut self.last {
            last_line.2 = last;
        }
        Ok(())
    }

    /// A piece was found wanting: which row of it, and why.
    fn first_fault(&mut self, piece: Amounts<'_>, tracks: usize, most_uses: u64) -> BadLine {
        for row in 0..piece.track.len() {
            self.row += 1;
            let (track, uses, seconds) = (piece.track[row], piece.uses[row], piece.seconds[row]);
            let before = if row > 0 {
                piece.track.get(row - 1)
            } else {
                None
            };
            let why = if before == Some(&track) {
                LineFault::Duplicate
            } else if before.is_some_and(|&before| before > track) {
                LineFault::Unsorted
            } else if track as usize >= tracks {
                LineFault::UnknownTrack(track)
            } else if uses == 0 {
                LineFault::NoUses
            } else if seconds > MOST_SECONDS {
                LineFault::TooManySeconds(seconds)
            } else if u64::from(uses) > most_uses {
                LineFault::TooManyUses {
                    uses: uses.into(),
                    limit: most_uses,
                }
            } else {
                continue;
            };
            return self.fault(why);
        }
        self.fault(LineFault::TooMuch)
    }

    /// Adds up the member whose lines came in more than one slice, if there is one.
    fn end_member(&mut self) -> Result<(), BadLine> {
        if self.begun.0.is_empty() {
            return Ok(());
        }
        let (track, uses, seconds) = &self.begun;
        let added = self.tallies.add(
            &self.member,
            Amounts {
                track,
                uses,
                seconds,
            },
        );
        added.map_err(|why| self.fault(why))?;
        self.begun.0.clear();
        self.begun.1.clear();
        self.begun.2.clear();
        self.leave();
        Ok(())
    }

    /// Under limits, remembers how long the member listened in this venue.
    fn leave(&mut self) {
        if let (Some(_), Some((_, member, _))) = (self.limits, self.last) {
            self.seconds.push((member, self.member.seconds()));
        }
    }

    fn fault(&self, why: LineFault) -> BadLine {
        BadLine { row: self.row, why }
    }
}

/// How many values from the first on are this one: blocks of them at a time while it lasts.
fn alike(column: &[u32], value: u32) -> usize {
    let all = |block: &&[u32; 16]| {
        block
            .iter()
            .fold(true, |all, other| all & (*other == value))
    };
    let (blocks, _) = column.as_chunks();
    let in_blocks = blocks.iter().take_while(all).count() * 16;
    let rest = column[in_blocks..].iter();
    in_blocks + rest.take_while(|other| **other == value).count()
}
