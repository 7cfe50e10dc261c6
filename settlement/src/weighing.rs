//! What a use weighs: by the kind of work, and by whether the work is at home where it is used.

use crate::{Kind, Policy, Territory, Unit};

/// What each use weighs under a policy in a territory, and how a member is capped.
#[derive(Clone, Debug)]
pub struct Weighing {
    pub(crate) unit: Unit,
    /// 0 for none.
    pub(crate) cap: u64,
    /// The weight of each track; one for all of them where they do not differ.
    pub(crate) factors: Factors,
    pub(crate) tracks: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum Factors {
    Same(u64),
    /// Each track's place in the table: four kinds, at home or not. `common` divides all of the
    /// table; without it the numbers are small and shares stay the same.
    ByTrack {
        place: Vec<u8>,
        reduced: [u64; 8],
        common: u64,
    },
}

impl Weighing {
    /// Weighs the tracks of a report, in the order of the tracks file, for venues in `territory`:
    /// kind by kind, and by whether the work is at home there. A work without a home is at home
    /// nowhere.
    pub fn new(
        policy: &Policy,
        territory: Territory,
        tracks: impl IntoIterator<Item = (Kind, Option<Territory>)>,
    ) -> Self {
        let mut table = [0; 8];
        for kind in Kind::ALL {
            for (local, bp) in [(false, 10_000), (true, policy.local_bp)] {
                table[usize::from(place(kind, local))] =
                    u64::from(policy.kind_bp.of(kind)) * u64::from(bp);
            }
        }
        let place: Vec<u8> = tracks
            .into_iter()
            .map(|(kind, home)| place(kind, home.is_some_and(|home| home.same_as(&territory))))
            .collect();
        let mut seen = [false; 8];
        for &place in &place {
            seen[usize::from(place)] = true;
        }
        let tracks = place.len();
        let mut used = (0..8)
            .filter(|&place| seen[place])
            .map(|place| table[place]);
        let first = used.next().unwrap_or(0);
        let factors = if used.all(|factor| factor == first) {
            Factors::Same(first)
        } else {
            let common = (0..8)
                .filter(|&place| seen[place])
                .fold(0, |common, place| divisor(common, table[place]));
            Factors::ByTrack {
                place,
                reduced: table.map(|factor| factor / common),
                common,
            }
        };
        Weighing {
            unit: policy.unit,
            cap: policy.member_cap_uses,
            factors,
            tracks,
        }
    }
}

fn place(kind: Kind, local: bool) -> u8 {
    let kind = match kind {
        Kind::Music => 0,
        Kind::Film => 2,
        Kind::Game => 4,
        Kind::Book => 6,
    };
    kind + u8::from(local)
}

/// The greatest common divisor.
fn divisor(one: u64, other: u64) -> u64 {
    if other == 0 {
        one
    } else {
        divisor(other, one % other)
    }
}
