//! Tables: films, games, books and simple labels.

use federation::digest::Sha256Digest;
use node::Node;
use node::catalogue::mandates::Society;
use node::catalogue::{Work, store};
use node::config::Language;
use node::db::DbError;
use settlement::Kind;

use super::sounds::{flac, import, put};
use crate::world::World;

fn found(node: &Node, q: &str) -> Vec<Work> {
    node.db
        .read_now(|conn| Ok::<_, DbError>(crate::world::offered(conn, q)?))
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_brings_works_of_all_four_kinds_with_their_files() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let folder = tempfile::tempdir().unwrap();
    let table = "\
kind;title;artist;release;label;duration;year;file;isrc;isbn;licensed_by;licensed_on;society;split;territories
musique;L’Été;Cœur de Loup;Années douces;Micro Climat;;2014;ete.flac;FR-ABC-26-00001;;Micro Climat;2026-10-01;none;artist=6000,label=4000;
film;La Brume;Zoé;;;1:30:00;2020;brume.mp4;;;;;;;FR BE
book;Le Pas;Paul;;Éditions du Pas;;2021;pas.pdf;;978-2-07-061275-8;Paul;;SOFIA;;
";
    put(folder.path(), "catalogue.csv", table.as_bytes());
    let sound = flac(220, 2);
    put(folder.path(), "ete.flac", &sound);
    put(
        folder.path(),
        "brume.mp4",
        b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x08mdat",
    );
    put(folder.path(), "pas.pdf", b"%PDF-1.7\n%%EOF\n");
    let (summary, _) = import(&loire, folder.path());
    assert_eq!(
        (summary.taken, summary.refused_count),
        (3, 0),
        "{summary:?}"
    );

    let ete = found(&loire, "ete").remove(0);
    assert_eq!(
        (ete.kind, ete.duration_ms, ete.year),
        (Kind::Music, 2_000, Some(2014))
    );
    assert_eq!(ete.media, Some(Sha256Digest::of(&sound)));
    let brume = found(&loire, "brume").remove(0);
    assert_eq!((brume.kind, brume.duration_ms), (Kind::Film, 5_400_000));
    assert_eq!(brume.media_type.as_deref(), Some("video/mp4"));
    let pas = found(&loire, "pas paul").remove(0);
    assert_eq!(
        (pas.kind, pas.media_type.as_deref()),
        (Kind::Book, Some("application/pdf"))
    );
    let (mandate, other) = loire
        .db
        .read_now(|conn| {
            Ok::<_, DbError>((
                store::mandate(conn, ete.id.as_str())?.unwrap(),
                store::mandate(conn, pas.id.as_str())?.unwrap(),
            ))
        })
        .unwrap();
    assert_eq!(mandate.granted.to_string(), "2026-10-01");
    assert_eq!(mandate.society, Society::None);
    assert_eq!(other.society, Society::Named("SOFIA".into()));

    world.pass(60);
    let (again, _) = import(&loire, folder.path());
    assert_eq!((again.taken, again.updated, again.known), (0, 0, 3));
    let table = table.replace("Le Pas;", "Le Pas suspendu;");
    put(folder.path(), "catalogue.csv", table.as_bytes());
    let (changed, _) = import(&loire, folder.path());
    assert_eq!((changed.taken, changed.known), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_that_cannot_be_taken_has_its_line_and_its_reason() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "lies.mp4", b"MZ this is no film at all");
    let long = "é".repeat(1_000_000);
    let rows = [
        ("Good,Ana,3:25,,,", ""),
        (",Ana,3:25,,,", "nothing under “title”"),
        ("A,,3:25,,,", "nothing under “artist”"),
        ("A,Ana,,,,", "nothing under “duration”"),
        ("A,Ana,-3,,,", "“-3” under “duration”"),
        ("A,Ana,3:25,FR-ABC-26-1,,", "is not an ISRC"),
        ("A,Ana,3:25,,3700000000017,", "mistyped"),
        ("A,Ana,3:25,,,../../etc/passwd", "leads out"),
        ("A,Ana,3:25,,,absent.flac", "no file absent.flac"),
        ("A,Ana,3:25,,,lies.mp4", "no sound"),
        ("A,Ana,3:25,,,,,,,", "more cells"),
        ("LONG,Ana,3:25,,,", "longer than 500"),
        ("\"A \"\"quoted\"\" one\",Ana,205.5,,,", ""),
    ];
    let mut table = String::from("title,artist,duration,isrc,icpn,file\r\n");
    for (row, _) in rows {
        table.push_str(&row.replace("LONG", &long));
        table.push_str("\r\n");
    }
    put(folder.path(), "t.csv", table.as_bytes());
    let (summary, _) = import(&loire, folder.path());
    assert_eq!(summary.taken, 2, "{summary:?}");
    for (at, (row, words)) in rows
        .iter()
        .enumerate()
        .filter(|(_, (_, words))| !words.is_empty())
    {
        let line = format!("t.csv:{}", at + 2);
        let refused = summary
            .refused
            .iter()
            .find(|(name, _)| name.ends_with(&line));
        let (_, why) = refused.unwrap_or_else(|| panic!("{line} {row} was taken"));
        let why = why.to(Language::En);
        assert!(why.contains(words), "{row}: {why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_a_french_spreadsheet_is_read_as_it_is() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let folder = tempfile::tempdir().unwrap();
    let latin: Vec<u8> = "Titre;Artiste;Durée;Année\r\nÇa va;Zoé Noël;3:25;2001\r\n"
        .chars()
        .map(|letter| u8::try_from(letter).unwrap())
        .collect();
    put(folder.path(), "latin.csv", &latin);
    let utf16: Vec<u8> = "\u{feff}titre\tartiste\tdurée\n音楽\t山田\t60\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    put(folder.path(), "utf16.tsv", &utf16);
    put(folder.path(), "other.csv", b"name,price\nx,1\n");
    // A quote that nobody closes takes no more memory than a row may.
    let mut open = b"title,artist,duration\nA,Ana,60\n\"".to_vec();
    open.resize(12 << 20, b'x');
    put(folder.path(), "open.csv", &open);
    let (summary, _) = import(&loire, folder.path());
    assert_eq!(
        (summary.taken, summary.refused_count),
        (3, 2),
        "{summary:?}"
    );
    let work = found(&loire, "ca va").remove(0);
    assert_eq!((work.credit.as_str(), work.year), ("Zoé Noël", Some(2001)));
    assert_eq!(found(&loire, "音楽").len(), 1);
}
