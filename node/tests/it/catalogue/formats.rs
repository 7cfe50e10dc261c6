//! Every format that is taken: what is read of it, and what of it is refused.

use std::io::Write;

use node::catalogue::decode::{Sound, decode};
use node::catalogue::import::Became;
use node::catalogue::import::ImportEvent;
use node::catalogue::{Work, api};
use node::config::Language;
use node::db::DbError;
use reqwest::Method;
use reqwest::header::ACCEPT;

use super::sounds::{import, put};
use crate::world::{Host, World};

const OPUS: &[u8] = include_bytes!("fixtures/tune.opus");
const COUNTED: &[u8] = include_bytes!("fixtures/counted.mp3");
const UNCOUNTED: &[u8] = include_bytes!("fixtures/uncounted.mp3");
const VORBIS: &[u8] = include_bytes!("fixtures/tune.ogg");
const AAC: &[u8] = include_bytes!("fixtures/tune.m4a");

fn decoded(bytes: &[u8]) -> Result<Sound, String> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    decode(file).map_err(|why| why.to(Language::En))
}

fn works(host: &Host) -> Vec<Work> {
    host.db
        .read_now(|conn| Ok::<_, DbError>(crate::world::offered(conn, "air")?))
        .unwrap()
}

#[test]
fn one_tune_in_every_format_has_one_length_and_the_loudness_that_others_measure() {
    // Loudness in LUFS and peak in dBFS as `ffmpeg -af ebur128=peak=sample` tells them.
    for (name, bytes, media_type, lufs, peak) in [
        ("opus", OPUS, "audio/ogg", -14.0, -11.4),
        ("vorbis", VORBIS, "audio/ogg", -17.1, -11.4),
        ("mp3", COUNTED, "audio/mpeg", -17.4, -12.1),
        ("mp3 uncounted", UNCOUNTED, "audio/mpeg", -17.4, -12.1),
        ("aac", AAC, "audio/mp4", -14.1, -3.7),
    ] {
        let sound = decoded(bytes).unwrap();
        assert_eq!(sound.media_type, media_type, "{name}");
        // Encoders pad by up to a tenth of a second.
        let length = sound.duration_ms;
        assert!((3_990..4_150).contains(&length), "{name}: {length}");
        let loudness = sound.measure.loudness_mlufs.unwrap() as f64 / 1_000.0;
        assert!((lufs - loudness).abs() < 0.3, "{name}: {loudness}");
        let highest = 20.0 * (sound.measure.peak_micro as f64 / 1_000_000.0).log10();
        assert!((peak - highest).abs() < 0.5, "{name}: {highest}");
        let points = sound.measure.peaks.len();
        assert!((1_000..2_000).contains(&points), "{name}: {points}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_frame_of_a_tag_is_not_unpacked_however_small_it_looks() {
    // A title of 40 MB of spaces and four letters, in some 40 kB.
    let mut text = b"\x03".to_vec();
    text.resize(40 << 20, b' ');
    text.extend_from_slice(b"Bomb");
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&text).unwrap();
    let packed = packed.finish().unwrap();
    let seven = |number: usize| -> [u8; 4] {
        [21, 14, 7, 0].map(|shift| u8::try_from(number >> shift & 0x7f).unwrap())
    };
    let mut frame = b"TIT2".to_vec();
    frame.extend(seven(packed.len() + 4));
    // Compressed, with the length it is said to have.
    frame.extend([0, 0x09]);
    frame.extend(seven(5));
    frame.extend(&packed);
    let mut bytes = b"ID3\x04\x00\x00".to_vec();
    bytes.extend(seven(frame.len()));
    bytes.extend(&frame);
    bytes.extend(UNCOUNTED);
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "air/1.mp3", &bytes);
    put(dir.path(), "air/2.mp3", UNCOUNTED);
    let (summary, _) = import(&loire, dir.path());
    assert_eq!(
        (summary.taken, summary.refused_count),
        (1, 1),
        "{summary:?}"
    );
    assert!(
        works(&loire)
            .iter()
            .all(|work| !work.title.contains("Bomb"))
    );
}

#[test]
fn an_mp3_with_a_hole_or_half_a_frame_is_refused_and_a_scratch_is_forgiven() {
    for (name, whole) in [("counted", COUNTED), ("uncounted", UNCOUNTED)] {
        let middle = whole.len() / 2;
        let mut holed = whole.to_vec();
        holed[middle..middle + 2_000].fill(0);
        let why = decoded(&holed).unwrap_err();
        assert!(
            why.contains("damaged") || why.contains("too early"),
            "{name}: {why}"
        );
        let mut scratched = whole.to_vec();
        scratched[middle..middle + 40].fill(0);
        decoded(&scratched).unwrap();
        // One that begins with tags ends with them too, or with a frame.
        let why = decoded(&whole[..whole.len() - 200]).unwrap_err();
        assert!(why.contains("too early"), "{name}: {why}");
    }
}

#[test]
fn an_opus_or_vorbis_file_that_ends_early_is_refused() {
    for bytes in [OPUS, VORBIS] {
        let why = decoded(&bytes[..bytes.len() * 2 / 3]).unwrap_err();
        assert!(why.contains("too early"), "{why}");
    }
}

#[test]
fn an_mp4_whose_tables_claim_more_than_they_hold_is_refused_before_room_is_made_for_them() {
    let table = |kind: &[u8; 4]| AAC.windows(4).position(|four| four == kind).unwrap();
    for (kind, at) in [(b"stsz", 12), (b"stco", 8), (b"stsc", 8), (b"stts", 8)] {
        let mut claims = AAC.to_vec();
        let count = table(kind) + at;
        claims[count..count + 4].copy_from_slice(&u32::MAX.to_be_bytes());
        let why = decoded(&claims).unwrap_err();
        assert!(why.contains("damaged"), "{kind:?}: {why}");
    }
}

#[test]
fn a_few_bytes_that_stand_for_hours_of_nothing_are_refused() {
    use flacenc::bitsink::ByteSink;
    use flacenc::component::BitRepr;
    use flacenc::error::Verify;
    // Silence for eleven minutes, four thousand samples a second.
    let config = flacenc::config::Encoder::default().into_verified().unwrap();
    let silence = vec![0; 4_000 * 660];
    let source = flacenc::source::MemSource::from_samples(&silence, 1, 16, 4_000);
    let stream = flacenc::encode_with_fixed_block_size(&config, source, 4_096).unwrap();
    let mut sink = ByteSink::new();
    stream.write(&mut sink).unwrap();
    assert!(sink.as_slice().len() < 20_000);
    let why = decoded(sink.as_slice()).unwrap_err();
    assert!(why.contains("next to nothing"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_tune_tells_players_how_loud_it_is_and_what_it_looks_like() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let music = tempfile::tempdir().unwrap();
    put(music.path(), "air.opus", OPUS);
    let (summary, events) = import(&loire, music.path());
    assert_eq!((summary.taken, summary.refused.len()), (1, 0));
    let air = works(&loire).remove(0);
    assert_eq!((air.title.as_str(), air.credit.as_str()), ("Air", "Ana"));
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    let one = ana.get(&format!("/api/works?uri={}", air.id)).await.json();
    let loudness = &one["loudness"];
    let measured = loudness["integrated_mlufs"].as_i64().unwrap();
    assert_eq!(loudness["gain_mdb"].as_i64().unwrap(), -18_000 - measured);
    let path = api::listen_path(&air.id).replace("/listen?", "/listen/peaks?");
    let outline = ana.get(&path).await.json();
    let points = outline["peaks"].as_array().unwrap();
    assert!((1_000..2_000).contains(&points.len()));
    assert!(points.iter().all(|point| point.as_u64().unwrap() <= 255));
    assert_eq!(loire.visitor().get(&path).await.status, 401);

    let at = air.id.as_str().strip_prefix(&loire.base()).unwrap();
    let page = ana.page(at).await.text;
    assert!(
        page.contains("data-wave=") && page.contains("type=\"range\""),
        "{page}"
    );
    assert!(
        page.contains(&format!("data-gain=\"{}\"", -18_000 - measured)),
        "{page}"
    );
    let request = loire.visitor().request(Method::GET, at);
    let stranger = request.header(ACCEPT, "text/html").send().await.unwrap();
    let stranger = stranger.text().await.unwrap();
    assert!(
        stranger.contains("data-wave=") && !stranger.contains("aria-label=\"Position in Air\"")
    );

    // Known is known, and what was not measured in earlier times is measured when it comes again.
    let again = |events: &[ImportEvent]| {
        let known = |event: &&ImportEvent| {
            matches!(
                event,
                ImportEvent::Done {
                    became: Became::Known,
                    ..
                }
            )
        };
        events.iter().filter(known).count()
    };
    assert_eq!(again(&events), 0);
    loire
        .db
        .write_now(|conn| {
            use diesel::prelude::*;
            Ok::<_, DbError>(diesel::delete(node::schema::measures::table).execute(conn)?)
        })
        .unwrap();
    assert_eq!(ana.get(&path).await.status, 404);
    let (summary, events) = import(&loire, music.path());
    assert_eq!((summary.known, again(&events)), (1, 1));
    assert_eq!(ana.get(&path).await.json(), outline);
}
