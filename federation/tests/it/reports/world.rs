//! Two nodes and a coordinator that settle one October.
//!
//! Loire (`FR-ARA`) has two venues, Wallonie (`BE-WAL`) one; the coordinator is a third node without
//! venues. Four works: two of Loire, one of Wallonie, one of nobody who is here. Everything is
//! written to a directory as `antiphon demo` leaves it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use federation::audit::layout;
use federation::digest::Sha256Digest;
use federation::keys::Ed25519Secret;
use federation::policy::PolicyFile;
use federation::proof::sign;
use federation::report::{
    PlayReport, PolicyReference, ReportFolder, ReportType, ReportedVenue, Totals,
};
use federation::settlement_document::{self, SettlementDocument};
use federation::settling::{self, NamedFile, Sources, settle_folders};
use federation::splits::{parse_line, write_splits};
use serde_json::json;
use settlement::{
    Currency, Kind, Line, NodeId, Period, SplitSheets, Territory, Timestamp, Track, Uri, VenueId,
    WorkId,
};

pub const NOW: &str = "2026-11-02T08:00:00Z";

/// A node of the world.
pub struct Node {
    pub name: &'static str,
    pub territory: &'static str,
    /// Name, contribution in cents, members.
    pub venues: &'static [(&'static str, u64, u64)],
}

pub const LOIRE: Node = Node {
    name: "loire",
    territory: "FR-ARA",
    venues: &[("mediatheque", 120_000, 40), ("scene", 33_333, 30)],
};
pub const WALLONIE: Node = Node {
    name: "wallonie",
    territory: "BE-WAL",
    venues: &[("bibliotheque", 70_001, 25)],
};
pub const COORDINATOR: &str = "coordinator";

pub fn actor(name: &str) -> NodeId {
    NodeId::parse(&format!("https://{name}.example/actor")).unwrap()
}

pub fn method(name: &str) -> String {
    format!("{}#ed25519-key", actor(name))
}

/// A node's key: always the same, never a secret.
pub fn key(name: &str) -> Ed25519Secret {
    Ed25519Secret::from_seed(Sha256Digest::of(name.as_bytes()).as_bytes())
}

pub fn period() -> Period {
    Period::parse("2026-10").unwrap()
}

pub fn policy() -> PolicyFile {
    PolicyFile::preset("cct").unwrap()
}

pub fn works() -> Vec<Track> {
    let track = |node: &str, number: u32, kind, home: &str| Track {
        id: WorkId::parse(&format!("https://{node}.example/works/{number}")).unwrap(),
        isrc: None,
        kind,
        home: Some(Territory::parse(home).unwrap()),
    };
    vec![
        track("loire", 1, Kind::Music, "FR-ARA"),
        track("loire", 2, Kind::Film, "FR-ARA"),
        track("wallonie", 1, Kind::Music, "BE-WAL"),
        track("elsewhere", 1, Kind::Book, "CA-QC"),
    ]
}

/// What a node's members used: a little of everything, in the same way each time.
pub fn lines(node: &Node) -> Vec<Line> {
    let mut lines = Vec::new();
    for venue in 0..u32::try_from(node.venues.len()).unwrap() {
        for member in 0..8 {
            for track in (0..4).filter(|track| (member + track + venue) % 3 != 0) {
                let uses = 1 + (member * 7 + track * 3) % 11;
                lines.push(Line {
                    venue,
                    member,
                    track,
                    uses,
                    seconds: u64::from(uses) * 187,
                });
            }
        }
    }
    lines
}

/// A manifest for what lies in a folder, not signed.
pub fn manifest(node: &Node, folder: &ReportFolder) -> PlayReport {
    let territory = Territory::parse(node.territory).unwrap();
    let venues = u32::try_from(node.venues.len()).unwrap();
    let written = folder
        .write_tables(lines(node), &works(), venues, territory, policy().policy())
        .unwrap();
    let venue = |number: u32| {
        let (name, contribution, members) = node.venues[number as usize];
        ReportedVenue {
            venue: number,
            id: VenueId::parse(&format!("https://{}.example/venues/{name}", node.name)).unwrap(),
            name: name.to_owned(),
            contribution,
            members,
            active_members: written.reduced.members[number as usize].into(),
        }
    };
    PlayReport {
        id: Uri::parse(&format!("https://{}.example/reports/2026-10/1", node.name)).unwrap(),
        object_type: ReportType::PlayReport,
        attributed_to: actor(node.name),
        period: period(),
        sequence: 1,
        replaces: None,
        territory,
        currency: Currency::EURO,
        policy: Some(policy_reference()),
        venues: (0..venues).map(venue).collect(),
        totals: Some(Totals {
            uses: written.reduced.uses,
            seconds: written.reduced.seconds,
            excluded: BTreeMap::from([("too-short".to_owned(), 12)]),
        }),
        lines: Some(written.lines),
        tracks: Some(written.tracks),
        reduction: Some(written.reduction),
        published: Some(NOW.to_owned()),
    }
}

pub fn policy_reference() -> PolicyReference {
    PolicyReference {
        id: "https://coordinator.example/policies/cct".into(),
        digest: policy().digest(),
    }
}

/// Signs a manifest and puts it into its folder.
pub fn put_signed(name: &str, manifest: &PlayReport, folder: &ReportFolder) {
    let document = sign(manifest.to_document(), &key(name), &method(name), NOW).unwrap();
    folder.write_manifest(&document).unwrap();
}

/// A signed report of a node, in `directory`.
pub fn report(node: &Node, directory: &Path) -> ReportFolder {
    let folder = ReportFolder::named(directory, format!("reports/{}", node.name));
    let manifest = manifest(node, &folder);
    put_signed(node.name, &manifest, &folder);
    folder
}

/// Three works have sheets; the fourth is of nobody here.
pub fn splits() -> SplitSheets {
    let mut sheets = SplitSheets::new();
    for line in [
        json!({"work": "https://loire.example/works/1", "valid_from": "2026-01-01", "by_territory": [
            {"territories": ["FR", "BE"], "shares": [
                {"party": "https://loire.example/parties/anna", "role": "artist", "bp": 6000},
                {"party": "https://label.example/parties/label", "role": "label", "bp": 4000}]},
            {"territories": ["*"], "shares": [
                {"party": "https://label.example/parties/label", "role": "label", "bp": 10000}]}]}),
        json!({"work": "https://loire.example/works/2", "valid_from": "2026-01-01",
            "logged": "2025-12-12T09:00:00Z", "by_territory": [
            {"territories": ["FR-ARA"], "shares": [
                {"party": "https://loire.example/parties/anna", "role": "artist", "bp": 3333},
                {"party": "https://loire.example/parties/anna", "role": "producer", "bp": 3333},
                {"party": "https://wallonie.example/parties/bert", "role": "artist", "bp": 3334}]}]}),
        json!({"work": "https://wallonie.example/works/1", "valid_from": "2026-10-01", "by_territory": [
            {"territories": ["*"], "shares": [
                {"party": "https://wallonie.example/parties/bert", "role": "artist", "bp": 10000}]}]}),
    ] {
        sheets
            .insert(parse_line(line.to_string().as_bytes()).unwrap())
            .unwrap();
    }
    sheets
}

fn named(directory: &Path, file: &str) -> NamedFile {
    NamedFile {
        path: directory.join(file),
        name: file.to_owned(),
    }
}

pub fn sources(directory: &Path) -> Sources {
    let optional = |file: &str| {
        directory
            .join(file)
            .exists()
            .then(|| named(directory, file))
    };
    let mut reports: Vec<PathBuf> = std::fs::read_dir(directory.join(layout::REPORTS))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    reports.sort();
    Sources {
        reports: reports.into_iter().map(ReportFolder::at).collect(),
        splits: named(directory, layout::SPLITS),
        policy: PolicyFile::read(&directory.join(layout::POLICY), layout::POLICY).unwrap(),
        coordinator: Some(actor(COORDINATOR)),
        rates: optional(layout::RATES),
        balances: optional(layout::BALANCES),
        adjustments: optional(layout::ADJUSTMENTS),
        disputes: optional(layout::DISPUTES),
    }
}

/// Writes the inputs of the October settlement into a directory.
pub fn inputs(directory: &Path) {
    for node in [&LOIRE, &WALLONIE] {
        report(node, &directory.join(layout::REPORTS).join(node.name));
    }
    let file = |name: &str| directory.join(name);
    let mut text = Vec::new();
    write_splits(&mut text, &splits()).unwrap();
    std::fs::write(file(layout::SPLITS), text).unwrap();
    std::fs::write(file(layout::POLICY), policy().text()).unwrap();
    let balances = "party,amount_micro\nhttps://loire.example/parties/anna,4200000\n";
    std::fs::write(file(layout::BALANCES), balances).unwrap();
}

/// Settles what is in a directory and publishes it there, signed by the coordinator.
pub fn settle(directory: &Path) {
    let settled = settle_folders(&sources(directory)).unwrap();
    let mut document = SettlementDocument::of(&settled, policy_reference()).unwrap();
    document.id = Some(Uri::parse("https://coordinator.example/settlements/2026-10").unwrap());
    document.published = Some(Timestamp::parse(NOW).unwrap());
    for name in [LOIRE.name, WALLONIE.name, COORDINATOR] {
        document
            .keys
            .insert(actor(name).to_string(), key(name).public());
    }
    publish(directory, &document);
    settling::write_outputs(&directory.join(layout::SETTLEMENT), &settled.settlement).unwrap();
}

/// Signs a settlement and writes its document.
pub fn publish(directory: &Path, document: &SettlementDocument) {
    let signed = sign(
        document.to_document(),
        &key(COORDINATOR),
        &method(COORDINATOR),
        NOW,
    )
    .unwrap();
    settlement_document::write(&directory.join(layout::SETTLEMENT), &signed).unwrap();
}

/// A directory with the settled October.
pub fn october() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    inputs(directory.path());
    settle(directory.path());
    directory
}
