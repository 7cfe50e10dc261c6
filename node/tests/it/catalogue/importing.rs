use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use federation::proof::Signed;
use federation::splits::PublishedSplitSheet;
use lofty::config::WriteOptions;
use lofty::picture::{MimeType, Picture, PictureType};
use lofty::tag::{ItemKey, TagExt, TagType};
use node::Node;
use node::catalogue::import::{self, Became, ImportEvent, ImportOptions};
use node::catalogue::{Release, Role, Work, changes, store};
use node::config::Language;
use node::db::DbError;
use settlement::Period;

use super::sounds::{flac, import, put, tag, tagged, wav};
use crate::world::World;

const ISRC: &str = "fr-abc-26-00001";

fn found(node: &Node, q: &str) -> Vec<Work> {
    node.db
        .read_now(|conn| Ok::<_, DbError>(crate::world::offered(conn, q)?))
        .unwrap()
}

fn release_of(node: &Node, work: &Work) -> Release {
    let id = work.release.clone().unwrap();
    let release = node
        .db
        .read_now(|conn| Ok::<_, DbError>(store::release(conn, &id)?));
    release.unwrap().unwrap()
}

/// Every file below the folder of media that is not a passing one, or of the import itself.
fn media_files(node: &Node) -> Vec<String> {
    fn below(folder: &Path, into: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                below(&path, into);
            } else if name != ".importing" {
                into.push(name);
            }
        }
    }
    let mut files = Vec::new();
    below(&node.config.media, &mut files);
    files.sort();
    files
}

/// The sentence a file was refused with.
fn refusal(refused: &[(String, node::words::Say)], name: &str) -> String {
    let (_, why) = refused
        .iter()
        .find(|(file, _)| file.ends_with(name))
        .unwrap_or_else(|| panic!("{name} was not refused: {refused:?}"));
    why.to(Language::En)
}

#[tokio::test(flavor = "multi_thread")]
async fn tagged_files_become_works_on_one_release_with_their_parties() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let music = tempfile::tempdir().unwrap();
    let album = [
        (ItemKey::AlbumTitle, "Les Années douces"),
        (ItemKey::AlbumArtist, "Cœur de Loup"),
        (ItemKey::TrackArtist, "Cœur de Loup"),
        (ItemKey::Label, "Micro Climat"),
        (ItemKey::Genre, "Chanson"),
        (ItemKey::RecordingDate, "2014-05-01"),
    ];
    let with = |title, number| {
        let mut texts = album.to_vec();
        texts.extend([(ItemKey::TrackTitle, title), (ItemKey::TrackNumber, number)]);
        texts
    };
    let mut first = with("L’Été", "1");
    first.push((ItemKey::Isrc, ISRC));
    let recording = "b1a9c0e9-d987-4042-ae91-78d6a3267d69";
    first.push((ItemKey::MusicBrainzRecordingId, recording));
    first.push((ItemKey::MusicBrainzArtistId, "no id"));
    tagged(music.path(), "album/01.flac", 220, &first);
    tagged(music.path(), "album/02.flac", 330, &with("L’Hiver", "2"));

    let (summary, events) = import(&loire, music.path());
    assert_eq!((summary.taken, summary.refused.len()), (2, 0));
    assert!(matches!(events[0], ImportEvent::Found { files: 2, bytes } if bytes > 0));

    let ete = found(&loire, "l'ete").remove(0);
    assert_eq!(ete.title, "L’Été");
    assert_eq!(ete.credit, "Cœur de Loup");
    assert_eq!((ete.position, ete.year), (Some(1), Some(2014)));
    assert_eq!(ete.isrc.as_ref().unwrap().as_str(), "FRABC2600001");
    assert_eq!(ete.duration_ms, 2_000);
    assert_eq!(ete.media_type.as_deref(), Some("audio/flac"));
    assert_eq!(ete.territory.unwrap().to_string(), "FR-ARA");
    assert!(ete.id.as_str().starts_with(&loire.base()));

    let codes = loire
        .db
        .read_now(|conn| Ok::<_, DbError>(store::codes(conn, ete.id.as_str())?))
        .unwrap();
    let codes: Vec<_> = codes.iter().map(|code| code.value()).collect();
    assert_eq!(codes, [recording]);

    // Whoever knows the label, the album or half a name finds them all.
    for q in ["micro climat", "ANNEES douces", "coeur loup", "coe anne"] {
        assert_eq!(found(&loire, q).len(), 2, "{q}");
    }
    assert!(found(&loire, "printemps").is_empty() && found(&loire, "%").is_empty());

    let hiver = found(&loire, "hiver").remove(0);
    assert_eq!(ete.release, hiver.release);
    let release = release_of(&loire, &ete);
    assert_eq!(release.title, "Les Années douces");
    assert_eq!(release.label.as_deref(), Some("Micro Climat"));
    let who = loire
        .db
        .read_now(|conn| Ok::<_, DbError>(store::contributors_of(conn, &ete.id)?))
        .unwrap();
    let mut who: Vec<_> = who
        .iter()
        .map(|(p, role)| (p.name.as_str(), *role))
        .collect();
    who.sort();
    let expected = [
        ("Cœur de Loup", Role::Artist),
        ("Micro Climat", Role::Label),
    ];
    assert_eq!(who, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_shares_in_a_work_is_signed_when_it_comes_in() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let music = tempfile::tempdir().unwrap();
    let texts = [
        (ItemKey::TrackTitle, "Duo"),
        (ItemKey::TrackArtist, "Ana"),
        (ItemKey::Label, "Micro Climat"),
    ];
    tagged(music.path(), "duo.flac", 220, &texts);
    let options = ImportOptions::with_split("artist=6000,label=3000,publisher=1000").unwrap();
    tokio::task::block_in_place(|| {
        import::run(&loire, &[music.path().to_path_buf()], &options, &mut |_| {}).unwrap()
    });
    let work = found(&loire, "duo").remove(0);
    let november = Period::parse("2026-11").unwrap();
    let sheet = loire
        .db
        .read_now(|conn| Ok::<_, DbError>(store::split_sheet_in_force(conn, &work.id, november)?))
        .unwrap()
        .unwrap();
    let document = serde_json::from_str(&sheet.document).unwrap();
    let key_id = loire.key_id();
    let key = loire.keys().ed25519.public();
    let signed = Signed::<PublishedSplitSheet>::verify(document, &key_id, &key).unwrap();
    let sheet = &signed.content().sheet;
    assert_eq!(sheet.valid_from().to_string(), "2026-11-01");
    let shares: Vec<_> = sheet.entries()[0]
        .given()
        .iter()
        .map(|share| (share.party.as_str().rsplit('/').next().unwrap(), share.bp))
        .collect();
    // Nobody publishes it: that part is the artist's.
    assert_eq!(shares, [("ana", 7_000), ("micro-climat", 3_000)]);
    let cut_off = settlement::Timestamp::parse("2026-12-01T00:00:00Z").unwrap();
    assert_eq!(signed.content().check(&cut_off), Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_that_cannot_be_taken_has_its_sentence_and_stops_nothing_else() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let music = tempfile::tempdir().unwrap();
    let whole = flac(220, 4);
    put(music.path(), "good.flac", &flac(440, 1));
    put(music.path(), "cut.flac", &whole[..whole.len() / 2]);
    let mut scratched = whole;
    let middle = scratched.len() / 2;
    scratched[middle] ^= 0x10;
    put(music.path(), "scratched.flac", &scratched);
    let sound = wav(220, 2);
    put(music.path(), "cut.wav", &sound[..sound.len() / 2]);
    let mut seed = 1_u64;
    let noise: Vec<u8> = (0..200_000)
        .map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 56) as u8
        })
        .collect();
    put(music.path(), "noise.mp3", &noise);
    put(music.path(), "noise.ogg", &noise);
    put(music.path(), "words.m4a", b"these are words, and not sound");
    put(music.path(), "empty.flac", b"");
    put(music.path(), "old.wma", &noise);
    put(music.path(), "zz-good.wav", &wav(330, 1));

    let (summary, events) = import(&loire, music.path());
    assert_eq!(summary.taken, 2, "{summary:?}");
    assert_eq!(summary.refused.len(), 8);
    for (name, words) in [
        ("cut.flac", "too early"),
        ("cut.wav", "too early"),
        ("scratched.flac", "damaged"),
        ("empty.flac", "empty"),
        ("words.m4a", "no sound"),
        ("noise.ogg", "no sound"),
        ("old.wma", "not played here"),
    ] {
        let why = refusal(&summary.refused, name);
        assert!(why.contains(words), "{name}: {why}");
    }
    refusal(&summary.refused, "noise.mp3");
    let done = events
        .iter()
        .filter(|event| matches!(event, ImportEvent::Done { .. }));
    assert_eq!(done.count(), 10);
    // Nothing of the refused ones is kept.
    assert_eq!(media_files(&loire).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_here_already_changes_nothing() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let music = tempfile::tempdir().unwrap();
    put(music.path(), "a/one.flac", &flac(220, 1));
    put(music.path(), "b/the same.flac", &flac(220, 1));
    let (first, _) = import(&loire, music.path());
    assert_eq!((first.taken, first.known), (1, 1));
    let before = found(&loire, "one");
    world.pass(60);
    let (second, _) = import(&loire, music.path());
    assert_eq!((second.taken, second.known, second.updated), (0, 2, 0));
    assert_eq!(found(&loire, "one"), before);
    assert_eq!(media_files(&loire).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_sound_under_other_tags_is_the_same_work_changed() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let music = tempfile::tempdir().unwrap();
    let texts = [
        (ItemKey::TrackTitle, "Draft"),
        (ItemKey::TrackArtist, "Ana"),
    ];
    tagged(music.path(), "a.flac", 220, &texts);
    import(&loire, music.path());
    let draft = found(&loire, "draft").remove(0);

    world.pass(60);
    let texts = [
        (ItemKey::TrackTitle, "Final"),
        (ItemKey::TrackArtist, "Ana & Bela"),
        (ItemKey::AlbumTitle, "Album"),
    ];
    tagged(music.path(), "a.flac", 220, &texts);
    let (summary, _) = import(&loire, music.path());
    assert_eq!((summary.taken, summary.updated), (0, 1));
    assert!(found(&loire, "draft").is_empty());
    let last = found(&loire, "final").remove(0);
    assert_eq!(last.id, draft.id);
    assert!(last.updated_us > draft.updated_us && last.created_us == draft.created_us);
    assert_ne!(last.media, draft.media);
    // It moved to its album; the single it was alone on is no more.
    assert_eq!(release_of(&loire, &last).title, "Album");
    assert!(release_of(&loire, &draft).withdrawn_us.is_some());
    // What was signed stands until whoever would have less agrees, or has had time to object.
    let days = |node: &Node| -> Vec<String> {
        let sheets = node
            .db
            .read_now(|conn| Ok::<_, DbError>(store::split_sheets_of(conn, &last.id)?));
        let sheets = sheets.unwrap();
        sheets.iter().map(|s| s.valid_from.to_string()).collect()
    };
    assert_eq!(days(&loire), ["2026-11-01"]);
    let waiting = loire
        .db
        .read_now(|conn| Ok::<_, DbError>(store::waiting_change(conn, &last.id)?));
    let waiting = waiting.unwrap().unwrap();
    let ana = draft.artist.unwrap();
    tokio::task::block_in_place(|| changes::confirm(&loire, &waiting.id, &ana).unwrap());
    assert_eq!(days(&loire), ["2026-11-01", "2026-12-01"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_tags_goes_by_its_name_and_its_folder() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let music = tempfile::tempdir().unwrap();
    put(
        music.path(),
        "Fanfare du Quartier/Marche lente.wav",
        &wav(220, 1),
    );
    import(&loire, music.path());
    let work = found(&loire, "marche").remove(0);
    assert_eq!(work.title, "Marche lente");
    assert_eq!(work.credit, "Fanfare du Quartier");
    assert_eq!(work.media_type.as_deref(), Some("audio/wav"));
    let release = release_of(&loire, &work);
    assert_eq!(release.title, "Marche lente");
}

#[tokio::test(flavor = "multi_thread")]
async fn tracks_of_several_artists_make_an_album_of_various_artists() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let music = tempfile::tempdir().unwrap();
    for (name, artist, hertz) in [("1.flac", "Ana", 220), ("2.flac", "Bela", 330)] {
        let texts = [
            (ItemKey::AlbumTitle, "Compilation"),
            (ItemKey::TrackArtist, artist),
        ];
        tagged(music.path(), name, hertz, &texts);
    }
    import(&loire, music.path());
    let works = found(&loire, "compilation");
    assert_eq!(works.len(), 2);
    assert_eq!(release_of(&loire, &works[0]).credit, "Various artists");
    assert_eq!(works[0].release, works[1].release);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_of_a_million_letters_is_cut_and_said_so() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let music = tempfile::tempdir().unwrap();
    let long = "la ".repeat(333_333);
    let texts = [
        (ItemKey::TrackTitle, long.as_str()),
        (ItemKey::Isrc, "not a code"),
    ];
    tagged(music.path(), "long.flac", 220, &texts);
    let (summary, events) = import(&loire, music.path());
    assert_eq!(summary.taken, 1);
    let work = found(&loire, "la la").remove(0);
    assert!(work.title.chars().count() <= 500 && work.isrc.is_none());
    let notices: Vec<String> = events
        .iter()
        .filter_map(|event| match event {
            ImportEvent::Noticed { notice, .. } => Some(notice.to(Language::En)),
            _ => None,
        })
        .collect();
    assert!(notices[0].contains("cut"), "{notices:?}");
    assert!(notices[1].contains("not an ISRC"), "{notices:?}");
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(width, height, image::Rgb([200, 30, 30]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_comes_with_the_file_or_lies_beside_it_and_a_bomb_is_left_out() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let music = tempfile::tempdir().unwrap();
    let picture = |bytes: Vec<u8>| {
        Picture::unchecked(bytes)
            .pic_type(PictureType::CoverFront)
            .mime_type(MimeType::Png)
            .build()
    };
    // A picture that claims to be sixty thousand pixels wide, its checksum right.
    let mut bomb = png(1, 1);
    bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    for (name, hertz, bytes) in [("in/in.flac", 220, png(40, 40)), ("bomb/b.flac", 330, bomb)] {
        let path = put(music.path(), name, &flac(hertz, 1));
        let mut tag = tag(TagType::VorbisComments, &[(ItemKey::TrackTitle, name)]);
        tag.push_picture(picture(bytes));
        tag.save_to_path(&path, WriteOptions::default()).unwrap();
    }
    put(music.path(), "beside/c.flac", &flac(440, 1));
    put(music.path(), "beside/Folder.PNG", &png(60, 30));

    let (summary, events) = import(&loire, music.path());
    assert_eq!((summary.taken, summary.refused.len()), (3, 0));
    assert!(
        release_of(&loire, &found(&loire, "in flac")[0])
            .cover
            .is_some()
    );
    assert!(
        release_of(&loire, &found(&loire, "bomb")[0])
            .cover
            .is_none()
    );
    let beside = release_of(&loire, &found(&loire, "beside")[0]);
    let noticed = events
        .iter()
        .filter(|event| matches!(event, ImportEvent::Noticed { .. }));
    assert_eq!(noticed.count(), 1);

    let answer = loire.visitor().get(&beside.cover_path().unwrap()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "image/jpeg");
    assert!(
        answer.headers["cache-control"]
            .to_str()
            .unwrap()
            .contains("immutable")
    );
    let nothing = format!("/covers/{}", "0".repeat(64));
    assert_eq!(loire.visitor().get(&nothing).await.status, 404);
    // The file itself is no picture, and is not to be had under its digest.
    let media = found(&loire, "beside")[0].media.unwrap().hex();
    assert_eq!(
        loire
            .visitor()
            .get(&format!("/covers/{media}"))
            .await
            .status,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_killed_goes_on_where_it_was() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let music = tempfile::tempdir().unwrap();
    for at in 0..8 {
        let title = format!("Piece {at}");
        let texts = [
            (ItemKey::TrackTitle, title.as_str()),
            (ItemKey::AlbumTitle, "Pieces"),
            (ItemKey::TrackArtist, "Ana"),
        ];
        tagged(music.path(), &format!("{at}.flac"), 200 + at * 20, &texts);
    }
    let paths = [music.path().to_path_buf()];
    let killed = tokio::task::block_in_place(|| {
        let mut taken = 0;
        let mut watch = |event| {
            if let ImportEvent::Done {
                became: Became::Work,
                ..
            } = event
            {
                taken += 1;
                assert!(taken < 3, "killed in the middle");
            }
        };
        catch_unwind(AssertUnwindSafe(|| {
            import::run(&loire, &paths, &ImportOptions::default(), &mut watch)
        }))
    });
    assert!(killed.is_err());
    assert_eq!(found(&loire, "piece").len(), 3);

    let (summary, _) = import(&loire, music.path());
    assert_eq!((summary.taken, summary.known), (5, 3));
    let works = found(&loire, "piece");
    assert_eq!(works.len(), 8);
    assert!(works.iter().all(|work| work.release == works[0].release));
    assert_eq!(media_files(&loire).len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_beside_another_and_a_path_to_nowhere_are_refused_at_once() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let music = tempfile::tempdir().unwrap();
    put(music.path(), "a.flac", &flac(220, 1));
    let paths = [music.path().to_path_buf()];
    let options = ImportOptions::default();
    tokio::task::block_in_place(|| {
        let mut within = None;
        import::run(&loire, &paths, &options, &mut |event| {
            if let ImportEvent::Found { .. } = event {
                within = Some(import::run(&loire, &paths, &options, &mut |_| {}));
            }
        })
        .unwrap();
        let refused = within.unwrap().unwrap_err().to_string();
        assert!(refused.contains("Another import"), "{refused}");
        let nowhere = [music.path().join("nowhere")];
        let refused = import::run(&loire, &nowhere, &options, &mut |_| {});
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("nowhere"), "{refused}");
    });
}
