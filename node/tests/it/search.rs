//! Search as people use it: what they type, and what must come first; what must never come; an
//! index that follows the database, and is made anew when it is lost.

use node::catalogue::{self, Party, Release, Role, Work};
use node::curation::{self, Item, Selection};
use node::db::DbError;
use node::discovery::search::ask::{Found, Order, Place, Question};
use node::discovery::search::segment::Group;
use node::discovery::search::shown;
use node::peers;
use node::web::Refusal;
use settlement::{Isrc, Kind, PartyId, Territory, Uri, VenueId, WorkId};

use crate::world::{Host, World};

/// A work by whom, on what, from where.
struct Song {
    title: &'static str,
    credit: &'static str,
    release: &'static str,
    label: &'static str,
    genre: &'static str,
    year: u16,
    territory: &'static str,
    kind: Kind,
    origin: Option<&'static str>,
}

const SONG: Song = Song {
    title: "",
    credit: "Anne Varenne",
    release: "Rives",
    label: "Le Fil",
    genre: "Chanson",
    year: 2021,
    territory: "FR-ARA",
    kind: Kind::Music,
    origin: None,
};

/// Puts a work with its release and its artist into the catalogue; its URI.
fn put(host: &Host, name: &str, song: &Song) -> String {
    let origin = song.origin.map_or_else(|| host.base(), str::to_owned);
    let id = WorkId::parse(&format!("{origin}/works/{name}")).unwrap();
    let slug = node::names::slug(song.release, "release");
    let release = Uri::parse(&format!("{origin}/releases/{slug}")).unwrap();
    let slug = node::names::slug(song.credit, "artist");
    let artist = PartyId::parse(&format!("{origin}/parties/{slug}")).unwrap();
    let territory = Territory::parse(song.territory).ok();
    let now_us = host.clock.now_us();
    let work = Work {
        id: id.clone(),
        kind: song.kind,
        title: song.title.into(),
        credit: song.credit.into(),
        artist: Some(artist.clone()),
        release: Some(release.clone()),
        territory,
        genre: Some(song.genre.into()),
        year: Some(song.year),
        isrc: Isrc::parse("FRZ032600001").ok().filter(|_| name == "coded"),
        ..bare_work(host, &origin)
    };
    let release = Release {
        id: release,
        origin: origin.clone(),
        title: song.release.into(),
        credit: song.credit.into(),
        artist: Some(artist.clone()),
        label_party: None,
        label: Some(song.label.into()),
        icpn: Some("3700000000017".into()).filter(|_| name == "coded"),
        year: Some(song.year),
        genre: None,
        cover: None,
        cover_url: None,
        territory,
        document: None,
        grouping: None,
        created_us: now_us,
        updated_us: now_us,
        withdrawn_us: None,
    };
    let party = Party {
        id: artist,
        kind: Role::Artist,
        name: song.credit.into(),
        origin,
        created_us: now_us,
    };
    write(host, |conn| {
        catalogue::store::put_party(conn, &party)?;
        catalogue::store::put_release(conn, &release)?;
        catalogue::store::put_work(conn, &work)?;
        Ok(())
    });
    id.to_string()
}

fn bare_work(host: &Host, origin: &str) -> Work {
    let id = host.work("model", 180);
    tokio::task::block_in_place(|| {
        let model = host
            .db
            .read_now(|conn| Ok::<_, DbError>(catalogue::store::work(conn, &id)?))
            .unwrap()
            .unwrap();
        let now_us = host.clock.now_us();
        write(host, |conn| {
            catalogue::store::withdraw_work(conn, &id, now_us)?;
            Ok(())
        });
        Work {
            origin: origin.to_owned(),
            media_url: Uri::parse(&format!("{origin}/works/sound/media")).ok(),
            ..model
        }
    })
}

fn write(host: &Host, act: impl FnOnce(&mut node::db::Conn) -> Result<(), DbError>) {
    tokio::task::block_in_place(|| host.db.write_now(act).unwrap());
}

fn ask(host: &Host, question: &Question) -> shown::Shown {
    tokio::task::block_in_place(|| {
        let look = |conn: &mut _| shown::look(conn, &host.app, question);
        host.db.read_now(look).unwrap()
    })
}

fn asked(words: &str) -> Question {
    Question {
        words: words.into(),
        works: 20,
        others: 10,
        ..Question::default()
    }
}

/// The titles of the works that answer, the best first.
fn titles(host: &Host, words: &str) -> Vec<String> {
    let shown = ask(host, &asked(words));
    shown.works.iter().map(|work| work.title.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_is_found_whatever_its_accents_articles_and_apostrophes() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    for (name, title) in [
        ("1", "L’Été indien"),
        ("2", "Cœur de loup"),
        ("3", "Straße nach Süden"),
        ("4", "Aujourd’hui peut-être"),
        ("5", "Le Petit Prince"),
        ("6", "Песня ночи"),
        ("7", "春の海"),
        ("8", "ليلة"),
        ("9", "🎵 ♥"),
        ("10", "÷"),
        ("11", "Symphonie n° 9"),
        ("12", "1984"),
        ("13", "Porte-manteau"),
    ] {
        put(&loire, name, &Song { title, ..SONG });
    }
    for (typed, first) in [
        ("ete", "L’Été indien"),
        ("l'été", "L’Été indien"),
        ("L’ETE IND", "L’Été indien"),
        ("lete", "L’Été indien"),
        ("coeur", "Cœur de loup"),
        ("CŒUR de", "Cœur de loup"),
        ("strasse sud", "Straße nach Süden"),
        ("aujourdhui", "Aujourd’hui peut-être"),
        ("aujourd'hui", "Aujourd’hui peut-être"),
        ("un petit prince", "Le Petit Prince"),
        ("petit pri", "Le Petit Prince"),
        ("ПЕСНЯ", "Песня ночи"),
        ("の海", "春の海"),
        ("海", "春の海"),
        ("لَيْلَة", "ليلة"),
        ("♥", "🎵 ♥"),
        ("÷", "÷"),
        ("symphonie 9", "Symphonie n° 9"),
        ("n°9", "Symphonie n° 9"),
        ("198", "1984"),
        ("portemanteau", "Porte-manteau"),
        ("porte manteau", "Porte-manteau"),
        ("varenne ete", "L’Été indien"),
        ("rives prince", "Le Petit Prince"),
    ] {
        let found = titles(&loire, typed);
        assert_eq!(
            found.first().map(String::as_str),
            Some(first),
            "{typed}: {found:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slip_of_the_finger_is_forgiven_and_said_to_be_one() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    put(
        &loire,
        "1",
        &Song {
            title: "Rivière d’argent",
            credit: "Jacques Brumaire",
            ..SONG
        },
    );
    put(
        &loire,
        "2",
        &Song {
            title: "Réverbères",
            credit: "Zoé",
            release: "Lampes",
            ..SONG
        },
    );
    for typed in [
        "riviere",
        "rivierre",
        "rvière",
        "irvière",
        "xivière",
        "riviér",
        "jaques brumaire",
    ] {
        let found = titles(&loire, typed);
        assert_eq!(found, ["Rivière d’argent"], "{typed}");
    }
    assert!(!ask(&loire, &asked("riviere")).found.near);
    assert!(ask(&loire, &asked("rivierre")).found.near);
    assert_eq!(titles(&loire, "reverberes lampe"), ["Réverbères"]);
    assert!(titles(&loire, "trombone").is_empty());
    assert!(
        titles(&loire, "zoo").is_empty(),
        "short words are meant as typed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_best_comes_first_then_what_people_put_forward_then_what_is_from_here() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let other = |credit, territory| Song {
        title: "Brume",
        credit,
        release: credit,
        territory,
        ..SONG
    };
    put(&loire, "far", &other("A", "DE"));
    put(&loire, "country", &other("B", "FR-BRE"));
    put(&loire, "here", &other("C", "FR-ARA"));
    let chosen = put(&loire, "chosen", &other("D", "DE"));
    put(
        &loire,
        "longer",
        &Song {
            title: "Brume du matin",
            ..SONG
        },
    );
    put(
        &loire,
        "begun",
        &Song {
            title: "Brumes",
            ..SONG
        },
    );
    put(
        &loire,
        "by",
        &Song {
            title: "Autre chose",
            credit: "Brume",
            ..SONG
        },
    );
    put(
        &loire,
        "on",
        &Song {
            title: "Encore autre",
            release: "Brume",
            credit: "Z",
            ..SONG
        },
    );
    select(&loire, "une", "Par temps gris", &[&chosen]);
    select(&loire, "deux", "Encore gris", &[&chosen]);
    let shown = ask(&loire, &asked("brume"));
    let order: Vec<&str> = shown
        .works
        .iter()
        .map(|work| work.id.as_str().rsplit('/').next().unwrap())
        .collect();
    assert_eq!(
        order[..4],
        ["chosen", "here", "country", "far"],
        "{order:?}"
    );
    let at = |name: &str| order.iter().position(|one| *one == name).unwrap();
    assert!(at("longer") < at("on") && at("begun") < at("on") && at("by") < at("on"));
    assert_eq!(shown.artists.len(), 1);
    assert_eq!(shown.artists[0].name, "Brume");
    assert_eq!(shown.releases[0].title, "Brume");
}

fn select(host: &Host, name: &str, title: &str, works: &[&str]) {
    let now_us = host.clock.now_us();
    let selection = Selection {
        id: Uri::parse(&host.config.uri(&format!("/selections/{name}"))).unwrap(),
        origin: host.base(),
        venue: VenueId::parse(&host.config.uri("/venues/mediatheque")).unwrap(),
        venue_name: "Médiathèque".into(),
        title: title.into(),
        words: "Pour les jours de pluie.".into(),
        colour: "#2f5d62".into(),
        territory: Some(host.config.territory),
        document: None,
        items: works
            .iter()
            .map(|work| Item {
                work: WorkId::parse(work).unwrap(),
                note: String::new(),
            })
            .collect(),
        published_us: now_us,
        updated_us: now_us,
        withdrawn_us: None,
    };
    write(host, |conn| Ok(curation::store::put(conn, &selection)?));
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_narrow_down_and_say_what_they_leave() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let song = |title, genre, year, territory| Song {
        title,
        genre,
        year,
        territory,
        ..SONG
    };
    put(&loire, "1", &song("Eau vive", "Chanson", 1994, "FR-ARA"));
    put(&loire, "2", &song("Eau forte", "chanson", 1999, "FR-BRE"));
    put(&loire, "3", &song("Eau noire", "Jazz", 2004, "BE-WAL"));
    put(
        &loire,
        "4",
        &Song {
            kind: Kind::Film,
            ..song("Eau douce", "Essai", 2004, "BE-WAL")
        },
    );
    let with = |change: &dyn Fn(&mut Question)| {
        let mut question = asked("eau");
        change(&mut question);
        ask(&loire, &question)
    };
    let all = with(&|_| {});
    assert_eq!(all.found.count(Group::Works), 4);
    assert_eq!(all.found.facets.genres[0], ("Chanson".into(), 2));
    assert_eq!(all.found.facets.decades, [(2000, 2), (1990, 2)]);
    let count = |shown: &shown::Shown| shown.found.count(Group::Works);
    assert_eq!(count(&with(&|q| q.kind = Some(Kind::Film))), 1);
    assert_eq!(count(&with(&|q| q.genre = Some("CHANSON".into()))), 2);
    assert_eq!(count(&with(&|q| q.territory = Some("FR".into()))), 2);
    assert_eq!(count(&with(&|q| q.territory = Some("FR-BRE".into()))), 1);
    assert_eq!(count(&with(&|q| q.years = Some((1990, 1999)))), 2);
    assert_eq!(count(&with(&|q| q.label = Some("le fil".into()))), 4);
    assert_eq!(count(&with(&|q| q.label = Some("nobody".into()))), 0);
    assert_eq!(count(&with(&|q| q.playable = true)), 4);
    let narrowed = with(&|q| q.genre = Some("Jazz".into()));
    assert_eq!(
        narrowed.found.facets.genres.len(),
        3,
        "the other genres can still be chosen"
    );
    assert_eq!(narrowed.found.facets.territories, [("BE-WAL".into(), 1)]);
    let newest = with(&|q| q.order = Order::Newest);
    assert_eq!(newest.works.len(), 4);
    let browsed = ask(
        &loire,
        &Question {
            kind: Some(Kind::Film),
            ..asked("")
        },
    );
    assert_eq!(browsed.works.len(), 1, "a shelf needs no words");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_goes_on_page_by_page_and_names_everything_once() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    for number in 0..60 {
        put(
            &loire,
            &format!("w{number}"),
            &Song {
                title: "Vague",
                ..SONG
            },
        );
    }
    let page = |skip| {
        let question = Question {
            skip,
            works: 25,
            at_length: Some(Group::Works),
            ..asked("vague")
        };
        let shown = ask(&loire, &question);
        shown
            .works
            .iter()
            .map(|work| work.id.to_string())
            .collect::<Vec<_>>()
    };
    let mut all = [page(0), page(25), page(50), page(75)].concat();
    assert_eq!(all.len(), 60);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 60);
    let guest = loire.visitor();
    let text = guest.page("/search?q=vague&in=works&page=2").await.text;
    assert!(text.contains("rel=\"prev\"") && !text.contains("rel=\"next\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_is_found_as_it_is_now() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let id = put(
        &loire,
        "1",
        &Song {
            title: "Aube",
            ..SONG
        },
    );
    assert_eq!(titles(&loire, "aube"), ["Aube"]);
    put(
        &loire,
        "1",
        &Song {
            title: "Crépuscule",
            ..SONG
        },
    );
    assert!(titles(&loire, "aube").is_empty());
    assert_eq!(titles(&loire, "crepus"), ["Crépuscule"]);
    select(&loire, "soir", "Entre chien et loup", &[&id]);
    assert_eq!(ask(&loire, &asked("chien loup")).selections.len(), 1);
    assert_eq!(ask(&loire, &asked("mediatheque")).selections.len(), 1);
    let now_us = loire.clock.now_us();
    let release = Uri::parse(&loire.config.uri("/releases/rives")).unwrap();
    write(&loire, |conn| {
        catalogue::store::withdraw_release(conn, &release, now_us)?;
        Ok(())
    });
    let gone = ask(&loire, &asked("crepuscule"));
    assert_eq!(gone.found.total(), 0, "{:?}", gone.found);
    assert!(ask(&loire, &asked("rives")).releases.is_empty());
    assert!(
        ask(&loire, &asked("varenne")).artists.is_empty(),
        "nothing of hers is left"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_blocked_node_has_is_not_found() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let far = "http://localhost:9";
    put(
        &loire,
        "1",
        &Song {
            title: "Marée",
            origin: Some(far),
            ..SONG
        },
    );
    assert_eq!(titles(&loire, "maree"), ["Marée"]);
    let set = |how: fn(&node::Node, &str) -> Result<peers::Peer, Refusal>| {
        tokio::task::block_in_place(|| how(&loire.app, far).unwrap());
    };
    set(peers::standing::block);
    let hidden = ask(&loire, &asked("maree"));
    assert_eq!((hidden.works.len(), hidden.found.total()), (0, 0));
    let by_address = ask(&loire, &asked(&format!("{far}/works/1")));
    assert!(by_address.works.is_empty());
    set(peers::standing::unblock);
    assert_eq!(titles(&loire, "maree"), ["Marée"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_or_an_address_names_one_thing() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let id = put(
        &loire,
        "coded",
        &Song {
            title: "Chiffre",
            ..SONG
        },
    );
    for typed in ["FRZ032600001", "fr-z03-26-00001", " FR Z03 26 00001 ", &id] {
        assert_eq!(titles(&loire, typed), ["Chiffre"], "{typed}");
    }
    for typed in ["3700000000017", "03700000000017"] {
        assert_eq!(
            ask(&loire, &asked(typed)).releases[0].title,
            "Rives",
            "{typed}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_typed_is_text_and_ends() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    put(
        &loire,
        "1",
        &Song {
            title: "Or et cendre",
            ..SONG
        },
    );
    let guest = loire.visitor();
    let long = "é".repeat(100_000);
    let endless = "a* OR ".repeat(2_000);
    for typed in [
        "\0",
        "' OR 1=1 --",
        "\"",
        "%",
        "_",
        "*",
        "a*",
        "title:or",
        "or NOT cendre",
        "NEAR(a b)",
        "(((((",
        "\u{202e}or",
        "<script>alert(1)</script>",
        "\\",
        "🏳️‍🌈",
        &endless,
        &long,
    ] {
        let shown = ask(&loire, &asked(typed));
        assert!(shown.works.len() <= 1, "{typed}");
    }
    assert_eq!(titles(&loire, "\"or\"* (cendre);"), ["Or et cendre"]);
    let page = guest
        .page("/search?q=%3Cscript%3E%00%27&kind=x&years=99999s&page=-1&in=x")
        .await;
    assert_eq!(page.status, 200);
    assert!(!page.text.contains("<script>%00") && !page.text.contains("<script>\0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_read_again_after_a_restart_and_made_anew_when_it_is_lost() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    put(
        &loire,
        "1",
        &Song {
            title: "Avant",
            ..SONG
        },
    );
    let catch_up = |host: &Host| {
        tokio::task::block_in_place(|| {
            let work = |conn: &mut _| host.search.catch_up(conn).map(|index| index.len());
            host.db.read_now(work).unwrap()
        })
    };
    let things = catch_up(&loire);
    assert_eq!(things, 3, "a work, its release, its artist");
    let kept = loire.dir.join("search/index");
    assert!(kept.exists());
    loire.stop().await;
    put(
        &loire,
        "2",
        &Song {
            title: "Pendant",
            ..SONG
        },
    );
    let again = reopened(&loire, &world);
    assert_eq!(titles(&again, "avant"), ["Avant"]);
    assert_eq!(
        titles(&again, "pendant"),
        ["Pendant"],
        "what came while nobody looked"
    );
    for broken in [&b""[..], b"antiphon search 001\n", b"something else"] {
        std::fs::write(&kept, broken).unwrap();
        let again = reopened(&loire, &world);
        assert_eq!(titles(&again, "pendant"), ["Pendant"]);
    }
    let whole = {
        assert!(!kept.exists(), "what is of no use is removed");
        let again = reopened(&loire, &world);
        catch_up(&again);
        std::fs::read(&kept).unwrap()
    };
    let mut half = whole.clone();
    half.truncate(whole.len() / 2);
    std::fs::write(&kept, half).unwrap();
    assert_eq!(titles(&reopened(&loire, &world), "pendant"), ["Pendant"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_index_of_a_large_catalogue_is_built_nobody_waits_and_everybody_is_told() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let song = |title| Song { title, ..SONG };
    put(&loire, "1", &song("Avant"));
    put(&loire, "2", &song("Après"));
    loire.stop().await;
    let kept = loire.dir.join("search/index");
    let _ = std::fs::remove_file(&kept);
    let mut node = tokio::task::block_in_place(|| node::Node::open(&loire.dir).unwrap());
    node.clock = world.clock.clone();
    node.search.little = 1;
    let again = Host::of(node);
    let shown = ask(&again, &asked("avant"));
    assert!(shown.found.preparing && shown.works.is_empty());
    let built = tokio::task::block_in_place(|| {
        again.db.read_now(|conn| {
            let index = again.search.catch_up(conn)?;
            Ok::<_, Refusal>(index.len())
        })
    });
    assert!(built.unwrap() > 2);
    assert_eq!(titles(&again, "avant"), ["Avant"]);
    // A kept index answers at once, however large the catalogue.
    let mut node = tokio::task::block_in_place(|| node::Node::open(&loire.dir).unwrap());
    node.search.little = 1;
    assert_eq!(titles(&Host::of(node), "apres"), ["Après"]);
    // One that broke off is removed, and not waited for a second time.
    let mut half = std::fs::read(&kept).unwrap();
    half.truncate(half.len() / 2);
    std::fs::write(&kept, half).unwrap();
    let mut node = tokio::task::block_in_place(|| node::Node::open(&loire.dir).unwrap());
    node.search.little = 1;
    let again = Host::of(node);
    assert!(ask(&again, &asked("apres")).found.preparing);
    assert!(!kept.exists());
}

/// The same folder, opened by another process.
fn reopened(host: &Host, world: &World) -> Host {
    let mut node = tokio::task::block_in_place(|| node::Node::open(&host.dir).unwrap());
    node.clock = world.clock.clone();
    Host::of(node)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_followed_every_change_answers_like_one_built_now() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let words = ["aube", "brume", "cendre", "dune", "écume", "feuille"];
    let place = Place {
        territory: "FR-ARA".into(),
        ..Place::default()
    };
    for round in 0..40_usize {
        let title = [
            words[round % 6],
            words[round / 6 % 6],
            "et",
            words[round * 5 % 6],
        ]
        .join(" ");
        let title: &'static str = title.leak();
        let credit: &'static str = format!("Artiste {}", round % 7).leak();
        let release: &'static str = format!("Album {}", round % 11).leak();
        put(
            &loire,
            &format!("w{}", round % 25),
            &Song {
                title,
                credit,
                release,
                ..SONG
            },
        );
        ask(&loire, &asked("aube"));
    }
    let (followed, built) = tokio::task::block_in_place(|| {
        let both = |conn: &mut _| {
            let followed = loire.search.up_to_date(conn)?;
            Ok::<_, DbError>((followed, node::discovery::search::build(conn)?))
        };
        loire.db.read_now(both).unwrap()
    });
    assert_eq!(followed.len(), built.len());
    for typed in [
        "aube",
        "b",
        "cendre dune",
        "artiste 3",
        "album",
        "ecumme",
        "feuile",
    ] {
        let question = Question {
            works: 1_000,
            others: 1_000,
            ..asked(typed)
        };
        let sorted = |mut found: Found| {
            found.ids.values_mut().for_each(|ids| ids.sort());
            found
        };
        let (one, other) = (
            followed.ask(&place, &question),
            built.ask(&place, &question),
        );
        assert_eq!(sorted(one), sorted(other), "{typed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_answers_without_a_script() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    put(
        &loire,
        "1",
        &Song {
            title: "L’Été indien",
            ..SONG
        },
    );
    let guest = loire.visitor();
    let text = guest.page("/search?q=ete").await.text;
    assert!(
        text.contains("L’Été indien") && text.contains("Anne Varenne"),
        "{text}"
    );
    assert!(text.contains("data-count=\"yes\""));
    let none = guest.page("/search?q=zzzzzz").await.text;
    assert!(none.contains("Nothing for"), "{none}");
    let browse = guest.page("/search").await.text;
    assert!(browse.contains("L’Été indien"));
}
