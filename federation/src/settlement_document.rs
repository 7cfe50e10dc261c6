//! `settlement.json`: what a settlement was made from, what came out, and the coordinator's word.
//!
//! Everything is named by its digest, so whoever has the files can settle again and hold the
//! result against this one.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use settlement::{Currency, Date, IdleScope, Micros, NodeId, Period, Settlement, Timestamp, Uri};

use crate::digest::Sha256Digest;
use crate::files::FileRefused;
use crate::json::canonical;
use crate::keys::Ed25519Public;
use crate::report::PolicyReference;
use crate::settling::{self, Settled};
use crate::wire::{self, DocumentRefused};

/// The longest `settlement.json`.
pub const SETTLEMENT_LIMIT: usize = 8 << 20;
/// Its file name.
pub const SETTLEMENT_FILE: &str = "settlement.json";

/// The `type` of a settlement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SettlementType {
    /// The only one.
    #[default]
    Settlement,
}

/// A settlement as it is published. In a simulation there is nobody to sign it: then it has no
/// address, no coordinator if none was named, no keys and no date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SettlementDocument {
    /// Its own address.
    #[serde(
        with = "wire::text_or_none",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<Uri>,
    /// What it is.
    #[serde(rename = "type")]
    pub object_type: SettlementType,
    /// Who settled: the coordinator.
    #[serde(
        with = "wire::text_or_none",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub attributed_to: Option<NodeId>,
    /// The coordinator's actor.
    #[serde(
        with = "wire::text_or_none",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub coordinator: Option<NodeId>,
    /// The month.
    #[serde(with = "wire::text")]
    pub period: Period,
    /// The currency of all amounts.
    #[serde(with = "wire::text")]
    pub currency: Currency,
    /// The policy it follows.
    pub policy: PolicyReference,
    /// What it was made from.
    pub inputs: InputDigests,
    /// The digests of its tables, by file name.
    pub outputs: BTreeMap<String, Sha256Digest>,
    /// The keys with which the reports' proofs and the settlement's own were made, by actor; where
    /// an actor used two, the older by its own address.
    pub keys: BTreeMap<String, Ed25519Public>,
    /// The sums, which are equal.
    pub totals: InAndOut,
    /// In a simulation, by how much the nodes' adjustments pass those of the fund, the coordinator
    /// and what is held; nothing where they are equal, as in all that is published.
    #[serde(
        with = "wire::text_or_none",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub adjustments_out_of_balance: Option<Micros>,
    /// Rights money that found no work and went to the fund.
    pub idle: Vec<IdleMoney>,
    /// The days whose reference rates were applied.
    pub rates: Vec<RateDay>,
    /// When it was published.
    #[serde(
        with = "wire::text_or_none",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub published: Option<Timestamp>,
}

/// What a settlement was made from, by digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputDigests {
    /// The reports.
    pub reports: Vec<ReportInput>,
    /// `splits.jsonl`.
    pub splits: Sha256Digest,
    /// `policy.toml`.
    pub policy: Sha256Digest,
    /// `rates.csv`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rates: Option<Sha256Digest>,
    /// `balances.csv`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balances: Option<Sha256Digest>,
    /// `adjustments.csv`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjustments: Option<Sha256Digest>,
    /// `disputes.txt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disputes: Option<Sha256Digest>,
}

/// A report that was settled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReportInput {
    /// Whose it is.
    #[serde(with = "wire::text")]
    pub node: NodeId,
    /// Its address.
    #[serde(with = "wire::text")]
    pub id: Uri,
    /// Its sequence.
    #[serde(with = "wire::whole")]
    pub sequence: u64,
    /// The digest of `report.json`, which names those of its tables.
    pub digest: Sha256Digest,
}

/// The sums of what came in and of what went out, in micros. They are equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InAndOut {
    /// What came in.
    #[serde(rename = "in")]
    pub incoming: Incoming,
    /// Where it went.
    #[serde(rename = "out")]
    pub outgoing: Outgoing,
}

/// What came in, in micros.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Incoming {
    /// Contributions.
    #[serde(with = "wire::text")]
    pub contributed: Micros,
    /// Parties' balances from before.
    #[serde(with = "wire::text")]
    pub carried_in: Micros,
    /// Parties' adjustments.
    #[serde(with = "wire::text")]
    pub adjusted: Micros,
}

/// Where it went, in micros.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outgoing {
    /// To be paid out to parties.
    #[serde(with = "wire::text")]
    pub payable: Micros,
    /// Parties' balances to be carried on.
    #[serde(with = "wire::text")]
    pub carried_out: Micros,
    /// Held.
    #[serde(with = "wire::text")]
    pub held: Micros,
    /// The creation fund.
    #[serde(with = "wire::text")]
    pub fund: Micros,
    /// The nodes.
    #[serde(with = "wire::text")]
    pub node: Micros,
    /// The coordinator.
    #[serde(with = "wire::text")]
    pub coordinator: Micros,
}

/// Money that found no work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdleMoney {
    /// `members` (the user-centric part of a venue), `venue`, `node` or `network`.
    pub scope: String,
    /// The venue or the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// How much, in micros.
    #[serde(with = "wire::text")]
    pub amount: Micros,
}

/// The day whose rate was applied to a currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateDay {
    /// The currency.
    #[serde(with = "wire::text")]
    pub currency: Currency,
    /// The day; none for the euro itself.
    #[serde(
        with = "wire::text_or_none",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub day: Option<Date>,
}

impl SettlementDocument {
    /// The document of a settlement that nobody has signed. To publish it, set `id`, `keys` and
    /// `published`, sign [`to_document`](Self::to_document) and [`write`] it.
    ///
    /// # Errors
    /// A sentence, when sums do not fit or adjustments do not add up: such a settlement must not be
    /// published.
    pub fn of(settled: &Settled, policy: PolicyReference) -> Result<Self, String> {
        let document = Self::simulated(settled, policy)?;
        match document.adjustments_out_of_balance {
            None => Ok(document),
            Some(by) => Err(format!(
                "the adjustments of the nodes pass those of the fund, the coordinator and what is held by \
                 {by} micros; they must be equal"
            )),
        }
    }

    /// The document of a simulation. Nobody is paid by it, so its adjustments need not add up: it
    /// says by how much they do not.
    ///
    /// # Errors
    /// A sentence, when sums do not fit.
    pub fn simulated(settled: &Settled, policy: PolicyReference) -> Result<Self, String> {
        let settlement = &settled.settlement;
        let out_of_balance = settlement
            .totals()
            .adjustments_out_of_balance()
            .ok_or("the adjustments are too large to be added up")?;
        let mut reports: Vec<_> = settled
            .reports
            .iter()
            .map(|report| ReportInput {
                node: report.node.clone(),
                id: report.id.clone(),
                sequence: report.sequence,
                digest: report.digest,
            })
            .collect();
        reports.sort();
        let outputs = settling::outputs(settlement)
            .map(|(file, text)| (file.to_owned(), Sha256Digest::of(text.as_bytes())));
        Ok(SettlementDocument {
            id: None,
            object_type: SettlementType::Settlement,
            attributed_to: settlement.coordinator().cloned(),
            coordinator: settlement.coordinator().cloned(),
            period: settlement.period(),
            currency: settlement.currency(),
            policy,
            inputs: InputDigests {
                reports,
                splits: settled.splits,
                policy: settled.policy,
                rates: settled.rates,
                balances: settled.balances,
                adjustments: settled.adjustments,
                disputes: settled.disputes,
            },
            outputs: outputs.into_iter().collect(),
            keys: BTreeMap::new(),
            totals: in_and_out(settlement).ok_or("the sums are too large to be added up")?,
            adjustments_out_of_balance: (out_of_balance != Micros::ZERO).then_some(out_of_balance),
            idle: idle(settlement),
            rates: settlement
                .rates()
                .iter()
                .map(|used| RateDay {
                    currency: used.currency,
                    day: used.rate.day,
                })
                .collect(),
            published: None,
        })
    }

    /// The settlement as a JSON-LD document without a proof, ready to be signed.
    pub fn to_document(&self) -> Value {
        wire::document(self)
    }

    /// Reads a settlement, verifying nothing but its form; gives the document too, for its proof.
    ///
    /// # Errors
    /// When it is not a settlement.
    pub fn parse(bytes: &[u8]) -> Result<(Self, Value), DocumentRefused> {
        wire::read(bytes, SETTLEMENT_LIMIT)
    }
}

/// Writes `settlement.json` into a directory, in its canonical form.
///
/// # Errors
/// When the disk refuses.
pub fn write(directory: &Path, document: &Value) -> Result<Sha256Digest, FileRefused> {
    let bytes = canonical(document);
    settling::write(directory, SETTLEMENT_FILE, &bytes)?;
    Ok(Sha256Digest::of(&bytes))
}

fn in_and_out(settlement: &Settlement) -> Option<InAndOut> {
    let totals = settlement.totals();
    Some(InAndOut {
        incoming: Incoming {
            contributed: totals.contributed,
            carried_in: totals.carried_in,
            adjusted: totals.parties_adjusted,
        },
        outgoing: Outgoing {
            payable: Micros::from_minor(totals.payable)?,
            carried_out: totals.carried_out,
            held: totals.held,
            fund: totals.fund,
            node: totals.node,
            coordinator: totals.coordinator,
        },
    })
}

fn idle(settlement: &Settlement) -> Vec<IdleMoney> {
    let money = |idle: &settlement::Idle| {
        let (scope, of) = match &idle.scope {
            IdleScope::Members(venue) => ("members", Some(venue.to_string())),
            IdleScope::Venue(venue) => ("venue", Some(venue.to_string())),
            IdleScope::Node(node) => ("node", Some(node.to_string())),
            IdleScope::Network => ("network", None),
        };
        IdleMoney {
            scope: scope.to_owned(),
            of,
            amount: idle.amount,
        }
    };
    settlement.idle().iter().map(money).collect()
}
