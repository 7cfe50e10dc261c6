//! What an assembly can decide: who gets which part, and what a use weighs.

use std::ops::Deref;

use crate::{BasisPoints, Currency, Kind};

/// Over what the pro-rata part of the rights pool is split together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Each venue's part over the uses in that venue.
    Venue,
    /// All venues of a node together.
    Node,
    /// All venues of the network together.
    Network,
}

impl Scope {
    /// Reads `venue`, `node` or `network`.
    pub fn parse(text: &str) -> Option<Self> {
        [Scope::Venue, Scope::Node, Scope::Network]
            .into_iter()
            .find(|scope| scope.as_str() == text)
    }

    /// Its name in a policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Venue => "venue",
            Scope::Node => "node",
            Scope::Network => "network",
        }
    }
}

/// What is weighed of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// How often a work was used.
    Uses,
    /// How long, in seconds.
    Seconds,
}

impl Unit {
    /// Reads `uses` or `seconds`.
    pub fn parse(text: &str) -> Option<Self> {
        [Unit::Uses, Unit::Seconds]
            .into_iter()
            .find(|unit| unit.as_str() == text)
    }

    /// Its name in a policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Unit::Uses => "uses",
            Unit::Seconds => "seconds",
        }
    }
}

/// What a node counts as a use before it makes a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Counting {
    /// A play of so many seconds counts, or of the whole work if that is shorter.
    pub minimum_seconds: u32,
    /// At most so many uses of one work by one member count in one day.
    pub max_uses_per_work_per_day: u32,
}

impl Default for Counting {
    fn default() -> Self {
        Counting {
            minimum_seconds: 30,
            max_uses_per_work_per_day: 20,
        }
    }
}

/// What a use of each kind of work weighs; 10000 is the usual weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KindWeights {
    /// A track of music.
    pub music: u32,
    /// A film.
    pub film: u32,
    /// A game.
    pub game: u32,
    /// A book.
    pub book: u32,
}

impl Default for KindWeights {
    fn default() -> Self {
        KindWeights {
            music: 10_000,
            film: 10_000,
            game: 10_000,
            book: 10_000,
        }
    }
}

impl KindWeights {
    /// The weight of a kind, in basis points.
    pub fn of(&self, kind: Kind) -> u32 {
        match kind {
            Kind::Music => self.music,
            Kind::Film => self.film,
            Kind::Game => self.game,
            Kind::Book => self.book,
        }
    }
}

/// The values of a policy as they were read; [`Policy::new`] says whether they hold together.
/// All `_bp` are basis points. The defaults are those of the "CCT" policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Terms {
    /// How people call it.
    pub name: String,
    /// What to settle in; needed only where reports differ in currency.
    pub currency: Option<Currency>,
    /// Part of the parties.
    pub rights_bp: u32,
    /// Part of the creation fund.
    pub fund_bp: u32,
    /// Part of the node's running costs.
    pub node_bp: u32,
    /// Part of the coordinator's running costs.
    pub coordinator_bp: u32,
    /// Part of the rights pool that is split member by member.
    pub user_centric_bp: u32,
    /// Part of the rights pool that is split over all uses of a scope together.
    pub pro_rata_bp: u32,
    /// Over what the pro-rata part is split together.
    pub pro_rata_scope: Scope,
    /// What is weighed of a line.
    pub unit: Unit,
    /// In the pro-rata part a member weighs at most so many uses; 0 for no cap.
    pub member_cap_uses: u64,
    /// Weight of a use of a work at home in the venue's territory.
    pub local_bp: u32,
    /// Balances below this many minor units are carried on.
    pub payout_minimum: u64,
    /// Weights by kind of work.
    pub kind_bp: KindWeights,
    /// What counts as a use.
    pub counting: Counting,
}

impl Default for Terms {
    fn default() -> Self {
        Terms {
            name: "CCT".into(),
            currency: None,
            rights_bp: 5500,
            fund_bp: 1000,
            node_bp: 2500,
            coordinator_bp: 1000,
            user_centric_bp: 10_000,
            pro_rata_bp: 0,
            pro_rata_scope: Scope::Network,
            unit: Unit::Uses,
            member_cap_uses: 0,
            local_bp: 10_000,
            payout_minimum: 1000,
            kind_bp: KindWeights::default(),
            counting: Counting::default(),
        }
    }
}

/// Why the values of a policy do not hold together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPolicy {
    /// The parts of the contribution.
    #[error(
        "rights_bp, fund_bp, node_bp and coordinator_bp add up to {0}; they must add up to 10000"
    )]
    Parts(u64),
    /// The parts of the rights pool.
    #[error("user_centric_bp and pro_rata_bp add up to {0}; they must add up to 10000")]
    Pool(u64),
    /// A weight above a hundredfold.
    #[error("{key} is {value}; a weight is at most 1000000 (a hundredfold)")]
    Weight {
        /// The key in the policy.
        key: &'static str,
        /// What it was set to.
        value: u32,
    },
}

/// A policy that holds together. Its values are read through it as those of [`Terms`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Policy(Terms);

impl Policy {
    /// Checks the values.
    ///
    /// # Errors
    /// When parts do not add up to 10000, or a weight is above 10⁶.
    pub fn new(terms: Terms) -> Result<Self, BadPolicy> {
        let sum = |parts: &[u32]| parts.iter().copied().map(u64::from).sum::<u64>();
        let parts = sum(&[
            terms.rights_bp,
            terms.fund_bp,
            terms.node_bp,
            terms.coordinator_bp,
        ]);
        if parts != 10_000 {
            return Err(BadPolicy::Parts(parts));
        }
        let pool = sum(&[terms.user_centric_bp, terms.pro_rata_bp]);
        if pool != 10_000 {
            return Err(BadPolicy::Pool(pool));
        }
        let kinds = &terms.kind_bp;
        for (key, value) in [
            ("local_bp", terms.local_bp),
            ("kind_bp.music", kinds.music),
            ("kind_bp.film", kinds.film),
            ("kind_bp.game", kinds.game),
            ("kind_bp.book", kinds.book),
        ] {
            if value > BasisPoints::LIMIT.get() {
                return Err(BadPolicy::Weight { key, value });
            }
        }
        Ok(Policy(terms))
    }

    /// Ours: 55 % to the parties, split member by member within each venue.
    pub fn cct() -> Self {
        Policy(Terms::default())
    }

    /// The model of the first equitable streaming service: the same parts, all plays of the network
    /// in one pot.
    pub fn cct_2014() -> Self {
        Policy(Terms {
            name: "CCT 2014".into(),
            user_centric_bp: 0,
            pro_rata_bp: 10_000,
            ..Terms::default()
        })
    }

    /// One pot, in which a member weighs at most a thousand uses a month: the cap that the
    /// artist-centric contracts of commercial services use.
    pub fn artist_centric() -> Self {
        Policy(Terms {
            name: "Artist-centric".into(),
            user_centric_bp: 0,
            pro_rata_bp: 10_000,
            member_cap_uses: 1000,
            ..Terms::default()
        })
    }

    /// The policy of that name: `cct`, `cct-2014`, `artist-centric`.
    pub fn preset(name: &str) -> Option<Self> {
        match name {
            "cct" => Some(Self::cct()),
            "cct-2014" => Some(Self::cct_2014()),
            "artist-centric" => Some(Self::artist_centric()),
            _ => None,
        }
    }

    /// Whether lines counted and reduced under the other policy are as they would be under this
    /// one: equal in unit, cap, weights and counting. How money is divided may differ.
    pub fn reduces_like(&self, other: &Policy) -> bool {
        self.unit == other.unit
            && self.member_cap_uses == other.member_cap_uses
            && self.local_bp == other.local_bp
            && self.kind_bp == other.kind_bp
            && self.counting == other.counting
    }
}

impl Deref for Policy {
    type Target = Terms;
    fn deref(&self) -> &Terms {
        &self.0
    }
}
