//! `comparison.csv`.

use std::fmt::Write as _;

use super::{Amount, By, Comparison};

/// What the columns are called.
const HEADER: &str = "by,group,policy,currency,works,uses,amount_micro,share_millionths,\
                      difference_micro,works_gaining,works_losing\n";

impl Comparison {
    /// `comparison.csv`: a row for each part of the contributions (`by` is `part`) and each group of
    /// works under each policy. UTF-8, a header, LF; money is plain integers; what a row has nothing
    /// to say about is empty.
    pub fn csv(&self) -> String {
        let mut text = String::from(HEADER);
        for part in self.parts() {
            for (case, amount) in part.under.iter().enumerate() {
                self.row(
                    &mut text,
                    "part",
                    part.name,
                    case,
                    None,
                    (*amount, part.under[0]),
                );
            }
        }
        for by in By::ALL {
            for group in self.groups(by) {
                for (case, amount) in group.under.iter().enumerate() {
                    let of = Some((group.works, group.uses));
                    let amounts = (*amount, group.under[0]);
                    self.row(&mut text, by.as_str(), &group.key.name(), case, of, amounts);
                }
            }
        }
        text
    }

    fn row(
        &self,
        text: &mut String,
        by: &str,
        group: &str,
        case: usize,
        of: Option<(u64, u128)>,
        (amount, first): (Amount, Amount),
    ) {
        let comparable = self.comparable(case);
        let or_empty = |said: bool, value: String| if said { value } else { String::new() };
        let (works, uses) = of.unwrap_or_default();
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{by},{group},{},{},{},{},{},{},{},{},{}",
            quoted(&self.names[case]),
            self.currencies[case],
            or_empty(of.is_some(), works.to_string()),
            or_empty(of.is_some(), uses.to_string()),
            amount.micro,
            amount.millionths,
            or_empty(comparable, (amount.micro - first.micro).to_string()),
            or_empty(comparable && of.is_some(), amount.gaining.to_string()),
            or_empty(comparable && of.is_some(), amount.losing.to_string()),
        );
    }
}

/// A field in quotes if it needs them.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}
