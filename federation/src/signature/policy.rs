//! What a signature must cover and how fresh it must be, before any key is tried.
//!
//! A signature over nothing but a digest is a valid signature, and anyone who has seen it can put
//! it on a request of their own. So a request is believed only when its signature binds the
//! method, the target, this host, the time and the body together.

use super::{Claim, Scheme, SignatureRefused};

/// How far a sender's clock may be from ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The oldest signature taken, in seconds before now.
    pub past: u32,
    /// The furthest in the future a signature may lie, in seconds after now.
    pub future: u32,
}

impl Default for Policy {
    /// Five minutes back, two minutes ahead: a request is signed when it is sent, so the window
    /// holds slow networks and clocks that are kept, and keeps the replay memory short.
    fn default() -> Self {
        Self {
            past: 300,
            future: 120,
        }
    }
}

impl Policy {
    /// For how many seconds a signature must be remembered, so that it is not taken twice.
    pub const fn replay_memory(&self) -> u64 {
        self.past as u64 + self.future as u64
    }

    /// Does the claim bind the request, here and `now`?
    pub(super) fn check(&self, claim: &Claim, now: i64) -> Result<(), SignatureRefused> {
        use SignatureRefused as No;
        let covers = |component| claim.covers(component);
        match claim.scheme {
            Scheme::Cavage => {
                if !covers("(request-target)") {
                    return Err(No::NotCovered("(request-target)"));
                }
                if !covers("host") {
                    return Err(No::NotCovered("host"));
                }
            }
            Scheme::Rfc9421 => {
                if !covers("@method") {
                    return Err(No::NotCovered("@method"));
                }
                let path = covers("@request-target")
                    || (covers("@path") && (covers("@query") || !claim.has_query));
                if !covers("@target-uri") && !path {
                    return Err(No::NotCovered("@target-uri, or @path and @query"));
                }
                if !covers("@target-uri") && !covers("@authority") && !covers("host") {
                    return Err(No::NotCovered("@target-uri or @authority"));
                }
            }
        }
        if !claim.host_matches {
            return Err(No::OtherHost);
        }
        let times = [claim.created, claim.date];
        if times == [None, None] {
            return Err(No::NotCovered(match claim.scheme {
                Scheme::Cavage => "date",
                Scheme::Rfc9421 => "created",
            }));
        }
        for time in times.into_iter().chain([claim.uncovered_created]).flatten() {
            if time < now.saturating_sub(self.past.into()) {
                return Err(No::TooOld);
            }
            if time > now.saturating_add(self.future.into()) {
                return Err(No::FromTheFuture);
            }
        }
        let begins = claim.created.map_or(now, |created| created.max(now));
        if claim.expires.is_some_and(|expires| expires <= begins) {
            return Err(No::Expired);
        }
        match claim.body_matches {
            Some(true) => Ok(()),
            Some(false) => Err(No::BodyDiffers),
            None if !claim.body_must_be_covered => Ok(()),
            None => Err(No::NotCovered(match claim.scheme {
                Scheme::Cavage => "digest",
                Scheme::Rfc9421 => "content-digest",
            })),
        }
    }
}
