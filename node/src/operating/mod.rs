//! The collective's desk: what whoever runs the node sees and does. How the house is (storage, what
//! waits, what is late), its venues and what they paid, its parties, imports as they go on, jobs that
//! wait and can be tried again or stopped, the months and their accounts; cases are in
//! [`crate::cases`], peers on the network's page. The one errand that is the house's own is here, too
//! ([`rows`]).

pub mod health;
pub mod imports;
pub mod jobs;
pub mod months;
pub mod parties;
pub mod rows;
pub mod venues;

use axum::Router;

use crate::pages::Page;
use crate::web::{App, Refusal};
use crate::words::Say;

pub use imports::Imports;

/// The doors of the desk.
pub fn routes() -> Router<App> {
    Router::new()
        .merge(health::routes())
        .merge(venues::routes())
        .merge(parties::routes())
        .merge(imports::routes())
        .merge(jobs::routes())
        .merge(months::routes())
}

/// The head of each page of the desk.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// The page's last part; empty for the first one.
    pub at: &'static str,
}

impl Head {
    /// The pages of the desk: address, key of the word.
    pub fn tabs(&self) -> [(&'static str, &'static str); 8] {
        [
            ("/desk", "operating-health"),
            ("/desk/venues", "operating-venues"),
            ("/desk/parties", "operating-parties"),
            ("/desk/imports", "operating-imports"),
            ("/desk/jobs", "operating-jobs"),
            ("/desk/months", "operating-months"),
            ("/desk/cases", "operating-cases-desk"),
            ("/network", "operating-peers"),
        ]
    }

    /// Whether this is the tab one is at.
    pub fn is_at(&self, tab: &str) -> bool {
        tab.strip_prefix("/desk") == Some(self.at)
    }
}

/// Opens the desk for whoever runs the node.
///
/// # Errors
/// [`Refusal::SignIn`] or [`Refusal::Forbidden`].
pub fn open(page: &Page, at: &'static str) -> Result<Head, Refusal> {
    let member = page.member.as_ref().ok_or(Refusal::SignIn)?;
    if !member.operates() {
        let key = match member.waiting {
            true => "members-waiting",
            false => "coordinator-operators-only",
        };
        return Err(Refusal::Forbidden(Say::new(key)));
    }
    Ok(Head { at })
}

#[cfg(test)]
pub(crate) fn sample_head(at: &'static str) -> Head {
    Head { at }
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    let mut all = health::samples(language);
    all.extend(venues::samples(language));
    all.extend(parties::samples(language));
    all.extend(imports::samples(language));
    all.extend(jobs::samples(language));
    all.extend(months::samples(language));
    all
}
