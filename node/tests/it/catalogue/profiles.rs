//! A message of each of DDEX's release profiles, in both versions, delivered as batches are; and what
//! messages may say besides.

use std::fs;
use std::path::Path;

use federation::availability::Availability;
use node::Node;
use node::catalogue::import::{ImportEvent, ImportSummary, ern};
use node::catalogue::{Release, Work, store};
use node::config::Language;
use node::db::DbError;
use settlement::{Kind, Territory};

use super::messages::Album;
use super::sounds::{flac, import, put};
use crate::world::{Host, World};

/// What becomes of a message of a profile.
struct Expected {
    profile: &'static str,
    /// Title, kind, disc, place.
    works: &'static [(&'static str, Kind, Option<u32>, u32)],
    /// How many of them are offered in France today.
    offered: usize,
    /// What is told of it (4.3).
    told: &'static [&'static str],
}

const PROFILES: [Expected; 9] = [
    Expected {
        profile: "audio",
        works: &[
            ("Le Gué", Kind::Music, Some(1), 1),
            ("La Crue (Version longue)", Kind::Music, Some(1), 2),
            ("Étiage", Kind::Music, Some(2), 1),
            ("Embouchure", Kind::Music, Some(2), 2),
        ],
        // The fourth has a deal of its own for streaming, from next year on.
        offered: 3,
        told: &["A6 (NonInteractiveBooklet) comes along"],
    },
    Expected {
        profile: "video",
        works: &[
            ("Le Gué (Clip)", Kind::Film, None, 1),
            ("La Crue (En public)", Kind::Film, None, 2),
        ],
        offered: 2,
        told: &[],
    },
    Expected {
        profile: "mixed_media",
        works: &[
            ("Rive gauche", Kind::Music, Some(1), 1),
            ("Rive droite", Kind::Music, Some(1), 2),
            ("Rive gauche (Clip)", Kind::Film, Some(2), 1),
        ],
        offered: 3,
        told: &[],
    },
    Expected {
        profile: "simple_audio_single",
        works: &[("Bief", Kind::Music, None, 1)],
        offered: 1,
        told: &["Of A1 there is an immersive edition too"],
    },
    Expected {
        profile: "simple_video_single",
        works: &[("Bief (Clip)", Kind::Film, None, 1)],
        offered: 1,
        told: &[],
    },
    Expected {
        profile: "ringtone",
        works: &[("Bief (Sonnerie)", Kind::Music, None, 1)],
        offered: 0,
        told: &["“Bief (Sonnerie)” (RingtoneRelease)", "UseAsRingtone"],
    },
    Expected {
        profile: "long_form_musical_work_video",
        works: &[
            ("Au bord de l’eau (Concert filmé)", Kind::Film, None, 1),
            ("Au bord de l’eau (Bande-annonce)", Kind::Film, None, 2),
        ],
        offered: 2,
        told: &[],
    },
    Expected {
        profile: "dj_mix",
        works: &[("Nuit au moulin (Mix)", Kind::Music, None, 1)],
        offered: 1,
        told: &[],
    },
    Expected {
        profile: "classical",
        works: &[
            ("Concerto pour basson : 1. Allegro", Kind::Music, None, 1),
            ("Concerto pour basson : 2. Largo", Kind::Music, None, 2),
            ("Concerto pour basson : 3. Presto", Kind::Music, None, 3),
            ("Suite de ballet : 1. Ouverture", Kind::Music, None, 4),
            ("Suite de ballet : 2. Passacaille", Kind::Music, None, 5),
        ],
        offered: 5,
        told: &[],
    },
];

fn fixture(profile: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/catalogue/fixtures/ern");
    fs::read_to_string(folder.join(format!("{profile}.xml"))).unwrap()
}

/// The same as it was said before there were editions and delivery files.
fn in_42(message: &str) -> String {
    let mut message = message.replace("xml/ern/43", "xml/ern/42");
    for name in ["SoundRecordingEdition", "VideoEdition", "DeliveryFile"] {
        message = message.replace(&format!("<{name}>"), "");
        message = message.replace(&format!("</{name}>"), "");
    }
    message
}

/// A batch as DDEX's choreography leaves it in a folder: a folder for each release with its message
/// and `resources/`, and a manifest.
fn batch(folder: &Path, profile: &str, message: &str) {
    let at = "20261101100000000";
    put(
        folder,
        &format!("{at}/{profile}/{profile}.xml"),
        message.as_bytes(),
    );
    for track in 1..=5 {
        let sound = flac(200 + 10 * track, track);
        put(
            folder,
            &format!("{at}/{profile}/resources/{track}.flac"),
            &sound,
        );
    }
    // Cut from the recordings: not works.
    for clip in 1..=4 {
        let sound = flac(700 + 10 * clip, 1);
        put(
            folder,
            &format!("{at}/{profile}/resources/clip{clip}.flac"),
            &sound,
        );
    }
    let manifest = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<ernc:ManifestMessage xmlns:ernc="http://ddex.net/xml/ern-c/15" MessageVersionId="1.5">
  <MessageHeader><MessageSender><PartyId>PADPIDA2014120301A</PartyId></MessageSender></MessageHeader>
  <RootDirectory>/{at}</RootDirectory><NumberOfMessages>1</NumberOfMessages>
  <MessageInBatch><MessageType>NewReleaseMessage</MessageType><URL>/{at}/{profile}/{profile}.xml</URL></MessageInBatch>
</ernc:ManifestMessage>"#
    );
    put(
        folder,
        &format!("{at}/BatchComplete_{at}.xml"),
        manifest.as_bytes(),
    );
}

fn told(summary: &ImportSummary, events: &[ImportEvent]) -> String {
    let refused = summary.refused.iter().map(|(_, why)| why);
    let noticed = events.iter().filter_map(|event| match event {
        ImportEvent::Noticed { notice, .. } => Some(notice),
        _ => None,
    });
    let lines = refused.chain(noticed).map(|say| say.to(Language::En));
    lines.collect::<Vec<_>>().join("\n")
}

/// Every work that is here, in the order of its release.
fn works(node: &Node) -> Vec<Work> {
    let mut works = node
        .db
        .read_now(|conn| {
            use diesel::prelude::*;
            use node::schema::works::dsl;
            let ids: Vec<String> = dsl::works.select(dsl::id).load(conn)?;
            let ids: Vec<_> = ids
                .iter()
                .filter_map(|id| settlement::WorkId::parse(id).ok())
                .collect();
            Ok::<_, DbError>(store::works(conn, &ids)?)
        })
        .unwrap();
    works.retain(|work| work.withdrawn_us.is_none());
    works.sort_by_key(|work| (work.disc, work.position));
    works
}

fn release_of(node: &Node, work: &Work) -> Release {
    let id = work.release.clone().unwrap();
    node.db
        .read_now(|conn| Ok::<_, DbError>(store::release(conn, &id)?.unwrap()))
        .unwrap()
}

fn roles(node: &Node, work: &Work) -> Vec<String> {
    let credits = node
        .db
        .read_now(|conn| Ok::<_, DbError>(store::credits(conn, &work.id)?))
        .unwrap();
    credits.into_iter().map(|(_, role)| role).collect()
}

async fn delivered(world: &World, expected: &Expected, message: &str, version: &str) -> Host {
    let node = world.node(expected.profile, "FR-ARA").await;
    let folder = tempfile::tempdir().unwrap();
    batch(folder.path(), expected.profile, message);
    let (summary, events) = import(&node, folder.path());
    let all = told(&summary, &events);
    let about = format!("{} {version}: {all}", expected.profile);
    assert_eq!(summary.refused_count, 0, "{about}");
    assert_eq!(summary.taken, expected.works.len() as u64, "{about}");
    let works = works(&node);
    let found: Vec<_> = works
        .iter()
        .map(|work| {
            (
                work.title.as_str(),
                work.kind,
                work.disc,
                work.position.unwrap(),
            )
        })
        .collect();
    assert_eq!(found, expected.works, "{about}");
    let offered = works.iter().filter(|work| work.is_offered()).count();
    assert_eq!(offered, expected.offered, "{about}");
    // What is beside the message belongs to it, and only what a work is made of is kept.
    for work in works.iter().filter(|work| work.kind == Kind::Music) {
        assert_eq!(
            work.media_type.as_deref(),
            Some("audio/flac"),
            "{about}: {}",
            work.title
        );
        assert_ne!(work.media_size, None);
    }
    if version == "4.3" {
        for words in expected.told {
            assert!(all.contains(words), "{words}: {about}");
        }
    }
    node
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_every_profile_becomes_what_it_says() {
    for (version, at) in [("4.3", 0), ("4.2", 1)] {
        let world = World::new();
        for expected in &PROFILES {
            let message = fixture(expected.profile);
            let message = if at == 0 { message } else { in_42(&message) };
            let node = delivered(&world, expected, &message, version).await;
            let works = works(&node);
            let first = &works[0];
            let release = release_of(&node, first);
            match expected.profile {
                "audio" => {
                    assert_eq!(release.title, "Au fil de l’eau");
                    assert_eq!(release.label.as_deref(), Some("Le Fil"));
                    assert_eq!(release.icpn.as_deref(), Some("03700000000013"));
                    assert_eq!(release.year, Some(2025));
                    assert_eq!(first.credit, "Ana Vela");
                    assert_eq!(
                        roles(&node, &works[3]),
                        ["MainArtist", "FeaturedArtist", "Composer", "Lyricist"]
                    );
                    let rights = first.offer.rights.clone().unwrap();
                    assert_eq!(rights.windows.len(), 1, "{rights:?}");
                    let fourth = works[3].offer.rights.clone().unwrap();
                    assert!(is_open(&fourth, "FR-ARA", "2027-03-01T00:00:00Z"));
                    assert!(!is_open(&fourth, "BE", "2027-03-01T00:00:00Z"));
                }
                "mixed_media" => {
                    let rights = first.offer.rights.clone().unwrap();
                    assert!(is_open(&rights, "DE", "2026-11-10T00:00:00Z"));
                    assert!(!is_open(&rights, "CA", "2026-11-10T00:00:00Z"));
                }
                "simple_audio_single" => {
                    assert_eq!(first.isrc.as_ref().unwrap().as_str(), "FRZ032600401");
                    assert_eq!(roles(&node, first), ["MainArtist", "Composer", "Accordion"]);
                    let rights = first.offer.rights.clone().unwrap();
                    for (at, open) in [
                        ("2026-12-31T22:00:00Z", true),
                        ("2027-01-01T12:00:00Z", false),
                        ("2027-01-31T12:00:00Z", false),
                        ("2027-02-01T12:00:00Z", true),
                    ] {
                        assert_eq!(is_open(&rights, "FR-ARA", at), open, "{at}");
                    }
                }
                "classical" => {
                    let artist = node
                        .db
                        .read_now(|conn| {
                            let artist = first.artist.clone().unwrap();
                            Ok::<_, DbError>(store::party(conn, &artist)?.unwrap())
                        })
                        .unwrap();
                    assert_eq!(artist.name, "Les Riverains");
                    let roles = roles(&node, first);
                    for role in ["Composer", "Conductor", "Orchestra", "Soloist", "Bassoon"] {
                        assert!(roles.iter().any(|known| known == role), "{role}: {roles:?}");
                    }
                    assert!(self::roles(&node, &works[4]).contains(&"Harpsichord".to_owned()));
                }
                _ => {}
            }
            // The same once more changes nothing.
            let folder = tempfile::tempdir().unwrap();
            batch(folder.path(), expected.profile, &message);
            let (again, events) = import(&node, folder.path());
            assert_eq!(
                (again.taken, again.updated, again.known),
                (0, 0, expected.works.len() as u64),
                "{}: {}",
                expected.profile,
                told(&again, &events)
            );
        }
    }
}

fn is_open(rights: &Availability, territory: &str, at: &str) -> bool {
    let at: jiff::Timestamp = at.parse().unwrap();
    rights.is_open(Territory::parse(territory).unwrap(), at.as_microsecond())
}

fn read(message: &str) -> Result<ern::ReleaseMessage, String> {
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, message.as_bytes()).unwrap();
    match ern::read(file, Territory::parse("FR-ARA").unwrap()) {
        Ok(ern::Message::Release(message)) => Ok(*message),
        Ok(other) => panic!("{other:?}"),
        Err(why) => Err(why.to(Language::En)),
    }
}

/// What the deals of a message allow for its first track, and what is told of them.
fn rights_of(message: &str) -> (Availability, Vec<String>) {
    let message = read(message).unwrap();
    let zone = jiff::tz::TimeZone::UTC;
    let deals = ern::rights::Deals::of(&message, &zone).unwrap();
    let told = deals.notices.iter().map(|say| say.to(Language::En));
    let told = told.collect();
    match deals.rights("R0", "A1").unwrap() {
        ern::rights::Rights::Windows(rights) => (rights.as_ref().clone(), told),
        other => panic!("{other:?}"),
    }
}

fn with(from: &str, to: &str) -> String {
    let whole = Album::default().xml();
    assert!(whole.contains(from), "{from}");
    whole.replacen(from, to, 1)
}

#[test]
fn a_deal_says_where_it_holds_in_words_that_are_read_or_gives_nothing() {
    let everywhere = "<TerritoryCode>Worldwide</TerritoryCode>";
    let now = "2026-11-10T00:00:00Z";
    for (places, in_france, in_chile, words) in [
        (
            "<TerritoryCode IdentifierType=\"TIS\">2136</TerritoryCode>",
            true,
            true,
            "",
        ),
        (
            "<TerritoryCode>FR</TerritoryCode><TerritoryCode>SUHH</TerritoryCode>",
            true,
            false,
            "“SUHH” is not a territory",
        ),
        (
            "<ExcludedTerritoryCode>CL</ExcludedTerritoryCode>",
            true,
            false,
            "",
        ),
        (
            "<ExcludedTerritoryCode>2120</ExcludedTerritoryCode>",
            false,
            false,
            "“2120”, where this deal does not hold",
        ),
        ("", false, false, "names no territory"),
    ] {
        let (rights, told) = rights_of(&with(everywhere, places));
        assert_eq!(is_open(&rights, "FR-ARA", now), in_france, "{places}");
        assert_eq!(is_open(&rights, "CL", now), in_chile, "{places}");
        assert!(told.join("\n").contains(words), "{words}: {told:?}");
    }
}

#[test]
fn a_deal_for_other_services_other_uses_or_so_many_times_allows_nothing_here() {
    let uses = "<UseType>OnDemandStream</UseType>";
    let model = "<CommercialModelType>SubscriptionModel</CommercialModelType>";
    let channel = |name: &str, id: &str| {
        format!("{uses}<{name}><PartyId><DPID>{id}</DPID></PartyId></{name}>")
    };
    for (from, to, open) in [
        (uses, uses.to_owned(), true),
        (uses, String::new(), true),
        (model, String::new(), true),
        (uses, "<UseType>NonInteractiveStream</UseType>".to_owned(), false),
        (
            uses,
            "<UseType IsDiscoverable=\"false\">OnDemandStream</UseType>".to_owned(),
            false,
        ),
        (
            model,
            "<CommercialModelType>PayAsYouGoModel</CommercialModelType>".to_owned(),
            false,
        ),
        (
            model,
            "<CommercialModelType Namespace=\"x\" UserDefinedValue=\"Odd\">UserDefined</CommercialModelType>"
                .to_owned(),
            false,
        ),
        (uses, format!("{uses}<NumberOfUsages>10</NumberOfUsages>"), false),
        (uses, format!("{uses}<IsPreOrderDeal>true</IsPreOrderDeal>"), false),
        (uses, channel("DistributionChannel", "PADPIDA1999999999Z"), false),
        (uses, channel("DistributionChannel", "padpida2020010101b"), true),
        (
            uses,
            channel("ExcludedDistributionChannel", "PADPIDA2020010101B"),
            false,
        ),
        (
            uses,
            channel("ExcludedDistributionChannel", "PADPIDA1999999999Z"),
            true,
        ),
    ] {
        let (rights, _) = rights_of(&with(from, &to));
        assert_eq!(
            is_open(&rights, "FR-ARA", "2026-11-10T00:00:00Z"),
            open,
            "{to}"
        );
    }
}

#[test]
fn a_period_is_written_in_days_months_years_or_moments() {
    let begins = "<StartDate>2026-01-01</StartDate>";
    for (period, at, open) in [
        ("<StartDate>2026</StartDate>", "2026-01-01T00:00:00Z", true),
        (
            "<StartDate>2025</StartDate><EndDate>2026</EndDate>",
            "2026-12-31T23:59:59Z",
            true,
        ),
        (
            "<StartDate>2025</StartDate><EndDate>2026</EndDate>",
            "2027-01-01T00:00:00Z",
            false,
        ),
        (
            "<StartDate>2026-11</StartDate>",
            "2026-10-31T23:59:59Z",
            false,
        ),
        (
            "<StartDate>2026-02</StartDate><EndDate>2026-02</EndDate>",
            "2026-02-28T23:59:59Z",
            true,
        ),
        (
            "<StartDateTime>2026-11-10T00:00:00</StartDateTime>",
            "2026-11-10T00:00:00Z",
            true,
        ),
        (
            "<StartDateTime>2026-11-10T02:00:00+02:00</StartDateTime><EndDateTime>2026-11-10T00:00:01Z</EndDateTime>",
            "2026-11-10T00:00:01Z",
            false,
        ),
    ] {
        let (rights, _) = rights_of(&with(begins, period));
        assert_eq!(is_open(&rights, "FR-ARA", at), open, "{period} {at}");
    }
    for bad in ["26", "2026-13", "2026-02-30", "demain"] {
        let message = with(begins, &format!("<StartDate>{bad}</StartDate>"));
        let message = read(&message).unwrap();
        let zone = jiff::tz::TimeZone::UTC;
        assert!(ern::rights::Deals::of(&message, &zone).is_err(), "{bad}");
    }
}

#[test]
fn words_of_other_vocabularies_are_passed_over_and_prefixes_are_resolved() {
    let whole = Album::default().xml();
    let plain = read(&whole).unwrap();
    // Every spelling of the same message.
    let default = whole
        .replace("ern:NewReleaseMessage", "NewReleaseMessage")
        .replace("xmlns:ern=", "xmlns=");
    let prefixed = whole
        .replace("ern:", "n1:")
        .replace("xmlns:ern", "xmlns:n1")
        .replace("<MessageHeader>", "<n1:MessageHeader>")
        .replace("</MessageHeader>", "</n1:MessageHeader>");
    let secure = whole.replace("http://ddex.net", "https://www.ddex.net");
    for spelled in [&default, &prefixed, &secure] {
        assert_eq!(read(spelled).as_ref(), Ok(&plain));
    }
    // Somebody's own additions: the same words, of another vocabulary.
    let more = "<x:DisplayTitleText>Faux</x:DisplayTitleText>\
        <DisplayTitleText xmlns=\"urn:else\" ApplicableTerritoryCode=\"FR-ARA\">Faux</DisplayTitleText>";
    let more = whole
        .replacen("AvsVersionId", "xmlns:x=\"urn:else\" AvsVersionId", 1)
        .replacen(
            "<ReleaseType>Album</ReleaseType>",
            &format!("<ReleaseType>Album</ReleaseType>{more}"),
            1,
        );
    assert_eq!(read(&more).unwrap().releases[0].title, "Les Marées");
    // An id of the message must be there, and may be empty.
    assert!(read(&with("<MessageId>m1</MessageId>", "<MessageId/>")).is_ok());
    let unbound = whole
        .replacen("<Genre>", "<x:Genre>", 1)
        .replacen("</Genre>", "</x:Genre>", 1);
    assert!(read(&unbound).unwrap_err().contains("x:Genre"));
}

#[test]
fn every_version_is_read_or_named() {
    for version in ["4", "41", "411", "42", "43", "431", "432"] {
        let message = with("ern/43", &format!("ern/{version}"));
        assert!(read(&message).is_ok(), "{version}");
    }
    for (space, words) in [
        ("http://ddex.net/xml/ern/382", "version 3.8.2"),
        ("http://ddex.net/xml/ern/383", "version 3.8.3"),
        ("http://ddex.net/xml/ern/38", "version 3.8"),
        ("http://ddex.net/xml/2011/ern-main/341", "version 3.4.1"),
        ("http://ddex.net/xml/ern/5", "version 5"),
        ("http://ddex.net/xml/mead/11", "not of a version"),
        ("urn:x", "not of a version"),
    ] {
        let why = read(&with("http://ddex.net/xml/ern/43", space)).unwrap_err();
        assert!(why.contains(words), "{space}: {why}");
    }
}

#[test]
fn a_message_is_known_behind_a_long_preface_and_a_manifest_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let whole = Album::default().xml();
    let preface = format!("?>\n<!-- {} -->\n<?x y?>", "a word ".repeat(3_000));
    let long = put(
        folder.path(),
        "long.xml",
        whole.replacen("?>", &preface, 1).as_bytes(),
    );
    assert!(ern::is_ern(&long));
    let manifest = "<a:ManifestMessage xmlns:a=\"http://ddex.net/xml/ern-c/15\"/>";
    let manifest = put(folder.path(), "manifest.xml", manifest.as_bytes());
    assert!(!ern::is_ern(&manifest));
    // What is broken before its first element is a message too, and refused as one.
    let broken = put(
        folder.path(),
        "broken.xml",
        b"<!DOCTYPE x><ern:NewReleaseMessage/>",
    );
    assert!(ern::is_ern(&broken));
}

#[test]
fn previews_and_clips_are_never_the_work_and_their_deals_disturb_nobody() {
    let details = |inner: &str| {
        with(
            "<TechnicalResourceDetailsReference>T1</TechnicalResourceDetailsReference>",
            &format!(
                "<TechnicalResourceDetailsReference>T1</TechnicalResourceDetailsReference>{inner}"
            ),
        )
    };
    let file = "<File><URI>30.mp3</URI></File>";
    for inner in [
        format!("<IsPreview>true</IsPreview>{file}"),
        format!("<IsClip>1</IsClip><DeliveryFile><Type>AudioFile</Type>{file}</DeliveryFile>"),
        format!(
            "<ClipDetails><ClipType>Preview</ClipType><DeliveryFile>{file}</DeliveryFile></ClipDetails>"
        ),
        format!(
            "<DeliveryFile><Type>AudioFile</Type>{file}<IsProvidedInDelivery>false</IsProvidedInDelivery></DeliveryFile>"
        ),
    ] {
        let message = read(&details(&inner)).unwrap();
        assert_eq!(message.resources["A1"].files, [], "{inner}");
    }
    let message = read(&details(&format!("<IsPreview>false</IsPreview>{file}"))).unwrap();
    assert_eq!(message.resources["A1"].files[0].uri, "30.mp3");

    let clip = "<ClipRelease><ReleaseReference>R9</ReleaseReference><ReleaseId><ProprietaryId Namespace=\"x\">c</ProprietaryId></ReleaseId>\
        <ReleaseResourceReference>A1</ReleaseResourceReference></ClipRelease></ReleaseList>";
    let message = with("</ReleaseList>", clip).replacen(
        "<DealReleaseReference>R0</DealReleaseReference>",
        "<DealReleaseReference>R0</DealReleaseReference><DealReleaseReference>R9</DealReleaseReference>",
        1,
    );
    let message = read(&message).unwrap();
    assert_eq!(message.releases.len(), 1);
    let told = message.notices.iter().map(|say| say.to(Language::En));
    assert!(
        told.collect::<String>()
            .contains("R9 is the release of a clip")
    );
}

#[test]
fn deals_for_every_country_are_one_window_and_a_flood_of_them_has_an_end() {
    let message = read(&deals_of(&["FR", "BE", "CH", "FR"], 1)).unwrap();
    let zone = jiff::tz::TimeZone::UTC;
    let deals = ern::rights::Deals::of(&message, &zone).unwrap();
    let ern::rights::Rights::Windows(rights) = deals.rights("R0", "A1").unwrap() else {
        panic!("taken down")
    };
    assert_eq!(rights.windows.len(), 1);
    assert_eq!(rights.windows[0].places.len(), 3);
    // As many deals as releases they are about: neither time nor memory grow with their product.
    let message = read(&deals_of(&["FR"; 20_000], 20_000)).unwrap();
    let deals = ern::rights::Deals::of(&message, &zone).unwrap();
    assert!(deals.rights("R0", "A1").is_ok());
}

/// A message with a deal for each of these territories, all about the same release so many times.
fn deals_of(territories: &[&str], times: usize) -> String {
    let deals: String = territories
        .iter()
        .map(|territory| {
            format!(
                "<Deal><DealTerms><TerritoryCode>{territory}</TerritoryCode><ValidityPeriod><StartDate>2026-01-01</StartDate></ValidityPeriod></DealTerms></Deal>"
            )
        })
        .collect();
    let about = "<DealReleaseReference>R0</DealReleaseReference>".repeat(times);
    let album = Album {
        deals: Vec::new(),
        ..Album::default()
    };
    let list = format!("<DealList><ReleaseDeal>{about}{deals}</ReleaseDeal></DealList></ern:New");
    album.xml().replacen("</ern:New", &list, 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_known_by_any_of_its_codes_and_purged_by_any() {
    for purged in [
        "<GRid>A10302B0000000001X</GRid>",
        "<ICPN>3700000000013</ICPN>",
        "<ICPN>03700000000013</ICPN>",
    ] {
        let world = World::new();
        let loire = world.node("loire", "FR-ARA").await;
        let folder = tempfile::tempdir().unwrap();
        let both =
            "<ReleaseId><GRid>A10302B0000000001X</GRid><ICPN>03700000000013</ICPN></ReleaseId>";
        let one = "<ReleaseId><ICPN>3700000000013</ICPN></ReleaseId>";
        put(folder.path(), "1.xml", with(one, both).as_bytes());
        let (summary, events) = import(&loire, folder.path());
        assert_eq!(summary.taken, 2, "{}", told(&summary, &events));
        // The next message names it by one code alone: it is the same release.
        let later = Album {
            created: "2026-11-02T10:00:00Z",
            title: "Les Grandes Marées",
            ..Album::default()
        };
        put(folder.path(), "1.xml", later.xml().as_bytes());
        let (summary, events) = import(&loire, folder.path());
        assert_eq!(
            (summary.taken, summary.refused_count),
            (0, 0),
            "{}",
            told(&summary, &events)
        );
        let here = works(&loire);
        assert_eq!(here.len(), 2);
        assert_eq!(release_of(&loire, &here[0]).title, "Les Grandes Marées");
        let purge = format!(
            r#"<p:PurgeReleaseMessage xmlns:p="http://ddex.net/xml/ern/43"><MessageHeader><MessageId>p</MessageId>
            <MessageSender><PartyId>PADPIDA2014120301A</PartyId></MessageSender><MessageCreatedDateTime>2026-11-07T10:00:00Z</MessageCreatedDateTime></MessageHeader>
            <PurgedRelease><ReleaseId>{purged}</ReleaseId></PurgedRelease></p:PurgeReleaseMessage>"#
        );
        let other = tempfile::tempdir().unwrap();
        put(other.path(), "p.xml", purge.as_bytes());
        let (summary, events) = import(&loire, other.path());
        assert_eq!(
            summary.withdrawn,
            2,
            "{purged}: {}",
            told(&summary, &events)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_tells_how_far_it_is_in_bytes_of_message_and_sounds() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let folder = tempfile::tempdir().unwrap();
    batch(folder.path(), "audio", &fixture("audio"));
    let (_, events) = import(&loire, folder.path());
    let (mut of, mut done, mut before_the_end) = (0, 0, 0);
    for event in &events {
        match event {
            ImportEvent::Found { bytes, .. } => of = *bytes,
            ImportEvent::Read { bytes } => {
                done += bytes;
                before_the_end += bytes;
            }
            ImportEvent::Done { bytes, .. } => done += bytes,
            ImportEvent::Noticed { .. } => {}
        }
    }
    assert_eq!(done, of);
    // The works' sounds and the message itself were told of while they were taken.
    assert!(before_the_end > of / 2, "{before_the_end} of {of}");
}
