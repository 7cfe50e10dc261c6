//! What a settlement takes over from before it, as text: balances, adjustments, open disputes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::{
    Malformed, Micros, NodeId, PartyId, Period, WorkId,
    csv::{self, Table},
};

/// A line of a file that cannot be read, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct BadRow {
    /// The line, counted from 1, the header included.
    pub line: usize,
    /// What is wrong with it.
    pub why: RowFault,
}

/// What can be wrong with a line of a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowFault {
    /// A field that is not what its column holds.
    #[error(transparent)]
    Field(#[from] Malformed),
    /// Too few or too many fields.
    #[error("it has {found} fields where {expected} are expected: {columns}")]
    Fields {
        /// How many it has.
        found: usize,
        /// How many it should have.
        expected: usize,
        /// The columns' names.
        columns: &'static str,
    },
    /// Quotes that do not match.
    #[error("{0}")]
    Quotes(&'static str),
    /// A second balance of one party.
    #[error("{0} has a balance already on a line above")]
    SecondBalance(PartyId),
    /// A kind of account that is not known.
    #[error("\"{0}\" is not a kind of adjustment: party, node, fund, coordinator or held")]
    UnknownKind(String),
}

/// Reads the rows below the header; a header is the first line if it names the columns.
fn read<const N: usize>(
    text: &str,
    columns: &'static str,
    mut take: impl FnMut(&[String; N]) -> Result<(), RowFault>,
) -> Result<(), BadRow> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (line, row) in csv::rows(text) {
        let bad = |why| BadRow { line, why };
        let row = row.map_err(|why| bad(RowFault::Quotes(why)))?;
        if line == 1 && row.join(",") == columns {
            continue;
        }
        let found = row.len();
        let row: [String; N] = row.try_into().map_err(|_| {
            bad(RowFault::Fields {
                found,
                expected: N,
                columns,
            })
        })?;
        take(&row).map_err(bad)?;
    }
    Ok(())
}

/// What parties were owed, or owed, at the end of the period before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    carried: BTreeMap<PartyId, Micros>,
}

impl Balances {
    const COLUMNS: &'static str = "party,amount_micro";

    /// Reads `party,amount_micro`.
    ///
    /// # Errors
    /// At the first line that cannot be read, or names a party again: of two balances of one party
    /// one is wrong, and nobody can say which.
    pub fn parse(text: &str) -> Result<Self, BadRow> {
        let mut carried = BTreeMap::new();
        read(text, Self::COLUMNS, |[party, amount]| {
            let party = PartyId::parse(party)?;
            let amount = Micros::parse(amount)?;
            match carried.insert(party.clone(), amount) {
                None => Ok(()),
                Some(_) => Err(RowFault::SecondBalance(party)),
            }
        })?;
        Ok(Balances { carried })
    }

    /// Party by party, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&PartyId, Micros)> {
        self.carried.iter().map(|(party, &amount)| (party, amount))
    }

    /// As `party,amount_micro`, sorted by party.
    pub fn csv(&self) -> String {
        let mut table = Table::new(Self::COLUMNS);
        for (party, amount) in self.iter() {
            table.row(&[party, &amount]);
        }
        table.finish()
    }
}

impl FromIterator<(PartyId, Micros)> for Balances {
    /// The last amount of a party stands.
    fn from_iter<I: IntoIterator<Item = (PartyId, Micros)>>(balances: I) -> Self {
        Balances {
            carried: balances.into_iter().collect(),
        }
    }
}

/// Whose amount an adjustment changes. Ordered as in a file: by kind, then by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// The coordinator's share.
    Coordinator,
    /// The creation fund.
    Fund,
    /// Money that belongs to nobody yet.
    Held,
    /// A node's position.
    Node(NodeId),
    /// A party's balance.
    Party(PartyId),
}

impl Account {
    /// The account of that kind and name. The fund, the coordinator's share and what is held are
    /// one account each: whatever name stands beside them is left aside.
    fn parse(kind: &str, name: &str) -> Result<Self, RowFault> {
        Ok(match kind {
            "coordinator" => Account::Coordinator,
            "fund" => Account::Fund,
            "held" => Account::Held,
            "node" => Account::Node(NodeId::parse(name)?),
            "party" => Account::Party(PartyId::parse(name)?),
            _ => return Err(RowFault::UnknownKind(kind.chars().take(40).collect())),
        })
    }

    /// The kind, as in the first column of a file.
    pub fn kind(&self) -> &'static str {
        match self {
            Account::Coordinator => "coordinator",
            Account::Fund => "fund",
            Account::Held => "held",
            Account::Node(_) => "node",
            Account::Party(_) => "party",
        }
    }

    /// The name, as in the second column of a file; empty where the kind says it all.
    pub fn name(&self) -> &str {
        match self {
            Account::Coordinator | Account::Fund | Account::Held => "",
            Account::Node(node) => node.as_str(),
            Account::Party(party) => party.as_str(),
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            "" => out.write_str(self.kind()),
            name => write!(out, "{} {name}", self.kind()),
        }
    }
}

/// An amount by which a later settlement makes good what an earlier one left.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Adjustment {
    /// Whose amount changes.
    pub account: Account,
    /// The period that is made good.
    pub of_period: Period,
    /// Why, for people.
    pub reason: String,
    /// By how much; below nought where it is taken back.
    pub amount: Micros,
}

/// Adjustments for one settlement to take in. Several of one account add up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adjustments {
    rows: Vec<Adjustment>,
}

impl Adjustments {
    const COLUMNS: &'static str = "kind,account,of_period,reason,amount_micro";

    /// Reads `kind,account,of_period,reason,amount_micro`.
    ///
    /// # Errors
    /// At the first line that cannot be read.
    pub fn parse(text: &str) -> Result<Self, BadRow> {
        let mut rows = Vec::new();
        read(
            text,
            Self::COLUMNS,
            |[kind, name, of_period, reason, amount]| {
                rows.push(Adjustment {
                    account: Account::parse(kind, name)?,
                    of_period: Period::parse(of_period)?,
                    reason: reason.clone(),
                    amount: Micros::parse(amount)?,
                });
                Ok(())
            },
        )?;
        Ok(rows.into())
    }

    /// One by one, in the order of a file.
    pub fn iter(&self) -> impl Iterator<Item = &Adjustment> {
        self.rows.iter()
    }

    /// These and those together.
    pub fn extend(&mut self, more: impl IntoIterator<Item = Adjustment>) {
        self.rows.extend(more);
        self.rows.sort();
    }

    /// As `kind,account,of_period,reason,amount_micro`, sorted by these columns.
    pub fn csv(&self) -> String {
        let mut table = Table::new(Self::COLUMNS);
        for row in self.iter() {
            let (kind, name) = (row.account.kind(), row.account.name());
            table.row(&[&kind, &name, &row.of_period, &row.reason, &row.amount]);
        }
        table.finish()
    }
}

impl From<Vec<Adjustment>> for Adjustments {
    fn from(mut rows: Vec<Adjustment>) -> Self {
        rows.sort();
        Adjustments { rows }
    }
}

/// The works whose shares are disputed: what they earn is held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disputes {
    works: BTreeSet<WorkId>,
}

impl Disputes {
    /// Reads a work's address a line; a work named twice is disputed once.
    ///
    /// # Errors
    /// At the first line that is not an address.
    pub fn parse(text: &str) -> Result<Self, BadRow> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.is_empty());
        let works = lines.map(|(at, line)| {
            WorkId::parse(line).map_err(|why| BadRow {
                line: at + 1,
                why: RowFault::Field(why),
            })
        });
        Ok(Disputes {
            works: works.collect::<Result<_, _>>()?,
        })
    }

    /// Whether the work is disputed.
    pub fn contains(&self, work: &WorkId) -> bool {
        self.works.contains(work)
    }

    /// Work by work, in order.
    pub fn iter(&self) -> impl Iterator<Item = &WorkId> {
        self.works.iter()
    }
}

impl FromIterator<WorkId> for Disputes {
    fn from_iter<I: IntoIterator<Item = WorkId>>(works: I) -> Self {
        Disputes {
            works: works.into_iter().collect(),
        }
    }
}
