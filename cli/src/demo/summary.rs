//! What came of it, in words: who paid, who earned, what crossed borders, and that it adds up.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

/// How many of those who earned the most are named.
const NAMED: usize = 8;

/// What the summary calls the addresses it finds.
#[derive(Default)]
pub struct Names {
    /// The nodes.
    pub nodes: Vec<Place>,
    /// Parties by address.
    pub parties: BTreeMap<String, String>,
    /// Works by address.
    pub works: BTreeMap<String, String>,
}

/// A node and where it stands.
pub struct Place {
    /// Its base address.
    pub base: String,
    /// Its name.
    pub name: String,
    /// Its territory.
    pub territory: String,
}

impl Names {
    fn place_of(&self, uri: &str) -> Option<&Place> {
        self.nodes.iter().find(|place| {
            uri.strip_prefix(place.base.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        })
    }

    fn node_of(&self, uri: &str) -> &str {
        self.place_of(uri).map_or("elsewhere", |place| &place.name)
    }
}

/// One of the settlement's tables: rows of cells by column name.
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads `settlement/NAME.csv` below `dir`.
    pub fn read(dir: &Path, name: &str) -> Result<Self> {
        let path = dir.join("settlement").join(format!("{name}.csv"));
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let mut lines = text.lines().map(cells);
        let header = lines
            .next()
            .with_context(|| format!("{}: no header", path.display()))?;
        Ok(Table {
            header,
            rows: lines.collect(),
        })
    }

    /// The cells of some columns, row by row.
    pub fn columns<const N: usize>(&self, names: [&str; N]) -> Result<Vec<[&str; N]>> {
        let mut places = [0; N];
        for (place, name) in places.iter_mut().zip(names) {
            *place = self
                .header
                .iter()
                .position(|known| known == name)
                .with_context(|| format!("no column {name}"))?;
        }
        self.rows
            .iter()
            .map(|row| {
                let mut cells = [""; N];
                for (cell, place) in cells.iter_mut().zip(places) {
                    *cell = row.get(place).context("a row is too short")?;
                }
                Ok(cells)
            })
            .collect()
    }
}

/// The cells of a line, where a cell in quotes may hold commas.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cells.last_mut().expect("there is always a cell").push(c),
        }
    }
    cells
}

/// The summary of the settlement below `dir`.
pub fn of(dir: &Path, names: &Names) -> Result<String> {
    let mut told = String::new();
    paid(&mut told, &Table::read(dir, "nodes")?, names)?;
    earned(&mut told, &Table::read(dir, "parties")?, names)?;
    crossed(&mut told, &Table::read(dir, "allocations")?, names)?;
    held(&mut told, &Table::read(dir, "held")?)?;
    cleared(&mut told, &Table::read(dir, "nodes")?, names)?;
    Ok(told)
}

fn paid(told: &mut String, nodes: &Table, names: &Names) -> Result<()> {
    told.push_str("Who paid\n");
    let mut sums = [0i128; 5];
    for [node, contributed, rights, fund, own, coordinator] in nodes.columns([
        "node",
        "contributed_micro",
        "rights_micro",
        "fund_micro",
        "node_micro",
        "coordinator_micro",
    ])? {
        let amounts = [contributed, rights, fund, own, coordinator].map(amount);
        for (sum, amount) in sums.iter_mut().zip(amounts) {
            *sum += amount;
        }
        if amounts[0] > 0 {
            row(
                told,
                names.node_of(node),
                amounts[0],
                "from its venues, for this month",
            );
        }
    }
    let [all, rights, fund, own, coordinator] = sums;
    row(told, "together", all, "");
    told.push_str("\nWhere it went\n");
    row(told, "rights", rights, "to those who made the music");
    row(told, "fund", fund, "for creation");
    row(told, "nodes", own, "for running them");
    row(told, "coordinator", coordinator, "for settling");
    Ok(())
}

fn earned(told: &mut String, parties: &Table, names: &Names) -> Result<()> {
    let mut rows: Vec<(i128, &str, i128, i128)> = Vec::new();
    for [party, earned, payable, carried] in parties.columns([
        "party",
        "earned_micro",
        "payable_minor",
        "carried_out_micro",
    ])? {
        rows.push((amount(earned), party, amount(payable), amount(carried)));
    }
    rows.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    told.push_str("\nWho earned the most\n");
    for (earned, party, _, _) in rows.iter().take(NAMED) {
        let name = names.parties.get(*party).map_or(*party, String::as_str);
        row(told, name, *earned, names.node_of(party));
    }
    if rows.len() > NAMED {
        let rest: i128 = rows.iter().skip(NAMED).map(|(earned, ..)| earned).sum();
        row(
            told,
            &format!("and {} others", rows.len() - NAMED),
            rest,
            "",
        );
    }
    let payable: i128 = rows
        .iter()
        .map(|(_, _, payable, _)| payable * 1_000_000)
        .sum();
    let carried: i128 = rows.iter().map(|(.., carried)| carried).sum();
    let below = rows
        .iter()
        .filter(|(_, _, payable, _)| *payable == 0)
        .count();
    row(told, "paid out now", payable, "");
    row(
        told,
        "carried on",
        carried,
        &format!("{below} of {} below the smallest payment", rows.len()),
    );
    Ok(())
}

fn crossed(told: &mut String, allocations: &Table, names: &Names) -> Result<()> {
    let mut across: BTreeMap<(String, String), (i128, u64)> = BTreeMap::new();
    let mut works: BTreeMap<&str, (i128, u64)> = BTreeMap::new();
    for [territory, work, uses, money] in
        allocations.columns(["territory", "work", "uses", "amount_micro"])?
    {
        let home = names.place_of(work);
        let (money, uses) = (amount(money), uses.parse().unwrap_or(0u64));
        let of_all = works.entry(work).or_default();
        of_all.0 += money;
        of_all.1 += uses;
        if home.is_none_or(|home| home.territory != territory) {
            let key = (territory.to_owned(), names.node_of(work).to_owned());
            let crossing = across.entry(key).or_default();
            crossing.0 += money;
            crossing.1 += uses;
        }
    }
    told.push_str("\nWhat crossed borders\n");
    for ((territory, home), (money, uses)) in &across {
        row(
            told,
            &format!("{territory} → {home}"),
            *money,
            &format!("{uses} uses"),
        );
    }
    if across.is_empty() {
        told.push_str("  nothing this month\n");
    }
    let mut most: Vec<_> = works.into_iter().collect();
    most.sort_by(|a, b| b.1.1.cmp(&a.1.1).then(a.0.cmp(b.0)));
    told.push_str("\nWhat was heard the most\n");
    for (work, (money, uses)) in most.into_iter().take(5) {
        let title = names.works.get(work).map_or(work, String::as_str);
        row(
            told,
            title,
            money,
            &format!("{uses} uses · {}", names.node_of(work)),
        );
    }
    Ok(())
}

fn held(told: &mut String, held: &Table) -> Result<()> {
    let mut reasons: BTreeMap<&str, i128> = BTreeMap::new();
    for [reason, money] in held.columns(["reason", "amount_micro"])? {
        *reasons.entry(reason).or_default() += amount(money);
    }
    told.push_str("\nHeld, and nobody's yet\n");
    for (reason, money) in &reasons {
        row(told, reason, *money, "");
    }
    if reasons.is_empty() {
        told.push_str("  nothing: every work has a split sheet\n");
    }
    Ok(())
}

fn cleared(told: &mut String, nodes: &Table, names: &Names) -> Result<()> {
    told.push_str("\nWhat the nodes owe one another\n");
    for [node, position] in nodes.columns(["node", "position_micro"])? {
        let position = amount(position);
        let name = names.node_of(node);
        if position > 0 {
            row(told, name, position, "pays the coordinator");
        } else if position < 0 {
            row(told, name, -position, "keeps or receives");
        }
    }
    Ok(())
}

fn amount(cell: &str) -> i128 {
    cell.parse().unwrap_or(0)
}

fn row(told: &mut String, what: &str, micro: i128, note: &str) {
    let what: String = if what.chars().count() > 36 {
        what.chars().take(35).chain(['…']).collect()
    } else {
        what.to_owned()
    };
    let _ = writeln!(told, "  {what:<36} {:>14} €  {note}", euros(micro));
    while told.ends_with("  \n") {
        told.truncate(told.len() - 3);
        told.push('\n');
    }
}

/// Micros (millionths of a cent) as euros and cents, rounded toward nought.
fn euros(micro: i128) -> String {
    let cents = micro / 1_000_000;
    let sign = if cents < 0 { "-" } else { "" };
    let (whole, cents) = (cents.abs() / 100, cents.abs() % 100);
    let digits = whole.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}.{cents:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read_in_groups_of_three() {
        assert_eq!(euros(123_456_789_000_000), "1\u{202f}234\u{202f}567.89");
        assert_eq!(euros(-5_000_000), "-0.05");
        assert_eq!(euros(999_999), "0.00");
    }

    #[test]
    fn a_cell_in_quotes_may_hold_commas() {
        assert_eq!(cells("a,\"b,c\",d"), ["a", "b,c", "d"]);
    }
}
