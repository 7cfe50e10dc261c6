//! The catalogue as a collection: the addresses of the works that live here, in pages, for whoever
//! wants all of it at once. What is new, changed and gone is in the outbox.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use federation::vocabulary::{Collection, CollectionPage, Reference};
use serde::Deserialize;
use settlement::{Uri, WorkId};

use super::api::activity_json;
use super::store;
use crate::Node;
use crate::web::{App, Refusal};

/// Where it is.
pub const CATALOGUE: &str = "/catalogue";
/// How many works a page names: as many as are read of one.
const PAGE: i64 = 500;
/// Where the first page begins.
const FIRST: &str = "0";

/// After which work to begin.
#[derive(Deserialize)]
pub(super) struct Where {
    /// The end of a work's address; `0`: from the first on.
    after: Option<String>,
}

/// `GET /catalogue`: how many works there are, and where the first page is; with `after`, a page.
pub(super) async fn catalogue(
    State(app): State<App>,
    Query(at): Query<Where>,
) -> Result<Response, Refusal> {
    let node = app.clone();
    let value = app.db.read(move |conn| {
        let Some(after) = at.after else {
            let count = || store::count_of_origin(conn, &node.config.base());
            let count = node.totals.of("works", &node.clock, count)?;
            let collection = Collection {
                id: here(&node, "")?,
                total_items: u64::try_from(count).ok(),
                first: Some(here(&node, FIRST)?),
                last: None,
                items: Vec::new(),
            };
            return Ok::<_, Refusal>(collection.to_value());
        };
        let from = match after.as_str() {
            FIRST => String::new(),
            after => work_called(&node, after)?.to_string(),
        };
        let works = store::ids_of_origin(conn, &node.config.base(), &from, PAGE)?;
        let is_full = i64::try_from(works.len()).is_ok_and(|many| many == PAGE);
        let last = works.last().filter(|_| is_full);
        let next = last.and_then(|work| work.as_str().rsplit('/').next());
        let page = CollectionPage {
            id: here(&node, &after)?,
            part_of: Some(here(&node, "")?),
            next: next.map(|next| here(&node, next)).transpose()?,
            prev: None,
            total_items: None,
            items: works
                .into_iter()
                .map(|work| Reference::Id(work.uri().clone()))
                .collect(),
        };
        Ok(page.to_value())
    });
    Ok(activity_json(StatusCode::OK, &value.await?))
}

fn here(node: &Node, after: &str) -> Result<Uri, Refusal> {
    let path = match after {
        "" => CATALOGUE.to_owned(),
        after => format!("{CATALOGUE}?after={after}"),
    };
    Uri::parse(&node.config.uri(&path)).map_err(Refusal::broken)
}

/// The work whose address ends so. It need not be there any more.
fn work_called(node: &Node, end: &str) -> Result<WorkId, Refusal> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if end.is_empty() || end.len() > 64 || !end.bytes().all(plain) {
        return Err(Refusal::Missing);
    }
    WorkId::parse(&node.config.uri(&format!("/works/{end}"))).map_err(|_| Refusal::Missing)
}
