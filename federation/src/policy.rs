//! Policies as files: TOML, strictly read, and written in one way.
//!
//! A policy is known by the digest of its file's bytes, so whoever settles, reports or checks
//! means the same rules.

use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;
use settlement::{Counting, Currency, KindWeights, Policy, Scope, Terms, Unit};

use crate::digest::Sha256Digest;
use crate::files::{self, FileRefused};

/// The longest policy.
pub const POLICY_LIMIT: usize = 64 << 10;

/// A policy and the bytes by which it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFile {
    text: String,
    digest: Sha256Digest,
    policy: Policy,
}

impl PolicyFile {
    /// Reads a policy. What it does not say is as in [`Terms::default`].
    ///
    /// # Errors
    /// A sentence, when it is not TOML, has a key that no policy has, or its values do not hold
    /// together.
    pub fn parse(text: &str) -> Result<Self, String> {
        let raw: Raw = toml::from_str(text).map_err(|error| located(text, &error))?;
        let policy = Policy::new(raw.terms()?).map_err(|refusal| refusal.to_string())?;
        Ok(PolicyFile {
            text: text.to_owned(),
            digest: Sha256Digest::of(text.as_bytes()),
            policy,
        })
    }

    /// Reads a policy from a file, called `name` where it is refused.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), or when the file cannot be read.
    pub fn read(path: &Path, name: &str) -> Result<Self, FileRefused> {
        let text = files::read_text(path, name, POLICY_LIMIT)?;
        Self::parse(&text).map_err(|reason| FileRefused::whole(name, reason))
    }

    /// The policy of a name that everyone knows: `cct`, `cct-2014`, `artist-centric`.
    pub fn preset(name: &str) -> Option<Self> {
        Policy::preset(name).map(|policy| Self::of(&policy))
    }

    /// A policy written as a file.
    pub fn of(policy: &Policy) -> Self {
        let text = write(policy);
        PolicyFile {
            digest: Sha256Digest::of(text.as_bytes()),
            text,
            policy: policy.clone(),
        }
    }

    /// The file's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The digest of the file's bytes.
    pub fn digest(&self) -> Sha256Digest {
        self.digest
    }

    /// The rules.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }
}

/// One line about a fault in a TOML text: which line, and what.
fn located(text: &str, error: &toml::de::Error) -> String {
    let reason = error.message().lines().collect::<Vec<_>>().join(" ");
    match error.span() {
        Some(span) => {
            let before = text.get(..span.start).unwrap_or(text);
            format!("line {}: {reason}", before.matches('\n').count() + 1)
        }
        None => reason,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: Option<String>,
    currency: Option<String>,
    rights_bp: Option<u32>,
    fund_bp: Option<u32>,
    node_bp: Option<u32>,
    coordinator_bp: Option<u32>,
    user_centric_bp: Option<u32>,
    pro_rata_bp: Option<u32>,
    pro_rata_scope: Option<String>,
    unit: Option<String>,
    member_cap_uses: Option<u64>,
    local_bp: Option<u32>,
    payout_minimum: Option<u64>,
    #[serde(default)]
    kind_bp: RawKinds,
    #[serde(default)]
    counting: RawCounting,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKinds {
    music: Option<u32>,
    film: Option<u32>,
    game: Option<u32>,
    book: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCounting {
    minimum_seconds: Option<u32>,
    max_uses_per_work_per_day: Option<u32>,
}

impl Raw {
    fn terms(self) -> Result<Terms, String> {
        let usual = Terms::default();
        let currency = self.currency.map(|code| Currency::parse(&code)).transpose();
        let scope = self
            .pro_rata_scope
            .map_or(Ok(usual.pro_rata_scope), |name| {
                Scope::parse(&name).ok_or_else(|| {
                    format!("pro_rata_scope is {name:?}; it must be venue, node or network")
                })
            });
        let unit = self.unit.map_or(Ok(usual.unit), |name| {
            Unit::parse(&name)
                .ok_or_else(|| format!("unit is {name:?}; it must be uses or seconds"))
        });
        let kinds = KindWeights::default();
        let counting = Counting::default();
        Ok(Terms {
            name: self.name.unwrap_or_default(),
            currency: currency.map_err(|refusal| format!("currency: {refusal}"))?,
            rights_bp: self.rights_bp.unwrap_or(usual.rights_bp),
            fund_bp: self.fund_bp.unwrap_or(usual.fund_bp),
            node_bp: self.node_bp.unwrap_or(usual.node_bp),
            coordinator_bp: self.coordinator_bp.unwrap_or(usual.coordinator_bp),
            user_centric_bp: self.user_centric_bp.unwrap_or(usual.user_centric_bp),
            pro_rata_bp: self.pro_rata_bp.unwrap_or(usual.pro_rata_bp),
            pro_rata_scope: scope?,
            unit: unit?,
            member_cap_uses: self.member_cap_uses.unwrap_or(usual.member_cap_uses),
            local_bp: self.local_bp.unwrap_or(usual.local_bp),
            payout_minimum: self.payout_minimum.unwrap_or(usual.payout_minimum),
            kind_bp: KindWeights {
                music: self.kind_bp.music.unwrap_or(kinds.music),
                film: self.kind_bp.film.unwrap_or(kinds.film),
                game: self.kind_bp.game.unwrap_or(kinds.game),
                book: self.kind_bp.book.unwrap_or(kinds.book),
            },
            counting: Counting {
                minimum_seconds: self
                    .counting
                    .minimum_seconds
                    .unwrap_or(counting.minimum_seconds),
                max_uses_per_work_per_day: self
                    .counting
                    .max_uses_per_work_per_day
                    .unwrap_or(counting.max_uses_per_work_per_day),
            },
        })
    }
}

/// The one way a policy is written here: every key, in the order of the documentation.
fn write(policy: &Policy) -> String {
    let mut text = format!("name = {}\n", toml::Value::String(policy.name.clone()));
    if let Some(currency) = policy.currency {
        let _ = writeln!(text, "currency = \"{currency}\"");
    }
    let _ = write!(
        text,
        "rights_bp = {}\nfund_bp = {}\nnode_bp = {}\ncoordinator_bp = {}\n\
         user_centric_bp = {}\npro_rata_bp = {}\npro_rata_scope = \"{}\"\nunit = \"{}\"\n\
         member_cap_uses = {}\nlocal_bp = {}\npayout_minimum = {}\n\
         [kind_bp]\nmusic = {}\nfilm = {}\ngame = {}\nbook = {}\n\
         [counting]\nminimum_seconds = {}\nmax_uses_per_work_per_day = {}\n",
        policy.rights_bp,
        policy.fund_bp,
        policy.node_bp,
        policy.coordinator_bp,
        policy.user_centric_bp,
        policy.pro_rata_bp,
        policy.pro_rata_scope.as_str(),
        policy.unit.as_str(),
        policy.member_cap_uses,
        policy.local_bp,
        policy.payout_minimum,
        policy.kind_bp.music,
        policy.kind_bp.film,
        policy.kind_bp.game,
        policy.kind_bp.book,
        policy.counting.minimum_seconds,
        policy.counting.max_uses_per_work_per_day,
    );
    text
}
