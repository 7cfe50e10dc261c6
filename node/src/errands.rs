//! Errands: what a running node does by itself, each at its own pace. What they do is in their rooms;
//! here is how each fared since the node was started, for the desk of whoever runs it, and how one
//! is done at once, or put off until somebody says otherwise.
//!
//! What concerns money, rights or keys is never put off.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::{Notify, watch};

use crate::Node;

/// What is done again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Errand {
    /// Telling peers what is to be told.
    Deliveries,
    /// Acting on what came.
    Arrivals,
    /// Reading what peers published before they were followed.
    Outboxes,
    /// Taking up new keys, and reading again whose keys changed.
    Keys,
    /// Offering works when their rights begin, and no longer when they end.
    Rights,
    /// Publishing and withdrawing drafts in time.
    Drafts,
    /// Making anew, at night, what lies near what.
    Nearness,
    /// Sweeping the cache of other nodes' media.
    Cache,
    /// Keeping the search index.
    Search,
    /// Learning the coordinator's policy.
    Policies,
    /// Taking in play reports.
    Reports,
    /// Recomputing settlements.
    Settlements,
    /// Saying again what was not answered.
    Reminders,
    /// Counting the database's rows, for its plans.
    Rows,
}

impl Errand {
    /// Every errand.
    pub const ALL: [Errand; 14] = [
        Errand::Deliveries,
        Errand::Arrivals,
        Errand::Outboxes,
        Errand::Reports,
        Errand::Settlements,
        Errand::Reminders,
        Errand::Policies,
        Errand::Keys,
        Errand::Rights,
        Errand::Drafts,
        Errand::Search,
        Errand::Nearness,
        Errand::Cache,
        Errand::Rows,
    ];

    /// As forms write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Errand::Deliveries => "deliveries",
            Errand::Arrivals => "arrivals",
            Errand::Outboxes => "outboxes",
            Errand::Keys => "keys",
            Errand::Rights => "rights",
            Errand::Drafts => "drafts",
            Errand::Nearness => "nearness",
            Errand::Cache => "cache",
            Errand::Search => "search",
            Errand::Policies => "policies",
            Errand::Reports => "reports",
            Errand::Settlements => "settlements",
            Errand::Reminders => "reminders",
            Errand::Rows => "rows",
        }
    }

    /// The key of what it is called.
    pub fn key(self) -> &'static str {
        match self {
            Errand::Deliveries => "operating-errand-deliveries",
            Errand::Arrivals => "operating-errand-arrivals",
            Errand::Outboxes => "operating-errand-outboxes",
            Errand::Keys => "operating-errand-keys",
            Errand::Rights => "operating-errand-rights",
            Errand::Drafts => "operating-errand-drafts",
            Errand::Nearness => "operating-errand-nearness",
            Errand::Cache => "operating-errand-cache",
            Errand::Search => "operating-errand-search",
            Errand::Policies => "operating-errand-policies",
            Errand::Reports => "operating-errand-reports",
            Errand::Settlements => "operating-errand-settlements",
            Errand::Reminders => "operating-errand-reminders",
            Errand::Rows => "operating-errand-rows",
        }
    }

    /// Whether it may be put off: nothing is lost by it, and nobody's due.
    pub fn may_wait(self) -> bool {
        matches!(self, Errand::Outboxes | Errand::Drafts | Errand::Nearness)
    }
}

/// How an errand fared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// When it last began, in microseconds UTC.
    pub began_us: Option<i64>,
    /// When it was last done.
    pub done_us: Option<i64>,
    /// When it last failed, and why.
    pub failed: Option<(i64, String)>,
    /// Whether it failed when it was last done.
    pub failing: bool,
    /// When it is done next by itself.
    pub next_us: Option<i64>,
    /// Whether it is put off.
    pub put_off: bool,
    /// Whether it is being done.
    pub under_way: bool,
    /// Whether something failed since it began.
    pub(crate) fails: bool,
}

/// How every errand fared, and what rouses each.
#[derive(Debug, Default)]
pub struct Errands {
    runs: Mutex<BTreeMap<Errand, Run>>,
    bells: Mutex<BTreeMap<Errand, Arc<Notify>>>,
}

/// Why an errand's rest ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Its time came.
    Over,
    /// Somebody wants it done at once.
    Roused,
    /// The house is being left.
    Left,
}

impl Errands {
    /// It begins.
    pub fn begin(&self, errand: Errand, now_us: i64) {
        let mut runs = self.runs();
        let run = runs.entry(errand).or_default();
        run.began_us = Some(now_us);
        run.under_way = true;
        run.fails = false;
    }

    /// Something of it failed.
    pub fn failed(&self, errand: Errand, now_us: i64, why: &dyn std::fmt::Display) {
        let why = crate::pages::shorten(&why.to_string(), 300);
        let mut runs = self.runs();
        let run = runs.entry(errand).or_default();
        run.failed = Some((now_us, why));
        run.failing = true;
        run.fails = true;
    }

    /// It is done, and begins again at `next_us` by itself.
    pub fn done(&self, errand: Errand, now_us: i64, next_us: i64) {
        let mut runs = self.runs();
        let run = runs.entry(errand).or_default();
        // Who merely looked whether it is time has done nothing.
        if run.under_way {
            run.done_us = Some(now_us);
            run.failing = run.fails;
            run.under_way = false;
        }
        run.next_us = Some(next_us);
    }

    /// How an errand fared; nothing of one that this node does not do.
    pub fn run(&self, errand: Errand) -> Option<Run> {
        self.runs().get(&errand).cloned()
    }

    /// Puts an errand off, or takes it up again; `false` for one that may not wait.
    pub fn put_off(&self, errand: Errand, off: bool) -> bool {
        if errand.may_wait() {
            self.runs().entry(errand).or_default().put_off = off;
        }
        errand.may_wait()
    }

    /// Whether an errand is put off.
    pub fn is_put_off(&self, errand: Errand) -> bool {
        self.runs().get(&errand).is_some_and(|run| run.put_off)
    }

    fn bell(&self, errand: Errand) -> Arc<Notify> {
        let mut bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        bells.entry(errand).or_default().clone()
    }

    fn runs(&self) -> MutexGuard<'_, BTreeMap<Errand, Run>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has an errand done at once.
pub fn rouse(node: &Node, errand: Errand) {
    match errand {
        Errand::Deliveries => node.wake.deliver.notify_one(),
        Errand::Arrivals => node.wake.inbox.notify_one(),
        Errand::Outboxes => node.wake.pull.notify_one(),
        other => node.errands.bell(other).notify_one(),
    }
}

/// An errand is done, and rests for so long: less when it is roused, longer while it is put off.
pub async fn rest(
    node: &Node,
    errand: Errand,
    wait: Duration,
    left: &mut watch::Receiver<bool>,
) -> Rest {
    let wait_us = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
    let next_us = node.clock.now_us().saturating_add(wait_us);
    rest_until(node, errand, wait, next_us, left).await
}

/// The same of an errand that looks every so often whether it is time, which it is at `next_us`.
pub async fn rest_until(
    node: &Node,
    errand: Errand,
    wait: Duration,
    next_us: i64,
    left: &mut watch::Receiver<bool>,
) -> Rest {
    node.errands.done(errand, node.clock.now_us(), next_us);
    let bell = node.errands.bell(errand);
    tokio::select! {
        _ = left.wait_for(|left| *left) => return Rest::Left,
        () = bell.notified() => return Rest::Roused,
        () = tokio::time::sleep(wait) => {}
    }
    if !node.errands.is_put_off(errand) {
        return Rest::Over;
    }
    tokio::select! {
        _ = left.wait_for(|left| *left) => Rest::Left,
        () = bell.notified() => Rest::Roused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_told_until_it_was_done_well() {
        let errands = Errands::default();
        assert_eq!(errands.run(Errand::Cache), None);
        errands.done(Errand::Cache, 1, 10);
        assert_eq!(errands.run(Errand::Cache).unwrap().done_us, None);
        errands.begin(Errand::Cache, 10);
        errands.failed(Errand::Cache, 11, &"the disk is full");
        errands.done(Errand::Cache, 12, 20);
        let run = errands.run(Errand::Cache).unwrap();
        assert!(run.failing);
        assert_eq!(run.failed, Some((11, "the disk is full".to_owned())));
        assert_eq!((run.done_us, run.next_us), (Some(12), Some(20)));
        errands.begin(Errand::Cache, 20);
        errands.done(Errand::Cache, 21, 30);
        assert!(!errands.run(Errand::Cache).unwrap().failing);
    }

    #[test]
    fn what_concerns_money_rights_or_keys_is_never_put_off() {
        let errands = Errands::default();
        for errand in Errand::ALL {
            errands.put_off(errand, true);
        }
        let off: Vec<&str> = Errand::ALL
            .into_iter()
            .filter(|errand| errands.is_put_off(*errand))
            .map(Errand::as_str)
            .collect();
        assert_eq!(off, ["outboxes", "drafts", "nearness"]);
    }

    #[test]
    fn every_errand_is_listed_once_under_a_name_of_its_own() {
        let names: std::collections::BTreeSet<&str> =
            Errand::ALL.into_iter().map(Errand::as_str).collect();
        assert_eq!(names.len(), Errand::ALL.len());
    }
}
