//! What several verdicts have in common: one mistake falls short under many probes.

use super::outcome::Outcome;
use crate::net::columns::wrap;
use crate::probe::clients::Trouble;
use crate::probe::kind::{Grade, Kind};
use crate::probe::printed;
use crate::probe::probes::When;
use crate::probe::verdict::Verdict;

/// A mistake, and where the book has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// In a line.
    pub why: &'static str,
    /// The rule, and the chapters.
    place: &'static str,
}

const fn cause(why: &'static str, place: &'static str) -> Option<Cause> {
    Some(Cause { why, place })
}

/// The mistake behind an outcome, if it is one that the book knows.
pub fn cause_of(outcome: &Outcome) -> Option<Cause> {
    let verdict = &outcome.report.verdict;
    if outcome.grade == Grade::Ok {
        // An error that a client's doing explains may well be printed. EBADF is always the server's own.
        let own = outcome.report.troubles.iter().any(|trouble| {
            matches!(trouble, Trouble::Printed { line, .. } if printed::weight(line) == printed::Weight::OwnFault)
        });
        return if own { of_error("EBADF") } else { None };
    }
    if outcome.grade != Grade::Fault {
        return None;
    }
    let died_of = match verdict {
        Verdict::Died { last_words: Some(words), .. } | Verdict::WorkerDied { last_words: Some(words), .. } => {
            printed::name_in(words)
        }
        _ => None,
    };
    let crowded = || (died_of.is_some() && outcome.probe.shows == Some(When::Limited)).then(|| of_error("FD_SETSIZE"));
    died_of.and_then(of_error).or_else(|| crowded().flatten()).or_else(|| of_kind(verdict.kind()))
}

fn of_error(name: &str) -> Option<Cause> {
    match name {
        "EBADF" => cause("something that was closed is still in a list", "rules 2 and 3, chapters 4 to 9"),
        "ENOTCONN" => cause("a name is asked for after accept", "rule 1, chapter 7"),
        "ECONNRESET" | "EPIPE" | "ECONNABORTED" | "ConnectionResetError" | "BrokenPipeError" => {
            cause("the error of one client's connection ends more than that connection", "rule 5, chapters 6 and 7")
        }
        "EMFILE" | "ENFILE" => cause("nothing is decided for when descriptors run out", "rule 8, chapter 11"),
        "FD_SETSIZE" => cause("select's sets have room for descriptors below 1,024", "rule 8, chapters 11 and 12"),
        _ => None,
    }
}

/// A reply or an end that does not come may have many causes: for these kinds there is none here.
fn of_kind(kind: Kind) -> Option<Cause> {
    match kind {
        Kind::Crossed => {
            cause("what was kept under a number or a position went to its next owner", "rule 3, chapters 8, 12 and 13")
        }
        Kind::Grows => cause("nothing bounds what it keeps for a client", "rule 6, chapter 10"),
        Kind::Leaks => cause("a way out of the loop does not close", "rule 4, chapters 9 and 11"),
        Kind::LeftUnread => cause("it is told once, and does not read until EAGAIN", "chapters 14 and 15"),
        Kind::Spins => cause("it tries again at once what has just failed, and will fail", "rules 5 and 8, chapter 11"),
        _ => None,
    }
}

/// A paragraph for each mistake, with what it was seen as and under which probes. Empty where none is known.
pub fn paragraphs(outcomes: &[Outcome]) -> Vec<String> {
    let mut causes: Vec<(Cause, Vec<&Outcome>)> = Vec::new();
    for outcome in outcomes {
        let Some(cause) = cause_of(outcome) else { continue };
        match causes.iter_mut().find(|(known, _)| *known == cause) {
            Some((_, list)) => list.push(outcome),
            None => causes.push((cause, vec![outcome])),
        }
    }
    let paragraph = |(cause, outcomes): &(Cause, Vec<&Outcome>)| {
        let mut words: Vec<String> = Vec::new();
        for outcome in outcomes {
            let word = if outcome.grade == Grade::Ok { "EBADF".into() } else { outcome.cell() };
            if !words.contains(&word) {
                words.push(word);
            }
        }
        let probes: Vec<&str> = outcomes.iter().map(|outcome| outcome.probe.name).collect();
        let (words, probes) = (words.join(", "), probes.join(", "));
        wrap(&format!("{words} under {probes}: {} ({}).", cause.why, cause.place), 4)
    };
    causes.iter().map(paragraph).collect()
}
