//! A month's end: nodes close, report and settle, and come to the same.

use std::fs;
use std::path::Path;

use axum::http::StatusCode;
use diesel::prelude::*;
use federation::audit::{AuditOptions, verify_folder};
use node::catalogue::import::{self, ImportOptions};
use node::config::{Coordinator, base_url};
use node::coordinator::{self, SettleWith, arrivals};
use node::db::{Conn, DbError};
use node::peers::{self, deliver, inbox};
use node::reports::{self, PeriodState, recompute, remind};
use node::venues::Venue;
use serde_json::Value;
use settlement::{Currency, Micros, Period, WorkId};

use crate::catalogue::sounds;
use crate::peers::settle as come_to_rest;
use crate::world::{Host, World, play};

pub fn october() -> Period {
    Period::parse("2026-10").unwrap()
}

/// Three nodes that follow each other, on the first of October: two with a song and a library
/// each, and the one that settles.
pub struct Network {
    pub world: World,
    pub coordination: Host,
    pub loire: Host,
    pub wallonie: Host,
    song_of_loire: WorkId,
    song_of_wallonie: WorkId,
    library: Venue,
    bibliotheque: Venue,
}

impl Network {
    async fn new() -> Self {
        let world = World::new();
        world.turn_to("2026-10-01T08:00:00Z");
        let coordination = world.coordinator("coordination", "FR").await;
        let loire = world.node("loire", "FR-ARA").await;
        let wallonie = world.node("wallonie", "BE-WAL").await;
        // What happens here happens by hand: no errand comes between at a moment of its own.
        for host in [&coordination, &loire, &wallonie] {
            host.by_hand().await;
        }
        Network::among(world, coordination, loire, wallonie).await
    }

    /// The same among these nodes.
    pub async fn among(world: World, coordination: Host, loire: Host, wallonie: Host) -> Self {
        for (from, to) in [
            (&loire, &wallonie),
            (&loire, &coordination),
            (&wallonie, &coordination),
        ] {
            peers::add(&from.app, &to.base()).await.unwrap();
        }
        come_to_rest(&[&coordination, &loire, &wallonie]).await;
        let song_of_loire = song(&loire, "Le Gier", 440);
        let song_of_wallonie = song(&wallonie, "La Meuse", 330);
        come_to_rest(&[&coordination, &loire, &wallonie]).await;
        coordinator::learn_once(&loire.app).await.unwrap();
        coordinator::learn_once(&wallonie.app).await.unwrap();
        let library = loire.venue("Médiathèque", 120_000, 20);
        let bibliotheque = wallonie.venue("Bibliothèque", 60_000, 20);
        Network {
            world,
            coordination,
            loire,
            wallonie,
            song_of_loire,
            song_of_wallonie,
            library,
            bibliotheque,
        }
    }

    /// Six members of each library hear the song from here once, and half of them the other too.
    pub async fn listen(&self) {
        let places = [
            (
                &self.loire,
                &self.library,
                &self.song_of_loire,
                &self.song_of_wallonie,
            ),
            (
                &self.wallonie,
                &self.bibliotheque,
                &self.song_of_wallonie,
                &self.song_of_loire,
            ),
        ];
        let mut posts = Vec::new();
        for (host, venue, here, elsewhere) in places {
            for number in 0..6 {
                posts.push((number, host.post(venue).await, here, elsewhere));
            }
        }
        self.world.turn_to("2026-11-01T08:00:00Z");
        for (number, post, here, elsewhere) in posts {
            let mut plays = vec![play("a", here, "2026-10-05T10:00:00Z", 2)];
            if number % 2 == 0 {
                plays.push(play("b", elsewhere, "2026-10-06T10:00:00Z", 2));
            }
            let answer = post.hand_in(&plays).await;
            assert_eq!(
                answer.json()["refused"],
                Value::Array(Vec::new()),
                "{}",
                answer.text
            );
        }
    }

    /// Every node does its errands until nothing is left to do.
    pub async fn errands(&self) {
        let all = [&self.coordination, &self.loire, &self.wallonie];
        for _ in 0..3 {
            come_to_rest(&all).await;
            arrivals::pass(&self.coordination.app).await;
            for host in all {
                recompute::pass(&host.app).await;
                remind::pass(&host.app).await;
            }
        }
        come_to_rest(&all).await;
    }

    pub async fn report(&self, host: &Host) {
        blocking(|| {
            reports::close(host, october()).unwrap();
            reports::send(host, october()).unwrap();
        });
        self.errands().await;
    }

    pub fn settle(&self) -> Result<coordinator::Settled, node::web::Refusal> {
        let policy = fs::read_to_string(self.coordination.dir.join("policy.toml")).unwrap();
        let with = SettleWith {
            policy,
            ..SettleWith::default()
        };
        blocking(|| coordinator::settle(&self.coordination, october(), &with))
    }
}

pub fn blocking<T>(act: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(act)
}

/// Imports a song of two seconds; its id.
/// A song of this node's, imported.
pub fn song(host: &Host, title: &str, hertz: u32) -> WorkId {
    use lofty::tag::ItemKey;
    let folder = host.dir.join("to-import");
    let artist = format!("Les voix de {}", host.config.name);
    let texts = [
        (ItemKey::TrackTitle, title),
        (ItemKey::TrackArtist, artist.as_str()),
    ];
    sounds::tagged(&folder, &format!("{hertz}.flac"), hertz, &texts);
    blocking(|| {
        let summary = import::run(host, &[folder], &ImportOptions::default(), &mut |_| {}).unwrap();
        assert_eq!(summary.refused, Vec::new());
        let found = host
            .db
            .read_now(|conn| Ok::<_, DbError>(crate::world::offered(conn, title)?))
            .unwrap();
        found[0].id.clone()
    })
}

pub fn state(host: &Host) -> (PeriodState, Option<String>) {
    let status = blocking(|| reports::status(host, october()).unwrap());
    (status.state, status.report.and_then(|report| report.reason))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_becomes_a_settlement_that_every_node_countersigns() {
    let network = Network::new().await;
    network.listen().await;
    network.report(&network.loire).await;
    network.report(&network.wallonie).await;
    assert_eq!(state(&network.loire), (PeriodState::Reported, None));

    let settled = network.settle().unwrap();
    network.errands().await;
    assert_eq!(state(&network.loire).0, PeriodState::Settled);
    assert_eq!(state(&network.wallonie).0, PeriodState::Settled);
    let answers = network
        .coordination
        .db
        .read_now(|conn| {
            Ok::<_, DbError>(coordinator::store::countersignatures(conn, &settled.id)?)
        })
        .unwrap();
    assert_eq!(answers.len(), 2);
    assert!(answers.iter().all(|answer| answer.agreed));

    // 1,200.00 and 600.00 a year: 150.00 in October, of which 55 % are the parties'.
    let totals = settled.settlement.totals();
    assert_eq!(totals.contributed, Micros::new(15_000 * 1_000_000));
    assert_eq!(totals.rights, Micros::new(8_250 * 1_000_000));
    assert_eq!(totals.earned, totals.rights);
    // A member who heard both songs gave each of them half.
    let loire = totals.rights.get() * 10_000 / 15_000;
    let earned: Vec<i128> = settled
        .settlement
        .parties()
        .iter()
        .map(|p| p.earned.get())
        .collect();
    assert_eq!(earned.iter().sum::<i128>(), totals.rights.get());
    assert!(
        earned
            .iter()
            .all(|sum| *sum > 0 && *sum < loire + totals.rights.get())
    );

    let audited = verify_folder(&settled.folder, &AuditOptions::default()).unwrap();
    assert_eq!((audited.from_lines, audited.from_reductions), (2, 0));
    let at_loire = network.loire.dir.join("archive/2026-10");
    let audited = verify_folder(&at_loire, &AuditOptions::default()).unwrap();
    assert_eq!((audited.from_lines, audited.from_reductions), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_change_in_the_middle_of_a_month_change_nothing_of_it() {
    let network = Network::new().await;
    network.listen().await;
    network.report(&network.loire).await;
    // A report is on its way, signed with the old key.
    blocking(|| {
        reports::close(&network.wallonie, october()).unwrap();
        reports::send(&network.wallonie, october()).unwrap();
        peers::keys::rotate(&network.wallonie).unwrap();
    });
    network.world.pass(600);
    network.errands().await;
    assert_eq!(state(&network.wallonie), (PeriodState::Reported, None));
    blocking(|| peers::keys::rotate(&network.loire).unwrap());
    blocking(|| peers::keys::rotate(&network.coordination).unwrap());
    network.world.pass(600);

    let settled = network.settle().unwrap();
    network.errands().await;
    let answers = network
        .coordination
        .db
        .read_now(|conn| {
            Ok::<_, DbError>(coordinator::store::countersignatures(conn, &settled.id)?)
        })
        .unwrap();
    let reasons: Vec<_> = answers.iter().map(|answer| &answer.reason).collect();
    assert_eq!(answers.len(), 2);
    assert!(answers.iter().all(|answer| answer.agreed), "{reasons:?}");
    assert_eq!(state(&network.loire).0, PeriodState::Settled);

    // Keys change once more: who knows only the new ones and their history verifies the month.
    blocking(|| peers::keys::rotate(&network.coordination).unwrap());
    let ourselves = peers::Peer::ourselves(&network.coordination);
    let known = network
        .coordination
        .db
        .read_now(|conn| Ok::<_, DbError>(peers::keys::all_of(conn, &ourselves)?))
        .unwrap();
    assert_eq!(known.len(), 3);
    let options = AuditOptions {
        known_keys: [(network.coordination.config.actor(), known)].into(),
    };
    assert!(verify_folder(&settled.folder, &options).is_ok());
    let newest = AuditOptions {
        known_keys: [(
            network.coordination.config.actor(),
            vec![network.coordination.keys().ed25519.public()],
        )]
        .into(),
    };
    assert!(verify_folder(&settled.folder, &newest).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_closed_once_and_not_before_it_is_over() {
    let network = Network::new().await;
    let early = blocking(|| reports::close(&network.loire, october()).unwrap_err());
    assert!(early.to_string().contains("not over"), "{early}");
    network.listen().await;
    blocking(|| reports::close(&network.loire, october()).unwrap());
    let twice = blocking(|| reports::close(&network.loire, october()).unwrap_err());
    assert!(twice.to_string().contains("closed already"), "{twice}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_changed_on_its_way_is_refused_with_the_file_and_the_reason() {
    let network = Network::new().await;
    network.listen().await;
    blocking(|| reports::close(&network.loire, october()).unwrap());
    flip_a_byte(
        &network
            .loire
            .dir
            .join("reports/2026-10/1/reduction.parquet"),
    );
    blocking(|| reports::send(&network.loire, october()).unwrap());
    network.errands().await;
    let (state, reason) = state(&network.loire);
    assert_eq!(state, PeriodState::Closed);
    assert!(reason.unwrap().contains("digest"));
    let none = network.settle().unwrap_err();
    assert!(none.to_string().contains("No report is accepted"), "{none}");
}

fn flip_a_byte(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_vanishes_after_its_offer_is_waited_for() {
    let network = Network::new().await;
    network.listen().await;
    blocking(|| reports::close(&network.loire, october()).unwrap());
    blocking(|| reports::send(&network.loire, october()).unwrap());
    come_to_rest(&[&network.loire, &network.coordination]).await;
    network.loire.stop().await;
    arrivals::pass(&network.coordination.app).await;
    network.loire.by_hand().await;
    network.world.pass(7200);
    network.errands().await;
    assert_eq!(state(&network.loire).0, PeriodState::Reported);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_never_ends_its_answer_keeps_no_other_report_waiting() {
    let network = Network::new().await;
    network.listen().await;
    blocking(|| {
        reports::close(&network.loire, october()).unwrap();
        reports::send(&network.loire, october()).unwrap();
    });
    come_to_rest(&[&network.loire, &network.coordination]).await;
    network.loire.stop().await;
    let port = network.loire.base().rsplit(':').next().unwrap().parse();
    let silent = tokio::net::TcpListener::bind(("127.0.0.1", port.unwrap()));
    let silent = silent.await.unwrap();
    let looking = tokio::spawn({
        let app = network.coordination.app.clone();
        async move { arrivals::pass(&app).await }
    });
    let _held = silent.accept().await.unwrap();

    blocking(|| {
        reports::close(&network.wallonie, october()).unwrap();
        reports::send(&network.wallonie, october()).unwrap();
    });
    let others = [&network.coordination, &network.wallonie];
    come_to_rest(&others).await;
    arrivals::pass(&network.coordination.app).await;
    come_to_rest(&others).await;
    assert_eq!(state(&network.wallonie), (PeriodState::Reported, None));
    looking.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_disappears_for_a_day_between_its_reports_is_waited_for() {
    let network = Network::new().await;
    network.listen().await;
    blocking(|| {
        reports::close(&network.loire, october()).unwrap();
        reports::send(&network.loire, october()).unwrap();
    });
    // The offer is taken, and before the report is fetched its node is gone for a day.
    deliver::pass(&network.loire.app).await;
    network.loire.stop().await;
    inbox::pass(&network.coordination.app).await;
    for _ in 0..24 {
        arrivals::pass(&network.coordination.app).await;
        network.world.pass(3600);
    }
    assert_eq!(state(&network.loire).0, PeriodState::Closed);
    network.report(&network.wallonie).await;
    network.loire.by_hand().await;
    network.world.pass(3600 + 900);
    network.errands().await;
    assert_eq!(state(&network.loire), (PeriodState::Reported, None));
    assert_eq!(received(&network).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_offered_again_under_another_id_is_paid_once() {
    let network = Network::new().await;
    network.listen().await;
    network.report(&network.loire).await;
    network.report(&network.wallonie).await;
    let manifest = fs::read(network.loire.dir.join("reports/2026-10/1/report.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let offer = |host: &Host, report: &Value| {
        let offer = serde_json::json!({ "type": "Offer", "object": report });
        let to = peers::To::Peer(network.coordination.base());
        let say = |conn: &mut Conn| Ok::<_, DbError>(peers::say(conn, host, offer, to, true)?);
        blocking(|| host.db.write_now(say).unwrap())
    };
    // The very same in another activity; the same under an id of its own, signed anew; and another
    // node that passes it off as its own.
    offer(&network.loire, &manifest);
    let mut renamed = manifest.clone();
    renamed.as_object_mut().unwrap().remove("proof");
    renamed["id"] = network.loire.config.uri("/reports/2026-10/7").into();
    offer(&network.loire, &network.loire.sign(renamed).unwrap());
    let stolen = offer(&network.wallonie, &manifest);
    for _ in 0..3 {
        network.errands().await;
        network.world.pass(3600 + 900);
    }
    let accepted = received(&network);
    let accepted = accepted.iter().filter(|report| report.state == "accepted");
    assert_eq!(accepted.count(), 2);
    let heard = |conn: &mut Conn| Ok::<_, DbError>(peers::store::arrived(conn, &stolen)?);
    let heard = blocking(|| network.coordination.db.read_now(heard).unwrap());
    assert_eq!(heard, None, "it is not even stored");
    assert_eq!(state(&network.loire), (PeriodState::Reported, None));
    let totals = network.settle().unwrap();
    let totals = totals.settlement.totals();
    assert_eq!(totals.contributed, Micros::new(15_000 * 1_000_000));
    assert_eq!(totals.rights, Micros::new(8_250 * 1_000_000));
}

/// What everybody earned, and all of it together.
fn came_to(settled: &coordinator::Settled) -> (String, Vec<i128>) {
    let parties = settled.settlement.parties();
    let mut earned: Vec<i128> = parties.iter().map(|party| party.earned.get()).collect();
    earned.sort_unstable();
    (format!("{:?}", settled.settlement.totals()), earned)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_disappears_for_a_day_in_the_middle_of_a_months_reports_costs_nobody_a_cent() {
    let calm = Network::new().await;
    calm.listen().await;
    calm.report(&calm.loire).await;
    calm.report(&calm.wallonie).await;
    let calm = came_to(&calm.settle().unwrap());

    let mut network = Network::new().await;
    network.listen().await;
    blocking(|| {
        reports::close(&network.loire, october()).unwrap();
        reports::send(&network.loire, october()).unwrap();
    });
    // Its offer is taken; before a single file of the report is fetched its process is gone.
    deliver::pass(&network.loire.app).await;
    network.loire = network.loire.reborn().await;
    for hour in 0..24 {
        if hour == 3 {
            blocking(|| {
                reports::close(&network.wallonie, october()).unwrap();
                reports::send(&network.wallonie, october()).unwrap();
            });
        }
        let word = hour.to_string();
        crate::peers::say(&network.wallonie, &word, peers::To::Followers, false).await;
        come_to_rest(&[&network.wallonie, &network.coordination]).await;
        arrivals::pass(&network.coordination.app).await;
        come_to_rest(&[&network.wallonie, &network.coordination]).await;
        // Nobody else waits for it: their words and their reports arrive within the same hour.
        let heard = crate::peers::words(&network.coordination, &network.wallonie).await;
        assert_eq!(heard.len(), hour + 1);
        let wanted = match hour {
            0..3 => PeriodState::Open,
            _ => PeriodState::Reported,
        };
        assert_eq!(state(&network.wallonie).0, wanted, "hour {hour}");
        network.world.pass(3600);
    }
    assert_eq!(state(&network.loire).0, PeriodState::Closed);
    let owed = blocking(|| peers::list(&network.wallonie).unwrap());
    let owed = owed
        .iter()
        .find(|one| one.peer.origin == network.loire.base());
    let (waiting, health) = owed.map(|one| (one.owed.waiting, &one.health)).unwrap();
    assert_eq!(waiting, 24, "every word waits, in its order");
    assert!(health.failing_since_us.is_some());

    // It comes back from what is on its disk, and all of it is made good.
    network.loire.by_hand().await;
    network.world.pass(3600 + 900);
    network.errands().await;
    assert_eq!(state(&network.loire), (PeriodState::Reported, None));
    let heard = crate::peers::words(&network.loire, &network.wallonie).await;
    let in_order: Vec<String> = (0..24).map(|hour| hour.to_string()).collect();
    assert_eq!(heard, in_order);
    assert_eq!(received(&network).len(), 2);
    let settled = network.settle().unwrap();
    assert_eq!(came_to(&settled), calm);
    network.errands().await;
    assert_eq!(answers(&network, &settled.id), [true, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_disappears_for_a_day_finds_every_report_and_answer_waiting() {
    let network = Network::new().await;
    network.listen().await;
    network.report(&network.loire).await;
    network.coordination.stop().await;
    blocking(|| {
        reports::close(&network.wallonie, october()).unwrap();
        reports::send(&network.wallonie, october()).unwrap();
    });
    for _ in 0..24 {
        deliver::pass(&network.wallonie.app).await;
        network.world.pass(3600);
    }
    let owed = |host: &Host| {
        let base = network.coordination.base();
        let all = blocking(|| peers::list(host).unwrap());
        let one = all.into_iter().find(|one| one.peer.origin == base);
        one.unwrap().owed
    };
    assert_eq!(owed(&network.wallonie).money, 1);
    network.coordination.by_hand().await;
    network.world.pass(3600 + 900);
    network.errands().await;
    assert_eq!(state(&network.wallonie), (PeriodState::Reported, None));

    // It settles, goes away before its word is out, and comes back to nodes that are away.
    let settled = network.settle().unwrap();
    network.coordination.stop().await;
    network.world.pass(24 * 3600);
    network.loire.stop().await;
    network.coordination.by_hand().await;
    deliver::pass(&network.coordination.app).await;
    network.loire.by_hand().await;
    // Whoever asked at the moment it went away asks again within the hour.
    for _ in 0..2 {
        network.world.pass(3600 + 900);
        network.errands().await;
    }
    assert_eq!(answers(&network, &settled.id), [true, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_concerns_money_and_was_taken_and_lost_is_said_again_until_it_is_answered() {
    use diesel::prelude::*;
    use node::schema::{countersignatures, inbox, received_reports, settlements};
    let network = Network::new().await;
    network.listen().await;
    network.report(&network.wallonie).await;
    let forget_what_came = |host: &Host| {
        let forget = |conn: &mut Conn| {
            diesel::delete(inbox::table).execute(conn)?;
            Ok::<_, DbError>(())
        };
        host.db.write_now(forget).unwrap();
    };
    // The coordinator takes the offer (202), and its disk is put back to the hour before.
    blocking(|| {
        reports::close(&network.loire, october()).unwrap();
        reports::send(&network.loire, october()).unwrap();
    });
    deliver::pass(&network.loire.app).await;
    blocking(|| {
        forget_what_came(&network.coordination);
        let id = network.loire.config.uri("/reports/2026-10/1");
        let forget = |conn: &mut Conn| {
            diesel::delete(received_reports::table.find(id)).execute(conn)?;
            Ok::<_, DbError>(())
        };
        network.coordination.db.write_now(forget).unwrap();
    });
    network.errands().await;
    assert_eq!(state(&network.loire).0, PeriodState::Closed);
    network.world.pass(7 * 3600);
    network.errands().await;
    assert_eq!(state(&network.loire), (PeriodState::Reported, None));
    assert_eq!(received(&network).len(), 2);

    // Word of the settlement is taken by a node and lost there.
    let settled = network.settle().unwrap();
    deliver::pass(&network.coordination.app).await;
    blocking(|| {
        forget_what_came(&network.loire);
        let forget = |conn: &mut Conn| {
            diesel::delete(settlements::table).execute(conn)?;
            Ok::<_, DbError>(())
        };
        network.loire.db.write_now(forget).unwrap();
    });
    network.errands().await;
    assert_eq!(answers(&network, &settled.id), [true]);
    network.world.pass(25 * 3600);
    network.errands().await;
    assert_eq!(answers(&network, &settled.id), [true, true]);

    // The coordinator loses the answers.
    blocking(|| {
        forget_what_came(&network.coordination);
        let forget = |conn: &mut Conn| {
            diesel::delete(countersignatures::table).execute(conn)?;
            Ok::<_, DbError>(())
        };
        network.coordination.db.write_now(forget).unwrap();
    });
    network.world.pass(25 * 3600);
    network.errands().await;
    assert_eq!(answers(&network, &settled.id), [true, true]);
    // And then it is quiet.
    network.world.pass(25 * 3600);
    let before = said(&network.coordination);
    network.errands().await;
    assert_eq!(said(&network.coordination), before);
}

/// The reports that the coordinator received.
fn received(network: &Network) -> Vec<coordinator::store::ReceivedReport> {
    let look = |conn: &mut Conn| {
        let received = coordinator::store::received_for(conn, october())?;
        Ok::<_, DbError>(received)
    };
    blocking(|| network.coordination.db.read_now(look).unwrap())
}

/// Whether the nodes agreed, of each that answered a settlement.
pub fn answers(network: &Network, settlement: &str) -> Vec<bool> {
    let look = |conn: &mut Conn| {
        let answers = coordinator::store::countersignatures(conn, settlement)?;
        Ok::<_, DbError>(answers)
    };
    let answers = blocking(|| network.coordination.db.read_now(look).unwrap());
    answers.into_iter().map(|answer| answer.agreed).collect()
}

/// How much a node said so far.
fn said(host: &Host) -> i64 {
    use diesel::prelude::*;
    let look = |conn: &mut Conn| {
        let count = node::schema::outbox::table.count().get_result(conn)?;
        Ok::<_, DbError>(count)
    };
    blocking(|| host.db.read_now(look).unwrap())
}

/// Where the files of a report arrive at the coordinator.
fn arriving(network: &Network, id: &str) -> std::path::PathBuf {
    let hex = federation::digest::Sha256Digest::of(id.as_bytes()).hex();
    let folder = network.coordination.dir.join("archive/2026-10/arriving");
    folder.join(hex)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_whose_receipt_was_written_just_before_the_power_went_is_settled() {
    let network = Network::new().await;
    network.listen().await;
    network.report(&network.loire).await;
    network.report(&network.wallonie).await;
    // As the disk is between the receipt and the move into the archive.
    for report in received(&network) {
        let place = network.coordination.dir.join(report.folder.unwrap());
        fs::rename(place, arriving(&network, &report.id)).unwrap();
    }
    let settled = network.settle().unwrap();
    assert_eq!(settled.nodes.len(), 2);
    verify_folder(&settled.folder, &AuditOptions::default()).unwrap();
    network.errands().await;
    assert_eq!(answers(&network, &settled.id), [true, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_comes_while_its_month_is_settled_gets_no_receipt_for_nothing() {
    let network = Network::new().await;
    network.listen().await;
    network.report(&network.loire).await;
    blocking(|| {
        reports::close(&network.wallonie, october()).unwrap();
        reports::send(&network.wallonie, october()).unwrap();
    });
    come_to_rest(&[&network.coordination, &network.wallonie]).await;
    // It was looked at before the settlement, and is to be answered after it.
    let coordination = network.coordination.app.clone();
    let turn = coordination.turns.arrivals.lock().await;
    let app = coordination.clone();
    let looking = tokio::spawn(async move { arrivals::pass(&app).await });
    let of_wallonie = |network: &Network| {
        let mut all = received(network).into_iter();
        all.find(|report| report.node_id == network.wallonie.config.actor().as_str())
    };
    let id = of_wallonie(&network).unwrap().id;
    let last = arriving(&network, &id).join("reduction.parquet");
    while !last.exists() {
        tokio::task::yield_now().await;
    }
    let settled = network.settle().unwrap();
    assert_eq!(settled.nodes.len(), 1);
    drop(turn);
    looking.await.unwrap();

    let late = of_wallonie(&network).unwrap();
    assert_eq!(late.state, "refused");
    assert!(late.reason.unwrap().contains("is settled"));
    verify_folder(&settled.folder, &AuditOptions::default()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_that_is_not_over_is_reported_by_nobody() {
    let network = Network::new().await;
    network.listen().await;
    blocking(|| {
        reports::close(&network.loire, october()).unwrap();
        reports::send(&network.loire, october()).unwrap();
    });
    network.world.turn_to("2026-10-20T08:00:00Z");
    network.errands().await;
    let (_, reason) = state(&network.loire);
    assert!(reason.unwrap().contains("2026-10 is not over"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_settled_without_a_node_that_was_blocked_since() {
    let network = Network::new().await;
    network.listen().await;
    network.report(&network.loire).await;
    network.report(&network.wallonie).await;
    blocking(|| peers::block(&network.coordination, &network.wallonie.base()).unwrap());
    let settled = network.settle().unwrap();
    assert_eq!(settled.nodes, [network.loire.config.actor().to_string()]);
    let totals = settled.settlement.totals();
    assert_eq!(totals.contributed, Micros::new(10_000 * 1_000_000));
    verify_folder(&settled.folder, &AuditOptions::default()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_in_another_currency_keeps_nobody_from_being_settled() {
    let world = World::new();
    world.turn_to("2026-10-01T08:00:00Z");
    let coordination = world.coordinator("coordination", "FR").await;
    let loire = world.node("loire", "FR-ARA").await;
    let geneve = world
        .node_with("geneve", |config| {
            config.currency = Currency::parse("CHF").unwrap();
            config.coordinator = Coordinator::At(base_url(&coordination.base(), true).unwrap());
        })
        .await;
    for host in [&coordination, &loire, &geneve] {
        host.by_hand().await;
    }
    let network = Network::among(world, coordination, loire, geneve).await;
    network.listen().await;
    network.report(&network.loire).await;
    blocking(|| {
        reports::close(&network.wallonie, october()).unwrap();
        reports::send(&network.wallonie, october()).unwrap();
    });
    network.errands().await;
    let (state, reason) = state(&network.wallonie);
    assert_eq!(state, PeriodState::Closed);
    let reason = reason.unwrap();
    assert!(reason.contains("CHF") && reason.contains("EUR"), "{reason}");
    let settled = network.settle().unwrap();
    assert_eq!(settled.nodes, [network.loire.config.actor().to_string()]);
    verify_folder(&settled.folder, &AuditOptions::default()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_sent_twice_is_one_report() {
    let network = Network::new().await;
    network.listen().await;
    network.report(&network.loire).await;
    let again = blocking(|| reports::send(&network.loire, october()).unwrap_err());
    assert!(again.to_string().contains("accepted already"), "{again}");
    let received = network
        .coordination
        .db
        .read_now(|conn| Ok::<_, DbError>(coordinator::store::received_for(conn, october())?))
        .unwrap();
    assert_eq!(received.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_go_to_the_coordinator_alone() {
    let network = Network::new().await;
    network.listen().await;
    blocking(|| reports::close(&network.loire, october()).unwrap());
    let base = format!("{}/reports/2026-10/1", network.loire.base());
    let anybody = network
        .loire
        .visitor()
        .get("/reports/2026-10/1/tracks")
        .await;
    assert_eq!(anybody.status, StatusCode::UNAUTHORIZED);
    let to = network.wallonie.dir.join("fetched");
    let fetch = async |from: &Host, name: &str| {
        let url = format!("{base}/{name}");
        peers::fetch::to_file(&from.app, &url, 1 << 20, None, &to).await
    };
    fetch(&network.wallonie, "reduction").await.unwrap();
    fetch(&network.coordination, "lines").await.unwrap();
    let refused = fetch(&network.wallonie, "lines")
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("403"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_objects_to_a_split_sheet_it_never_logged() {
    let network = Network::new().await;
    network.listen().await;
    network.report(&network.loire).await;
    network.report(&network.wallonie).await;
    // The coordinator gives the song of Loire to somebody else.
    let work = network.song_of_loire.clone();
    let thief = format!("{}/parties/thief", network.coordination.base());
    network
        .coordination
        .db
        .write_now(|conn| {
            use diesel::prelude::*;
            use node::schema::split_sheets;
            let sheet = split_sheets::table.filter(split_sheets::work_id.eq(work.as_str()));
            let document: String = sheet.select(split_sheets::document).first(conn)?;
            let mut document: Value = serde_json::from_str(&document).unwrap();
            document["byTerritory"][0]["shares"][0]["party"] = thief.clone().into();
            diesel::update(sheet)
                .set(split_sheets::document.eq(document.to_string()))
                .execute(conn)?;
            Ok::<_, DbError>(())
        })
        .unwrap();
    let settled = network.settle().unwrap();
    network.errands().await;
    let answers = network
        .coordination
        .db
        .read_now(|conn| {
            Ok::<_, DbError>(coordinator::store::countersignatures(conn, &settled.id)?)
        })
        .unwrap();
    let of = |host: &Host| {
        let actor = host.config.actor();
        answers
            .iter()
            .find(|answer| answer.node_id == actor.as_str())
            .unwrap()
            .clone()
    };
    assert!(of(&network.wallonie).agreed);
    let objection = of(&network.loire).reason.unwrap();
    assert!(
        objection.contains("not the one its node logged"),
        "{objection}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_too_quiet_to_be_reported_waits_with_its_money() {
    let network = Network::new().await;
    let quiet = network.loire.venue("Petite salle", 12_000, 5);
    let post = network.loire.post(&quiet).await;
    network.listen().await;
    let song = &network.song_of_loire;
    post.hand_in(&[play("q", song, "2026-10-07T10:00:00Z", 2)])
        .await;
    let closed = blocking(|| reports::close(&network.loire, october()).unwrap());
    assert_eq!(closed.waiting, ["Petite salle"]);
    assert_eq!((closed.venues, closed.uses), (1, 9));
    network.world.turn_to("2026-12-01T08:00:00Z");
    let november = blocking(|| reports::close(&network.loire, Period::parse("2026-11").unwrap()));
    // Still alone: it waits again, and nothing of it is lost.
    assert_eq!(november.unwrap().waiting.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_belongs_to_two_quiet_libraries_is_one_person_of_the_pool() {
    let network = Network::new().await;
    let here = network.loire.venue("Petite salle", 12_000, 5);
    let there = network.loire.venue("Petit cinéma", 12_000, 5);
    let mut posts = Vec::new();
    for venue in [&here, &here, &here, &here, &there, &there] {
        posts.push(network.loire.post(venue).await);
    }
    // The fifth device is the first person's, who also belongs to the cinema.
    blocking(|| {
        let (theirs, shared) = (&posts[0].id, &posts[4].id);
        network.loire.db.write_now(|conn| {
            use node::schema::posts;
            let person = node::listening::store::post(conn, theirs)?
                .unwrap()
                .member_id;
            node::members::store::add_membership(conn, &person, &there.id, 0)?;
            diesel::update(posts::table.find(shared))
                .set(posts::member_id.eq(person))
                .execute(conn)?;
            Ok::<_, DbError>(())
        })
    })
    .unwrap();
    network.listen().await;
    for (number, post) in posts.iter().enumerate() {
        let started = format!("2026-10-07T1{number}:00:00Z");
        let answer = post
            .hand_in(&[play(
                &format!("q{number}"),
                &network.song_of_loire,
                &started,
                2,
            )])
            .await;
        assert_eq!(answer.json()["refused"], Value::Array(Vec::new()));
    }
    network.report(&network.loire).await;
    let folder = network.loire.dir.join("reports/2026-10/1");
    let manifest: Value =
        serde_json::from_slice(&fs::read(folder.join("report.json")).unwrap()).unwrap();
    let pool = &manifest["venues"][1];
    assert!(pool["id"].as_str().unwrap().ends_with("/pooled-venues"));
    assert_eq!(pool["activeMembers"], 5);
    // Nine uses in the library, six in the pool.
    assert_eq!(manifest["totals"]["uses"], 15);
    assert_eq!(state(&network.loire), (PeriodState::Reported, None));
}
