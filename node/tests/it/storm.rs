//! Nodes at the ends of bad roads: whatever is lost, doubled, cut short, late or out of order, and
//! whoever is killed in between, all comes to what it comes to in fine weather.
//!
//! `ANTIPHON_SEEDS=300` runs as many seeds of each story.

use std::collections::BTreeMap;

use diesel::prelude::*;
use node::coordinator::{self, arrivals};
use node::curation::{self, Item};
use node::db::{Conn, DbError};
use node::peers::{self, deliver, inbox, pull, store};
use node::reports::{self, PeriodState, recompute, remind};
use node::schema::{deliveries, parties, releases, selections, works};

use crate::month::{Network, answers, blocking, october, state};
use crate::world::{Host, Weather, World};

/// How many seeds to run: so many, unless the environment says otherwise.
fn seeds(usually: u64) -> std::ops::RangeInclusive<u64> {
    let said = std::env::var("ANTIPHON_SEEDS").ok();
    1..=said.map_or(usually, |many| many.parse().unwrap())
}

/// Every node does each of its errands once, beginning with any of them.
async fn round(world: &World, weather: &Weather, hosts: &[&Host]) {
    let first = usize::try_from(weather.throw(0..10)).unwrap();
    for turn in first..first + hosts.len() {
        let app = &hosts[turn % hosts.len()].app;
        remind::pass(app).await;
        deliver::pass(app).await;
        inbox::pass(app).await;
        pull::pass(app).await;
        if app.config.is_coordinator() {
            arrivals::pass(app).await;
        }
        recompute::pass(app).await;
        weather.bring_late().await;
    }
    // Most of what is late comes within the time for which a signature holds, some of it after.
    world.pass(weather.throw(1..400));
}

/// Whether nothing is under way any more, now or later.
fn is_done(host: &Host) -> bool {
    let now = host.clock.now_us();
    let look = |conn: &mut Conn| {
        let waiting: i64 = deliveries::table
            .filter(deliveries::delivered_us.is_null())
            .count()
            .get_result(conn)?;
        let idle = waiting == 0
            && store::waiting(conn, 1)?.is_empty()
            && pull::unread(conn, now)?.is_empty();
        Ok::<_, DbError>(idle)
    };
    blocking(|| host.db.read_now(look).unwrap())
}

/// Fine weather again, until nothing is under way.
async fn calm_down(world: &World, weather: &Weather, hosts: &[&Host]) {
    weather.turn(false);
    for _ in 0..100 {
        round(world, weather, hosts).await;
        world.pass(3600);
        if hosts.iter().all(|host| is_done(host)) {
            return;
        }
    }
    panic!("the nodes do not come to rest");
}

/// One of the nodes is killed, and begins again from what is on its disk.
async fn kill(host: &mut Host) {
    *host = host.reborn().await;
    let listener = tokio::net::TcpListener::bind(host.config.listen);
    host.answer(listener.await.unwrap());
}

/// All that a node knows, as far as it is the same on every node: (origin's name, kind, title) of
/// what stands, and how much was withdrawn.
fn known(host: &Host, names: &BTreeMap<String, String>) -> Vec<(String, &'static str, String)> {
    let look = |conn: &mut Conn| {
        let mut known: Vec<(String, &'static str, String)> = Vec::new();
        let rows: Vec<(String, String)> = works::table
            .filter(works::withdrawn_us.is_null())
            .select((works::origin, works::title))
            .load(conn)?;
        known.extend(rows.into_iter().map(|(at, title)| (at, "work", title)));
        let rows: Vec<(String, String)> = releases::table
            .filter(releases::withdrawn_us.is_null())
            .select((releases::origin, releases::title))
            .load(conn)?;
        known.extend(rows.into_iter().map(|(at, title)| (at, "release", title)));
        let rows: Vec<(String, String)> = selections::table
            .filter(selections::withdrawn_us.is_null())
            .select((selections::origin, selections::title))
            .load(conn)?;
        known.extend(rows.into_iter().map(|(at, title)| (at, "selection", title)));
        let rows: Vec<(String, String)> = parties::table
            .select((parties::origin, parties::name))
            .load(conn)?;
        known.extend(rows.into_iter().map(|(at, name)| (at, "party", name)));
        Ok::<_, DbError>(known)
    };
    let mut known = blocking(|| host.db.read_now(look).unwrap());
    for (origin, ..) in &mut known {
        *origin = names[origin].clone();
    }
    known.sort();
    known
}

fn names(hosts: &[&Host]) -> BTreeMap<String, String> {
    let name = |host: &&Host| (host.base(), host.config.name.clone());
    hosts.iter().map(name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn in_any_weather_two_catalogues_come_to_the_same() {
    let world = World::new();
    let weather = Weather::new(0);
    let mut loire = world.node_far_away("loire", "FR-ARA", &weather).await;
    let mut wallonie = world.node_far_away("wallonie", "BE-WAL", &weather).await;
    weather.turn(true);
    for _ in 0..100 {
        if peers::add(&loire.app, &wallonie.base()).await.is_ok() {
            break;
        }
        world.pass(60);
    }
    let library = loire.venue("Médiathèque", 120_000, 20);
    for seed in seeds(20) {
        weather.seed(seed);
        weather.turn(true);
        // What is said while roads are bad: new, changed, put forward, and gone.
        let mut changing = loire.drawn(&format!("a{seed}"), 60);
        let leaving = wallonie.drawn(&format!("b{seed}"), 60);
        loire.tell(&changing, true);
        wallonie.tell(&leaving, true);
        let items = [Item {
            work: changing.id.clone(),
            note: String::new(),
        }];
        let publish = |conn: &mut Conn| {
            curation::publish(conn, &loire, &library, &format!("s{seed}"), "", &items)
        };
        let selection = blocking(|| loire.db.write_now(publish).unwrap());
        for turn in 0..weather.throw(2..5) {
            round(&world, &weather, &[&loire, &wallonie]).await;
            changing.title = format!("a{seed}, taken {turn}");
            changing.updated_us = world.clock.now_us();
            loire.tell(&changing, false);
            if weather.throw(0..4) == 0 {
                kill(&mut wallonie).await;
            }
        }
        blocking(|| node::catalogue::withdraw(&wallonie, &leaving.id).unwrap());
        let last_words = |conn: &mut Conn| match seed % 2 {
            0 => curation::withdraw(conn, &loire, &selection.id),
            _ => {
                let title = format!("s{seed}, again");
                curation::update(conn, &loire, &selection.id, &title, "", &items).map(drop)
            }
        };
        blocking(|| loire.db.write_now(last_words).unwrap());
        round(&world, &weather, &[&loire, &wallonie]).await;
        if weather.throw(0..4) == 0 {
            kill(&mut loire).await;
        }
        calm_down(&world, &weather, &[&loire, &wallonie]).await;
        let names = names(&[&loire, &wallonie]);
        let at_home = known(&loire, &names);
        assert_eq!(known(&wallonie, &names), at_home, "seed {seed}");
        let what = ("loire".to_owned(), "work", changing.title.clone());
        assert!(at_home.contains(&what), "seed {seed}");
    }
    assert!(weather.mishaps() > 50, "{}", weather.mishaps());
}

/// All that a month came to.
#[derive(Debug, PartialEq)]
struct MonthEnd {
    totals: String,
    earned: Vec<i128>,
    nodes: Vec<String>,
    received: usize,
    agreed: Vec<bool>,
    statements: usize,
    known: Vec<Vec<(String, &'static str, String)>>,
}

/// A month from its first follow to the last countersignature, in this weather.
async fn month(seed: Option<u64>) -> MonthEnd {
    let world = World::new();
    world.turn_to("2026-10-01T08:00:00Z");
    let weather = Weather::new(seed.unwrap_or(0));
    let coordination = world.node_far_away("coordination", "FR", &weather).await;
    world.settles(&coordination);
    let loire = world.node_far_away("loire", "FR-ARA", &weather).await;
    let wallonie = world.node_far_away("wallonie", "BE-WAL", &weather).await;
    let mut network = Network::among(world, coordination, loire, wallonie).await;
    network.listen().await;

    weather.turn(seed.is_some());
    blocking(|| {
        for host in [&network.loire, &network.wallonie] {
            reports::close(host, october()).unwrap();
            reports::send(host, october()).unwrap();
        }
    });
    let reported = |network: &Network| {
        [&network.loire, &network.wallonie].map(|host| state(host).0) == [PeriodState::Reported; 2]
    };
    through(&mut network, &weather, reported).await;
    let settled = network.settle().unwrap();
    let id = settled.id.clone();
    let answered = move |network: &Network| {
        [&network.loire, &network.wallonie].map(|host| state(host).0) == [PeriodState::Settled; 2]
            && answers(network, &id).len() == 2
    };
    through(&mut network, &weather, answered).await;
    let hosts = [&network.coordination, &network.loire, &network.wallonie];
    calm_down(&network.world, &weather, &hosts).await;

    let look = |conn: &mut Conn| {
        let received = coordinator::store::received_for(conn, october())?.len();
        let statements = coordinator::store::node_statements(conn, &settled.id)?.len();
        Ok::<_, DbError>((received, statements))
    };
    let (received, statements) = blocking(|| network.coordination.db.read_now(look).unwrap());
    let names = names(&hosts);
    let mut earned: Vec<i128> = settled
        .settlement
        .parties()
        .iter()
        .map(|p| p.earned.get())
        .collect();
    earned.sort_unstable();
    let plain = |mut text: String| {
        for (base, name) in &names {
            text = text.replace(base.as_str(), name);
        }
        text
    };
    let mut nodes: Vec<String> = settled
        .settlement
        .nodes()
        .iter()
        .map(|node| plain(format!("{node:?}")))
        .collect();
    nodes.sort();
    MonthEnd {
        totals: format!("{:?}", settled.settlement.totals()),
        earned,
        nodes,
        received,
        agreed: answers(&network, &settled.id),
        statements,
        known: hosts.iter().map(|host| known(host, &names)).collect(),
    }
}

/// Rounds until it is done, with nodes that vanish for a while and are killed.
async fn through(network: &mut Network, weather: &Weather, done: impl Fn(&Network) -> bool) {
    for _ in 0..300 {
        {
            let hosts = [&network.coordination, &network.loire, &network.wallonie];
            round(&network.world, weather, &hosts).await;
        }
        if done(network) {
            return;
        }
        network.world.pass(weather.throw(1..1800));
        if weather.is_bad() && weather.throw(0..6) == 0 {
            let host = match weather.throw(0..3) {
                0 => &mut network.coordination,
                1 => &mut network.loire,
                _ => &mut network.wallonie,
            };
            kill(host).await;
            // Away for up to a day; the others go on.
            host.stop().await;
            network.world.pass(weather.throw(1..24 * 3600));
            let hosts = [&network.coordination, &network.loire, &network.wallonie];
            round(&network.world, weather, &hosts).await;
            for host in hosts {
                if !host.is_answering() {
                    let listener = tokio::net::TcpListener::bind(host.config.listen);
                    host.answer(listener.await.unwrap());
                }
            }
        }
    }
    let states = [&network.loire, &network.wallonie].map(state);
    panic!("the month does not come to its end: {states:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_any_weather_a_month_comes_to_the_same_to_the_last_micro() {
    let calm = month(None).await;
    assert_eq!((calm.received, &calm.agreed), (2, &vec![true, true]));
    for seed in seeds(3) {
        assert_eq!(month(Some(seed)).await, calm, "seed {seed}");
    }
}
