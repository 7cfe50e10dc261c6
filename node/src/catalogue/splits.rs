//! Split sheets: who shares in a work of this node, said once and signed.

use federation::splits::PublishedSplitSheet;
use settlement::{
    BasisPoints, Date, PartyId, Place, Share, SplitEntry, SplitSheet, Timestamp, Uri, WorkId,
};

use super::store::{self, KeptSheet};
use super::{Role, tell};
use crate::Node;
use crate::clock::rfc3339;
use crate::db::Conn;
use crate::web::Refusal;

/// How many months ahead a sheet may begin: each correction made within a month begins a month
/// later than the one before.
const MONTHS_AHEAD: usize = 24;

/// The shares of everyone, from parts by role. The part of a role that nobody has goes to the
/// artists; several in one role share its part evenly, the first taking what does not divide.
pub fn shares(split: &[(Role, BasisPoints)], who: &[(PartyId, Role)]) -> Vec<Share> {
    let in_role = |role: Role| -> Vec<&PartyId> {
        let named = who.iter().filter(|(_, as_what)| *as_what == role);
        named.map(|(party, _)| party).collect()
    };
    let mut parts: Vec<(Role, u32)> = vec![(Role::Artist, 0)];
    for (role, bp) in split {
        let role = if in_role(*role).is_empty() {
            Role::Artist
        } else {
            *role
        };
        match parts.iter_mut().find(|(known, _)| *known == role) {
            Some((_, part)) => *part += bp.get(),
            None => parts.push((role, bp.get())),
        }
    }
    let mut shares = Vec::new();
    for (role, part) in parts.into_iter().filter(|(_, part)| *part > 0) {
        let parties = in_role(role);
        let count = u32::try_from(parties.len()).unwrap_or(u32::MAX);
        for (at, party) in parties.into_iter().enumerate() {
            let rest = if at == 0 { part % count } else { 0 };
            shares.push(Share {
                party: party.clone(),
                role: role.as_str().to_owned(),
                bp: part / count + rest,
            });
        }
    }
    shares
}

/// The latest sheet of a work, in force or to come.
pub fn latest(conn: &mut Conn, work: &WorkId) -> Result<Option<SplitSheet>, Refusal> {
    let sheets = store::split_sheets_of(conn, work)?;
    sheets.last().map(read).transpose()
}

/// Enters a split sheet for a work of this node, from the first of this month on, and tells
/// everyone; nothing, if the latest sheet says the same. Where this month has a sheet already, the
/// new one begins with the next month that has none: what was signed stands. Who would take from
/// somebody by it goes by way of [`super::changes`].
pub fn enter(conn: &mut Conn, node: &Node, work: &WorkId, shares: &[Share]) -> Result<(), Refusal> {
    if latest(conn, work)?.is_some_and(|latest| says(&latest, shares)) {
        return Ok(());
    }
    let month = this_month(node, node.clock.now_us());
    enter_from(conn, node, work, shares, month).map(drop)
}

/// Enters a split sheet that begins with a later month than this one; its first day.
pub(super) fn enter_later(
    conn: &mut Conn,
    node: &Node,
    work: &WorkId,
    shares: &[Share],
) -> Result<Date, Refusal> {
    let month = this_month(node, node.clock.now_us());
    let next = month
        .next()
        .ok_or_else(|| Refusal::broken("the calendar ends"))?;
    enter_from(conn, node, work, shares, next)
}

fn enter_from(
    conn: &mut Conn,
    node: &Node,
    work: &WorkId,
    shares: &[Share],
    mut month: settlement::Period,
) -> Result<Date, Refusal> {
    let sheets = store::split_sheets_of(conn, work)?;
    let now = node.clock.now_us();
    for _ in 0..MONTHS_AHEAD {
        let first = month.first_day();
        if sheets.iter().all(|sheet| sheet.valid_from < first) {
            sign(conn, node, work, first, shares, now)?;
            return Ok(first);
        }
        month = month
            .next()
            .ok_or_else(|| Refusal::broken("the calendar ends"))?;
    }
    Err(Refusal::Conflict(
        crate::words::Say::new("catalogue-splits-too-many").with("work", work),
    ))
}

fn this_month(node: &Node, now_us: i64) -> settlement::Period {
    crate::calendar::Calendar::of(&node.config).month(now_us)
}

fn sign(
    conn: &mut Conn,
    node: &Node,
    work: &WorkId,
    valid_from: Date,
    shares: &[Share],
    now_us: i64,
) -> Result<(), Refusal> {
    let entry = SplitEntry::new([Place::Everywhere], shares.to_vec()).map_err(Refusal::broken)?;
    let logged = Timestamp::parse(&rfc3339(now_us)).map_err(Refusal::broken)?;
    let sheet = SplitSheet::new(work.clone(), valid_from, Some(logged), vec![entry])
        .map_err(Refusal::broken)?;
    let published = PublishedSplitSheet {
        id: address(work, valid_from)?,
        attributed_to: node.config.actor(),
        sheet,
    };
    let document = node.sign_as_of(published.to_document(), &rfc3339(now_us))?;
    let kept = KeptSheet {
        work: work.clone(),
        valid_from,
        logged_us: now_us,
        document: document.to_string(),
    };
    store::keep_sheet(conn, &kept)?;
    tell::sheet(conn, node, document)
}

/// Where the sheet of a work that is valid from this day is found.
pub fn address(work: &WorkId, valid_from: Date) -> Result<Uri, Refusal> {
    Uri::parse(&format!("{work}/splits/{valid_from}")).map_err(Refusal::broken)
}

/// Reads a kept sheet; it was verified when it was kept.
pub fn read(kept: &KeptSheet) -> Result<SplitSheet, Refusal> {
    let mut document: serde_json::Value =
        serde_json::from_str(&kept.document).map_err(Refusal::broken)?;
    if let Some(fields) = document.as_object_mut() {
        fields.remove("proof");
    }
    let published: PublishedSplitSheet =
        serde_json::from_value(document).map_err(Refusal::broken)?;
    Ok(published.sheet)
}

/// Whether a sheet shares a work out like this, everywhere.
pub(super) fn says(sheet: &SplitSheet, shares: &[Share]) -> bool {
    let [only] = sheet.entries() else {
        return false;
    };
    let sorted = |shares: &[Share]| {
        let mut shares: Vec<_> = shares
            .iter()
            .map(|share| (share.party.clone(), share.role.clone(), share.bp))
            .collect();
        shares.sort();
        shares
    };
    only.places().eq([Place::Everywhere]) && sorted(only.given()) == sorted(shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(name: &str) -> PartyId {
        PartyId::parse(&format!("https://loire.example/parties/{name}")).unwrap()
    }

    fn bp(count: u32) -> BasisPoints {
        BasisPoints::new(count).unwrap()
    }

    fn told(shares: &[Share]) -> Vec<(&str, &str, u32)> {
        shares
            .iter()
            .map(|share| {
                let name = share.party.as_str().rsplit('/').next().unwrap();
                (name, share.role.as_str(), share.bp)
            })
            .collect()
    }

    #[test]
    fn a_role_that_nobody_has_gives_its_part_to_the_artist() {
        let split = [(Role::Artist, bp(7_000)), (Role::Label, bp(3_000))];
        let alone = shares(&split, &[(party("a"), Role::Artist)]);
        assert_eq!(told(&alone), [("a", "artist", 10_000)]);
        let both = [(party("a"), Role::Artist), (party("l"), Role::Label)];
        let both = shares(&split, &both);
        assert_eq!(told(&both), [("a", "artist", 7_000), ("l", "label", 3_000)]);
    }

    #[test]
    fn several_artists_share_evenly_to_the_last_basis_point() {
        let split = [(Role::Artist, bp(10_000))];
        let three = ["a", "b", "c"].map(|name| (party(name), Role::Artist));
        assert_eq!(
            told(&shares(&split, &three)),
            [
                ("a", "artist", 3_334),
                ("b", "artist", 3_333),
                ("c", "artist", 3_333)
            ]
        );
        let label_alone = [(Role::Label, bp(10_000))];
        let both = [(party("a"), Role::Artist), (party("l"), Role::Label)];
        assert_eq!(told(&shares(&label_alone, &both)), [("l", "label", 10_000)]);
    }
}
