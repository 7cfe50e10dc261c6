//! A settlement is fetched and made again from the reductions of all nodes. What this node finds
//! goes back to the coordinator, signed: the same to the last byte, or an objection that names the
//! first thing that differs. Only then are statements shown.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use federation::audit::{AuditOptions, layout, verify_folder};
use federation::countersignature::{Countersignature, Finding};
use federation::digest::Sha256Digest;
use federation::policy::PolicyFile;
use federation::report::ReportFolder;
use federation::settlement_document::{SETTLEMENT_FILE, SETTLEMENT_LIMIT, SettlementDocument};
use federation::settling::{self, NamedFile, Sources};
use federation::splits::{PublishedSplitSheet, SplitsFile};
use serde_json::json;
use settlement::{NodeId, Period, Timestamp, Uri};
use tokio::sync::watch;

use super::store::{self, KnownSettlement};
use super::{PeriodState, set_period_state};
use crate::coordinator::store::{Statements, keep_statements};
use crate::coordinator::{archive, statements};
use crate::db::Conn;
use crate::errands::{self, Errand, Rest};
use crate::peers::{self, Peer, To, fetch};
use crate::web::{App, Refusal};
use crate::{Node, catalogue, files};

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The largest file of a settlement that is fetched, in bytes.
const FILE_LIMIT: u64 = 4 << 30;

/// The errand: looks for announced settlements and deals with them, until `left` says that the
/// house is being left.
pub async fn run(app: App, mut left: watch::Receiver<bool>) {
    loop {
        app.errands.begin(Errand::Settlements, app.clock.now_us());
        pass(&app).await;
        if errands::rest(&app, Errand::Settlements, LOOK_EVERY, &mut left).await == Rest::Left {
            return;
        }
    }
}

/// Recomputes every announced settlement that may be looked at now, one after the other.
pub async fn pass(app: &App) {
    let _turn = app.turns.recomputing.lock().await;
    let now = app.clock.now_us();
    let announced = app
        .db
        .read(move |conn| Ok::<_, Refusal>(store::settlements_to_recompute(conn, now)?));
    match announced.await {
        Ok(announced) => {
            for settlement in announced {
                deal_with(app, settlement).await;
            }
        }
        Err(error) => {
            tracing::error!(%error, "cannot look for settlements");
            app.errands
                .failed(Errand::Settlements, app.clock.now_us(), &error);
        }
    }
}

async fn deal_with(app: &App, known: KnownSettlement) {
    let id = known.id.clone();
    let outcome = match recompute(app, &known).await {
        Ok(found) => answer(app, known, found).await,
        Err(reason) => {
            tracing::info!(settlement = %id, %reason, "to be fetched again");
            app.errands
                .failed(Errand::Settlements, app.clock.now_us(), &reason);
            let wait = peers::wait_us(known.attempts, &app.clock);
            let next = app.clock.now_us().saturating_add(wait);
            app.db
                .write(move |conn| Ok(store::try_settlement_later(conn, &known.id, next)?))
                .await
        }
    };
    if let Err(error) = outcome {
        tracing::error!(settlement = %id, %error, "the answer to a settlement could not be kept");
    }
}

/// What came of recomputing.
struct Found {
    document: String,
    folder: String,
    /// The rows for statements, or what differs.
    verdict: Result<Statements, String>,
}

/// Fetches everything into a folder of its own, audits it, and moves it into the archive. What was
/// fetched before the network broke is not fetched again.
///
/// An error is a matter of the network or the disk; what the settlement says wrong is a finding.
async fn recompute(app: &App, known: &KnownSettlement) -> Result<Found, Refusal> {
    let period = Period::parse(&known.period).map_err(Refusal::broken)?;
    let digest: Sha256Digest = known.digest.parse().map_err(Refusal::broken)?;
    let name = format!("recomputing-{}", digest.hex());
    let arriving = app.config.dir.join(archive(period)).join(name);
    let place = arriving.join(layout::SETTLEMENT);
    fs::create_dir_all(&place).map_err(|e| files::refused(&place, e))?;
    let limit = SETTLEMENT_LIMIT as u64;
    let json = place.join(SETTLEMENT_FILE);
    if !json.exists() {
        let url = format!("{}/settlement.json", known.id);
        fetch::to_file(app, &url, limit, Some(digest), &json)
            .await
            .map_err(Refusal::broken)?;
    }
    let bytes = fs::read(&json).map_err(|e| files::refused(&json, e))?;
    let document = String::from_utf8(bytes).map_err(Refusal::broken)?;
    let folder = archive(period);
    let parsed = match SettlementDocument::parse(document.as_bytes()) {
        Ok((parsed, _)) => parsed,
        Err(error) => {
            return Ok(Found {
                document,
                folder,
                verdict: Err(error.to_string()),
            });
        }
    };
    bring(app, known, &parsed, &arriving).await?;

    let (node, known, at) = (app.clone(), known.clone(), arriving.clone());
    let examined =
        tokio::task::spawn_blocking(move || examine(&node, &known, period, &parsed, &at))
            .await
            .map_err(Refusal::broken)
            .and_then(|examined| examined);
    let verdict = match examined {
        Ok(verdict) => verdict,
        Err(error) => {
            // Whatever cannot even be examined is fetched anew.
            let _ = fs::remove_dir_all(&arriving);
            return Err(error);
        }
    };
    keep(&app.config.dir.join(&folder), &arriving)?;
    Ok(Found {
        document,
        folder,
        verdict,
    })
}

/// Brings the files that a settlement names. Our own report is taken from our own folder, lines
/// and all; no other node's lines are ever asked for.
async fn bring(
    app: &App,
    known: &KnownSettlement,
    parsed: &SettlementDocument,
    to: &Path,
) -> Result<(), Refusal> {
    let inputs = &parsed.inputs;
    let mut wanted = vec![layout::POLICY.to_owned(), layout::SPLITS.to_owned()];
    for (name, digest) in [
        (layout::RATES, inputs.rates),
        (layout::BALANCES, inputs.balances),
        (layout::ADJUSTMENTS, inputs.adjustments),
        (layout::DISPUTES, inputs.disputes),
    ] {
        wanted.extend(digest.map(|_| name.to_owned()));
    }
    for name in ["allocations.csv", "parties.csv", "nodes.csv", "held.csv"] {
        wanted.push(format!("{}/{name}", layout::SETTLEMENT));
    }
    for name in wanted {
        fetch_file(app, known, &name, None, &to.join(&name)).await?;
    }
    let own = app.config.actor();
    for (number, report) in inputs.reports.iter().enumerate() {
        let place = to.join(layout::REPORTS).join(number.to_string());
        fs::create_dir_all(&place).map_err(|e| files::refused(&place, e))?;
        if report.node == own {
            copy_own(app, known, report.sequence, &place)?;
            continue;
        }
        let name = format!("reports/by-digest/{}", report.digest.hex());
        for file in [
            ReportFolder::MANIFEST,
            ReportFolder::TRACKS,
            ReportFolder::REDUCTION,
        ] {
            let digest = (file == ReportFolder::MANIFEST).then_some(report.digest);
            fetch_file(
                app,
                known,
                &format!("{name}/{file}"),
                digest,
                &place.join(file),
            )
            .await?;
        }
    }
    Ok(())
}

async fn fetch_file(
    app: &App,
    known: &KnownSettlement,
    name: &str,
    digest: Option<Sha256Digest>,
    to: &Path,
) -> Result<(), Refusal> {
    // A file is there whole or not at all.
    if to.exists() {
        return Ok(());
    }
    let url = format!("{}/files/{name}", known.id);
    fetch::to_file(app, &url, FILE_LIMIT, digest, to)
        .await
        .map_err(Refusal::broken)?;
    Ok(())
}

fn copy_own(app: &App, known: &KnownSettlement, sequence: u64, to: &Path) -> Result<(), Refusal> {
    let from = app
        .config
        .dir
        .join(format!("reports/{}/{sequence}", known.period));
    for file in [
        ReportFolder::MANIFEST,
        ReportFolder::LINES,
        ReportFolder::TRACKS,
        ReportFolder::REDUCTION,
    ] {
        let source = from.join(file);
        fs::copy(&source, to.join(file)).map_err(|e| files::refused(&source, e))?;
    }
    Ok(())
}

/// Makes the settlement again, and holds it against what this node knows for itself.
fn examine(
    node: &Node,
    known: &KnownSettlement,
    period: Period,
    parsed: &SettlementDocument,
    folder: &Path,
) -> Result<Result<Statements, String>, Refusal> {
    let coordinator = NodeId::parse(&known.coordinator_id).map_err(Refusal::broken)?;
    if parsed.coordinator.as_ref() != Some(&coordinator) || parsed.period != period {
        return Ok(Err(
            "settlement.json: it is of another coordinator or another month".to_owned(),
        ));
    }
    let mut options = AuditOptions::default();
    let own = node.db.read_now(|conn| {
        let mut known = peers::store::peers(conn)?;
        known.push(Peer::ourselves(node));
        for peer in known.into_iter().filter(|peer| peer.ed25519.is_some()) {
            let keys = peers::keys::all_of(conn, &peer)?;
            options.known_keys.insert(peer.actor_id, keys);
        }
        Ok::<_, Refusal>(store::in_force(conn, period)?)
    })?;
    let verified = match verify_folder(folder, &options) {
        Ok(verified) => verified,
        Err(differs) => return Ok(Err(differs.to_string())),
    };
    if let Some(own) = own
        && !verified
            .document
            .inputs
            .reports
            .iter()
            .any(|r| r.digest.to_string() == own.manifest_digest)
    {
        return Ok(Err(
            "reports: our own report in force is not among them".to_owned()
        ));
    }
    if let Some(objection) = our_sheets_stand(node, folder)? {
        return Ok(Err(objection));
    }
    let read = settling::read(&sources(folder, parsed)?).map_err(Refusal::broken)?;
    let rows = statements::rows(
        &known.id,
        &node.config.actor(),
        &read.inputs,
        &verified.settlement,
    )?;
    Ok(Ok(rows))
}

/// Every split sheet of a work of ours must be one we logged, word for word.
fn our_sheets_stand(node: &Node, folder: &Path) -> Result<Option<String>, Refusal> {
    let file =
        SplitsFile::read(&folder.join(layout::SPLITS), layout::SPLITS).map_err(Refusal::broken)?;
    let base = node.config.base();
    node.db.read_now(|conn| {
        for sheet in file
            .sheets
            .iter()
            .filter(|sheet| sheet.work().origin() == base)
        {
            let day = sheet.valid_from();
            let kept = catalogue::store::sheet_from(conn, sheet.work(), day)?;
            let ours = kept.map(|kept| serde_json::from_str::<PublishedSplitSheet>(&kept.document));
            let ours = ours.transpose().map_err(Refusal::broken)?;
            if ours.as_ref().map(|ours| &ours.sheet) != Some(sheet) {
                return Ok(Some(format!(
                    "{}: the sheet of {} from {day} is not the one its node logged",
                    layout::SPLITS,
                    sheet.work()
                )));
            }
        }
        Ok(None)
    })
}

fn sources(folder: &Path, parsed: &SettlementDocument) -> Result<Sources, Refusal> {
    let named = |name: &str| NamedFile {
        path: folder.join(name),
        name: name.to_owned(),
    };
    let policy =
        PolicyFile::read(&folder.join(layout::POLICY), layout::POLICY).map_err(Refusal::broken)?;
    let reports = (0..parsed.inputs.reports.len())
        .map(|number| ReportFolder::at(folder.join(layout::REPORTS).join(number.to_string())))
        .collect();
    Ok(Sources {
        reports,
        splits: named(layout::SPLITS),
        policy,
        coordinator: parsed.coordinator.clone(),
        rates: parsed.inputs.rates.map(|_| named(layout::RATES)),
        balances: parsed.inputs.balances.map(|_| named(layout::BALANCES)),
        adjustments: parsed
            .inputs
            .adjustments
            .map(|_| named(layout::ADJUSTMENTS)),
        disputes: parsed.inputs.disputes.map(|_| named(layout::DISPUTES)),
    })
}

/// Puts what was examined into the archive, in place of an earlier attempt.
fn keep(folder: &Path, arriving: &Path) -> Result<(), Refusal> {
    let entries = fs::read_dir(arriving).map_err(|e| files::refused(arriving, e))?;
    let paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    for path in paths {
        let target = folder.join(path.file_name().unwrap_or_default());
        let moved = || -> std::io::Result<()> {
            if target.is_dir() {
                fs::remove_dir_all(&target)?;
            }
            fs::rename(&path, &target)
        };
        moved().map_err(|e| files::refused(&target, e))?;
    }
    let _ = fs::remove_dir(arriving);
    files::sync_folder(folder)
}

/// Keeps what was found and says it to the coordinator, in one transaction.
async fn answer(app: &App, known: KnownSettlement, found: Found) -> Result<(), Refusal> {
    let node = app.clone();
    app.db
        .write(move |conn| {
            let period = Period::parse(&known.period).map_err(Refusal::broken)?;
            let now = node.clock.now_us();
            let objection = found.verdict.as_ref().err().map(String::as_str);
            store::settlement_answered(
                conn,
                &known.id,
                &found.document,
                &found.folder,
                objection,
                now,
            )?;
            match &found.verdict {
                Ok(rows) => {
                    keep_statements(conn, &known.id, rows)?;
                    set_period_state(conn, period, PeriodState::Settled, now)?;
                }
                Err(reason) => tracing::warn!(settlement = %known.id, %reason, "this node objects"),
            }
            say_answer(conn, &node, &known, objection)
        })
        .await
}

/// Says to the coordinator what this node found, signed.
pub(super) fn say_answer(
    conn: &mut Conn,
    node: &Node,
    known: &KnownSettlement,
    objection: Option<&str>,
) -> Result<(), Refusal> {
    let document = countersignature(node, known, objection)?;
    let coordinator = NodeId::parse(&known.coordinator_id).map_err(Refusal::broken)?;
    let activity = json!({ "type": "Create", "object": document, "to": [coordinator.as_str()] });
    let to = To::Peer(coordinator.origin().to_owned());
    peers::say(conn, node, activity, to, true)?;
    Ok(())
}

fn countersignature(
    node: &Node,
    known: &KnownSettlement,
    objection: Option<&str>,
) -> Result<serde_json::Value, Refusal> {
    let id = node
        .config
        .uri(&format!("/countersignatures/{}", known.period));
    let word = Countersignature {
        id: Uri::parse(&id).map_err(Refusal::broken)?,
        object_type: Default::default(),
        attributed_to: node.config.actor(),
        object: Uri::parse(&known.id).map_err(Refusal::broken)?,
        digest: known.digest.parse().map_err(Refusal::broken)?,
        finding: match objection {
            None => Finding::Agreed,
            Some(reason) => Finding::Objected(reason.to_owned()),
        },
        published: Timestamp::parse(&node.clock.now_text()).map_err(Refusal::broken)?,
    };
    node.sign(word.to_document())
}
