//! How much another host is asked: so many requests and so many bytes a minute, and not again at
//! once what just failed.
//!
//! Two budgets are kept: one for the actors that others' requests make us read
//! ([`reads`](super::reads)), one for everything else ([`fetch`](super::fetch)). Bytes are counted
//! when they have come, so one large file is read to its end, and the next one waits.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How long an address that failed is not asked again at first, in microseconds; doubled each time.
const SHUN_US: i64 = 10_000_000;
/// The longest such time.
const SHUN_LONGEST_US: i64 = 3_600_000_000;
/// The time over which requests and bytes are counted, in microseconds.
const MINUTE_US: i64 = 60_000_000;
/// How many addresses and how many hosts are remembered.
const REMEMBERED: usize = 10_000;

/// What one host may cost a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowance {
    /// Requests.
    pub requests: u32,
    /// Bytes.
    pub bytes: u64,
}

impl Allowance {
    /// Of a host that somebody else named: enough for its actors and a picture here and there.
    pub const STRANGER: Allowance = Allowance {
        requests: 60,
        bytes: 256 << 20,
    };
    /// Of a node that the operator chose: a catalogue of 100,000 works, and sound for many at once.
    pub const CHOSEN: Allowance = Allowance {
        requests: 20_000,
        bytes: 16 << 30,
    };
}

/// What was asked in this minute, of whom, and what failed.
pub(super) struct Budget {
    /// How many requests all strangers together may cost a minute.
    of_all: u32,
    spent: Mutex<Spent>,
}

#[derive(Default)]
struct Spent {
    failed: BTreeMap<String, Failed>,
    hosts: BTreeMap<String, Count>,
    all: Count,
}

struct Failed {
    until_us: i64,
    times: u32,
}

#[derive(Clone, Copy, Default)]
struct Count {
    since_us: i64,
    requests: u32,
    bytes: u64,
}

impl Count {
    fn at(&mut self, now_us: i64) -> &mut Self {
        if self.is_over(now_us) {
            *self = Count {
                since_us: now_us,
                ..Count::default()
            };
        }
        self
    }

    fn is_over(&self, now_us: i64) -> bool {
        now_us.saturating_sub(self.since_us) >= MINUTE_US
    }

    /// Counts one more request, unless this minute's are spent.
    fn one_more(&mut self, requests: u32, now_us: i64) -> bool {
        let count = self.at(now_us);
        if count.requests >= requests {
            return false;
        }
        count.requests += 1;
        true
    }
}

impl Budget {
    /// A budget of so many requests a minute for all strangers together.
    pub(super) fn new(of_all: u32) -> Self {
        Budget {
            of_all,
            spent: Mutex::default(),
        }
    }

    fn spent<T>(&self, act: impl FnOnce(&mut Spent) -> T) -> T {
        act(&mut self.spent.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether this host may be asked once more now; if so, it is counted.
    pub(super) fn may_ask(&self, host: &str, allowance: Allowance, now_us: i64) -> bool {
        self.spent(|spent| {
            let full = spent.hosts.len() >= REMEMBERED;
            if full && !spent.hosts.contains_key(host) {
                spent.hosts.retain(|_, count| !count.is_over(now_us));
                if spent.hosts.len() >= REMEMBERED {
                    return false;
                }
            }
            let of_host = spent.hosts.entry(host.to_owned()).or_default().at(now_us);
            if of_host.bytes >= allowance.bytes || !of_host.one_more(allowance.requests, now_us) {
                return false;
            }
            allowance == Allowance::CHOSEN || spent.all.one_more(self.of_all, now_us)
        })
    }

    /// Counts what came from a host.
    pub(super) fn came(&self, host: &str, bytes: u64, now_us: i64) {
        self.spent(|spent| {
            if let Some(count) = spent.hosts.get_mut(host) {
                let count = count.at(now_us);
                count.bytes = count.bytes.saturating_add(bytes);
            }
        });
    }

    /// Whether this address failed a moment ago.
    pub(super) fn is_shunned(&self, address: &str, now_us: i64) -> bool {
        self.spent(|spent| {
            let failed = spent.failed.get(address);
            failed.is_some_and(|failed| failed.until_us > now_us)
        })
    }

    /// An address failed: it is shunned for a while, for longer each time.
    pub(super) fn failed(&self, address: &str, now_us: i64) {
        self.spent(|spent| {
            if spent.failed.len() >= REMEMBERED {
                // Those whose time is over are forgotten, and with them how often they failed.
                spent.failed.retain(|_, failed| failed.until_us > now_us);
            }
            if spent.failed.len() < REMEMBERED || spent.failed.contains_key(address) {
                let failed = spent.failed.entry(address.to_owned()).or_insert(Failed {
                    until_us: 0,
                    times: 0,
                });
                let wait = SHUN_US.saturating_mul(1 << failed.times.min(9));
                failed.until_us = now_us.saturating_add(wait.min(SHUN_LONGEST_US));
                failed.times = failed.times.saturating_add(1);
            }
        });
    }

    /// An address answered as it should.
    pub(super) fn answered(&self, address: &str) {
        self.spent(|spent| spent.failed.remove(address));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;
    const FEW: Allowance = Allowance {
        requests: 3,
        bytes: 1_000,
    };

    #[test]
    fn an_address_that_fails_is_shunned_for_longer_each_time() {
        let budget = Budget::new(1_000);
        let mut now = 0;
        for seconds in [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600] {
            assert!(!budget.is_shunned("a", now), "{seconds}");
            budget.failed("a", now);
            assert!(budget.is_shunned("a", now + (seconds - 1) * SECOND));
            assert!(!budget.is_shunned("b", now), "another address is asked");
            now += seconds * SECOND;
        }
        budget.answered("a");
        budget.failed("a", now);
        assert!(!budget.is_shunned("a", now + 10 * SECOND));
    }

    #[test]
    fn one_host_is_asked_so_often_a_minute_and_others_are_not_hindered() {
        let budget = Budget::new(1_000);
        for _ in 0..3 {
            assert!(budget.may_ask("h", FEW, 0));
        }
        assert!(!budget.may_ask("h", FEW, 59 * SECOND));
        assert!(budget.may_ask("another", FEW, 59 * SECOND));
        assert!(budget.may_ask("h", FEW, 61 * SECOND));
    }

    #[test]
    fn a_host_that_sent_its_share_of_bytes_is_asked_again_a_minute_later() {
        let budget = Budget::new(1_000);
        assert!(budget.may_ask("h", FEW, 0));
        budget.came("h", 999, 0);
        assert!(budget.may_ask("h", FEW, 0));
        budget.came("h", 999, 0);
        assert!(!budget.may_ask("h", FEW, 59 * SECOND));
        assert!(budget.may_ask("another", FEW, 0));
        assert!(budget.may_ask("h", FEW, 61 * SECOND));
    }

    #[test]
    fn strangers_share_a_budget_and_take_nothing_from_those_that_were_chosen() {
        let budget = Budget::new(2);
        for host in ["a", "b"] {
            assert!(budget.may_ask(host, FEW, 0));
        }
        assert!(!budget.may_ask("c", FEW, 0));
        assert!(budget.may_ask("chosen", Allowance::CHOSEN, 0));
    }
}
