//! Claims: two works of different people under one recording code. Found wherever both works are
//! known (at either origin, and at any node that follows both), shown to whoever is concerned, and
//! settled by people: software cannot hear who is right.

use std::fmt;

use settlement::{Isrc, WorkId};

use super::changes::{self, NoticeKind};
use super::{Work, store};
use crate::Node;
use crate::db::Conn;
use crate::web::Refusal;
use crate::words::Say;

/// Two works that claim one recording code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The work whose URI sorts first.
    pub first: WorkId,
    /// The other.
    pub second: WorkId,
    /// The code.
    pub isrc: Isrc,
    /// What people made of it.
    pub state: ClaimState,
    /// When it was found, in microseconds UTC.
    pub found_us: i64,
    /// When it was settled, in microseconds UTC.
    pub settled_us: Option<i64>,
    /// What was said when it was settled.
    pub note: Option<String>,
}

/// What people made of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimState {
    /// Nothing yet.
    Open,
    /// Two recordings; one of the codes is wrong, and both works stay.
    Distinct,
    /// One recording, put up twice.
    Same,
    /// One of the two was withdrawn.
    Withdrawn,
}

impl ClaimState {
    /// Every state.
    pub const ALL: [ClaimState; 4] = [
        ClaimState::Open,
        ClaimState::Distinct,
        ClaimState::Same,
        ClaimState::Withdrawn,
    ];

    /// The word, as the database and the command line write it.
    pub fn as_str(self) -> &'static str {
        match self {
            ClaimState::Open => "open",
            ClaimState::Distinct => "distinct",
            ClaimState::Same => "same",
            ClaimState::Withdrawn => "withdrawn",
        }
    }

    /// Reads what [`ClaimState::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        ClaimState::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

impl fmt::Display for ClaimState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Looks for other works that claim a work's recording code, and notes each pair once. The same
/// artist's two works on one node are their own affair: a single, and the album after it.
///
/// # Errors
/// When the database breaks.
pub fn look(conn: &mut Conn, node: &Node, work: &Work) -> Result<(), Refusal> {
    let Some(isrc) = &work.isrc else {
        return Ok(());
    };
    for other in store::works_of_isrc(conn, isrc)? {
        let is_own = other.origin == work.origin && other.artist == work.artist;
        if other.id == work.id || is_own || other.withdrawn_us.is_some() {
            continue;
        }
        note(conn, node, isrc, work, &other)?;
    }
    Ok(())
}

fn note(
    conn: &mut Conn,
    node: &Node,
    isrc: &Isrc,
    work: &Work,
    other: &Work,
) -> Result<(), Refusal> {
    let (first, second) = if work.id < other.id {
        (work, other)
    } else {
        (other, work)
    };
    let claim = Claim {
        first: first.id.clone(),
        second: second.id.clone(),
        isrc: isrc.clone(),
        state: ClaimState::Open,
        found_us: node.clock.now_us(),
        settled_us: None,
        note: None,
    };
    if !store::add_claim(conn, &claim)? {
        return Ok(());
    }
    // Whoever is at home here is told; the other's node finds the pair by itself.
    for (mine, theirs) in [(first, second), (second, first)] {
        if mine.origin != node.config.base() {
            continue;
        }
        for (party, _) in store::contributors(conn, &mine.id)? {
            let kind = NoticeKind::IsrcClaimed;
            changes::tell(conn, node, &party, kind, &mine.id, theirs.id.as_str())?;
        }
    }
    Ok(())
}

/// Notes how people settled a claim. `withdrawn` withdraws the work of this node that is named
/// `loser`; what lives elsewhere is withdrawn there.
///
/// # Errors
/// When there is no such claim, or the work to be withdrawn is not of this node.
pub fn settle(
    node: &Node,
    pair: (&WorkId, &WorkId),
    state: ClaimState,
    loser: Option<&WorkId>,
    note: Option<&str>,
) -> Result<(), Refusal> {
    let (first, second) = if pair.0 < pair.1 {
        pair
    } else {
        (pair.1, pair.0)
    };
    let now = node.clock.now_us();
    node.db.write_now(|conn| {
        if state == ClaimState::Withdrawn {
            let loser = loser.filter(|loser| [first, second].contains(loser));
            let loser =
                loser.ok_or_else(|| Refusal::Conflict(Say::new("catalogue-claim-which")))?;
            super::withdraw_in(conn, node, loser)?;
        }
        if store::settle_claim(conn, first, second, state, note, now)? {
            Ok(())
        } else {
            Err(Refusal::Missing)
        }
    })
}
