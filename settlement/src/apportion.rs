//! Dividing a whole number exactly.
//!
//! Everyone gets the whole part of what is due to them; the few units left over go one each to
//! those who lost most by that. Nothing is created and nothing is lost.

use std::cmp::Ordering;

use ethnum::U256;

/// Splits `total` over `(key, weight)` items: ⌊total·weight/sum⌋ each, and the units left over one
/// each to the largest remainders, ties to the smaller key. The shares come in the order of the
/// items; their sum is `total`. Nothing where the weights add up to nought.
///
/// Products that pass 128 bits are computed in 256, which is always enough. The order of the items
/// does not matter if their keys differ.
///
/// ```
/// // A hundred cents among three: the one left over goes to the first name.
/// assert_eq!(settlement::apportion(100, &[("c", 1), ("a", 1), ("b", 1)]), Some(vec![33, 34, 33]));
/// ```
pub fn apportion<K: Ord>(total: u128, items: &[(K, u128)]) -> Option<Vec<u128>> {
    apportion_by(
        total,
        items.len(),
        |item| items[item].1,
        |one, other| items[one].0.cmp(&items[other].0),
    )
}

/// [`apportion`] for `count` items whose weights and keys are kept elsewhere.
pub(crate) fn apportion_by(
    total: u128,
    count: usize,
    weight: impl Fn(usize) -> u128,
    order: impl Fn(usize, usize) -> Ordering,
) -> Option<Vec<u128>> {
    let mut sum = U256::ZERO;
    let mut widest = 0;
    for item in 0..count {
        let weight = weight(item);
        sum += U256::from(weight);
        widest |= weight;
    }
    if sum == U256::ZERO {
        return None;
    }
    let narrow = total.leading_zeros() + widest.leading_zeros() >= 128;
    let shares = match u128::try_from(sum) {
        Ok(sum) if narrow => divide(
            total,
            count,
            |item| {
                let product = total * weight(item);
                let share = product / sum;
                (share, product - share * sum)
            },
            order,
        ),
        _ => divide(
            total,
            count,
            |item| {
                let product = U256::from(total) * U256::from(weight(item));
                let share = product / sum;
                // The share of a part is never above the whole, so its low half is all of it.
                (share.as_u128(), product - share * sum)
            },
            order,
        ),
    };
    Some(shares)
}

fn divide<R: Ord + Copy + Default>(
    total: u128,
    count: usize,
    part: impl Fn(usize) -> (u128, R),
    order: impl Fn(usize, usize) -> Ordering,
) -> Vec<u128> {
    let mut shares = Vec::with_capacity(count);
    let mut remainders = Vec::with_capacity(count);
    let mut left = total;
    for item in 0..count {
        let (share, remainder) = part(item);
        left -= share;
        shares.push(share);
        remainders.push(remainder);
    }
    // Each remainder is below the sum of weights and together they are `left` times that sum: so
    // there are more remainders above nought than units left over.
    if left > 0 {
        let mut short: Vec<usize> = (0..count)
            .filter(|&item| remainders[item] != R::default())
            .collect();
        let left = usize::try_from(left).unwrap_or(usize::MAX).min(short.len());
        if left < short.len() {
            short.select_nth_unstable_by(left, |&one, &other| {
                remainders[other]
                    .cmp(&remainders[one])
                    .then_with(|| order(one, other))
            });
        }
        for &item in &short[..left] {
            shares[item] += 1;
        }
    }
    shares
}
