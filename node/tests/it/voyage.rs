//! The voyage: what leads from one work to another, and what never does.

use std::collections::BTreeSet;
use std::io::Write as _;

use federation::digest::Sha256Digest;
use node::catalogue::{Work, store};
use node::curation::{self, Item};
use node::db::DbError;
use node::discovery::counter_proposals;
use node::discovery::voyage::names::{self, Export};
use node::discovery::voyage::{self, Why, make};
use node::members;
use node::web::Refusal;
use settlement::WorkId;

use crate::world::{Host, PASSWORD, World};

/// A work by these artists.
fn work(host: &Host, name: &str, credit: &str, genre: Option<&str>) -> WorkId {
    let mut work: Work = host.drawn(name, 200);
    work.credit = credit.to_owned();
    work.genre = genre.map(str::to_owned);
    work.territory = None;
    host.db
        .write_now(|conn| Ok::<_, DbError>(store::put_work(conn, &work)?))
        .unwrap();
    work.id
}

/// Members who brought these names; their ids.
fn bringers(host: &Host, count: usize, heard: &[&str]) -> Vec<String> {
    let venue = host.venue("Médiathèque", 120_000, 20);
    (0..count)
        .map(|at| {
            let name = format!("Membre {at}");
            members::add(host, venue.id.as_str(), &name, PASSWORD, None).unwrap();
            let rows: String = heard.iter().map(|name| format!("{name},x,y,z\n")).collect();
            let export = Export::read(rows.as_bytes()).unwrap();
            host.db
                .write_now(|conn| {
                    let key = node::names::fold(&name);
                    let known = members::store::by_name(conn, &key)?.unwrap();
                    names::bring(conn, &known.member.id, &export)?;
                    Ok::<_, DbError>(known.member.id)
                })
                .unwrap()
        })
        .collect()
}

fn kept(host: &Host) -> Vec<u8> {
    make::build(host).unwrap();
    std::fs::read(make::path(host)).unwrap()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|some| some == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_four_members_brought_leaves_no_trace_and_what_five_did_answers_a_search() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    tokio::task::block_in_place(|| {
        let near = work(&loire, "vague", "Les Ondes Courtes", None);
        work(&loire, "loin", "Autre Chose", None);
        let all = bringers(&loire, 5, &["Radiohead", "Les Ondes Courtes"]);
        loire
            .db
            .write_now(|conn| Ok::<_, DbError>(names::forget(conn, &all[4])?))
            .unwrap();
        let four = kept(&loire);
        assert!(!holds(&four, "radiohead"), "a name of four members is kept");
        let asked = |q: &str| {
            loire
                .db
                .read_now(|conn| counter_proposals(conn, &loire, q))
                .unwrap()
        };
        assert!(asked("Radiohead").is_empty());
        let export =
            Export::read(&b"artist,title\nRadiohead,a\nLes Ondes Courtes,b\n"[..]).unwrap();
        loire
            .db
            .write_now(|conn| Ok::<_, DbError>(names::bring(conn, &all[4], &export)?))
            .unwrap();
        let five = kept(&loire);
        assert!(holds(&five, "radiohead"));
        let found = asked(" RADIOHEAD ");
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].work.id, near);
        assert!(
            asked("Les Ondes Courtes").is_empty(),
            "the catalogue has it"
        );
        // The same material, the same bytes; and who leaves is in it no more.
        assert_eq!(kept(&loire), five);
        loire
            .db
            .write_now(|conn| Ok::<_, DbError>(names::forget(conn, &all[0])?))
            .unwrap();
        assert_eq!(kept(&loire), four);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_curators_pair_answers_a_search_at_once() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    tokio::task::block_in_place(|| {
        let near = work(&loire, "vague", "Les Ondes Courtes", None);
        let hall = loire.venue("La Salle", 120_000, 20);
        let pair = |credit: &str| {
            loire.db.write_now(|conn| {
                names::pair(
                    conn,
                    hall.id.as_str(),
                    "Beyoncé",
                    credit,
                    loire.clock.now_us(),
                )
            })
        };
        assert!(matches!(pair("Personne"), Err(Refusal::Invalid(_))));
        pair("Les Ondes Courtes").unwrap();
        let found = loire
            .db
            .read_now(|conn| counter_proposals(conn, &loire, "beyonce"))
            .unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].work.id, near);
        assert!(
            found[0]
                .why
                .to(node::config::Language::Fr)
                .contains("La Salle")
        );
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_says_a_true_reason_and_none_is_taken_twice() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let path = tokio::task::block_in_place(|| {
        let hall = loire.venue("La Salle", 120_000, 20);
        let works: Vec<WorkId> = (0..24)
            .map(|at| {
                let genre = ["Jazz", "Folk", "Dub"][at % 3];
                work(
                    &loire,
                    &format!("w{at}"),
                    &format!("Ensemble {}", at / 2),
                    Some(genre),
                )
            })
            .collect();
        let item = |at: usize| Item {
            work: works[at].clone(),
            note: String::new(),
        };
        let publish = |title: &str, items: &[Item]| {
            loire
                .db
                .write_now(|conn| curation::publish(conn, &loire, &hall, title, "", items))
                .unwrap()
        };
        let first = publish("Matins", &[item(0), item(4), item(8)]);
        publish("Soirs", &[item(8), item(13), item(17)]);
        let walk = |uri: &str, seed: u64, count: usize| {
            loire
                .db
                .read_now(|conn| {
                    let nearness = voyage::nearness(&loire)?;
                    let start = voyage::start(conn, uri)?;
                    voyage::walk(conn, &loire, nearness.as_ref(), &start, seed, count)
                })
                .unwrap()
        };
        for start in [works[0].as_str(), first.id.as_str()] {
            let steps = walk(start, 3, 16);
            assert!(steps.len() >= 8, "{}", steps.len());
            assert_eq!(walk(start, 3, 16), steps);
            assert_eq!(walk(start, 3, 8)[..], steps[..8]);
            let ids: BTreeSet<&str> = steps.iter().map(|step| step.work.id.as_str()).collect();
            assert_eq!(ids.len(), steps.len());
            assert!(!ids.contains(start));
            for step in &steps {
                let title = |id: &WorkId| {
                    loire
                        .db
                        .read_now(|conn| Ok::<_, DbError>(store::work(conn, id)?))
                        .unwrap()
                        .unwrap()
                };
                let after = works
                    .iter()
                    .map(title)
                    .find(|work| work.title == step.after)
                    .unwrap();
                match &step.why {
                    Why::Genre(genre) => {
                        assert_eq!(step.work.genre.as_ref(), Some(genre));
                        assert_eq!(after.genre.as_ref(), Some(genre));
                    }
                    Why::Selection { title, .. } => {
                        let set: &[usize] = if title == "Matins" {
                            &[0, 4, 8]
                        } else {
                            &[8, 13, 17]
                        };
                        let within = |id: &WorkId| set.iter().any(|at| works[*at] == *id);
                        assert!(within(&step.work.id) && within(&after.id));
                    }
                    Why::Scene { venue } => assert_eq!(venue, "La Salle"),
                    other => panic!("nobody listened, and yet {other:?}"),
                }
            }
        }
        assert_ne!(walk(works[0].as_str(), 3, 8), walk(works[0].as_str(), 4, 8));
        // What is withdrawn is on no path.
        let gone = walk(works[0].as_str(), 3, 1)[0].work.id.clone();
        node::catalogue::withdraw(&loire, &gone).unwrap();
        assert!(
            walk(works[0].as_str(), 3, 24)
                .iter()
                .all(|step| step.work.id != gone)
        );
        format!(
            "/voyage?from={}",
            works[0].as_str().replace(':', "%3A").replace('/', "%2F")
        )
    });
    let page = loire.visitor().page(&path).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("id=\"step-8\"") && page.text.contains("steps=16"));
    let none = loire
        .visitor()
        .page("/voyage?from=https%3A%2F%2Fnowhere.example%2Fworks%2F1")
        .await;
    assert_eq!(none.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_leads_to_the_ten_best_known_works() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    tokio::task::block_in_place(|| {
        let works: Vec<WorkId> = (0..16)
            .map(|at| {
                work(
                    &loire,
                    &format!("w{at}"),
                    &format!("Ensemble {at}"),
                    Some("Jazz"),
                )
            })
            .collect();
        let hall = loire.venue("La Salle", 120_000, 20);
        for at in 0..6 {
            let name = format!("Membre {at}");
            members::add(&loire, hall.id.as_str(), &name, PASSWORD, None).unwrap();
            loire
                .db
                .write_now(|conn| {
                    let key = node::names::fold(&name);
                    let known = members::store::by_name(conn, &key)?.unwrap();
                    let player = node::listening::store::Player {
                        member: &known.member.id,
                        venue: &hall.id,
                        post: None,
                    };
                    for (number, work) in works.iter().enumerate().take(12) {
                        // The first ten have six listeners, the next two five.
                        if number >= 10 && at == 5 {
                            continue;
                        }
                        let play = node::listening::NewPlay {
                            id: format!("{at}-{number}"),
                            work: work.clone(),
                            selection: None,
                            started_us: loire.clock.now_us(),
                            seconds: 100,
                        };
                        let period = settlement::Period::parse("2026-11").unwrap();
                        node::listening::store::add_play(conn, &play.id, player, &play, 0, period)?;
                    }
                    Ok::<_, DbError>(())
                })
                .unwrap();
        }
        make::build(&loire).unwrap();
        let steps = loire
            .db
            .read_now(|conn| {
                let nearness = voyage::nearness(&loire)?;
                let start = voyage::start(conn, works[0].as_str())?;
                voyage::walk(conn, &loire, nearness.as_ref(), &start, 1, 40)
            })
            .unwrap();
        let walked: BTreeSet<&WorkId> = steps.iter().map(|step| &step.work.id).collect();
        assert!(works[..10].iter().all(|work| !walked.contains(work)));
        assert!(walked.contains(&works[10]) && walked.contains(&works[11]));
        assert!(
            steps.iter().any(|step| matches!(step.why, Why::Members)),
            "{steps:?}"
        );
    });
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn names_of(bytes: &[u8]) -> Vec<String> {
    Export::read(bytes).unwrap().names.into_keys().collect()
}

#[test]
fn exports_are_read_as_their_makers_write_them() {
    let listenbrainz =
        br#"[{"listened_at": 99999999999999, "track_metadata": {"artist_name": "Mas\u00e9",
        "track_name": "x", "additional_info": {"artist_names": ["no"]}}}]"#;
    assert_eq!(names_of(listenbrainz), ["mase"]);
    let lines = b"{\"track_metadata\":{\"artist_name\":\"A\"}}\n{\"track_metadata\":{\"artist_name\":\"B\"}}\n";
    assert_eq!(names_of(lines), ["a", "b"]);
    assert_eq!(names_of(&gzip(lines)), ["a", "b"]);
    let lastfm = br##"{"recenttracks":{"track":[{"artist":{"mbid":"","#text":"Ana"},"name":"no","album":{"#text":"no"}}]}}"##;
    assert_eq!(names_of(lastfm), ["ana"]);
    assert_eq!(
        names_of(b"Ana,Album,Title,01 Jan 2999 00:00\nBo,x,y,z\n"),
        ["ana", "bo"]
    );
    assert_eq!(
        names_of(b"\xef\xbb\xbfuts,artist,album\n1,Ana,x\n"),
        ["ana"]
    );
    assert_eq!(names_of(b"Beyonc\xe9,x,y\n"), ["beyonce"], "Latin-1");
}

#[test]
fn exports_that_mean_harm_are_refused_in_words() {
    let refused = |bytes: &[u8]| match Export::read(bytes) {
        Err(Refusal::Invalid(complaints)) => complaints[0].say.to(node::config::Language::En),
        other => panic!("{other:?}"),
    };
    assert!(refused(b"").contains("no export"));
    assert!(refused(b"[[[").contains("no export"));
    assert!(refused(&b"[".repeat(1_000_000)).contains("no export"));
    assert!(refused(&Sha256Digest::of(b"noise").hex().into_bytes()).contains("no export"));
    assert!(refused(b"\xff\xfea\0,\0b\0").contains("UTF-8"));
    assert!(refused(&gzip(b"[]")[..12]).contains("no export"));
    let long = format!("{},x,y\nAna,x,y\n", "a".repeat(1_000_000));
    let export = Export::read(long.as_bytes()).unwrap();
    assert_eq!((export.names.len(), export.passed_over), (1, 1));
    let bomb = gzip(&vec![b' '; 257 * 1024 * 1024]);
    assert!(bomb.len() < 2_000_000);
    assert!(refused(&bomb).contains("no export") || refused(&bomb).contains("too much"));
}
