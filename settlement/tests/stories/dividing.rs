//! Dividing exactly: nothing is created, nothing is lost.

use settlement::apportion;

#[test]
fn a_hundred_cents_among_three_leave_one_for_the_first_name() {
    assert_eq!(
        apportion(100, &[("c", 1), ("a", 1), ("b", 1)]),
        Some(vec![33, 34, 33])
    );
}

#[test]
fn what_is_left_goes_to_those_who_lost_most_by_rounding() {
    // 10 · 5/11 = 4 6/11, 10 · 4/11 = 3 7/11, 10 · 2/11 = 1 9/11: two units left.
    assert_eq!(
        apportion(10, &[("a", 5), ("b", 4), ("c", 2)]),
        Some(vec![4, 4, 2])
    );
}

#[test]
fn nobody_is_there_to_divide_among() {
    assert_eq!(apportion::<u8>(10, &[]), None);
    assert_eq!(apportion(10, &[("a", 0), ("b", 0)]), None);
}

#[test]
fn a_weight_of_nought_gets_nothing_even_of_what_is_left() {
    assert_eq!(
        apportion(2, &[("a", 0), ("b", 3), ("c", 3), ("d", 3)]),
        Some(vec![0, 1, 1, 0])
    );
}

#[test]
fn names_are_compared_as_bytes_and_pairs_part_by_part() {
    // "Z" comes before "a" in bytes, and ("a", "z") before ("ab", "a").
    assert_eq!(apportion(1, &[("a", 1), ("Z", 1)]), Some(vec![0, 1]));
    assert_eq!(
        apportion(1, &[(("ab", "a"), 1), (("a", "z"), 1)]),
        Some(vec![0, 1])
    );
}

#[test]
fn products_far_beyond_128_bits_are_exact() {
    let all = u128::MAX;
    assert_eq!(
        apportion(all, &[(0, all), (1, all), (2, all)]),
        Some(vec![all / 3, all / 3, all / 3])
    );
    assert_eq!(
        apportion(all, &[(0, 1), (1, all - 1)]),
        Some(vec![1, all - 1])
    );
}
