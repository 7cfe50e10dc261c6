//! Telling whoever follows this node what is new in its catalogue, in the transaction that makes
//! it so.

use serde_json::{Map, Value, json};
use settlement::Uri;

use super::{Release, Work, documents, note};
use crate::Node;
use crate::db::Conn;
use crate::peers::{self, To};
use crate::web::Refusal;

/// Tells of a work that is new or changed.
pub fn work(conn: &mut Conn, node: &Node, work: &Work, is_new: bool) -> Result<(), Refusal> {
    let document = documents::work(conn, node, work)?;
    say(conn, node, verb(is_new), document)
}

/// Tells of a release that is new or changed.
pub fn release(
    conn: &mut Conn,
    node: &Node,
    release: &Release,
    is_new: bool,
) -> Result<(), Refusal> {
    let document = documents::release(conn, node, release)?;
    say(conn, node, verb(is_new), document)?;
    note::tell(conn, node, release, verb(is_new))
}

/// Tells that a release is no more.
pub fn release_gone(
    conn: &mut Conn,
    node: &Node,
    release: &Release,
    withdrawn_us: i64,
) -> Result<(), Refusal> {
    gone(conn, node, &release.id, "Album", withdrawn_us)?;
    note::gone(conn, node, release, withdrawn_us)
}

/// Tells of a new split sheet, signed already.
pub fn sheet(conn: &mut Conn, node: &Node, document: Value) -> Result<(), Refusal> {
    say(conn, node, "Create", document)
}

/// Tells that something is no more.
pub fn gone(
    conn: &mut Conn,
    node: &Node,
    id: &Uri,
    former_type: &str,
    withdrawn_us: i64,
) -> Result<(), Refusal> {
    let tombstone = documents::tombstone(id, former_type, withdrawn_us);
    say(conn, node, "Delete", tombstone)
}

fn verb(is_new: bool) -> &'static str {
    if is_new { "Create" } else { "Update" }
}

/// Says a verb and its object to everyone who follows this node.
pub fn say(conn: &mut Conn, node: &Node, verb: &str, object: Value) -> Result<(), Refusal> {
    let mut activity = Map::new();
    activity.insert("type".into(), json!(verb));
    // As it is: inside `json!` it would be written out and read again.
    activity.insert("object".into(), object);
    peers::say(conn, node, Value::Object(activity), To::Followers, false)?;
    Ok(())
}
