//! Deliveries in one file: what a ZIP archive brings, and what it cannot do.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use lofty::tag::ItemKey;
use node::catalogue::import::{self, ImportOptions, ImportSummary};
use node::db::DbError;
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::messages::Album;
use super::sounds::{tagged, wav};
use crate::world::{Host, World, offered};

/// An archive of these files.
fn archive(folder: &Path, name: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let path = folder.join(name);
    let mut zip = ZipWriter::new(File::create(&path).unwrap());
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in files {
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
    path
}

fn take(host: &Host, path: &Path, dry_run: bool) -> ImportSummary {
    let options = ImportOptions {
        dry_run,
        ..ImportOptions::default()
    };
    tokio::task::block_in_place(|| {
        import::run(host, &[path.to_path_buf()], &options, &mut |_| {}).unwrap()
    })
}

fn found(host: &Host, q: &str) -> usize {
    tokio::task::block_in_place(|| {
        let works = |conn: &mut _| Ok::<_, DbError>(offered(conn, q)?);
        host.db.read_now(works).unwrap().len()
    })
}

fn told(summary: &ImportSummary, name: &str) -> String {
    let all = summary.refused.iter();
    let mut of_it = all.filter(|(file, _)| file.ends_with(name));
    let one = of_it
        .next()
        .map(|(_, why)| why.to(node::config::Language::En));
    one.unwrap_or_else(|| panic!("{name} is not among {:?}", summary.refused))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_and_tagged_files_in_an_archive_are_taken_like_a_folder() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let dir = tempfile::tempdir().unwrap();
    let texts = [
        (ItemKey::TrackTitle, "Digue"),
        (ItemKey::AlbumTitle, "Port"),
    ];
    let song = fs::read(tagged(dir.path(), "x/1.flac", 220, &texts)).unwrap();
    let texts = [
        (ItemKey::TrackTitle, "Phare"),
        (ItemKey::AlbumTitle, "Port"),
    ];
    let other = fs::read(tagged(dir.path(), "x/2.flac", 330, &texts)).unwrap();
    let xml = Album::default().xml();
    let path = archive(
        dir.path(),
        "delivery.ZIP",
        &[
            ("N_1/message.xml", xml.as_bytes()),
            ("port/1.flac", &song),
            ("port/2.flac", &other),
            ("__MACOSX/port/._1.flac", b"x"),
        ],
    );
    let tried = take(&loire, &path, true);
    assert!(tried.taken >= 4 && found(&loire, "digue") == 0, "{tried:?}");
    let unpacked = loire.config.media.join(".unpacked");
    let is_clean = || fs::read_dir(&unpacked).map_or(0, Iterator::count) == 0;
    assert!(is_clean());
    let taken = take(&loire, &path, false);
    assert_eq!(taken.taken, tried.taken, "{taken:?}");
    assert_eq!((found(&loire, "digue"), found(&loire, "port")), (1, 2));
    assert_eq!(found(&loire, "reflux"), 1);
    assert!(is_clean(), "nothing stays unpacked");
    let again = take(&loire, &path, false);
    assert_eq!(
        (again.taken, again.updated, again.refused_count),
        (0, 0, 0),
        "{again:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_climb_out_links_and_archives_in_archives_are_refused_one_by_one() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let dir = tempfile::tempdir().unwrap();
    let sound = wav(220, 1);
    let inner = fs::read(archive(dir.path(), "inner", &[("1.wav", &sound)])).unwrap();
    let path = dir.path().join("hostile.zip");
    let mut zip = ZipWriter::new(File::create(&path).unwrap());
    let options = SimpleFileOptions::default();
    for name in [
        "../climbs.wav",
        "/tmp/absolute.wav",
        "a/../../../far.wav",
        "good.wav",
    ] {
        zip.start_file(name, options).unwrap();
        zip.write_all(&sound).unwrap();
    }
    zip.add_symlink("link.wav", "/etc/passwd", options).unwrap();
    zip.start_file("inner.zip", options).unwrap();
    zip.write_all(&inner).unwrap();
    zip.start_file("bad.flac", options).unwrap();
    zip.write_all(b"fLaC and no more").unwrap();
    zip.finish().unwrap();
    let before: Vec<_> = fs::read_dir(&loire.dir)
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .collect();
    let summary = take(&loire, &path, false);
    assert_eq!(summary.taken, 1, "{summary:?}");
    assert!(
        told(&summary, "climbs.wav").contains("folder"),
        "{summary:?}"
    );
    for name in ["far.wav", "link.wav", "bad.flac"] {
        told(&summary, name);
    }
    assert!(told(&summary, "inner.zip").contains("in another"));
    let after: Vec<_> = fs::read_dir(&loire.dir)
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .collect();
    assert_eq!(before.len(), after.len());
    for outside in ["/tmp/absolute.wav", "climbs.wav", "far.wav"] {
        assert!(!loire.config.media.join(outside).exists(), "{outside}");
    }
    let names: Vec<&str> = summary
        .refused
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(
        names.iter().all(|name| !name.contains(".unpacked")),
        "{names:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_a_torso_and_a_list_without_end_are_given_up_and_the_next_is_taken() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let dir = tempfile::tempdir().unwrap();
    let zeros = vec![0; 300 << 20];
    archive(dir.path(), "bomb.zip", &[("zeros.wav", &zeros)]);
    drop(zeros);
    let sound = wav(220, 1);
    let good = archive(dir.path(), "good.zip", &[("1.wav", &sound)]);
    let whole = fs::read(&good).unwrap();
    fs::write(dir.path().join("torso.zip"), &whole[..whole.len() / 2]).unwrap();
    fs::write(dir.path().join("none.zip"), b"").unwrap();
    // An archive that says it holds more than is ever read.
    let mut many = whole.clone();
    let end = many
        .windows(4)
        .rposition(|four| four == b"PK\x05\x06")
        .unwrap();
    many[end + 10..end + 12].copy_from_slice(&[0xff, 0xff]);
    fs::write(dir.path().join("many.zip"), many).unwrap();
    // Bytes that do not add up to their sum.
    let mut bent = whole;
    bent[60] ^= 0xff;
    fs::write(dir.path().join("bent.zip"), bent).unwrap();
    let summary = take(&loire, dir.path(), false);
    assert_eq!(summary.taken, 1, "{summary:?}");
    assert!(
        told(&summary, "bomb.zip").contains("200 times"),
        "{summary:?}"
    );
    assert!(
        told(&summary, "many.zip").contains("20000 files")
            || told(&summary, "many.zip").contains("20,000 files"),
        "{summary:?}"
    );
    for name in ["torso.zip", "none.zip"] {
        told(&summary, name);
    }
    assert!(
        summary
            .refused
            .iter()
            .any(|(name, _)| name.contains("bent.zip/"))
    );
    assert_eq!(
        fs::read_dir(loire.config.media.join(".unpacked")).map_or(0, Iterator::count),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_in_an_archive_that_plays_and_does_not_add_up_is_refused() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("delivery.zip");
    let mut zip = ZipWriter::new(File::create(&path).unwrap());
    // Not packed: nothing but the sum (CRC-32) tells that one sample is another.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, hertz) in [("1.wav", 220), ("2.wav", 330)] {
        zip.start_file(name, options).unwrap();
        zip.write_all(&wav(hertz, 1)).unwrap();
    }
    zip.finish().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[4_000] ^= 1;
    fs::write(&path, bytes).unwrap();
    let summary = take(&loire, &path, false);
    assert_eq!(
        (summary.taken, summary.refused_count),
        (1, 1),
        "{summary:?}"
    );
    let why = told(&summary, "delivery.zip/1.wav");
    assert!(why.to_lowercase().contains("checksum"), "{why}");
}
