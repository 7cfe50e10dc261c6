//! Changes of split sheets: who shares in a work is changed by consent, or after a delay in which
//! whoever loses by it can object.
//!
//! A **change** is proposed; every party of the work is told. When each party that would have less
//! than before has confirmed it, or `splits_delay_days` have passed, it becomes a split sheet that
//! begins with the next month: a month that has begun is shared as it stood when it began. A party
//! that objects has the operator refuse it. Only sheets are signed, told and counted; a change that
//! waits is nothing to the law.

use serde::{Deserialize, Serialize};
use settlement::{PartyId, Share, WorkId};

use super::{splits, store};
use crate::Node;
use crate::db::Conn;
use crate::web::Refusal;
use crate::words::Say;

/// The most changes ripened in one transaction.
const AT_ONCE: i64 = 100;
const DAY_US: i64 = 24 * 3600 * 1_000_000;

/// A change of who shares in a work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its id.
    pub id: String,
    /// The work.
    pub work: WorkId,
    /// What became of it.
    pub state: ChangeState,
    /// Who is to share from then on, as JSON.
    pub shares: String,
    /// When it was proposed, in microseconds UTC.
    pub proposed_us: i64,
    /// When it has waited long enough, in microseconds UTC.
    pub ripens_us: i64,
    /// When it was decided, in microseconds UTC.
    pub decided_us: Option<i64>,
    /// The first day of the sheet it became.
    pub valid_from: Option<String>,
    /// What it means for each party, by party.
    pub stakes: Vec<Stake>,
}

#[cfg(test)]
impl Change {
    pub(crate) fn sample() -> Self {
        Change {
            id: "c1".into(),
            work: WorkId::parse("http://localhost:8101/works/1").unwrap(),
            state: ChangeState::Proposed,
            shares: "[]".into(),
            proposed_us: 1_793_491_200_000_000,
            ripens_us: 1_796_083_200_000_000,
            decided_us: None,
            valid_from: None,
            stakes: Vec::new(),
        }
    }
}

/// What a change means for one party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stake {
    /// The party.
    pub party: PartyId,
    /// Its share before, in basis points.
    pub before_bp: i64,
    /// Its share after.
    pub after_bp: i64,
    /// When it confirmed the change, in microseconds UTC.
    pub confirmed_us: Option<i64>,
}

impl Stake {
    /// Whether the party would have less than before, and has not confirmed it.
    pub fn is_owed_an_answer(&self) -> bool {
        self.after_bp < self.before_bp && self.confirmed_us.is_none()
    }
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeState {
    /// It waits for those who lose by it.
    Proposed,
    /// They confirmed it, and its sheet is signed.
    Confirmed,
    /// Nobody objected in time, and its sheet is signed.
    Waited,
    /// A party objected, or another change took its place.
    Refused,
}

impl ChangeState {
    /// Every state.
    pub const ALL: [ChangeState; 4] = [
        ChangeState::Proposed,
        ChangeState::Confirmed,
        ChangeState::Waited,
        ChangeState::Refused,
    ];

    /// The word, as the database and the command line write it.
    pub fn as_str(self) -> &'static str {
        match self {
            ChangeState::Proposed => "proposed",
            ChangeState::Confirmed => "confirmed",
            ChangeState::Waited => "waited",
            ChangeState::Refused => "refused",
        }
    }

    /// Reads what [`ChangeState::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        ChangeState::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// Something a party is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Who.
    pub party: PartyId,
    /// Of what.
    pub kind: NoticeKind,
    /// Which work it is about.
    pub work: WorkId,
    /// The change, or the other work.
    pub about: String,
    /// When, in microseconds UTC.
    pub told_us: i64,
}

/// What a party is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// A change of a split sheet was proposed.
    SplitProposed,
    /// It was confirmed.
    SplitConfirmed,
    /// It waited long enough.
    SplitWaited,
    /// It was refused.
    SplitRefused,
    /// Another work claims the recording code of one of theirs.
    IsrcClaimed,
}

impl NoticeKind {
    /// Every kind.
    pub const ALL: [NoticeKind; 5] = [
        NoticeKind::SplitProposed,
        NoticeKind::SplitConfirmed,
        NoticeKind::SplitWaited,
        NoticeKind::SplitRefused,
        NoticeKind::IsrcClaimed,
    ];

    /// The word, as the database writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            NoticeKind::SplitProposed => "split-proposed",
            NoticeKind::SplitConfirmed => "split-confirmed",
            NoticeKind::SplitWaited => "split-waited",
            NoticeKind::SplitRefused => "split-refused",
            NoticeKind::IsrcClaimed => "isrc-claimed",
        }
    }

    /// Reads what [`NoticeKind::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        NoticeKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }

    /// The key of its sentence.
    pub fn key(self) -> &'static str {
        match self {
            NoticeKind::SplitProposed => "catalogue-notice-split-proposed",
            NoticeKind::SplitConfirmed => "catalogue-notice-split-confirmed",
            NoticeKind::SplitWaited => "catalogue-notice-split-waited",
            NoticeKind::SplitRefused => "catalogue-notice-split-refused",
            NoticeKind::IsrcClaimed => "catalogue-notice-isrc-claimed",
        }
    }
}

/// A share as a change keeps it.
#[derive(Serialize, Deserialize)]
struct KeptShare {
    party: String,
    role: String,
    bp: u32,
}

fn written(shares: &[Share]) -> Result<String, Refusal> {
    let kept: Vec<KeptShare> = shares
        .iter()
        .map(|share| KeptShare {
            party: share.party.as_str().to_owned(),
            role: share.role.clone(),
            bp: share.bp,
        })
        .collect();
    serde_json::to_string(&kept).map_err(Refusal::broken)
}

/// Who is to share, as a change says.
///
/// # Errors
/// When somebody else wrote to the database.
pub fn shares_of(change: &Change) -> Result<Vec<Share>, Refusal> {
    let kept: Vec<KeptShare> = serde_json::from_str(&change.shares).map_err(Refusal::broken)?;
    kept.into_iter()
        .map(|share| {
            Ok(Share {
                party: PartyId::parse(&share.party).map_err(Refusal::broken)?,
                role: share.role,
                bp: share.bp,
            })
        })
        .collect()
}

/// Tells a party something.
pub(super) fn tell(
    conn: &mut Conn,
    node: &Node,
    party: &PartyId,
    kind: NoticeKind,
    work: &WorkId,
    about: &str,
) -> Result<(), Refusal> {
    let notice = Notice {
        party: party.clone(),
        kind,
        work: work.clone(),
        about: about.to_owned(),
        told_us: node.clock.now_us(),
    };
    Ok(store::add_notice(conn, &node.clock.fresh_id(), &notice)?)
}

/// Proposes who is to share in a work from some later month on, and tells all its parties. A change
/// that waited is replaced; where nobody would have less, the new sheet is signed at once. Nothing
/// for what the latest sheet, or the change that waits, says already. The id of the change that
/// waits, if one does.
///
/// # Errors
/// When the database or the key breaks, or the shares are not whole.
pub fn propose(
    conn: &mut Conn,
    node: &Node,
    work: &WorkId,
    shares: &[Share],
) -> Result<Option<String>, Refusal> {
    let now = node.clock.now_us();
    let latest = splits::latest(conn, work)?;
    let waiting = store::waiting_change(conn, work)?;
    let says_the_same = latest
        .as_ref()
        .is_some_and(|sheet| splits::says(sheet, shares));
    let text = written(shares)?;
    if let Some(waiting) = waiting {
        if waiting.shares == text && !says_the_same {
            return Ok(Some(waiting.id));
        }
        refuse_in(conn, node, &waiting)?;
    }
    if says_the_same {
        return Ok(None);
    }
    let Some(latest) = latest else {
        splits::enter(conn, node, work, shares)?;
        return Ok(None);
    };
    let stakes = stakes(&latest, shares);
    let change = Change {
        id: node.clock.fresh_id(),
        work: work.clone(),
        state: ChangeState::Proposed,
        shares: text,
        proposed_us: now,
        ripens_us: now + i64::from(node.config.splits_delay_days) * DAY_US,
        decided_us: None,
        valid_from: None,
        stakes,
    };
    if !change.stakes.iter().any(Stake::is_owed_an_answer) {
        splits::enter(conn, node, work, shares)?;
        return Ok(None);
    }
    store::add_change(conn, &change)?;
    tell_all(conn, node, &change, NoticeKind::SplitProposed)?;
    Ok(Some(change.id))
}

/// What everyone has before and after, wherever it is less: in the territory where they lose most.
fn stakes(latest: &settlement::SplitSheet, after: &[Share]) -> Vec<Stake> {
    let total = |shares: &[Share], party: &PartyId| -> i64 {
        let own = shares.iter().filter(|share| share.party == *party);
        own.map(|share| i64::from(share.bp)).sum()
    };
    let mut parties: Vec<PartyId> = after.iter().map(|share| share.party.clone()).collect();
    for entry in latest.entries() {
        parties.extend(entry.given().iter().map(|share| share.party.clone()));
    }
    parties.sort();
    parties.dedup();
    parties
        .into_iter()
        .map(|party| {
            let before = latest
                .entries()
                .iter()
                .map(|entry| total(entry.given(), &party));
            Stake {
                before_bp: before.max().unwrap_or(0),
                after_bp: total(after, &party),
                party,
                confirmed_us: None,
            }
        })
        .collect()
}

fn tell_all(
    conn: &mut Conn,
    node: &Node,
    change: &Change,
    kind: NoticeKind,
) -> Result<(), Refusal> {
    for stake in &change.stakes {
        tell(conn, node, &stake.party, kind, &change.work, &change.id)?;
    }
    Ok(())
}

fn waiting(conn: &mut Conn, id: &str) -> Result<Change, Refusal> {
    let change = store::change(conn, id)?.ok_or(Refusal::Missing)?;
    if change.state == ChangeState::Proposed {
        Ok(change)
    } else {
        let decided = Say::new("catalogue-change-decided").with("state", change.state.as_str());
        Err(Refusal::Conflict(decided))
    }
}

/// Notes that a party confirms a change; the last of those who lose by it brings it into force.
/// What the change is after that.
///
/// # Errors
/// When there is no such change, it is decided, or the party has no part in it.
pub fn confirm(node: &Node, id: &str, party: &PartyId) -> Result<Change, Refusal> {
    node.db.write_now(|conn| {
        let change = waiting(conn, id)?;
        if !change.stakes.iter().any(|stake| stake.party == *party) {
            let stranger = Say::new("catalogue-change-stranger").with("party", party);
            return Err(Refusal::Conflict(stranger));
        }
        store::confirm_change(conn, id, party, node.clock.now_us())?;
        let change = waiting(conn, id)?;
        if !change.stakes.iter().any(Stake::is_owed_an_answer) {
            bring_into_force(conn, node, &change, ChangeState::Confirmed)?;
        }
        store::change(conn, id)?.ok_or(Refusal::Missing)
    })
}

/// Refuses a change: somebody who loses by it objects.
///
/// # Errors
/// When there is no such change, or it is decided.
pub fn refuse(node: &Node, id: &str) -> Result<(), Refusal> {
    node.db.write_now(|conn| {
        let change = waiting(conn, id)?;
        refuse_in(conn, node, &change)
    })
}

fn refuse_in(conn: &mut Conn, node: &Node, change: &Change) -> Result<(), Refusal> {
    let now = node.clock.now_us();
    store::decide_change(conn, &change.id, ChangeState::Refused, None, now)?;
    tell_all(conn, node, change, NoticeKind::SplitRefused)
}

fn bring_into_force(
    conn: &mut Conn,
    node: &Node,
    change: &Change,
    how: ChangeState,
) -> Result<(), Refusal> {
    let from = splits::enter_later(conn, node, &change.work, &shares_of(change)?)?;
    let now = node.clock.now_us();
    store::decide_change(conn, &change.id, how, Some(from.to_string()), now)?;
    let kind = match how {
        ChangeState::Confirmed => NoticeKind::SplitConfirmed,
        _ => NoticeKind::SplitWaited,
    };
    tell_all(conn, node, change, kind)
}

/// Brings into force what has waited long enough; how many changes.
///
/// # Errors
/// When the database or the key breaks.
pub fn ripen(node: &Node) -> Result<usize, Refusal> {
    let mut ripened = 0;
    loop {
        let some = node.db.write_now(|conn| {
            let ripe = store::ripe_changes(conn, node.clock.now_us(), AT_ONCE)?;
            for change in &ripe {
                bring_into_force(conn, node, change, ChangeState::Waited)?;
            }
            Ok::<_, Refusal>(ripe.len())
        })?;
        ripened += some;
        if some < usize::try_from(AT_ONCE).unwrap_or(usize::MAX) {
            return Ok(ripened);
        }
    }
}
