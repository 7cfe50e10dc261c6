//! A settlement is derived again, and whatever was changed in it is found.

use std::path::{Path, PathBuf};

use federation::audit::{AuditOptions, layout, verify_folder};
use federation::policy::PolicyFile;
use federation::report::ReportFolder;
use federation::settlement_document::{SETTLEMENT_FILE, SettlementDocument};
use federation::settling::{outputs, read_on, settle_folders};
use settlement::{Micros, Policy, Terms};

use super::world::{self, COORDINATOR, LOIRE, WALLONIE, actor, key, october};

fn audit(directory: &Path) -> Result<federation::audit::Verified, String> {
    verify_folder(directory, &AuditOptions::default()).map_err(|differs| differs.to_string())
}

/// All files under a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path))
        } else {
            found.push(path)
        }
    }
    found.sort();
    found
}

#[test]
fn an_honest_settlement_is_derived_again() {
    let directory = october();
    let verified = audit(directory.path()).unwrap();
    assert_eq!((verified.from_lines, verified.from_reductions), (2, 0));
    assert_eq!(verified.document.coordinator, Some(actor(COORDINATOR)));
    assert_eq!(verified.settlement.period(), world::period());
}

#[test]
fn it_is_the_same_from_reductions_alone() {
    let directory = october();
    for node in [&LOIRE, &WALLONIE] {
        let folder = directory.path().join(layout::REPORTS).join(node.name);
        std::fs::remove_file(folder.join(ReportFolder::LINES)).unwrap();
    }
    let verified = audit(directory.path()).unwrap();
    assert_eq!((verified.from_lines, verified.from_reductions), (0, 2));
}

#[test]
fn what_comes_in_goes_out() {
    let directory = october();
    let totals = audit(directory.path()).unwrap().document.totals;
    let (incoming, outgoing) = (totals.incoming, totals.outgoing);
    let sum = |amounts: &[Micros]| Micros::sum(amounts.iter().copied()).unwrap();
    assert_eq!(
        incoming.contributed,
        Micros::new((120_000 + 33_333 + 70_001) * 1_000_000)
    );
    assert_eq!(incoming.carried_in, Micros::new(4_200_000));
    assert!(outgoing.held > Micros::ZERO);
    assert_eq!(
        sum(&[incoming.contributed, incoming.carried_in, incoming.adjusted]),
        sum(&[
            outgoing.payable,
            outgoing.carried_out,
            outgoing.held,
            outgoing.fund,
            outgoing.node,
            outgoing.coordinator
        ])
    );
}

#[test]
fn any_flipped_byte_is_found_and_its_file_is_named() {
    let directory = october();
    let root = directory.path();
    let all = files(root);
    assert_eq!(all.len(), 2 * 4 + 3 + 5);
    for path in all {
        let whole = std::fs::read(&path).unwrap();
        let name = path.strip_prefix(root).unwrap().display().to_string();
        // Every byte of the small files; of each, the first and the last.
        let step = whole.len().div_ceil(40).max(1);
        let places = (0..whole.len()).step_by(step).chain([whole.len() - 1]);
        for (count, place) in places.enumerate() {
            let mut bytes = whole.clone();
            bytes[place] ^= 1 << (count % 8);
            std::fs::write(&path, bytes).unwrap();
            let differs = audit(root)
                .err()
                .unwrap_or_else(|| panic!("{name}, byte {place}: not found"));
            assert!(
                differs.starts_with(&name),
                "{name}, byte {place}: {differs}"
            );
        }
        std::fs::write(&path, whole).unwrap();
    }
    audit(root).unwrap();
}

#[test]
fn a_file_cut_short_or_gone_is_found() {
    let directory = october();
    let root = directory.path();
    for path in files(root) {
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(audit(root).is_err(), "{}", path.display());
        std::fs::remove_file(&path).unwrap();
        let gone = audit(root);
        // Lines may be gone: other nodes than the reporter's have none.
        assert_eq!(
            gone.is_ok(),
            path.ends_with(ReportFolder::LINES),
            "{}",
            path.display()
        );
        std::fs::write(&path, whole).unwrap();
    }
}

#[test]
fn a_changed_amount_is_named_with_its_row() {
    let directory = october();
    let path = directory
        .path()
        .join(layout::SETTLEMENT)
        .join("parties.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = text.replacen(",4200000,", ",4200001,", 1);
    assert_ne!(text, changed);
    std::fs::write(&path, changed).unwrap();
    let differs = audit(directory.path()).unwrap_err();
    assert!(
        differs.starts_with(
            "settlement/parties.csv, row 3: it says \"https://loire.example/parties/anna,"
        ),
        "{differs}"
    );
}

/// A coordinator that signs something else than what the law comes to.
fn forged(change: impl FnOnce(&Path, &mut SettlementDocument)) -> String {
    let directory = october();
    let root = directory.path();
    let path = root.join(layout::SETTLEMENT).join(SETTLEMENT_FILE);
    let (mut document, _) = SettlementDocument::parse(&std::fs::read(path).unwrap()).unwrap();
    change(root, &mut document);
    world::publish(root, &document);
    audit(root).unwrap_err()
}

#[test]
fn a_coordinators_word_alone_changes_nothing() {
    for (change, reason) in [
        (
            Box::new(|_: &Path, document: &mut SettlementDocument| {
                document.totals.outgoing.fund = Micros::ZERO;
            }) as Box<dyn FnOnce(&Path, &mut SettlementDocument)>,
            "its totals are not what the settlement comes to",
        ),
        (
            Box::new(|_, document| document.coordinator = Some(actor("loire"))),
            "it is not attributed to its coordinator",
        ),
        (
            Box::new(|_, document| document.coordinator = None),
            "it names no coordinator",
        ),
        (
            Box::new(|_, document| {
                document.keys.remove(actor(COORDINATOR).as_str());
            }),
            "no key of https://coordinator.example/actor is named",
        ),
        (
            Box::new(|_, document| {
                document.outputs.remove("held.csv");
            }),
            "its digests of outputs are not what the settlement comes to",
        ),
    ] {
        assert_eq!(
            forged(change),
            format!("settlement/settlement.json: {reason}")
        );
    }
}

#[test]
fn a_report_signed_with_another_key_than_the_one_named_is_found() {
    let differs = forged(|_, document| {
        document
            .keys
            .insert(actor("loire").to_string(), key("stranger").public());
    });
    assert!(
        differs.starts_with("reports/loire/report.json: the proof does not fit"),
        "{differs}"
    );
}

#[test]
fn a_report_left_out_or_slipped_in_is_found() {
    let differs = forged(|root, _| {
        std::fs::remove_dir_all(root.join(layout::REPORTS).join("loire")).unwrap();
    });
    assert_eq!(
        differs,
        "reports: the report https://loire.example/reports/2026-10/1 of https://loire.example/actor is missing"
    );
    let differs = forged(|_, document| {
        document
            .inputs
            .reports
            .retain(|report| report.node != actor("loire"));
    });
    assert_eq!(
        differs,
        "reports/loire/report.json: its digest is not among the settlement's inputs: it was changed or added"
    );
}

#[test]
fn balances_left_out_or_slipped_in_are_found() {
    let differs = forged(|_, document| document.inputs.balances = None);
    assert_eq!(
        differs,
        "balances.csv: it is there, and the settlement was made without it"
    );
    let differs = forged(|root, _| std::fs::remove_file(root.join(layout::BALANCES)).unwrap());
    assert_eq!(differs, "balances.csv: there is no such file");
}

#[test]
fn another_key_than_the_one_known_is_found() {
    let directory = october();
    let known = |name: &str, of: &str| AuditOptions {
        known_keys: [(actor(name), vec![key(of).public()])].into(),
    };
    assert!(verify_folder(directory.path(), &known("loire", "loire")).is_ok());
    assert!(verify_folder(directory.path(), &known("nobody", "nobody")).is_ok());
    let differs = verify_folder(directory.path(), &known("loire", "stranger")).unwrap_err();
    assert_eq!(
        differs.to_string(),
        "settlement/settlement.json: it names another key of https://loire.example/actor than the one known"
    );
}

#[test]
fn a_settlement_whose_adjustments_do_not_add_up_is_not_published() {
    let directory = tempfile::tempdir().unwrap();
    world::inputs(directory.path());
    let adjustments = "kind,account,of_period,reason,amount_micro\nfund,,2026-09,correction,5\n";
    std::fs::write(directory.path().join(layout::ADJUSTMENTS), adjustments).unwrap();
    let settled = settle_folders(&world::sources(directory.path())).unwrap();
    assert!(SettlementDocument::of(&settled, world::policy_reference()).is_err());
}

#[test]
fn a_simulation_needs_no_signatures_and_reduces_under_any_policy() {
    let directory = tempfile::tempdir().unwrap();
    world::inputs(directory.path());
    let root = directory.path();
    for node in [&LOIRE, &WALLONIE] {
        let folder = ReportFolder::at(root.join(layout::REPORTS).join(node.name));
        let (mut manifest, ..) = folder.manifest().unwrap();
        // As sparse as a manifest for a simulation may be.
        manifest.policy = None;
        manifest.totals = None;
        manifest.published = None;
        manifest.reduction = None;
        folder.write_manifest(&manifest.to_document()).unwrap();
        std::fs::remove_file(folder.path().join(ReportFolder::REDUCTION)).unwrap();
    }
    let mut sources = world::sources(root);
    let ours = settle_folders(&sources).unwrap();
    sources.reports.reverse();
    assert_eq!(
        settle_folders(&sources).unwrap().settlement,
        ours.settlement
    );
    sources.policy = PolicyFile::preset("cct-2014").unwrap();
    let theirs = settle_folders(&sources).unwrap();
    assert_ne!(
        theirs.settlement.parties_csv(),
        ours.settlement.parties_csv()
    );
    assert_eq!(
        theirs.settlement.totals().contributed,
        ours.settlement.totals().contributed
    );
}

#[test]
fn the_number_of_threads_changes_no_byte_and_no_refusal() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    world::inputs(root);
    let others = [
        ("adour", "FR-NAQ"),
        ("brenta", "IT-25"),
        ("calder", "GB-ENG"),
        ("danube", "AT"),
        ("ebre", "ES-CT"),
    ];
    for (name, territory) in others {
        let venues = &[("biblio", 90_017, 20), ("opera", 7, 9)];
        let node = world::Node {
            name,
            territory,
            venues,
        };
        world::report(&node, &root.join(layout::REPORTS).join(name));
    }
    let sources = world::sources(root);
    let tables = |threads| {
        let settled = read_on(&sources, threads).unwrap().settle().unwrap();
        let document = SettlementDocument::of(&settled, world::policy_reference()).unwrap();
        (outputs(&settled.settlement), document)
    };
    let alone = tables(1);
    assert_eq!(alone.0[2].1.lines().count(), 1 + 7 + 1, "{}", alone.0[2].1);
    assert_eq!(tables(2), alone);
    assert_eq!(tables(7), alone);

    // Of two bad reports the first is named, whoever finds its fault first.
    for bad in ["calder", "ebre"] {
        std::fs::write(
            root.join(layout::REPORTS).join(bad).join("lines.parquet"),
            bad,
        )
        .unwrap();
    }
    for threads in [1, 2, 7] {
        let refused = read_on(&sources, threads).unwrap_err().to_string();
        assert!(refused.contains("calder/lines.parquet: "), "{refused}");
    }
}

#[test]
fn a_reduction_under_another_policy_is_not_taken_for_this_one() {
    let directory = october();
    let root = directory.path();
    for node in [&LOIRE, &WALLONIE] {
        std::fs::remove_file(
            root.join(layout::REPORTS)
                .join(node.name)
                .join(ReportFolder::LINES),
        )
        .unwrap();
    }
    let mut sources = world::sources(root);
    let terms = Terms {
        local_bp: 20_000,
        ..Terms::default()
    };
    sources.policy = PolicyFile::of(&Policy::new(terms).unwrap());
    let refused = settle_folders(&sources).unwrap_err().to_string();
    assert!(
        refused.contains("reduction.parquet: it was reduced under another policy"),
        "{refused}"
    );
}
