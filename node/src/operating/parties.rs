//! The parties of this node: who is paid, and where each last statement is.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::Deserialize;
use std::collections::HashMap;

use super::{Head, open};
use crate::names;
use crate::pages::{self, Page};
use crate::schema::{contributors, parties};
use crate::web::{App, Guest, Refusal};

/// How many are shown at once.
const SHOWN: usize = 200;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/desk/parties", get(list))
}

/// A party, as the desk lists it.
struct Line {
    id: String,
    name: String,
    kind: String,
    works: i64,
}

impl Line {
    fn kind_key(&self) -> &'static str {
        match self.kind.as_str() {
            "label" => "operating-party-label",
            "producer" => "operating-party-producer",
            "publisher" => "operating-party-publisher",
            "distributor" => "operating-party-distributor",
            _ => "operating-party-artist",
        }
    }
}

/// The page.
#[derive(Template)]
#[template(path = "operating/parties.html")]
struct PartiesPage {
    page: Page,
    head: Head,
    lines: Vec<Line>,
    count: usize,
    asked: String,
}

impl PartiesPage {
    fn all(&self) -> i64 {
        i64::try_from(self.count).unwrap_or(i64::MAX)
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

async fn list(
    State(app): State<App>,
    guest: Guest,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    let head = open(&page, "/parties")?;
    let base = app.config.base();
    let asked: String = asked.q.chars().take(100).collect();
    let wanted = names::fold(&asked);
    let found = app
        .db
        .read(move |conn| {
            let mut rows: Vec<(String, String, String)> = parties::table
                .filter(parties::origin.eq(&base))
                .order((parties::name, parties::id))
                .select((parties::id, parties::name, parties::kind))
                .load(conn)?;
            rows.retain(|(_, name, _)| wanted.is_empty() || names::fold(name).contains(&wanted));
            let count = rows.len();
            rows.truncate(SHOWN);
            let ids: Vec<&str> = rows.iter().map(|(id, _, _)| id.as_str()).collect();
            let works: Vec<(String, i64)> = contributors::table
                .filter(contributors::party_id.eq_any(ids))
                .group_by(contributors::party_id)
                .select((contributors::party_id, count_star()))
                .load(conn)?;
            let works: HashMap<String, i64> = works.into_iter().collect();
            Ok::<_, Refusal>(PartiesPage {
                lines: rows
                    .into_iter()
                    .map(|(id, name, kind)| Line {
                        works: works.get(&id).copied().unwrap_or(0),
                        id,
                        name,
                        kind,
                    })
                    .collect(),
                page,
                head,
                count,
                asked,
            })
        })
        .await?;
    pages::answer(&found)
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    let line = |kind: &str| Line {
        id: format!("http://localhost:8101/parties/{kind}"),
        name: "Zed <&>".into(),
        kind: kind.into(),
        works: 12,
    };
    let kinds = ["artist", "label", "producer", "publisher", "distributor"];
    let page = |lines: Vec<Line>| PartiesPage {
        page: Page::sample(language, true),
        head: super::sample_head("/parties"),
        count: lines.len(),
        lines,
        asked: "\"<b>".into(),
    };
    vec![
        ("parties", page(kinds.map(line).into()).render()),
        ("no parties", page(Vec::new()).render()),
    ]
}
