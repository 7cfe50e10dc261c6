//! Files with damage by chance, in a process that has little memory: nothing panics, nothing asks for
//! much, and no damaged file is paid by.

use std::process::Command;

use federation::report::{Arrival, ReportFolder, arrive};
use proptest::prelude::*;
use settlement::{Track, WorkId};

use super::tables::{read_lines, read_rows};
use super::world::{self, LOIRE};

/// What says to the process that it is the one with little memory.
const CONFINED: &str = "ANTIPHON_TEST_CONFINED";
/// The address space it has, in kibibytes: its own code, stacks and heaps, and some pages at the
/// most that one may unpack to.
const ADDRESS_SPACE: &str = "655360";

/// A change to some bytes of a file, by chance.
#[derive(Clone, Debug)]
enum Damage {
    Flip(prop::sample::Index, u8),
    Overwrite(prop::sample::Index, Vec<u8>),
    CutOff(prop::sample::Index),
    CutOut(prop::sample::Index, u8),
    Double(prop::sample::Index, u8),
}

impl Damage {
    fn of(&self, bytes: &mut Vec<u8>) {
        match self {
            Damage::Flip(place, bit) => {
                let place = place.index(bytes.len());
                bytes[place] ^= 1 << (bit % 8);
            }
            Damage::Overwrite(place, with) => {
                let place = place.index(bytes.len());
                let end = bytes.len().min(place + with.len());
                bytes[place..end].copy_from_slice(&with[..end - place]);
            }
            Damage::CutOff(place) => bytes.truncate(place.index(bytes.len())),
            Damage::CutOut(place, count) => {
                let place = place.index(bytes.len());
                let end = bytes.len().min(place + usize::from(*count));
                bytes.drain(place..end);
            }
            Damage::Double(place, count) => {
                let place = place.index(bytes.len());
                let end = bytes.len().min(place + usize::from(*count));
                let again = bytes[place..end].to_vec();
                bytes.splice(place..place, again);
            }
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = any::<prop::sample::Index>;
    prop_oneof![
        4 => (place(), 0..8u8).prop_map(|(place, bit)| Damage::Flip(place, bit)),
        2 => (place(), prop::collection::vec(any::<u8>(), 1..9))
            .prop_map(|(place, with)| Damage::Overwrite(place, with)),
        1 => (place(), Just(vec![0xff; 5])).prop_map(|(place, with)| Damage::Overwrite(place, with)),
        1 => place().prop_map(Damage::CutOff),
        1 => (place(), any::<u8>()).prop_map(|(place, count)| Damage::CutOut(place, count)),
        1 => (place(), any::<u8>()).prop_map(|(place, count)| Damage::Double(place, count)),
    ]
}

/// Whether the report is taken in: that is, whether its sums would be used.
fn arrives(folder: &ReportFolder) -> bool {
    let works = world::works();
    let known =
        |id: &WorkId| -> Option<Track> { works.iter().find(|work| work.id == *id).cloned() };
    let arrival = Arrival {
        verification_method: &world::method(LOIRE.name),
        key: &world::key(LOIRE.name).public(),
        policy: &world::policy(),
        period: world::period(),
        with_lines: true,
        known_work: &known,
        seats: &|_| None,
        previous: &[],
    };
    arrive(folder, &arrival).is_ok()
}

fn damaged_files_are_refused() {
    const TABLES: [&str; 3] = [
        ReportFolder::LINES,
        ReportFolder::TRACKS,
        ReportFolder::REDUCTION,
    ];
    let directory = tempfile::tempdir().unwrap();
    let folder = world::report(&LOIRE, directory.path());
    assert!(arrives(&folder));
    let runner = proptest::test_runner::Config::with_cases(2000);
    proptest!(runner, |(which in 0..3usize, damages in prop::collection::vec(damage(), 1..4))| {
        let path = directory.path().join(TABLES[which]);
        let whole = std::fs::read(&path).unwrap();
        let mut bytes = whole.clone();
        for damage in damages {
            if !bytes.is_empty() {
                damage.of(&mut bytes);
            }
        }
        std::fs::write(&path, &bytes).unwrap();
        let taken = arrives(&folder);
        // Read as a simulation reads it, which looks at no digest: anything but a panic.
        let rows = match which {
            0 => read_lines(&path).map(|lines| lines.len()),
            1 => folder.tracks().map(|works| works.len()),
            _ => read_rows(&path).map(|rows| rows.len()),
        };
        std::fs::write(&path, &whole).unwrap();
        prop_assert_eq!(taken, bytes == whole);
        // Nobody can put more rows into a small file than it has room for and have them read.
        prop_assert!(rows.is_err() || rows.is_ok_and(|rows| rows < 1 << 22));
    });
}

#[test]
fn a_damaged_report_is_refused_without_a_panic_in_little_memory() {
    if std::env::var_os(CONFINED).is_some() {
        return damaged_files_are_refused();
    }
    let name = "reports::damage::a_damaged_report_is_refused_without_a_panic_in_little_memory";
    let confined = Command::new("sh")
        .args([
            "-c",
            "ulimit -v \"$1\" && exec \"$0\" --exact \"$2\" --nocapture",
        ])
        .arg(std::env::current_exe().unwrap())
        .args([ADDRESS_SPACE, name])
        .env(CONFINED, "yes")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&confined.stdout);
    let complained = String::from_utf8_lossy(&confined.stderr);
    assert!(confined.status.success(), "{told}{complained}");
    assert!(told.contains("1 passed"), "{told}");
}
