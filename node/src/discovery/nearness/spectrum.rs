//! The strongest directions of who is heard and marked alike, found by subspace iteration
//! (Halko, Martinsson, Tropp, SIAM Review 53(2), 2011): multiply, make orthonormal, again.
//! The matrix is never written out: its parts are multiplied one after another.

use std::ops::Range;

use super::together::Listening;
use super::{BACKED, Rows};

/// The most directions.
const RANK: usize = 96;
/// The most numbers that places are made of: where there are many things, there are fewer directions.
const NUMBERS: usize = 1 << 26;
/// How often the matrix is applied.
const ROUNDS: usize = 6;
/// What a shared mark weighs, in members who hear both.
const MARKS: f32 = 3.0;
/// What may be expected of two things for being known, as a part of chance.
const CHANCE: f32 = 0.5;
/// Below so many heard things, all of them make up the matrix.
const FEW: usize = 500;
/// Rows that are summed up in one go. Sums do not depend on the number of threads.
const CHUNK: usize = 4096;

/// Where things are.
#[derive(Debug)]
pub struct Places {
    /// How many numbers a place is.
    pub rank: usize,
    /// The places, one after another; orthonormal columns.
    pub numbers: Vec<f32>,
    /// How known each thing is: its members to the power 3/8, never less than that of [`BACKED`] members.
    pub known: Vec<f32>,
}

impl Places {
    /// The place of a thing.
    pub fn of(&self, thing: usize) -> &[f32] {
        &self.numbers[thing * self.rank..(thing + 1) * self.rank]
    }

    /// The cosine of two places, as a [`super::Link`]'s strength: however known they are.
    pub fn nearness(&self, a: usize, b: usize) -> u16 {
        let (a, b) = (self.of(a), self.of(b));
        let lengths = (dot(a, a) * dot(b, b)).sqrt();
        if lengths > 0.0 {
            (dot(a, b) / lengths * 65535.0).clamp(0.0, 65535.0) as u16
        } else {
            0
        }
    }
}

/// The sum of products, in one fixed order.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Eight sums side by side, so that the machine can take them at once.
    let mut sums = [0.0_f32; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a8
        .remainder()
        .iter()
        .zip(b8.remainder())
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in a8.zip(b8) {
        for at in 0..8 {
            sums[at] += a[at] * b[at];
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// Does `work` on every span of `0..count`, on all processors; answers in order. Spans begin and
/// end at multiples of `step`.
pub fn share_out<T: Send>(
    count: usize,
    step: usize,
    work: impl Fn(Range<usize>) -> T + Sync,
) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let each = count.div_ceil(threads).max(1).next_multiple_of(step);
    let spans: Vec<Range<usize>> = (0..count)
        .step_by(each)
        .map(|from| from..(from + each).min(count))
        .collect();
    std::thread::scope(|scope| {
        let running: Vec<_> = spans
            .into_iter()
            .map(|span| scope.spawn(|| work(span)))
            .collect();
        running
            .into_iter()
            .map(|one| match one.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}

/// The part of the things from whose likeness the directions are found: those that enough members
/// heard; all of them, where these are few. The others find their place by their marks alone.
struct Core<'m> {
    things: Vec<usize>,
    /// Listening among them, by their place in `things`.
    pairs: Rows,
    listeners: Vec<f32>,
    members: f32,
    marks: &'m Rows,
    /// Who of them wears each mark.
    worn: Rows,
    known: Vec<f32>,
}

impl<'m> Core<'m> {
    fn of(listening: &Listening, marks: &'m Rows, mark_count: usize, known: &[f32]) -> Self {
        let all = 0..listening.listeners.len();
        let mut things: Vec<usize> = all
            .clone()
            .filter(|thing| listening.listeners[*thing] > 0)
            .collect();
        if things.len() < FEW {
            things = all.collect();
        }
        let mut at = vec![u32::MAX; listening.listeners.len()];
        for (core, thing) in (0..).zip(&things) {
            at[*thing] = core;
        }
        let (mut pairs, mut wearing) = (Rows::begun(), Rows::begun());
        for thing in &things {
            for (other, count) in listening.pairs.row(*thing) {
                pairs.push(at[other], count);
            }
            for (mark, weight) in marks.row(*thing) {
                wearing.push(u32::try_from(mark).unwrap_or(u32::MAX), weight);
            }
            pairs.end_row();
            wearing.end_row();
        }
        Core {
            pairs,
            listeners: things
                .iter()
                .map(|thing| listening.listeners[*thing] as f32)
                .collect(),
            members: listening.members.max(1) as f32,
            marks,
            worn: wearing.turned(mark_count),
            known: things.iter().map(|thing| known[*thing]).collect(),
            things,
        }
    }
}

/// Finds the places.
pub fn places(listening: &Listening, marks: &Rows, mark_count: usize) -> Places {
    let count = listening.listeners.len();
    let known: Vec<f32> = listening
        .listeners
        .iter()
        .map(|count| {
            // To the power 3/8, by square roots alone: these are exact on every machine.
            let fourth = ((*count).max(BACKED) as f32).sqrt().sqrt();
            fourth * fourth.sqrt()
        })
        .collect();
    let core = Core::of(listening, marks, mark_count, &known);
    let size = core.things.len();
    let rank = RANK.min(NUMBERS / count.max(1)).min(size / 24).max(1);
    let mut dice = 0x5eed_u64;
    let mut found: Vec<f32> = (0..size * rank)
        .map(|_| (draw(&mut dice) >> 40) as f32 / (1_u64 << 23) as f32 - 1.0)
        .collect();
    for _ in 0..ROUNDS {
        let by_mark = by_mark(&core, &found, rank);
        found = applied(&core, &by_mark, &found, rank);
        make_orthonormal(&mut found, rank);
    }
    let by_mark = by_mark(&core, &found, rank);
    let mut at = vec![usize::MAX; count];
    for (core, thing) in core.things.iter().enumerate() {
        at[*thing] = core;
    }
    let numbers = share_out(count, 1, |span| {
        let mut numbers = vec![0.0; span.len() * rank];
        for (thing, place) in span.zip(numbers.chunks_exact_mut(rank)) {
            if let Some(found) = found.get(at[thing].saturating_mul(rank)..) {
                place.copy_from_slice(&found[..rank]);
            } else {
                for (mark, weight) in marks.row(thing) {
                    add(place, weight, &by_mark[mark * rank..(mark + 1) * rank]);
                }
            }
        }
        numbers
    })
    .concat();
    Places {
        rank,
        numbers,
        known,
    }
}

/// A number from a sequence (SplitMix64).
pub fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn add(to: &mut [f32], times: f32, what: &[f32]) {
    for (to, what) in to.iter_mut().zip(what) {
        *to += times * what;
    }
}

fn row(numbers: &[f32], at: usize, rank: usize) -> &[f32] {
    &numbers[at * rank..(at + 1) * rank]
}

/// For each mark, the sum over those who wear it.
fn by_mark(core: &Core<'_>, numbers: &[f32], rank: usize) -> Vec<f32> {
    share_out(core.worn.starts.len() - 1, 1, |span| {
        let mut sums = vec![0.0; span.len() * rank];
        for (mark, sum) in span.zip(sums.chunks_exact_mut(rank)) {
            for (thing, weight) in core.worn.row(mark) {
                add(sum, weight / core.known[thing], row(numbers, thing, rank));
            }
        }
        sums
    })
    .concat()
}

/// The matrix times `numbers`: who is heard together, what marks are shared, and what may be
/// expected anyway, all by how known things are.
fn applied(core: &Core<'_>, by_mark: &[f32], numbers: &[f32], rank: usize) -> Vec<f32> {
    let mut chance = vec![0.0; rank];
    for (thing, count) in core.listeners.iter().enumerate() {
        add(
            &mut chance,
            count / core.known[thing],
            row(numbers, thing, rank),
        );
    }
    share_out(core.things.len(), 1, |span| {
        let mut made = vec![0.0; span.len() * rank];
        for (thing, sum) in span.zip(made.chunks_exact_mut(rank)) {
            for (other, count) in core.pairs.row(thing) {
                add(sum, count / core.known[other], row(numbers, other, rank));
            }
            let own = core.listeners[thing];
            add(sum, own / core.known[thing], row(numbers, thing, rank));
            add(sum, CHANCE * own / core.members, &chance);
            for (mark, weight) in core.marks.row(core.things[thing]) {
                add(sum, MARKS * weight, row(by_mark, mark, rank));
            }
            for value in sum {
                *value /= core.known[thing];
            }
        }
        made
    })
    .concat()
}

/// Makes the columns orthonormal, by the Cholesky factor of their products; twice, because once is
/// not exact where two are nearly alike.
fn make_orthonormal(numbers: &mut [f32], rank: usize) {
    for _ in 0..2 {
        let factor = cholesky(products(numbers, rank), rank);
        let rows = numbers.len() / rank;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let each = rows.div_ceil(threads).max(1) * rank;
        std::thread::scope(|scope| {
            for part in numbers.chunks_mut(each) {
                let factor = &factor;
                scope.spawn(move || {
                    for row in part.chunks_exact_mut(rank) {
                        solve(factor, row);
                    }
                });
            }
        });
    }
}

/// The products of all columns with each other.
fn products(numbers: &[f32], rank: usize) -> Vec<f64> {
    let chunks = (numbers.len() / rank).div_ceil(CHUNK);
    let parts = share_out(chunks, 1, |span| {
        span.map(|chunk| {
            let from = chunk * CHUNK * rank;
            let to = (from + CHUNK * rank).min(numbers.len());
            let mut sums = vec![0.0_f32; rank * rank];
            for row in numbers[from..to].chunks_exact(rank) {
                for (at, value) in row.iter().enumerate() {
                    add(&mut sums[at * rank..at * rank + at + 1], *value, row);
                }
            }
            sums
        })
        .collect::<Vec<_>>()
    });
    let mut products = vec![0.0_f64; rank * rank];
    for part in parts.into_iter().flatten() {
        for (sum, part) in products.iter_mut().zip(part) {
            *sum += f64::from(part);
        }
    }
    products
}

/// The lower factor of a symmetric matrix of which the lower half is given. A direction that there
/// is not comes out as nothing.
fn cholesky(mut matrix: Vec<f64>, rank: usize) -> Vec<f64> {
    let largest = (0..rank)
        .map(|at| matrix[at * rank + at])
        .fold(0.0, f64::max);
    for at in 0..rank {
        for before in 0..=at {
            let mut sum = matrix[at * rank + before];
            for k in 0..before {
                sum -= matrix[at * rank + k] * matrix[before * rank + k];
            }
            matrix[at * rank + before] = if before < at {
                let pivot = matrix[before * rank + before];
                if pivot.is_finite() { sum / pivot } else { 0.0 }
            } else if sum > largest * 1e-12 {
                sum.sqrt()
            } else {
                f64::INFINITY
            };
        }
    }
    matrix
}

/// The row times the inverse of the factor, turned.
fn solve(factor: &[f64], row: &mut [f32]) {
    let rank = row.len();
    for at in 0..rank {
        let mut sum = f64::from(row[at]);
        for before in 0..at {
            sum -= factor[at * rank + before] * f64::from(row[before]);
        }
        row[at] = (sum / factor[at * rank + at]) as f32;
    }
}
