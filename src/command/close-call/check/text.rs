//! The outcomes as text, for a reader.

use super::outcome::Outcome;
use crate::command::pages;
use crate::command::style::{Style, paint};
use crate::net::columns::wrap;
use crate::probe::kind::Grade;

/// The columns of the probe, of the verdict and of the grade.
const VERDICT: usize = 25;
const REST: usize = 14;
const GRADE: usize = 8;

/// A line for a verdict that is ok, and some for another: what the server said or did, and why that is worth what it is.
/// Each reason is given once, and `given` keeps those that were.
pub fn rows(outcome: &Outcome, coloured: bool, given: &mut Vec<String>) -> String {
    let (name, cell) = (outcome.probe.name, outcome.cell());
    let remark = outcome.report.remark.as_deref().unwrap_or("");
    let style = match outcome.grade {
        Grade::Ok => Style::Good,
        Grade::Choice => Style::Fair,
        Grade::Fault | Grade::Unknown => Style::Bad,
    };
    // Wrapped before it is coloured: a colour has no width.
    let painted = |row: String| {
        let (name, rest) = row.split_at(VERDICT);
        format!("{name}{}", rest.replacen(&cell, &paint(coloured, style, &cell), 1))
    };
    let mut rows = if outcome.grade == Grade::Ok {
        let remarks = [remark.to_string()].into_iter().chain(outcome.troubles()).filter(|remark| !remark.is_empty());
        let remarks = remarks.collect::<Vec<_>>().join("\n");
        painted(beside(&format!("{name:<VERDICT$}{cell:<REST$}"), &remarks))
    } else {
        let padding = " ".repeat(REST.saturating_sub(cell.chars().count()).max(2));
        let page = paint(coloured, Style::Dim, &pages::in_words(outcome.page()));
        let grade = format!("{:<GRADE$}", outcome.grade.word());
        let mut rows = painted(format!("{name:<VERDICT$}{cell}{padding}{grade}{page}"));
        // The server's own words as they are, ours within the width.
        match outcome.said() {
            said if said.is_empty() => rows += &indented(&outcome.why()),
            said => rows += &format!("\n    {said}{}", if remark.is_empty() { "".into() } else { indented(remark) }),
        }
        let reason = outcome.graded();
        if !given.contains(&reason) {
            rows += &indented(&reason);
            given.push(reason);
        }
        rows
    };
    match &outcome.known {
        Some(known) if outcome.counts => rows += &indented(&format!("known: {known}")),
        Some(_) if outcome.grade != Grade::Ok => rows += &indented("known, so it does not count"),
        _ => {}
    }
    for line in outcome.script().lines() {
        rows += &format!("\n        {line}");
    }
    rows
}

/// What there is to say of a verdict, beside it, each on lines of its own.
fn beside(verdict: &str, remarks: &str) -> String {
    let mut rows = String::new();
    for (number, remark) in remarks.split('\n').enumerate() {
        let before = if number == 0 { verdict.to_string() } else { format!("\n{:width$}", "", width = VERDICT + REST) };
        rows += &before;
        rows += wrap(&format!("{:width$}{remark}", "", width = VERDICT + REST), VERDICT + REST).trim_start();
    }
    rows.trim_end().to_string()
}

fn indented(text: &str) -> String {
    format!("\n{}", wrap(&format!("    {text}"), 4))
}

/// How many verdicts are what.
pub fn sum(outcomes: &[Outcome]) -> String {
    let number = |grade| outcomes.iter().filter(|outcome| outcome.grade == grade).count();
    let some = |number: usize, one: &str, many: &str| match number {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{number} {many}")),
    };
    let counted_remarks = outcomes.iter().filter(|outcome| outcome.grade == Grade::Ok && outcome.counts);
    let counted_remarks = counted_remarks.filter(|outcome| outcome.difference().is_none()).count();
    let parts = [
        some(number(Grade::Fault), "fault", "faults"),
        some(number(Grade::Choice), "choice", "choices"),
        some(number(Grade::Unknown), "that says nothing", "that say nothing"),
        some(counted_remarks, "remark that counts", "remarks that count"),
        some(outcomes.iter().filter(|outcome| outcome.difference().is_some()).count(), "not as known", "not as known"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let rest = if parts.is_empty() { String::new() } else { format!("; {}", parts.join(", ")) };
    format!("{} of {} verdicts are ok{rest}.", number(Grade::Ok), outcomes.len())
}
