//! A report arrives at the coordinator, or at another node.

use federation::digest::Sha256Digest;
use federation::keys::Ed25519Public;
use federation::proof::ProofRefused;
use federation::report::{
    Arrival, PlayReport, PreviousReport, ReportFolder, ReportRefused, VerifiedReport, arrive,
};
use settlement::{Kind, Line, Period, Territory, Track, Uri, VenueId, WorkId};

use super::world::{self, LOIRE, key, method, period, policy, works};

fn known(id: &WorkId) -> Option<Track> {
    works().into_iter().find(|work| work.id == *id)
}

/// Lets a report arrive, with some of the usual circumstances changed.
fn arrives(
    folder: &ReportFolder,
    change: impl for<'a> FnOnce(&mut Arrival<'a>),
) -> Result<VerifiedReport, ReportRefused> {
    let public: Ed25519Public = key(LOIRE.name).public();
    let method = method(LOIRE.name);
    let policy = policy();
    let mut arrival = Arrival {
        verification_method: &method,
        key: &public,
        policy: &policy,
        period: period(),
        with_lines: true,
        known_work: &known,
        seats: &|_: &VenueId| Some(40),
        previous: &[],
    };
    change(&mut arrival);
    arrive(folder, &arrival)
}

/// Loire's report in a directory of its own, its manifest changed before it was signed.
fn changed(change: impl FnOnce(&mut PlayReport)) -> (tempfile::TempDir, ReportFolder) {
    let directory = tempfile::tempdir().unwrap();
    let folder = ReportFolder::named(directory.path(), "");
    let mut manifest = world::manifest(&LOIRE, &folder);
    change(&mut manifest);
    world::put_signed(LOIRE.name, &manifest, &folder);
    (directory, folder)
}

/// Why Loire's report is refused when its manifest is changed so.
fn refusal(change: impl FnOnce(&mut PlayReport)) -> String {
    let (_directory, folder) = changed(change);
    arrives(&folder, |_| {}).unwrap_err().to_string()
}

#[test]
fn an_honest_report_is_taken_in() {
    let (_directory, folder) = changed(|_| {});
    let report = arrives(&folder, |_| {}).unwrap();
    assert_eq!(report.reduced().unwrap().members, [8, 8]);
    assert_eq!(report.tracks(), works());
    let from_verified = report.into_settlement_input().unwrap();
    let from_folder = folder.load(&policy()).unwrap();
    assert!(from_folder.from_lines);
    assert_eq!(from_verified, from_folder.into_settlement_input());
}

#[test]
fn another_node_takes_it_in_without_its_lines() {
    let (directory, folder) = changed(|_| {});
    std::fs::remove_file(directory.path().join(ReportFolder::LINES)).unwrap();
    assert!(
        arrives(&folder, |arrival| arrival.with_lines = false)
            .unwrap()
            .reduced()
            .is_none()
    );
    let refused = arrives(&folder, |_| {}).unwrap_err().to_string();
    assert_eq!(refused, "lines.parquet: there is no such file");
}

#[test]
fn a_report_signed_by_another_is_refused() {
    let (_directory, folder) = changed(|_| {});
    let stranger = key("stranger").public();
    let refused = arrives(&folder, |arrival| {
        // The closure sees the arrival for any lifetime, so the key must live long enough.
        arrival.key = Box::leak(Box::new(stranger));
    });
    assert_eq!(
        refused.unwrap_err(),
        ReportRefused::Proof(ProofRefused::DoesNotFit)
    );
    let refused = arrives(&folder, |arrival| {
        arrival.verification_method = "https://loire.example/actor#old"
    });
    assert!(matches!(
        refused,
        Err(ReportRefused::Proof(ProofRefused::OtherKey(_)))
    ));
}

#[test]
fn a_report_taken_in_twice_is_taken_in_once() {
    let (_directory, folder) = changed(|_| {});
    let report = arrives(&folder, |_| {}).unwrap();
    let previous = PreviousReport {
        id: report.manifest().id.clone(),
        sequence: 1,
        digest: report.digest(),
    };
    let again = |previous: PreviousReport| {
        arrives(&folder, |arrival| {
            arrival.previous = Box::leak(Box::new([previous]))
        })
    };
    assert_eq!(
        again(previous.clone()).unwrap_err(),
        ReportRefused::AlreadyTaken
    );
    let other = PreviousReport {
        digest: policy().digest(),
        ..previous.clone()
    };
    assert!(matches!(
        again(other),
        Err(ReportRefused::Equivocation { sequence: 1, .. })
    ));
    let later = PreviousReport {
        sequence: 2,
        ..previous
    };
    assert_eq!(again(later).unwrap_err(), ReportRefused::Superseded(2));
}

#[test]
fn what_the_manifest_says_must_be_so() {
    let october = "report.json: ";
    for (change, reason) in [
        (
            Box::new(|report: &mut PlayReport| report.period = Period::parse("2026-09").unwrap())
                as Box<dyn FnOnce(&mut PlayReport)>,
            "it is for 2026-09, not for 2026-10",
        ),
        (
            Box::new(|report| report.sequence = 0),
            "its sequence is 0; the first report of a period has sequence 1",
        ),
        (
            Box::new(|report| report.venues[0].active_members = 9),
            "the venue https://loire.example/venues/mediatheque is said to have 9 active members; \
             the lines are about 8",
        ),
        (
            Box::new(|report| report.venues[0].members = 7),
            "the venue https://loire.example/venues/mediatheque has 8 active members of 7",
        ),
        (
            Box::new(|report| report.venues[0].members = 41),
            "the venue https://loire.example/venues/mediatheque has 41 members on 40 paid seats",
        ),
        (
            Box::new(|report| report.venues[1].venue = 0),
            "it has two venues with the number 0",
        ),
        (
            Box::new(|report| report.venues[1].id = report.venues[0].id.clone()),
            "it names the venue https://loire.example/venues/mediatheque twice",
        ),
        (
            Box::new(|report| report.venues[1].venue = 4_000_000_000),
            "its 2 venues are not numbered from 0 on: one has the number 4000000000",
        ),
        (
            Box::new(|report| {
                report.venues[0].id = VenueId::parse("https://other.example/v").unwrap()
            }),
            "its venue https://other.example/v is not of its node's origin https://loire.example",
        ),
        (
            Box::new(|report| {
                report.replaces = Some(Uri::parse("https://loire.example/reports/0").unwrap())
            }),
            "it replaces https://loire.example/reports/0, which was never taken in",
        ),
        (
            Box::new(|report| report.totals = None),
            "its manifest does not give the totals",
        ),
        (
            Box::new(|report| report.lines = None),
            "its manifest does not give lines",
        ),
    ] {
        let found = refusal(change);
        assert_eq!(found, format!("{october}{reason}"));
    }
    assert!(refusal(|report| report.totals.as_mut().unwrap().uses += 1).contains("its totals are"));
    let refused = refusal(|report| {
        report.policy.as_mut().unwrap().digest = Sha256Digest::of(b"another policy");
    });
    assert!(
        refused.contains("it was counted under the policy"),
        "{refused}"
    );
}

#[test]
fn files_other_than_those_signed_for_are_refused() {
    for file in [
        ReportFolder::LINES,
        ReportFolder::TRACKS,
        ReportFolder::REDUCTION,
    ] {
        let (directory, folder) = changed(|_| {});
        let path = directory.path().join(file);
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let refused = arrives(&folder, |_| {}).unwrap_err().to_string();
        assert_eq!(
            refused,
            format!("{file}: its digest is not the one in the manifest: it was changed")
        );
    }
}

#[test]
fn a_wrong_number_of_rows_in_the_manifest_is_refused() {
    let refused = refusal(|report| report.tracks.as_mut().unwrap().rows = Some(5));
    assert_eq!(
        refused,
        "tracks.parquet: it has 4 rows; the manifest says 5"
    );
    let refused = refusal(|report| report.lines.as_mut().unwrap().rows = Some(1 << 60));
    assert!(refused.starts_with("lines.parquet: it has"), "{refused}");
}

#[test]
fn a_work_that_is_not_what_its_own_node_says_is_refused() {
    let (_directory, folder) = changed(|_| {});
    let as_film = |id: &WorkId| {
        known(id).map(|work| Track {
            kind: Kind::Film,
            ..work
        })
    };
    let elsewhere = |id: &WorkId| {
        known(id).map(|work| Track {
            home: Some(Territory::parse("FR-BRE").unwrap()),
            ..work
        })
    };
    let reason = |known_work: &'static dyn Fn(&WorkId) -> Option<Track>| {
        arrives(&folder, |arrival| arrival.known_work = known_work)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        reason(Box::leak(Box::new(as_film))),
        "tracks.parquet, row 1: the kind of https://loire.example/works/1 is not as in the work's own object"
    );
    assert!(reason(Box::leak(Box::new(elsewhere))).contains("the home of"));
    assert_eq!(
        reason(&|_| None),
        "tracks.parquet, row 1: the work https://loire.example/works/1 is not known here"
    );
}

/// A report whose lines were other ones than `world::lines`, reduced honestly.
fn with_lines(lines: Vec<Line>) -> String {
    let (_directory, folder) = changed(|_| {});
    let territory = Territory::parse(LOIRE.territory).unwrap();
    let (mut manifest, ..) = folder.manifest().unwrap();
    let written = folder
        .write_tables(lines, &works(), 2, territory, policy().policy())
        .unwrap();
    manifest.lines = Some(written.lines);
    manifest.tracks = Some(written.tracks);
    manifest.reduction = Some(written.reduction);
    world::put_signed(LOIRE.name, &manifest, &folder);
    arrives(&folder, |_| {}).unwrap_err().to_string()
}

#[test]
fn more_than_the_policy_counts_is_refused() {
    let line = Line {
        venue: 0,
        member: 0,
        track: 0,
        uses: 1,
        seconds: 30,
    };
    let refused = with_lines(vec![Line { uses: 621, ..line }]);
    assert!(
        refused.starts_with("lines.parquet, row 1: 621 uses of one work"),
        "{refused}"
    );
    let month = 31 * 86_400 + 3_600;
    let long = Line {
        seconds: month,
        ..line
    };
    let more = Line {
        venue: 1,
        seconds: 1,
        ..line
    };
    let refused = with_lines(vec![long, more]);
    assert!(
        refused.contains("member 0 has 2682001 seconds"),
        "{refused}"
    );
}

#[test]
fn a_reduction_that_is_not_of_its_lines_is_refused() {
    let (_directory, folder) = changed(|_| {});
    let (mut manifest, ..) = folder.manifest().unwrap();
    let mut other = world::lines(&LOIRE);
    other[3].uses += 1;
    let elsewhere = tempfile::tempdir().unwrap();
    let made = ReportFolder::named(elsewhere.path(), "");
    let territory = Territory::parse(LOIRE.territory).unwrap();
    let written = made
        .write_tables(other, &works(), 2, territory, policy().policy())
        .unwrap();
    std::fs::copy(
        elsewhere.path().join(ReportFolder::REDUCTION),
        folder.path().join(ReportFolder::REDUCTION),
    )
    .unwrap();
    manifest.reduction = Some(written.reduction);
    world::put_signed(LOIRE.name, &manifest, &folder);
    let refused = arrives(&folder, |_| {}).unwrap_err().to_string();
    assert!(
        refused.starts_with("reduction.parquet, row ")
            && refused.contains("come to something else"),
        "{refused}"
    );
}
