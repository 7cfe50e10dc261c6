//! Whose key is this? The database is asked once for all who want to know at the same moment: under
//! load the block list and a peer's keys are read once for many requests, and never from memory, so
//! that a peer blocked by a command is blocked with the next request.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::{Connection as _, QueryResult};
use settlement::Uri;
use tokio::sync::oneshot;

use super::standing::{Blocklist, Rules};
use super::store::{self, Speaker};
use crate::Node;
use crate::db::{Conn, DbError};

/// What is asked: the key's id, and the actor that is said to have it.
type Question = (Uri, Option<Uri>);
/// Somebody who asks, and waits for the answer.
type Asking = (Question, oneshot::Sender<Arc<Found>>);

/// What is known of who can have signed with a key.
pub(super) struct Found {
    /// Whether nobody of the key's host is spoken with.
    pub blocked: bool,
    /// Who it is; `None`: the actor was never read.
    pub speaker: Option<Speaker>,
}

/// Those who ask.
#[derive(Default)]
pub(super) struct Speakers {
    asking: Mutex<Vec<Asking>>,
    /// Held by who asks the database for all.
    turn: tokio::sync::Mutex<()>,
}

impl Speakers {
    /// Who can have signed with `key`: `actor` if it is given, else the one who showed the key when
    /// it was last read.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find(
        &self,
        node: &Node,
        key: &Uri,
        actor: Option<&Uri>,
    ) -> Result<Arc<Found>, DbError> {
        let (tell, mut told) = oneshot::channel();
        self.line().push(((key.clone(), actor.cloned()), tell));
        // Whoever comes while the database is being asked waits for the next turn, and then finds
        // the answer there already, or asks for all who came meanwhile.
        let turn = tokio::select! {
            biased;
            found = &mut told => return found.map_err(|_| DbError::Interrupted),
            turn = self.turn.lock() => turn,
        };
        let asking = std::mem::take(&mut *self.line());
        if !asking.is_empty() {
            let rules = Rules::of(&node.config);
            node.db
                .read(move |conn| Ok::<_, DbError>(answer(conn, &rules, asking)?))
                .await?;
        }
        drop(turn);
        told.await.map_err(|_| DbError::Interrupted)
    }

    fn line(&self) -> MutexGuard<'_, Vec<Asking>> {
        self.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer(conn: &mut Conn, rules: &Rules, asking: Vec<Asking>) -> QueryResult<()> {
    let found = conn.transaction(|conn| {
        let blocklist = Blocklist::read(conn, rules)?;
        let mut found = BTreeMap::new();
        for (question, _) in &asking {
            if let Entry::Vacant(place) = found.entry(question.clone()) {
                place.insert(Arc::new(find(conn, &blocklist, question)?));
            }
        }
        QueryResult::Ok(found)
    })?;
    for (question, tell) in asking {
        if let Some(found) = found.get(&question) {
            // Who asked may have left.
            let _ = tell.send(found.clone());
        }
    }
    Ok(())
}

fn find(conn: &mut Conn, blocklist: &Blocklist, (key, actor): &Question) -> QueryResult<Found> {
    if blocklist.holds_origin(key.origin()) {
        return Ok(Found {
            blocked: true,
            speaker: None,
        });
    }
    let speaker = match actor {
        Some(actor) => store::speaker(conn, actor, key.as_str())?,
        None => store::speaker_with_key(conn, key)?,
    };
    Ok(Found {
        blocked: false,
        speaker,
    })
}
