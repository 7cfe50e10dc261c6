//! Money, in whole numbers, made here and nowhere else.
//!
//! A [`Minor`] is the smallest unit of a currency (a euro cent); a [`Micros`] is a millionth of it,
//! in which everything inside a settlement is counted. There is no operator that could wrap: sums
//! and differences are checked, and a settlement whose sums do not fit is refused.

use std::{fmt, str::FromStr};

use crate::Malformed;
use crate::malformed::plain_integer;

/// How many micros a minor unit has.
pub(crate) const MICROS_IN_MINOR: i128 = 1_000_000;

macro_rules! amount {
    ($($(#[$doc:meta])* $name:ident: $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i128);

        impl $name {
            /// Nothing.
            pub const ZERO: $name = $name(0);

            /// The amount, from a count of its own unit.
            pub const fn new(count: i128) -> Self {
                $name(count)
            }

            /// Reads a whole number: digits, with a minus sign where it is negative.
            ///
            /// # Errors
            /// When the text is anything else, or too large.
            pub fn parse(text: &str) -> Result<Self, Malformed> {
                plain_integer($what, text).map(Self)
            }

            /// The count of its own unit.
            pub const fn get(self) -> i128 {
                self.0
            }

            /// The sum, if it fits.
            #[must_use]
            pub fn checked_add(self, other: Self) -> Option<Self> {
                self.0.checked_add(other.0).map(Self)
            }

            /// The difference, if it fits.
            #[must_use]
            pub fn checked_sub(self, other: Self) -> Option<Self> {
                self.0.checked_sub(other.0).map(Self)
            }

            /// The same amount the other way round, if it fits.
            #[must_use]
            pub fn checked_neg(self) -> Option<Self> {
                self.0.checked_neg().map(Self)
            }

            /// The sum of many, if it fits on the way.
            pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
                amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, out)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "{} {}", self.0, stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = Malformed;
            fn from_str(text: &str) -> Result<Self, Malformed> {
                Self::parse(text)
            }
        }
    )*};
}

amount! {
    /// Minor units of a currency: euro cents. Which currency is said by whoever holds the amount.
    Minor: "an amount in minor units";
    /// Millionths of a minor unit of the settlement's currency.
    Micros: "an amount in micros";
}

impl Micros {
    /// The same amount in micros, if it fits.
    pub fn from_minor(minor: Minor) -> Option<Self> {
        minor.0.checked_mul(MICROS_IN_MINOR).map(Micros)
    }

    /// The whole minor units in it, rounded toward nought.
    pub fn whole_minor(self) -> Minor {
        Minor(self.0 / MICROS_IN_MINOR)
    }
}

/// Ten-thousandths. Shares add up to 10000; a weight may go up to a hundredfold, 10⁶.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BasisPoints(u32);

impl BasisPoints {
    /// Nothing.
    pub const ZERO: BasisPoints = BasisPoints(0);
    /// All of it; as a weight, the same as any other.
    pub const WHOLE: BasisPoints = BasisPoints(10_000);
    /// The largest weight a policy may give.
    pub const LIMIT: BasisPoints = BasisPoints(1_000_000);

    /// So many ten-thousandths; none above 10⁶.
    pub const fn new(count: u32) -> Option<Self> {
        if count <= Self::LIMIT.0 {
            Some(BasisPoints(count))
        } else {
            None
        }
    }

    /// How many ten-thousandths.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for BasisPoints {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, out)
    }
}

impl fmt::Debug for BasisPoints {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} bp", self.0)
    }
}
