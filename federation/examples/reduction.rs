//! The reduction, to be measured and to be held against other engines' by the scripts in `bench/`.
//!
//! - `make DIR LINES`: a signed report of so many lines, members by the hundred works each, works by
//!   Zipf's law; the same bytes each time.
//! - `reduce DIR`: everything that is done with it short of writing: proof, digests, works, lines.
//! - `spread THREADS DIR…`: the same with several reports, on so many threads.
//! - `sign DIR`: names in its manifest, anew, the lines and works that are there.
//! - `write DIR`: the same with one, and its reduction is written anew.
//! - `decode DIR`, `digest DIR`: only that, of its lines.
//! - `random DIR COUNT SEED`: small reports of everything that is allowed, each reduced under a
//!   policy of its own, with `policy.json` beside it.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use federation::digest::{Sha256Digest, Sha256Digester};
use federation::keys::Ed25519Secret;
use federation::policy::PolicyFile;
use federation::proof::{sign, verify};
use federation::report::{
    FileReference, LinesReader, PlayReport, ReportFolder, WrittenTables, reduce,
};
use serde_json::json;
use settlement::{Kind, KindWeights, Line, Policy, Terms, Territory, Track, Unit, WorkId};

type Refused = Box<dyn std::error::Error + Send + Sync>;
type Anything = Result<(), Refused>;

const WORKS: u32 = 1_000_000;
const VENUES: u32 = 300;
const WORKS_OF_A_MEMBER: usize = 100;
const METHOD: &str = "https://loire.example/actor#ed25519-key";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["make", dir, lines] => make(Path::new(dir), lines),
        ["reduce", dir] => reduce_report(Path::new(dir)).map(|sums| println!("{sums}")),
        ["spread", threads, dirs @ ..] => spread(threads, dirs),
        ["write", dir] => write(Path::new(dir)),
        ["sign", dir] => sign_again(Path::new(dir)),
        ["decode", dir] => decode(Path::new(dir)),
        ["digest", dir] => digest(Path::new(dir)),
        ["random", dir, count, seed] => random(Path::new(dir), count, seed),
        _ => Err(
            "make DIR LINES | reduce DIR | spread THREADS DIR... | write DIR | sign DIR | decode DIR | digest DIR \
             | random DIR COUNT SEED"
                .into(),
        ),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("reduction: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Chance that is the same each time (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// A rank below `count` by Zipf's law: the second is met about half as often as the first. The
    /// exponent is 15/16, so that square roots and squares are enough, which every machine works
    /// out alike.
    fn zipf(&mut self, count: u32) -> u32 {
        let even = (self.roll() >> 11) as f64 / (1u64 << 53) as f64;
        let most = (0..4).fold(f64::from(count) + 1.0, |number, _| number.sqrt());
        let rank = (0..4).fold(1.0 + even * (most - 1.0), |number, _| number * number);
        (rank as u32 - 1).min(count - 1)
    }
}

fn key() -> Ed25519Secret {
    Ed25519Secret::from_seed(Sha256Digest::of(b"a key that is no secret").as_bytes())
}

fn territory(text: &str) -> Result<Territory, settlement::Malformed> {
    Territory::parse(text)
}

fn tracks_of(
    count: u32,
    mut of: impl FnMut(u32) -> (Kind, Option<Territory>),
) -> Result<Vec<Track>, settlement::Malformed> {
    (0..count)
        .map(|number| {
            let (kind, home) = of(number);
            let id = WorkId::parse(&format!(
                "https://node{}.example/works/{number}",
                number % 7
            ))?;
            Ok(Track {
                id,
                isrc: None,
                kind,
                home,
            })
        })
        .collect()
}

fn put_manifest(
    folder: &ReportFolder,
    written: &WrittenTables,
    territory: Territory,
    venues: u32,
) -> Anything {
    let table = |file: &FileReference| serde_json::to_value(file);
    let venues: Vec<_> = (0..venues)
        .map(|venue| {
            json!({"venue": venue, "id": format!("https://loire.example/venues/{venue}"),
                "name": "", "contribution": 100_000})
        })
        .collect();
    let document = json!({
        "id": "https://loire.example/reports/2026-10/1", "type": "PlayReport",
        "attributedTo": "https://loire.example/actor", "period": "2026-10", "sequence": 1,
        "territory": territory.to_string(), "currency": "EUR", "venues": venues,
        "lines": table(&written.lines)?, "tracks": table(&written.tracks)?,
        "reduction": table(&written.reduction)?,
    });
    let signed = sign(document, &key(), METHOD, "2026-11-02T08:00:00Z")?;
    folder.write_manifest(&signed)?;
    Ok(())
}

fn make(dir: &Path, lines: &str) -> Anything {
    let members = lines.parse::<u32>()? / WORKS_OF_A_MEMBER as u32;
    let mut dice = Dice(2026);
    let home = territory("FR-ARA")?;
    let tracks = tracks_of(WORKS, |_| (Kind::Music, Some(home)))?;
    let lines = (0..members).flat_map(|member| {
        let venue = (u64::from(member) * u64::from(VENUES) / u64::from(members)) as u32;
        let mut own = BTreeSet::new();
        while own.len() < WORKS_OF_A_MEMBER {
            own.insert(dice.zipf(WORKS));
        }
        own.into_iter()
            .map(|track| {
                let uses = 1 + dice.below(16).min(dice.below(16)) as u32;
                let seconds = u64::from(uses) * (60 + dice.below(300));
                Line {
                    venue,
                    member,
                    track,
                    uses,
                    seconds,
                }
            })
            .collect::<Vec<_>>()
    });
    let folder = ReportFolder::at(dir);
    let written = folder.write_tables(lines, &tracks, VENUES, home, &Policy::cct())?;
    put_manifest(&folder, &written, home, VENUES)?;
    println!(
        "{} lines, {:?} rows",
        written.reduced.lines, written.reduction.rows
    );
    Ok(())
}

/// Signs for tables that another program wrote in the place of ours.
fn sign_again(dir: &Path) -> Anything {
    let folder = ReportFolder::at(dir);
    let (mut manifest, ..) = folder.manifest()?;
    for (file, reference) in [
        (ReportFolder::LINES, &mut manifest.lines),
        (ReportFolder::TRACKS, &mut manifest.tracks),
    ] {
        let reference = reference.as_mut().ok_or("a table is not named")?;
        reference.digest = Some(digest_of(&dir.join(file))?);
        reference.size = Some(std::fs::metadata(dir.join(file))?.len());
    }
    let signed = sign(
        manifest.to_document(),
        &key(),
        METHOD,
        "2026-11-02T08:00:00Z",
    )?;
    folder.write_manifest(&signed)?;
    Ok(())
}

fn digest_of(path: &Path) -> std::io::Result<Sha256Digest> {
    let mut file = std::fs::File::open(path)?;
    let mut digester = Sha256Digester::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(digester.finish()),
            count => digester.update(&buffer[..count]),
        }
    }
}

/// The report's manifest, once its proof and the digests of its tables were found right.
fn verified(folder: &ReportFolder) -> Result<PlayReport, Refused> {
    let (manifest, document, _) = folder.manifest()?;
    verify(&document, &key().public())?;
    for (file, reference) in [
        (ReportFolder::LINES, &manifest.lines),
        (ReportFolder::TRACKS, &manifest.tracks),
    ] {
        let said = reference.as_ref().and_then(|file| file.digest);
        if said != Some(digest_of(&folder.path().join(file))?) {
            return Err(format!("{file} is not what was signed").into());
        }
    }
    Ok(manifest)
}

/// Reduces a report and gives its number of reduced rows and their sums.
fn reduce_report(dir: &Path) -> Result<String, Refused> {
    let folder = ReportFolder::at(dir);
    let manifest = verified(&folder)?;
    let tracks = folder.tracks()?;
    let policy = PolicyFile::of(&Policy::cct());
    let (mut rows, mut share, mut weight) = (0, 0u128, 0u128);
    let reduced = reduce(
        folder.lines()?,
        u32::try_from(manifest.venues.len())?,
        &tracks,
        manifest.territory,
        policy.policy(),
        None,
        |reduced| {
            rows += reduced.len();
            for row in reduced {
                share += u128::from(row.share);
                weight += row.weight;
            }
            Ok(())
        },
    )?;
    Ok(format!(
        "{rows} {} {} {share} {weight}",
        reduced.uses, reduced.seconds
    ))
}

fn spread(threads: &str, dirs: &[&str]) -> Anything {
    let next = AtomicUsize::new(0);
    let work = || -> Result<(), Refused> {
        while let Some(dir) = dirs.get(next.fetch_add(1, Ordering::Relaxed)) {
            println!("{}", reduce_report(Path::new(dir))?);
        }
        Ok(())
    };
    let threads: usize = threads.parse()?;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            worker.join().map_err(|_| "a thread panicked")??;
        }
        Ok(())
    })
}

fn write(dir: &Path) -> Anything {
    let folder = ReportFolder::at(dir);
    let manifest = verified(&folder)?;
    let venues = u32::try_from(manifest.venues.len())?;
    let tracks = folder.tracks()?;
    let (file, reduced) =
        folder.write_reduction(&tracks, venues, manifest.territory, &Policy::cct())?;
    println!("{} lines, {:?} rows", reduced.lines, file.rows);
    Ok(())
}

fn decode(dir: &Path) -> Anything {
    let mut lines = LinesReader::open(&dir.join(ReportFolder::LINES), ReportFolder::LINES)?;
    let mut batches = 0;
    while let Some(batch) = lines.next_batch()? {
        batches += u32::from(batch.columns().is_some());
    }
    println!("{batches}");
    Ok(())
}

fn digest(dir: &Path) -> Anything {
    println!("{}", digest_of(&dir.join(ReportFolder::LINES))?);
    Ok(())
}

fn random(dir: &Path, count: &str, seed: &str) -> Anything {
    let mut dice = Dice(seed.parse()?);
    for number in 0..count.parse::<u32>()? {
        random_report(&dir.join(number.to_string()), &mut dice)?;
    }
    Ok(())
}

fn random_report(dir: &Path, dice: &mut Dice) -> Anything {
    let places = ["FR", "FR-ARA", "FR-BRE", "BE", "BE-WAL"].map(territory);
    let places = places.into_iter().collect::<Result<Vec<_>, _>>()?;
    let here = dice.one(&places);
    let works = 1 + dice.below(30) as u32;
    let tracks = tracks_of(works, |_| {
        let home = (dice.below(4) > 0).then(|| dice.one(&places));
        (dice.one(&Kind::ALL), home)
    })?;
    let weights = [0, 333, 10_000, 20_000, 1_000_000];
    let policy = Policy::new(Terms {
        unit: dice.one(&[Unit::Uses, Unit::Seconds]),
        member_cap_uses: dice.one(&[0, 0, 1, 5, 1000, 1 << 33]),
        local_bp: dice.one(&weights),
        kind_bp: KindWeights {
            music: dice.one(&weights),
            film: dice.one(&weights),
            game: dice.one(&weights),
            book: dice.one(&weights),
        },
        ..Terms::default()
    })?;
    let venues = 1 + dice.below(4) as u32;
    let mut lines = Vec::new();
    for venue in 0..venues {
        for member in 0..dice.below(9) as u32 {
            for track in (0..works)
                .filter(|_| dice.below(3) == 0)
                .collect::<Vec<_>>()
            {
                let uses = dice.one(&[1, 1, 2, 3, 7, 500, u32::MAX]);
                let seconds = dice.one(&[0, 30, 211, 86_399, 1 << 40]);
                lines.push(Line {
                    venue,
                    member,
                    track,
                    uses,
                    seconds,
                });
            }
        }
    }
    let folder = ReportFolder::at(dir);
    folder.write_tables(lines, &tracks, venues, here, &policy)?;
    let told = json!({
        "territory": here.to_string(), "unit": policy.unit.as_str(),
        "member_cap_uses": policy.member_cap_uses, "local_bp": policy.local_bp,
        "music_bp": policy.kind_bp.music, "film_bp": policy.kind_bp.film,
        "game_bp": policy.kind_bp.game, "book_bp": policy.kind_bp.book,
    });
    std::fs::write(dir.join("policy.json"), told.to_string())?;
    Ok(())
}
