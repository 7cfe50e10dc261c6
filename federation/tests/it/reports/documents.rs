//! Policies, split sheets, manifests, receipts: as text.

use federation::countersignature::{Countersignature, CountersignatureType, Finding};
use federation::digest::Sha256Digest;
use federation::policy::PolicyFile;
use federation::proof::{Signed, sign};
use federation::receipt::{PlayReportReceipt, PlayReportRefusal, ReceiptType, RefusalType};
use federation::report::{PlayReport, ReportFolder};
use federation::settlement_document::SettlementDocument;
use federation::splits::{PublishedSplitSheet, SplitsFile, parse_line, write_splits};
use serde_json::{Value, json};
use settlement::{Scope, Timestamp, Unit, Uri};

use super::world::{self, COORDINATOR, LOIRE, NOW, actor, key, method};

const POLICY: &str = r#"
name = "CCT"
currency = "EUR"            # optional
rights_bp = 5500
fund_bp = 1000
node_bp = 2500
coordinator_bp = 1000
user_centric_bp = 7000
pro_rata_bp = 3000
pro_rata_scope = "node"
unit = "seconds"
member_cap_uses = 500
local_bp = 12000
payout_minimum = 250
[kind_bp]
film = 20000
[counting]
minimum_seconds = 45
"#;

#[test]
fn a_policy_is_read_as_it_is_written() {
    let file = PolicyFile::parse(POLICY).unwrap();
    assert_eq!(file.digest(), Sha256Digest::of(POLICY.as_bytes()));
    let policy = file.policy();
    assert_eq!(
        (policy.unit, policy.pro_rata_scope),
        (Unit::Seconds, Scope::Node)
    );
    assert_eq!((policy.kind_bp.film, policy.kind_bp.book), (20_000, 10_000));
    assert_eq!(policy.counting.minimum_seconds, 45);
    assert_eq!(policy.counting.max_uses_per_work_per_day, 20);
    let written = PolicyFile::of(policy);
    assert_eq!(PolicyFile::parse(written.text()).unwrap(), written);
    assert_eq!(written.policy(), policy);
    for name in ["cct", "cct-2014", "artist-centric"] {
        let preset = PolicyFile::preset(name).unwrap();
        assert_eq!(PolicyFile::parse(preset.text()).unwrap(), preset);
    }
    assert_eq!(PolicyFile::preset("none"), None);
}

#[test]
fn a_name_of_any_letters_survives_its_file() {
    let terms = settlement::Terms {
        name: "L'\"équité\"\n\\ 😀".into(),
        ..Default::default()
    };
    let written = PolicyFile::of(&settlement::Policy::new(terms.clone()).unwrap());
    assert_eq!(
        PolicyFile::parse(written.text()).unwrap().policy().name,
        terms.name
    );
}

#[test]
fn a_policy_that_does_not_hold_is_refused_with_the_reason() {
    for (from, to, reason) in [
        ("rights_bp = 5500", "rights_bp = 5501", "add up to 10001"),
        ("pro_rata_bp = 3000", "pro_rata_bp = 2999", "add up to 9999"),
        ("fund_bp", "found_bp", "line 5: unknown field `found_bp`"),
        ("film", "vinyl", "unknown field `vinyl`"),
        ("minimum_seconds", "minimum_minutes", "unknown field"),
        (
            "\"node\"",
            "\"planet\"",
            "pro_rata_scope is \"planet\"; it must be venue, node or network",
        ),
        (
            "\"seconds\"",
            "\"hours\"",
            "unit is \"hours\"; it must be uses or seconds",
        ),
        (
            "local_bp = 12000",
            "local_bp = 1000001",
            "local_bp is 1000001",
        ),
        (
            "local_bp = 12000",
            "local_bp = -1",
            "line 13: invalid value",
        ),
        (
            "\"EUR\"",
            "\"EURO\"",
            "currency: \"EURO\" is not a currency",
        ),
        ("[kind_bp]", "[kind_bp", "line 15"),
        (
            "name = \"CCT\"",
            "name = \"CCT\"\nname = \"CCT\"",
            "duplicate key",
        ),
    ] {
        let text = POLICY.replacen(from, to, 1);
        assert_ne!(text, POLICY);
        let refused = PolicyFile::parse(&text).unwrap_err();
        assert!(refused.contains(reason), "{refused}");
    }
}

#[test]
fn split_sheets_survive_their_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("splits.jsonl");
    let mut bytes = Vec::new();
    write_splits(&mut bytes, &world::splits()).unwrap();
    std::fs::write(&path, &bytes).unwrap();
    let read = SplitsFile::read(&path, "splits.jsonl").unwrap();
    assert_eq!(read.sheets, world::splits());
    assert_eq!(read.digest, Sha256Digest::of(&bytes));
    let mut again = Vec::new();
    write_splits(&mut again, &read.sheets).unwrap();
    assert_eq!(again, bytes);
    // Without a last line end, with empty lines and with CR LF it is the same.
    let text = String::from_utf8(bytes).unwrap();
    std::fs::write(
        &path,
        format!("\n{}", text.trim_end().replace('\n', "\r\n")),
    )
    .unwrap();
    assert_eq!(
        SplitsFile::read(&path, "splits.jsonl").unwrap().sheets,
        world::splits()
    );
}

#[test]
fn a_bad_split_sheet_is_refused_with_its_line() {
    let good = r#"{"work":"https://a.example/w","valid_from":"2026-01-01","by_territory":[{"territories":["FR","*"],"shares":[{"party":"https://a.example/p","role":"artist","bp":10000}]}]}"#;
    assert!(parse_line(good.as_bytes()).is_ok());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("splits.jsonl");
    let refused = |second: &str| {
        std::fs::write(&path, format!("{good}\n{second}\n")).unwrap();
        SplitsFile::read(&path, "splits.jsonl")
            .unwrap_err()
            .to_string()
    };
    let other = good.replace("/w", "/w2");
    for (from, to, reason) in [
        (
            "10000",
            "9999",
            "the shares add up to 9999; they must add up to exactly 10000",
        ),
        ("\"*\"", "\"fr\"", "is not a territory"),
        ("2026-01-01", "2026-02-30", "is not a day"),
        (
            "https://a.example/p",
            "https://A.example/p",
            "its host must be in lower case",
        ),
        ("\"bp\"", "\"bps\"", "unknown field `bps`"),
        ("\"role\"", "\"bp\":1,\"role\"", "appears twice"),
        ("10000", "-1", "invalid value"),
        ("10000", "1e4", "invalid type"),
        ("[\"FR\",\"*\"]", "[]", "an entry names no territory"),
        ("}]}]}", "}]}", "not valid JSON"),
        (
            "\"valid_from\":\"2026-01-01\",",
            "",
            "missing field `valid_from`",
        ),
    ] {
        let line = other.replacen(from, to, 1);
        assert_ne!(line, other);
        let found = refused(&line);
        assert!(
            found.starts_with("splits.jsonl, row 2: ") && found.contains(reason),
            "{found}"
        );
    }
    assert_eq!(
        refused(good),
        "splits.jsonl, row 2: https://a.example/w has two split sheets valid from 2026-01-01"
    );
    std::fs::write(&path, b"{\"work\":\"\xff\"}\n").unwrap();
    assert!(SplitsFile::read(&path, "splits.jsonl").unwrap_err().row == Some(1));
    std::fs::write(&path, vec![b' '; 3 << 20]).unwrap();
    assert!(
        SplitsFile::read(&path, "splits.jsonl")
            .unwrap_err()
            .reason
            .contains("longer than")
    );
}

fn signed(document: Value, name: &str) -> Value {
    sign(document, &key(name), &method(name), NOW).unwrap()
}

fn verified<T: serde::de::DeserializeOwned>(document: Value, name: &str) -> T {
    Signed::verify(document, &method(name), &key(name).public())
        .unwrap()
        .into_content()
}

#[test]
fn a_published_split_sheet_is_that_of_its_file() {
    let sheet = world::splits().iter().nth(1).unwrap().clone();
    let published = PublishedSplitSheet {
        id: Uri::parse("https://loire.example/splits/2").unwrap(),
        attributed_to: actor("loire"),
        sheet,
    };
    let document = signed(published.to_document(), "loire");
    assert_eq!(document["type"], "SplitSheet");
    assert_eq!(document["validFrom"], "2026-01-01");
    let read: PublishedSplitSheet = verified(document, "loire");
    assert_eq!(read, published);
    let cut_off = |text: &str| Timestamp::parse(text).unwrap();
    assert_eq!(read.check(&cut_off("2026-11-01T00:00:00Z")), Ok(()));
    assert!(
        read.check(&cut_off("2025-12-12T10:00:00+01:00"))
            .unwrap_err()
            .contains("not before the cut-off")
    );
    let foreign = PublishedSplitSheet {
        attributed_to: actor("wallonie"),
        ..read
    };
    assert!(
        foreign
            .check(&cut_off(NOW))
            .unwrap_err()
            .contains("not published by the work's own node")
    );
}

#[test]
fn answers_to_a_report_survive_their_signature() {
    let digest = Sha256Digest::of(b"a manifest");
    let uri = |path: &str| Uri::parse(&format!("https://coordinator.example/{path}")).unwrap();
    let receipt = PlayReportReceipt {
        id: uri("receipts/1"),
        object_type: ReceiptType::PlayReportReceipt,
        attributed_to: actor(COORDINATOR),
        object: Uri::parse("https://loire.example/reports/2026-10/1").unwrap(),
        digest,
        received: Timestamp::parse(NOW).unwrap(),
    };
    let document = signed(receipt.to_document(), COORDINATOR);
    assert_eq!(
        verified::<PlayReportReceipt>(document.clone(), COORDINATOR),
        receipt
    );
    let as_refusal = Signed::<PlayReportRefusal>::verify(
        document,
        &method(COORDINATOR),
        &key(COORDINATOR).public(),
    );
    assert!(as_refusal.is_err(), "a receipt is no refusal");
    let refusal = PlayReportRefusal {
        id: uri("refusals/1"),
        object_type: RefusalType::PlayReportRefusal,
        attributed_to: actor(COORDINATOR),
        object: receipt.object,
        digest,
        reason: "lines.parquet, row 7: the same venue, member and track as the row before it"
            .into(),
        published: Timestamp::parse(NOW).unwrap(),
    };
    assert_eq!(
        verified::<PlayReportRefusal>(signed(refusal.to_document(), COORDINATOR), COORDINATOR),
        refusal
    );
}

#[test]
fn a_node_agrees_or_says_why_not() {
    for finding in [
        Finding::Agreed,
        Finding::Objected("settlement/parties.csv, row 3: …".into()),
    ] {
        let word = Countersignature {
            id: Uri::parse("https://loire.example/countersignatures/2026-10").unwrap(),
            object_type: CountersignatureType::SettlementCountersignature,
            attributed_to: actor("loire"),
            object: Uri::parse("https://coordinator.example/settlements/2026-10").unwrap(),
            digest: Sha256Digest::of(b"settlement.json"),
            finding: finding.clone(),
            published: Timestamp::parse(NOW).unwrap(),
        };
        let document = signed(word.to_document(), "loire");
        let result = if finding == Finding::Agreed {
            "agreed"
        } else {
            "objected"
        };
        assert_eq!(document["result"], result);
        assert_eq!(verified::<Countersignature>(document, "loire"), word);
    }
}

#[test]
fn large_numbers_in_a_manifest_are_strings_and_both_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let mut report = world::manifest(&LOIRE, &ReportFolder::at(directory.path()));
    report.venues[0].contribution = 1 << 53;
    report.totals.as_mut().unwrap().seconds = u64::MAX;
    let mut document = report.to_document();
    assert_eq!(document["venues"][0]["contribution"], "9007199254740992");
    assert_eq!(document["venues"][1]["contribution"], 33_333);
    assert_eq!(document["totals"]["seconds"], "18446744073709551615");
    let read =
        |document: &Value| PlayReport::parse(document.to_string().as_bytes()).map(|read| read.0);
    assert_eq!(read(&document).unwrap(), report);
    document["venues"][1]["contribution"] = json!("33333");
    document["venues"][0]["contribution"] = json!(9_007_199_254_740_992_u64);
    assert_eq!(read(&document).unwrap(), report);
    for bad in [
        json!(-1),
        json!(1.5),
        json!("-1"),
        json!("01"),
        json!(""),
        json!("1e3"),
        json!(null),
    ] {
        document["venues"][1]["contribution"] = bad;
        assert!(read(&document).is_err());
    }
}

#[test]
fn a_manifest_of_another_type_or_with_a_key_twice_is_no_play_report() {
    let directory = tempfile::tempdir().unwrap();
    let report = world::manifest(&LOIRE, &ReportFolder::at(directory.path()));
    let text = report.to_document().to_string();
    assert!(PlayReport::parse(text.as_bytes()).is_ok());
    for (from, to) in [
        ("\"PlayReport\"", "\"Note\""),
        ("\"sequence\":1", "\"sequence\":1,\"sequence\":2"),
        ("\"FR-ARA\"", "\"France\""),
        ("\"EUR\"", "\"XYZ\""),
        ("\"2026-10\"", "\"2026-13\""),
        ("sha-256:", "sha-256:x"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        assert!(PlayReport::parse(changed.as_bytes()).is_err(), "{to}");
    }
}

/// `FEDERATION.md` shows what nodes of our kind say to one another: each example is read, and written
/// again by our own code.
#[test]
fn every_example_of_a_signed_object_is_what_our_code_writes() {
    let page = include_str!("../../../../FEDERATION.md");
    let section = page.split("## Play reports").nth(1).unwrap();
    let mut seen = Vec::new();
    for block in section.split("```json\n").skip(1) {
        let text = block.split("```").next().unwrap();
        let example: Value = serde_json::from_str(text).unwrap();
        let name = example["type"].as_str().unwrap().to_owned();
        let words = example.clone();
        let written = match name.as_str() {
            "PlayReport" => PlayReport::parse(text.as_bytes()).unwrap().0.to_document(),
            "PlayReportReceipt" => serde_json::from_value::<PlayReportReceipt>(words)
                .unwrap()
                .to_document(),
            "PlayReportRefusal" => serde_json::from_value::<PlayReportRefusal>(words)
                .unwrap()
                .to_document(),
            "SplitSheet" => serde_json::from_value::<PublishedSplitSheet>(words)
                .unwrap()
                .to_document(),
            "Settlement" => SettlementDocument::parse(text.as_bytes())
                .unwrap()
                .0
                .to_document(),
            "SettlementCountersignature" => serde_json::from_value::<Countersignature>(words)
                .unwrap()
                .to_document(),
            other => panic!("{other} is not known"),
        };
        assert_eq!(written, example, "{name}");
        seen.push(name);
    }
    assert_eq!(seen.len(), 6, "{seen:?}");
}
