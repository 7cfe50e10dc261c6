//! `antiphon simulate`: a month settled from files, under one policy or several.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use federation::policy::PolicyFile;
use federation::report::{PolicyReference, ReportFolder};
use federation::settlement_document::{self, SettlementDocument};
use federation::settling::{self, NamedFile, Settled, Sources};
use node::comparison::{Case, Catalogue, Comparison, ComparisonPage};
use node::config::Language;
use settlement::NodeId;

use super::print_json;
use crate::progress::Step;

/// The policies that go by a name.
const PRESETS: [&str; 3] = ["cct", "cct-2014", "artist-centric"];
/// The comparison's files, beside the policies' folders.
const COMPARISON_CSV: &str = "comparison.csv";
const COMPARISON_HTML: &str = "comparison.html";

/// Runs the rules of settlement on report folders, signed or not: nobody is paid.
///
/// Writes allocations.csv, parties.csv, nodes.csv, held.csv and settlement.json. With several
/// policies each has a folder of its own, and comparison.csv and comparison.html say who gains and
/// who loses.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    antiphon simulate --reports loire wallonie --splits splits.jsonl --policy cct --out october\n  \
    antiphon simulate --reports loire wallonie --splits splits.jsonl \\\n    \
    --policy cct cct-2014 artist-centric ours.toml --out october --language fr")]
pub struct Simulate {
    /// The reports: folders with report.json and its tables, or folders of such folders
    #[arg(long, value_name = "DIR", num_args = 1.., required = true)]
    reports: Vec<PathBuf>,
    /// The split sheets, one JSON object a line
    #[arg(long, value_name = "FILE")]
    splits: PathBuf,
    /// The policies: TOML files, or cct, cct-2014, artist-centric
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    policy: Vec<PathBuf>,
    /// Where to write
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The actor of the node that settles
    #[arg(long, value_name = "URI", value_parser = actor)]
    coordinator: Option<NodeId>,
    /// Reference rates, where currencies differ: the European Central Bank's CSV
    #[arg(long, value_name = "FILE")]
    rates: Option<PathBuf>,
    /// What parties carry in: party,amount_micro
    #[arg(long, value_name = "FILE")]
    balances: Option<PathBuf>,
    /// Corrections of settled months to take in
    #[arg(long, value_name = "FILE")]
    adjustments: Option<PathBuf>,
    /// Works in dispute, an address a line
    #[arg(long, value_name = "FILE")]
    disputes: Option<PathBuf>,
    /// The language of comparison.html
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    language: Spoken,
    /// Print what was written as JSON
    #[arg(long)]
    json: bool,
}

/// A language, as it is chosen on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Spoken {
    Fr,
    En,
}

/// A policy, how the comparison calls it, and where its settlement goes.
struct Choice {
    /// Its file's name without its end, or the preset's; no two are the same.
    name: String,
    /// How `settlement.json` calls it: the file's name, or the preset's.
    id: String,
    file: PolicyFile,
}

/// Reads the address of an actor.
fn actor(text: &str) -> Result<NodeId, String> {
    NodeId::parse(text).map_err(|malformed| malformed.to_string())
}

impl Simulate {
    /// Does it. Nothing is written unless all of it can be.
    pub fn run(self) -> Result<()> {
        let reports = self.report_folders()?;
        let choices = choices(&self.policy)?;
        let mut settled = Vec::with_capacity(choices.len());
        let mut catalogue = None;
        let step = Step::open("Reading");
        for choice in &choices {
            step.say(format!("Settling under {}", choice.name));
            let read = settling::read(&self.sources(&reports, choice))?;
            settled.push(read.settle()?);
            if choices.len() > 1 && catalogue.is_none() {
                catalogue = Some(Catalogue::of(&read.inputs.reports));
            }
        }
        step.say("Writing");
        let documents = choices
            .iter()
            .zip(&settled)
            .map(|(choice, settled)| document(choice, settled))
            .collect::<Result<Vec<_>>>()?;
        let folders: Vec<PathBuf> = match choices.as_slice() {
            [_] => vec![self.out.clone()],
            several => several
                .iter()
                .map(|choice| self.out.join(&choice.name))
                .collect(),
        };
        for ((folder, settled), document) in folders.iter().zip(&settled).zip(&documents) {
            settling::write_outputs(folder, &settled.settlement)?;
            settlement_document::write(folder, &document.to_document())?;
        }
        if let Some(catalogue) = &catalogue {
            self.compare(catalogue, &choices, &settled)?;
        }
        step.clear();
        for (choice, document) in choices.iter().zip(&documents) {
            if let Some(by) = document.adjustments_out_of_balance {
                eprintln!(
                    "Under {} the adjustments do not add up: those of nodes pass the others by {by} \
                     micros. That is enough to try rules out; it could not be published.",
                    choice.name
                );
            }
        }
        self.tell(&choices, &settled, &folders)
    }

    fn sources(&self, reports: &[ReportFolder], choice: &Choice) -> Sources {
        let named = |path: &Option<PathBuf>| path.clone().map(NamedFile::from);
        Sources {
            reports: reports.to_vec(),
            splits: self.splits.clone().into(),
            policy: choice.file.clone(),
            coordinator: self.coordinator.clone(),
            rates: named(&self.rates),
            balances: named(&self.balances),
            adjustments: named(&self.adjustments),
            disputes: named(&self.disputes),
        }
    }

    /// The folders that were named; of one that holds no report, those in it that do.
    fn report_folders(&self) -> Result<Vec<ReportFolder>> {
        let is_report = |path: &Path| path.join(ReportFolder::MANIFEST).exists();
        let mut folders = Vec::new();
        for path in &self.reports {
            if !path.is_dir() {
                bail!(
                    "{}: there is no such folder; --reports takes folders with report.json in them",
                    path.display()
                );
            }
            let mut within = Vec::new();
            if !is_report(path) {
                let unreadable = || format!("{} cannot be read", path.display());
                for entry in std::fs::read_dir(path).with_context(unreadable)? {
                    within.push(entry.with_context(unreadable)?.path());
                }
                within.retain(|path| is_report(path));
                within.sort();
            }
            if within.is_empty() {
                within.push(path.clone());
            }
            folders.extend(within.into_iter().map(ReportFolder::at));
        }
        Ok(folders)
    }

    fn compare(
        &self,
        catalogue: &Catalogue,
        choices: &[Choice],
        settled: &[Settled],
    ) -> Result<()> {
        let cases: Vec<Case<'_>> = choices
            .iter()
            .zip(settled)
            .map(|(choice, settled)| Case {
                name: &choice.name,
                settlement: &settled.settlement,
            })
            .collect();
        let comparison =
            Comparison::of(catalogue, &cases).context("there is nothing to compare")?;
        let language = match self.language {
            Spoken::Fr => Language::Fr,
            Spoken::En => Language::En,
        };
        let html = ComparisonPage::of(&comparison, language).html()?;
        for (file, text) in [(COMPARISON_CSV, comparison.csv()), (COMPARISON_HTML, html)] {
            let path = self.out.join(file);
            std::fs::write(&path, text)
                .with_context(|| format!("{} cannot be written", path.display()))?;
        }
        Ok(())
    }

    fn tell(&self, choices: &[Choice], settled: &[Settled], folders: &[PathBuf]) -> Result<()> {
        let compared = choices.len() > 1;
        if self.json {
            let told: Vec<_> = choices
                .iter()
                .zip(settled)
                .zip(folders)
                .map(|((choice, settled), folder)| {
                    let totals = settled.settlement.totals();
                    serde_json::json!({
                        "policy": choice.id,
                        "name": choice.name,
                        "folder": folder,
                        "period": settled.settlement.period().to_string(),
                        "currency": settled.settlement.currency().to_string(),
                        "works": settled.settlement.allocations().len(),
                        "parties": settled.settlement.parties().len(),
                        "contributed_micro": totals.contributed.to_string(),
                        "earned_micro": totals.earned.to_string(),
                        "held_micro": totals.held.to_string(),
                        "fund_micro": totals.fund.to_string(),
                        "nodes_micro": totals.node.to_string(),
                        "coordinator_micro": totals.coordinator.to_string(),
                    })
                })
                .collect();
            return print_json(&serde_json::json!({
                "settlements": told,
                "comparison": compared.then(|| self.out.join(COMPARISON_HTML)),
            }));
        }
        for ((choice, settled), folder) in choices.iter().zip(settled).zip(folders) {
            println!(
                "{} under {}: {} parties, {} rows of works: {}",
                settled.settlement.period(),
                choice.name,
                settled.settlement.parties().len(),
                settled.settlement.allocations().len(),
                folder.display()
            );
        }
        if compared {
            println!(
                "Who gains and who loses: {}",
                self.out.join(COMPARISON_HTML).display()
            );
        }
        Ok(())
    }
}

fn document(choice: &Choice, settled: &Settled) -> Result<SettlementDocument> {
    let reference = PolicyReference {
        id: choice.id.clone(),
        digest: choice.file.digest(),
    };
    SettlementDocument::simulated(settled, reference).map_err(anyhow::Error::msg)
}

/// Reads the policies and gives each a name that no other has, nor any file beside it.
fn choices(paths: &[PathBuf]) -> Result<Vec<Choice>> {
    let mut taken = BTreeSet::from([COMPARISON_CSV.to_owned(), COMPARISON_HTML.to_owned()]);
    let mut choices = Vec::new();
    for path in paths {
        let (stem, id, file) = choice(path)?;
        // On some disks capitals make no difference.
        let name = (1..)
            .map(|number| match number {
                1 => stem.clone(),
                _ => format!("{stem}-{number}"),
            })
            .find(|name| taken.insert(name.to_lowercase()))
            .unwrap_or(stem);
        choices.push(Choice { name, id, file });
    }
    Ok(choices)
}

/// A preset, or a file; a file that is called like a preset is named with its folder: `./cct`.
fn choice(path: &Path) -> Result<(String, String, PolicyFile)> {
    let text = path.to_string_lossy().into_owned();
    if let Some(preset) = PolicyFile::preset(&text) {
        return Ok((text.clone(), text, preset));
    }
    if !path.exists() {
        bail!(
            "{text}: there is no such file, and no policy of that name; the names are {}",
            PRESETS.join(", ")
        );
    }
    let file = PolicyFile::read(path, &text)?;
    let name =
        |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    Ok((name(path.file_stem()), name(path.file_name()), file))
}
