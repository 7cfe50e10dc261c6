//! Parties: who an entry means by a name and codes.

use settlement::PartyId;

use crate::Node;
use crate::catalogue::import::entry::PartyEntry;
use crate::catalogue::import::take;
use crate::catalogue::{Role, store};
use crate::db::Conn;
use crate::web::Refusal;

/// The party of this node that an entry means.
///
/// # Errors
/// When the database does not take it.
pub(super) fn find_party(
    conn: &mut Conn,
    node: &Node,
    entry: &PartyEntry,
    role: Role,
    now: i64,
) -> Result<PartyId, Refusal> {
    let origin = node.config.base();
    for code in &entry.codes {
        for subject in store::subjects_of(conn, code)? {
            let Ok(id) = PartyId::parse(&subject) else {
                continue;
            };
            if id.origin() == origin && store::party(conn, &id)?.is_some() {
                store::add_codes(conn, id.as_str(), &entry.codes)?;
                return Ok(id);
            }
        }
    }
    let same_name = store::party_named(conn, &origin, &entry.name)?;
    let id = match same_name {
        Some(party) if !contradicts(&store::codes(conn, party.id.as_str())?, entry) => party.id,
        Some(_) => take::new_party(conn, node, &entry.name, role, now)?,
        None => take::party(conn, node, &entry.name, role, now)?,
    };
    store::add_codes(conn, id.as_str(), &entry.codes)?;
    Ok(id)
}

/// Whether somebody of the same name is somebody else: both have a code of one kind, and not one
/// of them in common.
fn contradicts(known: &[federation::identifiers::Identifier], entry: &PartyEntry) -> bool {
    entry.codes.iter().any(|code| {
        let mut same_kind = known
            .iter()
            .filter(|known| known.scheme() == code.scheme())
            .peekable();
        same_kind.peek().is_some() && same_kind.all(|known| known != code)
    })
}
