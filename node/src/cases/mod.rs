//! Cases: what people tell the collective that is wrong, and what becomes of it.
//!
//! A **case** is a notice of content somebody holds to be unlawful (Regulation (EU) 2022/2065,
//! article 16), or a complaint about a party's statement. Anybody may send one, without an account.
//! It is acknowledged with a number and an address that only the sender has; it has a deadline; it is
//! decided by a person, with a reason (article 17); both sides read the decision at their own
//! address, and either may contest it within six months (article 20). A label reads of it at its desk
//! too. Content that a decision finds
//! unlawful is withdrawn in the transaction that decides.

pub mod pages;
pub mod store;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use settlement::{PartyId, Uri, WorkId};

use crate::Node;
use crate::catalogue;
use crate::curation;
use crate::db::Conn;
use crate::members::token_digest;
use crate::web::{Complaint, Refusal};
use crate::words::Say;

/// The longest reason, appeal or decision, in characters.
pub const WORDS_LIMIT: usize = 5_000;
/// The longest name, address or subject, in characters.
pub const LINE_LIMIT: usize = 500;
/// How long a notice of unlawful content waits at most, in days.
pub const NOTICE_DAYS: i64 = 7;
/// How long a complaint about a statement waits at most, in days.
pub const STATEMENT_DAYS: i64 = 30;
/// How long an appeal waits at most, in days.
pub const APPEAL_DAYS: i64 = 14;
/// For how long a decision can be contested, in days (six months, article 20, 1).
pub const CONTESTABLE_DAYS: i64 = 183;
/// The most open cases; beyond that nobody could read them in time.
pub const OPEN_LIMIT: i64 = 5_000;
/// The most cases taken within an hour from everybody together.
pub const HOUR_LIMIT: i64 = 60;
/// How many decided cases are looked through for those who are told of them.
const TOLD: i64 = 200;
const DAY_US: i64 = 24 * 3600 * 1_000_000;

/// What a case is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseKind {
    /// Content that somebody holds to be unlawful.
    Unlawful,
    /// A party's statement.
    Statement,
}

impl CaseKind {
    /// As the database and forms write it.
    pub fn as_str(self) -> &'static str {
        match self {
            CaseKind::Unlawful => "unlawful",
            CaseKind::Statement => "statement",
        }
    }

    /// Reads what [`CaseKind::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "unlawful" => Some(CaseKind::Unlawful),
            "statement" => Some(CaseKind::Statement),
            _ => None,
        }
    }

    fn days(self) -> i64 {
        match self {
            CaseKind::Unlawful => NOTICE_DAYS,
            CaseKind::Statement => STATEMENT_DAYS,
        }
    }
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Whoever asked was right.
    Upheld,
    /// They were not.
    Refused,
}

impl Decision {
    /// As the database and forms write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Decision::Upheld => "upheld",
            Decision::Refused => "refused",
        }
    }

    /// Reads what [`Decision::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "upheld" => Some(Decision::Upheld),
            "refused" => Some(Decision::Refused),
            _ => None,
        }
    }
}

/// Which side of a case somebody is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Whoever sent it.
    Sender,
    /// Whoever it is about.
    Other,
}

impl Side {
    /// As the database writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Side::Sender => "sender",
            Side::Other => "other",
        }
    }
}

/// What somebody sends.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// What it is about: an address of this node's, or of another's.
    pub subject: String,
    /// Why.
    pub words: String,
    /// Their name, if they give one.
    pub sender: String,
    /// How to reach them, if they say.
    pub contact: String,
    /// That they say it in good faith (article 16, 2, d).
    pub good_faith: bool,
}

/// What a sender is told at once (article 16, 4): the number, and the last part of the address at
/// which they follow it.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    /// What people name it by.
    pub number: i64,
    /// The last part of the sender's address.
    pub token: String,
}

/// Takes a case, in the caller's transaction.
///
/// # Errors
/// [`Refusal::Invalid`] field by field; [`Refusal::TooMany`] when too many come at once.
pub fn take(
    conn: &mut Conn,
    node: &Node,
    kind: CaseKind,
    sent: &Sent,
) -> Result<Acknowledged, Refusal> {
    let subject = line(&sent.subject);
    let mut complaints = Vec::new();
    let mut wrong = |field, key| {
        complaints.push(Complaint {
            field,
            say: Say::new(key).with("limit", WORDS_LIMIT),
        });
    };
    if !is_subject(node, kind, &subject) {
        wrong("subject", "cases-subject-wrong");
    }
    match prose(&sent.words) {
        words if words.chars().count() > WORDS_LIMIT => wrong("words", "cases-words-long"),
        words if words.chars().filter(|c| c.is_alphanumeric()).count() < 10 => {
            wrong("words", "cases-words-short");
        }
        _ => {}
    }
    if !sent.good_faith {
        wrong("faith", "cases-faith-wanted");
    }
    if !complaints.is_empty() {
        return Err(Refusal::Invalid(complaints));
    }
    let now_us = node.clock.now_us();
    if store::since(conn, now_us - 3_600_000_000)? >= HOUR_LIMIT
        || store::open_count(conn)? >= OPEN_LIMIT
    {
        return Err(Refusal::TooMany(3600));
    }
    let token = draw(node);
    let id = node.clock.fresh_id();
    let case = store::NewCase {
        number: store::next_number(conn)?,
        kind,
        subject,
        words: prose(&sent.words),
        sender: line(&sent.sender),
        contact: line(&sent.contact),
        sender_digest: token_digest(&token),
        other_digest: token_digest(&other_token(node, &id)),
        id,
        received_us: now_us,
        due_us: now_us + kind.days() * DAY_US,
    };
    store::add(conn, &case)?;
    Ok(Acknowledged {
        number: case.number,
        token,
    })
}

/// 192 bits nobody can guess.
fn draw(node: &Node) -> String {
    let secret: [u8; 24] = node.clock.secret();
    URL_SAFE_NO_PAD.encode(secret)
}

/// The last part of the address of whoever the case is about. It is made of the case's id under a key
/// that only this node has, so that the operator can hand it over at any time; nothing leads from it
/// to the sender's.
pub fn other_token(node: &Node, id: &str) -> String {
    let key = node.keys().ed25519.sign(b"antiphon: addresses of cases");
    let key = federation::digest::Sha256Digest::of(&key).hex();
    let inner = token_digest(&format!("{key} {id}"));
    token_digest(&format!("{key} {inner}"))[..40].to_owned()
}

/// The notices about what a label puts out, those that wait for a decision first, each with the last
/// part of the address at which the label follows it, and contests what was decided against it.
///
/// # Errors
/// When the database breaks.
pub fn about_label(
    conn: &mut Conn,
    node: &Node,
    label: &PartyId,
) -> Result<Vec<(store::Case, String)>, Refusal> {
    let mut about = Vec::new();
    for case in store::all(conn, TOLD)? {
        if case.kind == CaseKind::Unlawful && is_of_label(conn, node, &case.subject, label)? {
            let token = other_token(node, &case.id);
            about.push((case, token));
        }
    }
    Ok(about)
}

/// Whether a subject is the page of this label, of a release it put out, or of a work on one.
fn is_of_label(
    conn: &mut Conn,
    node: &Node,
    subject: &str,
    label: &PartyId,
) -> Result<bool, Refusal> {
    let page = subject.split(['?', '#']).next().unwrap_or_default();
    let address = match page.starts_with('/') {
        true => node.config.uri(page),
        false => page.to_owned(),
    };
    let Some(path) = address.strip_prefix(&node.config.base()) else {
        return Ok(false);
    };
    let release = match path.split('/').nth(1) {
        Some("parties") => return Ok(address == label.as_str()),
        Some("releases") => Uri::parse(&address).ok(),
        Some("works") => match WorkId::parse(&address) {
            Ok(id) => catalogue::store::work(conn, &id)?.and_then(|work| work.release),
            Err(_) => None,
        },
        _ => None,
    };
    let release = match release {
        Some(release) => catalogue::store::release(conn, &release)?,
        None => None,
    };
    Ok(release.is_some_and(|release| release.label_party.as_ref() == Some(label)))
}

/// One line of what somebody wrote: nothing unseen in it, no longer than there is room.
fn line(text: &str) -> String {
    text.trim()
        .chars()
        .filter(|c| !c.is_control() && !is_turning(*c))
        .take(LINE_LIMIT)
        .collect()
}

/// What somebody wrote, in paragraphs; one character more than the limit tells that it was longer.
fn prose(text: &str) -> String {
    text.trim()
        .chars()
        .filter(|c| (*c == '\n' || !c.is_control()) && !is_turning(*c))
        .take(WORDS_LIMIT + 1)
        .collect()
}

/// Marks that turn the direction of what follows.
fn is_turning(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A work, release, selection or party anywhere; for a complaint, a statement of this node's.
fn is_subject(node: &Node, kind: CaseKind, subject: &str) -> bool {
    let here = subject.strip_prefix(&node.config.base()).unwrap_or(subject);
    match kind {
        CaseKind::Statement => here.starts_with("/statements/") && here.len() > 20,
        CaseKind::Unlawful => here.starts_with('/') || Uri::parse(subject).is_ok(),
    }
}

/// Decides a case, or the appeal against its decision, in the caller's transaction. What is found
/// unlawful and lives here is withdrawn.
///
/// # Errors
/// [`Refusal::Invalid`] on `reason`; [`Refusal::Conflict`] when nothing is to be decided any more.
pub fn decide(
    conn: &mut Conn,
    node: &Node,
    id: &str,
    decision: Decision,
    reason: &str,
) -> Result<(), Refusal> {
    let case = store::case(conn, id)?.ok_or(Refusal::Missing)?;
    let reason = prose(reason);
    if reason.chars().filter(|c| c.is_alphanumeric()).count() < 10 {
        return Err(Refusal::field("reason", Say::new("cases-reason-wanted")));
    }
    if reason.chars().count() > WORDS_LIMIT {
        let say = Say::new("cases-words-long").with("limit", WORDS_LIMIT);
        return Err(Refusal::field("reason", say));
    }
    let now_us = node.clock.now_us();
    let wrong = match case.stage() {
        Stage::Open => {
            store::decide(conn, id, decision, &reason, now_us)?;
            decision == Decision::Upheld
        }
        Stage::Appealed => {
            store::decide_appeal(conn, id, decision, &reason, now_us)?;
            // The sender contests that it was left; the other side, that it was withdrawn.
            decision == Decision::Upheld && case.appealed_by.as_deref() == Some("sender")
        }
        Stage::Decided | Stage::Closed => {
            return Err(Refusal::Conflict(Say::new("cases-decided-already")));
        }
    };
    if wrong && case.kind == CaseKind::Unlawful {
        withdraw(conn, node, &case.subject)?;
    }
    Ok(())
}

/// Withdraws what lives here under this address; what lives elsewhere is its node's to withdraw.
fn withdraw(conn: &mut Conn, node: &Node, subject: &str) -> Result<(), Refusal> {
    let address = match subject.starts_with('/') {
        true => node.config.uri(subject),
        false => subject.to_owned(),
    };
    let Some(path) = address.strip_prefix(&node.config.base()) else {
        return Ok(());
    };
    let done = match path.split('/').nth(1) {
        Some("works") => {
            let id = WorkId::parse(&address).map_err(|_| Refusal::Missing)?;
            catalogue::withdraw_in(conn, node, &id)
        }
        Some(kind @ ("releases" | "selections")) => {
            let id = Uri::parse(&address).map_err(|_| Refusal::Missing)?;
            match kind {
                "releases" => catalogue::withdraw_release_in(conn, node, &id),
                _ => curation::withdraw(conn, node, &id),
            }
        }
        _ => Ok(()),
    };
    match done {
        // It is gone already, or is a page of ours that nobody can withdraw.
        Err(Refusal::Missing) => Ok(()),
        done => done,
    }
}

/// Contests a decision, in the caller's transaction.
///
/// # Errors
/// [`Refusal::Invalid`] on `appeal`; [`Refusal::Conflict`] when there is nothing to contest, or it
/// is too late.
pub fn appeal(
    conn: &mut Conn,
    node: &Node,
    case: &store::Case,
    side: Side,
    words: &str,
) -> Result<(), Refusal> {
    let words = prose(words);
    if words.chars().filter(|c| c.is_alphanumeric()).count() < 10 {
        return Err(Refusal::field("appeal", Say::new("cases-words-short")));
    }
    if words.chars().count() > WORDS_LIMIT {
        let say = Say::new("cases-words-long").with("limit", WORDS_LIMIT);
        return Err(Refusal::field("appeal", say));
    }
    let now_us = node.clock.now_us();
    if !case.may_contest(side, now_us) {
        return Err(Refusal::Conflict(Say::new("cases-no-appeal")));
    }
    let due_us = now_us + APPEAL_DAYS * DAY_US;
    Ok(store::appeal(conn, &case.id, side, &words, now_us, due_us)?)
}

/// How far a case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It waits for a decision.
    Open,
    /// It was decided.
    Decided,
    /// The decision was contested.
    Appealed,
    /// The appeal was decided.
    Closed,
}

impl store::Case {
    /// How far it is.
    pub fn stage(&self) -> Stage {
        match (self.decided_us, self.appealed_us, self.appeal_decided_us) {
            (None, _, _) => Stage::Open,
            (Some(_), None, _) => Stage::Decided,
            (Some(_), Some(_), None) => Stage::Appealed,
            (Some(_), Some(_), Some(_)) => Stage::Closed,
        }
    }

    /// The key of how far it is, in words.
    pub fn stage_key(&self) -> &'static str {
        match (
            self.stage(),
            self.decision.as_deref(),
            self.appeal_decision.as_deref(),
        ) {
            (Stage::Open, _, _) => "cases-stage-open",
            (Stage::Appealed, _, _) => "cases-stage-appealed",
            (Stage::Decided, Some("upheld"), _) => "cases-stage-upheld",
            (Stage::Decided, _, _) => "cases-stage-refused",
            (Stage::Closed, _, Some("upheld")) => "cases-stage-appeal-upheld",
            (Stage::Closed, _, _) => "cases-stage-appeal-refused",
        }
    }

    /// Until when something is to be decided, if it is.
    pub fn deadline_us(&self) -> Option<i64> {
        match self.stage() {
            Stage::Open => Some(self.due_us),
            Stage::Appealed => self.appeal_due_us,
            Stage::Decided | Stage::Closed => None,
        }
    }

    /// Until when the decision can be contested.
    pub fn contestable_until_us(&self) -> Option<i64> {
        Some(self.decided_us? + CONTESTABLE_DAYS * DAY_US)
    }

    /// Whether this side may contest the decision now: it went against them, and it is not too late.
    pub fn may_contest(&self, side: Side, now_us: i64) -> bool {
        let against = match side {
            Side::Sender => self.decision.as_deref() == Some("refused"),
            Side::Other => self.decision.as_deref() == Some("upheld"),
        };
        let in_time = self
            .contestable_until_us()
            .is_some_and(|until| now_us <= until);
        self.stage() == Stage::Decided && against && in_time
    }
}
