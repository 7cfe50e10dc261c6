//! Messages of DDEX: what they become, what they change, and what is refused.

use std::fs;
use std::path::Path;

use federation::digest::Sha256Digest;
use node::Node;
use node::catalogue::import::{self, ImportOptions, ImportSummary, ern};
use node::catalogue::{Work, store};
use node::config::Language;
use node::db::DbError;
use settlement::Territory;

use super::messages::{Album, Track};
use super::sounds::{flac, import, put};
use crate::world::World;

fn found(node: &Node, q: &str) -> Vec<Work> {
    node.db
        .read_now(|conn| Ok::<_, DbError>(crate::world::offered(conn, q)?))
        .unwrap()
}

fn told(summary: &ImportSummary) -> String {
    let told = summary
        .refused
        .iter()
        .map(|(name, why)| format!("{name}: {}\n", why.to(Language::En)));
    told.collect()
}

/// What a message is refused with.
fn refused(bytes: &[u8]) -> String {
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, bytes).unwrap();
    match ern::read(file, Territory::parse("FR").unwrap()) {
        Ok(message) => panic!("it was read: {message:?}"),
        Err(why) => why.to(Language::En),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_becomes_a_release_with_its_works_people_codes_and_files() {
    for version in ["43", "42"] {
        let world = World::new();
        let loire = world.node("loire", "FR-ARA").await;
        let folder = tempfile::tempdir().unwrap();
        let sound = flac(220, 2);
        put(folder.path(), "resources/1.flac", &sound);
        let mut album = Album {
            version,
            ..Album::default()
        };
        album.tracks[0].file = Some(("resources/1.flac", Sha256Digest::of(&sound).hex()));
        put(folder.path(), "3700000000013.xml", album.xml().as_bytes());
        let (summary, _) = import(&loire, folder.path());
        assert_eq!(
            (summary.taken, summary.refused_count),
            (2, 0),
            "{}",
            told(&summary)
        );
        assert_eq!(
            (summary.releases, summary.works, summary.parties),
            (1, 2, 3)
        );

        let flux = found(&loire, "flux marees").remove(0);
        assert_eq!(flux.credit, "Ana & les Vagues");
        assert_eq!((flux.position, flux.duration_ms), (Some(1), 2_000));
        assert_eq!(flux.media_type.as_deref(), Some("audio/flac"));
        let reflux = found(&loire, "reflux").remove(0);
        assert!(reflux.media.is_none() && reflux.release == flux.release);
        let (release, codes, credits, mandate) = loire
            .db
            .read_now(|conn| {
                Ok::<_, DbError>((
                    store::release(conn, flux.release.as_ref().unwrap())?.unwrap(),
                    store::codes(conn, flux.id.as_str())?,
                    store::credits(conn, &flux.id)?,
                    store::mandate(conn, flux.id.as_str())?.unwrap(),
                ))
            })
            .unwrap();
        assert_eq!(release.title, "Les Marées");
        assert_eq!(
            (release.year, release.label.as_deref()),
            (Some(2026), Some("Le Fil"))
        );
        assert_eq!(release.icpn.as_deref(), Some("3700000000013"));
        let codes: Vec<_> = codes.iter().map(|code| code.value()).collect();
        assert_eq!(codes, ["FRZ032600001", "T0345246801"]);
        let roles: Vec<_> = credits.iter().map(|(_, role)| role.as_str()).collect();
        assert_eq!(roles, ["MainArtist", "Composer"]);
        assert!(mandate.stated && mandate.licensor == "Diffusion d’Auvergne");
        let page = loire
            .visitor()
            .get(flux.id.as_str().strip_prefix(&loire.base()).unwrap())
            .await;
        for words in ["Diffusion d’Auvergne", "2026-01-01", "Bela", "T0345246801"] {
            assert!(page.text.contains(words), "{words}: {}", page.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_again_changes_only_what_it_says_otherwise() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let folder = tempfile::tempdir().unwrap();
    let deliver = |album: &Album<'_>| {
        put(folder.path(), "m.xml", album.xml().as_bytes());
        let (summary, _) = import(&loire, folder.path());
        assert_eq!(summary.refused_count, 0, "{}", told(&summary));
        (
            summary.taken,
            summary.updated,
            summary.known,
            summary.withdrawn,
        )
    };
    assert_eq!(deliver(&Album::default()), (2, 0, 0, 0));
    world.pass(60);
    assert_eq!(deliver(&Album::default()), (0, 0, 2, 0));
    let before = found(&loire, "flux").remove(0);

    let mut update = Album {
        created: "2026-11-05T10:00:00Z",
        ..Album::default()
    };
    update.tracks[0].title = "Flux tendu";
    assert_eq!(deliver(&update), (0, 1, 1, 0));
    let after = found(&loire, "flux tendu").remove(0);
    assert_eq!(after.id, before.id);
    // What was said before that changes nothing any more.
    assert_eq!(deliver(&Album::default()), (0, 0, 2, 0));
    assert_eq!(found(&loire, "flux tendu").len(), 1);
    // A track that is no longer on the release goes.
    update.created = "2026-11-06T10:00:00Z";
    update.tracks.pop();
    assert_eq!(deliver(&update), (0, 0, 1, 1));
    assert!(found(&loire, "reflux").is_empty());
    // A recording on a second release is one work on both.
    let single = Album {
        icpn: "036000291452",
        title: "Flux, le single",
        tracks: update.tracks.clone(),
        ..update
    };
    assert_eq!(deliver(&single), (0, 1, 0, 0));
    assert_eq!(found(&loire, "flux").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_is_purged_is_withdrawn_by_its_sender_alone() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "m.xml", Album::default().xml().as_bytes());
    import(&loire, folder.path());
    let purge = |sender: &str| {
        format!(
            r#"<ern:PurgeReleaseMessage xmlns:ern="http://ddex.net/xml/ern/43"><MessageHeader><MessageId>p</MessageId>
            <MessageSender><PartyId>{sender}</PartyId></MessageSender><MessageCreatedDateTime>2026-11-07T10:00:00+01:00</MessageCreatedDateTime></MessageHeader>
            <PurgedRelease><ReleaseId><ICPN>3700000000013</ICPN></ReleaseId></PurgedRelease></ern:PurgeReleaseMessage>"#
        )
    };
    for (sender, left) in [("PADPIDA1999999999Z", 2), ("PADPIDA2014120301A", 0)] {
        let other = tempfile::tempdir().unwrap();
        put(other.path(), "p.xml", purge(sender).as_bytes());
        let (summary, _) = import(&loire, other.path());
        assert_eq!(summary.refused_count, 0, "{}", told(&summary));
        assert_eq!(found(&loire, "marees").len(), left);
    }
    // What its sender delivers again is a new work: what was withdrawn does not come back.
    let (summary, _) = import(&loire, folder.path());
    assert_eq!(summary.taken, 2, "{}", told(&summary));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_climb_out_or_arrived_half_are_refused_one_by_one() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let folder = tempfile::tempdir().unwrap();
    let sound = flac(220, 2);
    let sum = Sha256Digest::of(&sound).hex();
    put(folder.path(), "secret.flac", &sound);
    put(
        folder.path(),
        "in/resources/half.flac",
        &sound[..sound.len() / 2],
    );
    put(
        folder.path(),
        "in/resources/torn.flac",
        &sound[..sound.len() / 2],
    );
    put(folder.path(), "in/resources/good.flac", &sound);
    put(folder.path(), "in/resources/cover.png", b"no picture");
    let half = Sha256Digest::of(&sound[..sound.len() / 2]).hex();
    let track = |isrc, title, uri, sum: &str| Track {
        file: Some((uri, sum.to_owned())),
        duration: "PT9M",
        ..Track::new(isrc, title)
    };
    let album = Album {
        tracks: vec![
            track("FRZ032600001", "Dehors", "../secret.flac", &sum),
            track("FRZ032600002", "Autre somme", "resources/half.flac", &sum),
            track("FRZ032600003", "Coupé", "resources/torn.flac", &half),
            track("FRZ032600004", "Bon", "resources/good.flac", &sum),
        ],
        ..Album::default()
    };
    put(folder.path(), "in/m.xml", album.xml().as_bytes());
    let (summary, events) = import(&loire, &folder.path().join("in"));
    let told = told(&summary);
    assert_eq!((summary.taken, summary.refused_count), (4, 4), "{told}");
    for words in [
        "../secret.flac: This name leads out",
        "half.flac: This file is not the one",
        "torn.flac: This file",
        "cover.png",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(found(&loire, "bon")[0].media.is_some());
    assert_eq!(found(&loire, "bon")[0].duration_ms, 2_000);
    for q in ["dehors", "autre", "coupe"] {
        assert!(found(&loire, q)[0].media.is_none(), "{q}");
    }
    assert!(format!("{events:?}").contains("catalogue-duration-differs"));
    // Delivered whole, it is taken.
    put(folder.path(), "in/resources/half.flac", &sound);
    let (summary, _) = import(&loire, &folder.path().join("in"));
    assert_eq!((summary.updated, summary.known), (1, 3));
    assert!(found(&loire, "autre")[0].media.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_only_tries_counts_and_writes_nothing() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "m.xml", Album::default().xml().as_bytes());
    put(
        folder.path(),
        "bad.xml",
        b"<ern:NewReleaseMessage xmlns:ern='http://ddex.net/xml/ern/382'/>",
    );
    put(folder.path(), "loose/a.flac", &flac(330, 1));
    put(
        folder.path(),
        "works.csv",
        b"title,artist,duration\nA,Ana,3:00\nB,,3:00\n",
    );
    put(folder.path(), "notes.xml", b"<notes/>");
    let options = ImportOptions {
        dry_run: true,
        ..ImportOptions::default()
    };
    let paths = [folder.path().to_path_buf()];
    let tried =
        tokio::task::block_in_place(|| import::run(&loire, &paths, &options, &mut |_| {}).unwrap());
    assert_eq!(
        (tried.taken, tried.refused_count),
        (4, 2),
        "{}",
        told(&tried)
    );
    assert_eq!((tried.works, tried.releases), (4, 3));
    assert!(told(&tried).contains("version 3.8.2"), "{}", told(&tried));
    assert!(found(&loire, "a").is_empty());
    assert!(!loire.config.media.join(".incoming").exists());
    let (done, _) = import(&loire, folder.path());
    assert_eq!((done.taken, done.refused_count), (4, 2));
}

#[test]
fn a_message_cut_at_any_byte_is_refused() {
    let whole = Album::default().xml();
    let end = whole.trim_end().len();
    for length in (0..end).filter(|length| length % 7 == 0 || end - length < 40) {
        refused(&whole.as_bytes()[..length]);
    }
}

#[test]
fn hostile_messages_are_refused_with_a_line_and_a_reason() {
    let whole = Album::default().xml();
    let with = |from: &str, to: &str| whole.replacen(from, to, 1);
    let deep = "<a>".repeat(100_000);
    let long = "x".repeat(9 << 20);
    let laughs = with(
        "<ern:New",
        "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><ern:New",
    );
    let outside = with(
        "<ern:New",
        "<!DOCTYPE x SYSTEM 'file:///etc/passwd'><ern:New",
    );
    for (message, words) in [
        (laughs, "document types"),
        (outside, "document types"),
        (with("Le Fil", "&secret;"), "entities"),
        (with("<MessageHeader>", &format!("<x>{deep}")), "too deep"),
        (
            with("<PartyList>", &format!("<PartyList a='{long}'>")),
            "longer than any",
        ),
        (with("Le Fil", &long), "longer than any"),
        (with("Le Fil", "Le \u{0} Fil"), "characters"),
        (with("Le Fil", "Le &#0; Fil"), "Line"),
        (with("</PartyList>", "</PartyLost>"), "Line"),
        (
            with("ReleaseReference>R0", "ReleaseReference>R9"),
            "R0 is referred to",
        ),
        (
            with("<PartyReference>PAna", "<PartyReference>PZoe"),
            "PAna is referred to",
        ),
        (
            with("ReleaseResourceReference>A2", "ReleaseResourceReference>A7"),
            "A7 is referred to",
        ),
        (
            with("PartyReference>PFil", "PartyReference>PAna"),
            "there twice",
        ),
        (
            with("<ReleaseId><ICPN>3700000000013</ICPN></ReleaseId>", ""),
            "ReleaseId",
        ),
        (with("<Duration>PT2S</Duration>", ""), "Duration"),
        (with("PT2S", "-PT2S"), "Duration"),
        (with("PT2S", "PT99999999999H"), "Duration"),
        (with("<MessageId>m1</MessageId>", ""), "MessageId"),
        (with("ern/43", "ern/382"), "version 3.8.2"),
        (
            with("http://ddex.net/xml/ern/43", "urn:else"),
            "not of a version",
        ),
        (format!("{whole}<more/>"), "after its end"),
    ] {
        let why = refused(message.as_bytes());
        assert!(why.contains(words), "{words}: {why}");
    }
    let latin: Vec<u8> = whole
        .chars()
        .map(|letter| u8::try_from(letter).unwrap_or(b'?'))
        .collect();
    assert!(refused(&latin).contains("UTF-8"));
}

#[test]
fn a_message_in_another_encoding_that_it_declares_is_read() {
    let whole = Album::default().xml();
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(whole.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let path = put(folder.path(), "m.xml", &utf16);
    assert!(ern::is_ern(&path));
    ern::read(
        fs::File::open(&path).unwrap(),
        Territory::parse("FR").unwrap(),
    )
    .unwrap();
    assert!(!ern::is_ern(Path::new("/nowhere")));
}
