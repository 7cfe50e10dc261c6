//! What members hear together, as sums: nothing that fewer than [`BACKED`] members did is in it.

use super::{BACKED, HEARD_LIMIT, Rows, spectrum};

/// The most pairs that are kept for one thing, where there are few things.
const WIDEST: usize = 200;
/// The most pairs that are kept in all, before each is kept from both its ends.
const PAIRS_LIMIT: usize = 1 << 24;

/// Sums over members.
#[derive(Debug)]
pub struct Listening {
    /// How many members there are.
    pub members: usize,
    /// How many members heard each thing; 0 where fewer than [`BACKED`] did.
    pub listeners: Vec<u32>,
    /// How many members heard both of two things: symmetric, each value at least [`BACKED`].
    pub pairs: Rows,
}

/// Counts who heard what together.
pub fn listening(things: usize, members: &[Vec<u32>]) -> Listening {
    let heard = heard(members);
    let by_thing = heard.turned(things);
    let mut listeners = vec![0_u32; things];
    for (thing, count) in listeners.iter_mut().enumerate() {
        let all = by_thing.starts[thing + 1] - by_thing.starts[thing];
        *count = u32::try_from(all).unwrap_or(u32::MAX);
        if *count < BACKED {
            *count = 0;
        }
    }
    let known = listeners.iter().filter(|count| **count > 0).count();
    let widest = (PAIRS_LIMIT / known.max(1)).clamp(8, WIDEST);
    let parts = spectrum::share_out(things, 64, |span| {
        let mut counts = vec![0_u32; things];
        let mut touched: Vec<u32> = Vec::new();
        let mut rows: Vec<(u32, Vec<(u32, u32)>)> = Vec::new();
        for thing in span.filter(|thing| listeners[*thing] > 0) {
            for (member, _) in by_thing.row(thing) {
                for (other, _) in heard.row(member) {
                    if listeners[other] > 0 {
                        if counts[other] == 0 {
                            touched.push(other as u32);
                        }
                        counts[other] += 1;
                    }
                }
            }
            let mut row: Vec<(u32, u32)> = touched
                .iter()
                .map(|other| (*other, counts[*other as usize]))
                .filter(|(other, count)| *count >= BACKED && *other as usize != thing)
                .collect();
            for other in touched.drain(..) {
                counts[other as usize] = 0;
            }
            if row.len() > widest {
                // The strongest for the size of the other: count² by how known it is.
                let weight = |(other, count): &(u32, u32)| {
                    f64::from(*count) * f64::from(*count) / f64::from(listeners[*other as usize])
                };
                row.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then(a.0.cmp(&b.0)));
                row.truncate(widest);
            }
            rows.push((thing as u32, row));
        }
        rows
    });
    // Each pair from both its ends, once.
    let mut ends: Vec<(u32, u32, u32)> = Vec::new();
    for (thing, row) in parts.into_iter().flatten() {
        for (other, count) in row {
            ends.push((thing.min(other), thing.max(other), count));
        }
    }
    ends.sort_unstable();
    ends.dedup();
    Listening {
        members: members.len(),
        listeners,
        pairs: symmetric(things, &ends),
    }
}

fn heard(members: &[Vec<u32>]) -> Rows {
    let mut heard = Rows::begun();
    for member in members {
        let mut mine: Vec<u32> = member.iter().take(HEARD_LIMIT).copied().collect();
        mine.sort_unstable();
        mine.dedup();
        heard.columns.extend(mine);
        heard.starts.push(heard.columns.len());
    }
    heard.values = vec![1.0; heard.columns.len()];
    heard
}

/// A symmetric matrix from its upper half, which is in ascending order.
fn symmetric(things: usize, ends: &[(u32, u32, u32)]) -> Rows {
    let mut starts = vec![0; things + 1];
    for (a, b, _) in ends {
        starts[*a as usize + 1] += 1;
        starts[*b as usize + 1] += 1;
    }
    for at in 0..things {
        starts[at + 1] += starts[at];
    }
    let mut next = starts.clone();
    let mut rows = Rows {
        columns: vec![0; ends.len() * 2],
        values: vec![0.0; ends.len() * 2],
        starts,
    };
    // Twice through, so that every row comes out in ascending order.
    let mut put = |row: u32, column: u32, count: u32| {
        let at = &mut next[row as usize];
        rows.columns[*at] = column;
        rows.values[*at] = count as f32;
        *at += 1;
    };
    for (a, b, count) in ends {
        put(*b, *a, *count);
    }
    for (a, b, count) in ends {
        put(*a, *b, *count);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_four_members_hear_together_leaves_no_trace_and_what_five_do_does() {
        let four: Vec<Vec<u32>> = (0..4).map(|_| vec![0, 1]).collect();
        let sums = listening(3, &four);
        assert_eq!(sums.listeners, [0, 0, 0]);
        assert!(sums.pairs.columns.is_empty());
        let mut five = four;
        five.push(vec![1, 0, 2]);
        let sums = listening(3, &five);
        assert_eq!(sums.listeners, [5, 5, 0]);
        assert_eq!(sums.pairs.row(0).collect::<Vec<_>>(), [(1, 5.0)]);
        assert_eq!(sums.pairs.row(1).collect::<Vec<_>>(), [(0, 5.0)]);
    }

    #[test]
    fn a_member_who_hears_a_thing_twice_is_one_member() {
        let twice: Vec<Vec<u32>> = (0..4).map(|_| vec![0, 1, 0, 1, 1]).collect();
        assert!(listening(2, &twice).pairs.columns.is_empty());
    }

    #[test]
    fn five_who_hear_each_but_never_both_make_no_pair() {
        let mut apart: Vec<Vec<u32>> = (0..5).map(|_| vec![0]).collect();
        apart.extend((0..5).map(|_| vec![1]));
        let sums = listening(2, &apart);
        assert_eq!(sums.listeners, [5, 5]);
        assert!(sums.pairs.columns.is_empty());
    }
}
