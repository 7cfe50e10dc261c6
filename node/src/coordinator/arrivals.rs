//! Offered reports are fetched by signed request, checked as a stranger's, put into the archive,
//! and answered: with a signed receipt, or with a refusal that says why.
//!
//! Every step can be broken off and begun again: files arrive in a folder of their own, the answer
//! is written in one transaction with the words that carry it, and only then what was accepted moves
//! into its place in the archive, whole. So the archive holds no report without a receipt, and a
//! receipt is given for no report that the settlement of its month has not seen.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use federation::digest::Sha256Digest;
use federation::keys::Ed25519Public;
use federation::policy::PolicyFile;
use federation::receipt::{PlayReportReceipt, PlayReportRefusal};
use federation::report::{
    Arrival, FileReference, PlayReport, PreviousReport, ReportFolder, arrive,
};
use settlement::{Period, Timestamp, Track, Uri, WorkId};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::store::{self, ReceivedReport};
use super::{archive, inbox, policy};
use crate::db::Conn;
use crate::errands::{self, Errand, Rest};
use crate::peers::fetch::FetchRefused;
use crate::peers::keys::NotProven;
use crate::peers::standing::{Blocklist, Rules};
use crate::peers::{self, Peer, fetch};
use crate::web::{App, Refusal};
use crate::{Node, catalogue, files, names, reports};

/// How often the database is asked for offers: another process may have written one.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The largest table that is fetched, in bytes: some 200 million lines.
const TABLE_LIMIT: u64 = 4 << 30;
/// How many nodes' reports are fetched and looked at at once.
const AT_ONCE: usize = 8;
/// How much later than here a month may begin elsewhere, and end: from the first to the last time
/// zone, in microseconds.
const ZONES_APART: i64 = 26 * 3600 * 1_000_000;
/// How often a report is looked at again because a work's own object may still be on its way: half
/// an hour in all.
const WAITS_FOR_WORKS: i64 = 10;

/// The coordinator's errand: looks for offers and deals with them, until `left` says that the
/// house is being left. What is under way then is broken off, and begun again by the next.
pub async fn run(app: App, mut left: watch::Receiver<bool>) {
    if !app.config.is_coordinator() {
        return;
    }
    let accepted = app
        .db
        .read(|conn| Ok::<_, Refusal>(store::all_accepted(conn)?));
    if let Err(error) = accepted.await.and_then(|all| settle_in_all(&app, &all)) {
        tracing::error!(%error, "an accepted report could not be put into the archive");
    }
    let mut under_way = JoinSet::new();
    loop {
        app.errands.begin(Errand::Reports, app.clock.now_us());
        begin(&app, &mut under_way).await;
        while under_way.try_join_next().is_some() {}
        if errands::rest(&app, Errand::Reports, LOOK_EVERY, &mut left).await == Rest::Left {
            return;
        }
    }
}

/// Deals with every offer that may be looked at now, and returns when all of them were.
pub async fn pass(app: &App) {
    let mut under_way = JoinSet::new();
    begin(app, &mut under_way).await;
    while under_way.join_next().await.is_some() {}
}

/// Begins with the offers that may be looked at now: those of a node one after the other, those of
/// several nodes side by side, so that one whose line is slow does not keep the others waiting.
async fn begin(app: &App, under_way: &mut JoinSet<()>) {
    let now = app.clock.now_us();
    let offers = app
        .db
        .read(move |conn| Ok::<_, Refusal>(store::offers(conn, now)?));
    let mut by_node: BTreeMap<String, Vec<ReceivedReport>> = BTreeMap::new();
    match offers.await {
        Ok(offers) => {
            for offer in offers {
                by_node
                    .entry(offer.node_id.clone())
                    .or_default()
                    .push(offer);
            }
        }
        Err(error) => {
            tracing::error!(%error, "cannot look for offered reports");
            app.errands
                .failed(Errand::Reports, app.clock.now_us(), &error);
        }
    }
    for (node, offers) in by_node {
        if let Some(looking) = Looking::at(app, node) {
            under_way.spawn(async move {
                for offer in offers {
                    deal_with(&looking.app, offer).await;
                }
            });
        }
    }
}

/// Somebody looks at the reports of a node; nobody else does meanwhile.
struct Looking {
    app: App,
    node: String,
}

impl Looking {
    /// Nothing when the node's reports are being looked at, or those of many others.
    fn at(app: &App, node: String) -> Option<Self> {
        let mut looked_at = app.turns.looked_at();
        let free = looked_at.len() < AT_ONCE && looked_at.insert(node.clone());
        drop(looked_at);
        free.then(|| Looking {
            app: app.clone(),
            node,
        })
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        self.app.turns.looked_at().remove(&self.node);
    }
}

/// Why an offer is not answered yet, or refused for good.
enum Trouble {
    /// Its node, the network or the disk; to be tried again.
    Later(String),
    /// The report itself.
    Refused(String),
}

impl From<Refusal> for Trouble {
    fn from(error: Refusal) -> Self {
        Trouble::Later(error.to_string())
    }
}

impl From<FetchRefused> for Trouble {
    fn from(error: FetchRefused) -> Self {
        Trouble::Later(error.to_string())
    }
}

async fn deal_with(app: &App, offer: ReceivedReport) {
    let id = offer.id.clone();
    let checked = check(app, &offer).await;
    // One at a time finds its place in the archive, is answered and moves there.
    let _turn = app.turns.arrivals.lock().await;
    let outcome = match checked {
        Ok(()) => accept(app, offer).await,
        Err(Trouble::Refused(reason)) => refuse(app, offer, reason).await,
        Err(Trouble::Later(reason)) => {
            tracing::info!(report = %id, %reason, "report to be fetched again");
            let wait = peers::wait_us(offer.attempts, &app.clock);
            let next = app.clock.now_us().saturating_add(wait);
            app.db
                .write(move |conn| Ok(store::try_later(conn, &offer.id, next)?))
                .await
        }
    };
    if let Err(error) = outcome {
        tracing::error!(report = %id, %error, "the answer to a report could not be kept");
    }
}

/// Where the files of a report arrive before it is accepted.
fn arriving(node: &Node, report: &ReceivedReport) -> PathBuf {
    node.config
        .dir
        .join("archive")
        .join(&report.period)
        .join("arriving")
        .join(Sha256Digest::of(report.id.as_bytes()).hex())
}

/// Fetches and checks; what arrived is on the disk for good.
async fn check(app: &App, offer: &ReceivedReport) -> Result<(), Trouble> {
    let (manifest, document) = PlayReport::parse(offer.manifest.as_bytes())
        .map_err(|e| Trouble::Refused(e.to_string()))?;
    let period = manifest.period;
    let known = before(app, &manifest, offer).await?;
    let arriving = arriving(app, offer);
    let folder = ReportFolder::named(&arriving, "");
    folder
        .write_manifest(&document)
        .map_err(|e| Trouble::Later(e.to_string()))?;
    for (name, table) in tables(&manifest) {
        let Some(table) = table else {
            return Err(Trouble::Refused(format!(
                "report.json: it does not name its {name}"
            )));
        };
        bring(app, offer, table, &arriving.join(name)).await?;
    }
    let tracks = folder
        .tracks()
        .map_err(|e| Trouble::Refused(e.to_string()))?;
    let works = works_of(app, offer, &tracks).await?;

    let checked = folder.clone();
    let verdict = tokio::task::spawn_blocking(move || {
        let arrival = Arrival {
            verification_method: &known.key_id,
            key: &known.key,
            policy: &known.policy,
            period,
            with_lines: true,
            known_work: &|id| works.get(id).cloned(),
            seats: &|_| None,
            previous: &known.previous,
        };
        arrive(&checked, &arrival).map(drop)
    })
    .await
    .map_err(|e| Trouble::Later(e.to_string()))?;
    match verdict {
        // A receipt must not be lost to a power cut that takes the names of the files with it.
        Ok(()) => Ok(files::sync_folder(&arriving)?),
        Err(refused) => {
            let _ = fs::remove_dir_all(&arriving);
            Err(Trouble::Refused(refused.to_string()))
        }
    }
}

/// Writes the receipt of a checked report, unless the month was settled while it was looked at, and
/// puts it into its place in the archive.
async fn accept(app: &App, offer: ReceivedReport) -> Result<(), Refusal> {
    let node = app.clone();
    let accepted = app
        .db
        .write(move |conn| {
            let (manifest, _) =
                PlayReport::parse(offer.manifest.as_bytes()).map_err(Refusal::broken)?;
            let period = manifest.period;
            if reports::store::settlement_of(conn, period)?.is_some() {
                let reason = too_late(period);
                tracing::warn!(report = %offer.id, %reason, "report refused");
                answer(conn, &node, &offer, Err(&reason))?;
                let _ = fs::remove_dir_all(arriving(&node, &offer));
                return Ok(None);
            }
            let all = store::received_for(conn, period)?;
            let name = name_of(conn, &node, &offer)?;
            let name = folder_name(&name, &offer.node_id, period, &all);
            let folder = format!("{}/reports/{name}", archive(period));
            answer(conn, &node, &offer, Ok(&folder))?;
            store::received(conn, &offer.id).map_err(Refusal::from)
        })
        .await?;
    match accepted {
        Some(report) => settle_in(app, &report),
        None => Ok(()),
    }
}

async fn refuse(app: &App, offer: ReceivedReport, reason: String) -> Result<(), Refusal> {
    tracing::warn!(report = %offer.id, %reason, "report refused");
    let node = app.clone();
    app.db
        .write(move |conn| answer(conn, &node, &offer, Err(&reason)))
        .await
}

fn too_late(period: Period) -> String {
    format!("{period} is settled; what it lacks goes into a later month as an adjustment")
}

/// What the node that offers a report is called here.
fn name_of(conn: &mut Conn, node: &Node, offer: &ReceivedReport) -> Result<String, Refusal> {
    if offer.node_id == node.config.actor().as_str() {
        return Ok(Peer::ourselves(node).name);
    }
    let peer = peers::store::peer(conn, &offer.origin)?;
    Ok(peer.map(|peer| peer.name).unwrap_or_default())
}

/// What is known before a report is looked at.
struct Before {
    key_id: String,
    key: Ed25519Public,
    policy: PolicyFile,
    previous: Vec<PreviousReport>,
}

async fn before(
    app: &App,
    manifest: &PlayReport,
    offer: &ReceivedReport,
) -> Result<Before, Trouble> {
    let (node, offer, period) = (app.clone(), offer.clone(), manifest.period);
    let (found, settled) = app
        .db
        .read(move |conn| {
            let settled = reports::store::settlement_of(conn, period)?.is_some();
            Ok::<_, Refusal>((look_up(conn, &node, &offer, period)?, settled))
        })
        .await?;
    if settled {
        return Err(Trouble::Refused(too_late(period)));
    }
    let (key_id, key, others) = found?;
    let policy = policy::own_policy(app)?;
    in_season(app, manifest, &policy).map_err(Trouble::Refused)?;
    let mut previous = Vec::new();
    for other in others.iter().filter(|other| other.state == "accepted") {
        previous.push(PreviousReport {
            id: Uri::parse(&other.id).map_err(|e| Trouble::Later(e.to_string()))?,
            sequence: u64::try_from(other.sequence).unwrap_or(0),
            digest: other
                .manifest_digest
                .parse()
                .map_err(|_| Trouble::Later("a digest".into()))?,
        });
    }
    tracing::debug!(%period, manifest.sequence, "a report is looked at");
    Ok(Before {
        key_id,
        key,
        policy,
        previous,
    })
}

/// Whether the month is over, and its money can be settled with the others': where the policy names
/// no currency to convert to, one report in another would keep all from being settled.
fn in_season(node: &Node, manifest: &PlayReport, policy: &PolicyFile) -> Result<(), String> {
    let period = manifest.period;
    let (_, ends) = reports::bounds(node, period);
    if node.clock.now_us() < ends.saturating_sub(ZONES_APART) {
        return Err(format!("{period} is not over; close it when it is"));
    }
    let ours = node.config.currency;
    if policy.policy().currency.is_none() && manifest.currency != ours {
        return Err(format!(
            "it is in {}; this network settles in {ours}, and its policy names no currency to convert to",
            manifest.currency
        ));
    }
    Ok(())
}

type Found = Result<(String, Ed25519Public, Vec<ReceivedReport>), Trouble>;

fn look_up(
    conn: &mut Conn,
    node: &Node,
    offer: &ReceivedReport,
    period: Period,
) -> Result<Found, Refusal> {
    let all = store::received_for(conn, period)?;
    let own = offer.node_id == node.config.actor().as_str();
    let peer = if own {
        Peer::ourselves(node)
    } else {
        let Some(peer) = peers::store::peer(conn, &offer.origin)? else {
            return Ok(Err(Trouble::Later(format!(
                "{} is no peer any more",
                offer.origin
            ))));
        };
        peer
    };
    let manifest = serde_json::from_str(&offer.manifest).map_err(Refusal::broken)?;
    let (key_id, key) = match peers::keys::key_of(conn, node, &peer, &manifest) {
        Ok(found) => found,
        Err(NotProven::Db(error)) => return Err(error.into()),
        Err(later @ NotProven::UnknownKey { later: true, .. }) => {
            return Ok(Err(Trouble::Later(later.to_string())));
        }
        Err(refused) => return Ok(Err(Trouble::Refused(refused.to_string()))),
    };
    let others = all
        .into_iter()
        .filter(|r| r.node_id == offer.node_id && r.id != offer.id);
    Ok(Ok((key_id, key, others.collect())))
}

/// A node's folder in the archive of a month: its name in plain letters, told apart from another
/// node's of that name by its host.
fn folder_name(name: &str, node_id: &str, period: Period, all: &[ReceivedReport]) -> String {
    let taken = |candidate: &str| {
        let folder = format!("{}/reports/{candidate}", archive(period));
        all.iter()
            .any(|r| r.node_id != node_id && r.folder.as_deref() == Some(&folder))
    };
    let plain = names::slug(name, "node");
    if !taken(&plain) {
        return plain;
    }
    let host = node_id.split('/').nth(2).unwrap_or("node");
    format!("{plain}-{}", names::slug(host, "node"))
}

fn tables(manifest: &PlayReport) -> [(&'static str, Option<&FileReference>); 3] {
    [
        (ReportFolder::LINES, manifest.lines.as_ref()),
        (ReportFolder::TRACKS, manifest.tracks.as_ref()),
        (ReportFolder::REDUCTION, manifest.reduction.as_ref()),
    ]
}

/// Brings one table here: from the node that offered it, by signed request; or from our own folder.
async fn bring(
    app: &App,
    offer: &ReceivedReport,
    table: &FileReference,
    to: &Path,
) -> Result<(), Trouble> {
    if offer.node_id == app.config.actor().as_str() {
        let name = to.file_name().unwrap_or_default();
        let folder = format!("reports/{}/{}", offer.period, offer.sequence);
        let from = app.config.dir.join(folder).join(name);
        fs::copy(&from, to).map_err(|e| Trouble::Later(format!("{}: {e}", from.display())))?;
        return Ok(());
    }
    let href = Uri::parse(&table.href)
        .map_err(|e| Trouble::Refused(format!("report.json: the address of a table: {e}")))?;
    if href.origin() != offer.origin {
        return Err(Trouble::Refused(format!(
            "report.json: {href} is not at the node's own origin"
        )));
    }
    let Some(digest) = table.digest else {
        return Err(Trouble::Refused(
            "report.json: a table without a digest".into(),
        ));
    };
    // Fetched before the network broke: it is there whole, with this digest, or not at all.
    if to.exists() {
        return Ok(());
    }
    let limit = table.size.unwrap_or(0).min(TABLE_LIMIT);
    match fetch::to_file(app, href.as_str(), limit, Some(digest), to).await {
        Ok(_) => Ok(()),
        Err(error @ (FetchRefused::OtherBytes { .. } | FetchRefused::TooLarge { .. })) => {
            Err(Trouble::Refused(error.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

/// The works of a report as their own nodes describe them. One that was never heard of may be on
/// its way here: the report waits a while for it, and is then refused by that work's name.
async fn works_of(
    app: &App,
    offer: &ReceivedReport,
    tracks: &[Track],
) -> Result<BTreeMap<WorkId, Track>, Trouble> {
    let ids: Vec<WorkId> = tracks.iter().map(|track| track.id.clone()).collect();
    let known = known_works(app, ids).await?;
    let missing = tracks.iter().find(|track| !known.contains_key(&track.id));
    match missing {
        Some(track) if offer.attempts < WAITS_FOR_WORKS => Err(Trouble::Later(format!(
            "the work {} is not known here yet",
            track.id
        ))),
        _ => Ok(known),
    }
}

async fn known_works(app: &App, ids: Vec<WorkId>) -> Result<BTreeMap<WorkId, Track>, Refusal> {
    app.db
        .read(move |conn| {
            let works = catalogue::store::works(conn, &ids)?;
            let track = |work: catalogue::Work| {
                let id = work.id.clone();
                (
                    id,
                    Track {
                        id: work.id,
                        isrc: work.isrc,
                        kind: work.kind,
                        home: work.territory,
                    },
                )
            };
            Ok(works.into_iter().map(track).collect())
        })
        .await
}

/// Moves the accepted reports of a month into their places, where a power cut came between the
/// receipt and the move. In the order they were numbered: the last of a node is in force.
///
/// # Errors
/// When the disk does not do as asked.
pub fn settle_in_all(node: &Node, reports: &[ReceivedReport]) -> Result<(), Refusal> {
    for report in reports {
        settle_in(node, report)?;
    }
    Ok(())
}

/// Moves an accepted report into its place; one it replaces is kept beside. Nothing, when it lies
/// there already.
fn settle_in(node: &Node, report: &ReceivedReport) -> Result<(), Refusal> {
    let Some(folder) = report.folder.as_deref() else {
        return Ok(());
    };
    let arrived = arriving(node, report);
    if !arrived.exists() {
        return Ok(());
    }
    let place = node.config.dir.join(folder);
    let moved = || -> std::io::Result<()> {
        let reports = place.parent().unwrap_or(&place);
        fs::create_dir_all(reports)?;
        // The node and a command that settles may both be at it: the second finds it done.
        let lock = fs::File::create(node.config.dir.join("archive").join(".moving"))?;
        lock.lock()?;
        if !arrived.exists() {
            return Ok(());
        }
        if place.exists() {
            let replaced = reports.with_file_name("replaced");
            fs::create_dir_all(&replaced)?;
            let name = place.file_name().unwrap_or_default().to_string_lossy();
            let beside = (1..u32::MAX)
                .map(|number| replaced.join(format!("{name}.replaced-{number}")))
                .find(|beside| !beside.exists())
                .ok_or(std::io::ErrorKind::AlreadyExists)?;
            fs::rename(&place, beside)?;
        }
        fs::rename(&arrived, &place)?;
        fs::File::open(reports)?.sync_all()
    };
    moved().map_err(|e| files::refused(&place, e))
}

/// Takes back what was accepted for a month from nodes that this one no longer speaks with, so that
/// it can be settled without them. Their reports are kept beside the archive's.
///
/// # Errors
/// When the disk or the database does not do as asked.
pub fn leave_out_blocked(node: &Node, period: Period) -> Result<(), Refusal> {
    node.db.write_now(|conn| {
        if reports::store::settlement_of(conn, period)?.is_some() {
            return Ok(());
        }
        let blocked = Blocklist::read(conn, &Rules::of(&node.config))?;
        for report in store::received_for(conn, period)? {
            let own = report.node_id == node.config.actor().as_str();
            if report.state != "accepted" || own || !blocked.holds_origin(&report.origin) {
                continue;
            }
            let from = report
                .folder
                .as_deref()
                .map(|name| node.config.dir.join(name));
            if let Some(from) = from.filter(|from| from.exists()) {
                let beside = node.config.dir.join(archive(period)).join("left-out");
                let to = beside.join(Sha256Digest::of(report.id.as_bytes()).hex());
                fs::create_dir_all(&beside)
                    .and_then(|()| fs::rename(&from, &to))
                    .map_err(|e| files::refused(&from, e))?;
            }
            let reason = "this coordinator no longer speaks with its node";
            tracing::warn!(report = %report.id, reason, "report left out");
            answer(conn, node, &report, Err(reason))?;
        }
        Ok(())
    })
}

/// Writes the signed answer, and says it.
fn answer(
    conn: &mut Conn,
    node: &Node,
    offer: &ReceivedReport,
    verdict: Result<&str, &str>,
) -> Result<(), Refusal> {
    let document = signed_answer(node, offer, verdict.err())?;
    let now = node.clock.now_us();
    store::answer(conn, &offer.id, verdict.ok(), &document, verdict.err(), now)?;
    match store::received(conn, &offer.id)? {
        Some(answered) => inbox::say_answer(conn, node, &answered),
        None => Err(Refusal::Missing),
    }
}

fn signed_answer(
    node: &Node,
    offer: &ReceivedReport,
    reason: Option<&str>,
) -> Result<String, Refusal> {
    let broken = |e: settlement::Malformed| Refusal::broken(e);
    let object = offer.id.split('#').next().unwrap_or(&offer.id);
    let object = Uri::parse(object).map_err(broken)?;
    let id = Uri::parse(
        &node
            .config
            .uri(&format!("/receipts/{}", node.clock.fresh_id())),
    )
    .map_err(broken)?;
    let digest: Sha256Digest = offer.manifest_digest.parse().map_err(Refusal::broken)?;
    let now = Timestamp::parse(&node.clock.now_text()).map_err(broken)?;
    let attributed_to = node.config.actor();
    let document = match reason {
        None => PlayReportReceipt {
            id,
            object_type: Default::default(),
            attributed_to,
            object,
            digest,
            received: now,
        }
        .to_document(),
        Some(reason) => PlayReportRefusal {
            id,
            object_type: Default::default(),
            attributed_to,
            object,
            digest,
            reason: reason.to_owned(),
            published: now,
        }
        .to_document(),
    };
    Ok(node.sign(document)?.to_string())
}
