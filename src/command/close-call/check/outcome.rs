//! What `check` says of one probe: the verdict, what it is worth, and whether it was expected.

use super::known::Known;
use crate::command::pages;
use crate::probe::clients::Trouble;
use crate::probe::kind::Grade;
use crate::probe::probes::{Probe, RANDOM};
use crate::probe::server::status_words;
use crate::probe::target::{Afterwards, Report};
use crate::probe::verdict::Verdict;

/// What `check` says of one probe.
pub struct Outcome<'a> {
    /// The probe.
    pub probe: &'a Probe,
    /// How the server did.
    pub report: Report,
    /// What that is worth.
    pub grade: Grade,
    /// Why, in a line. Empty for a verdict that is ok.
    pub reason: &'static str,
    /// The verdict that is accepted today, if one is listed.
    pub known: Option<String>,
    /// It makes the exit status 1.
    pub counts: bool,
}

impl<'a> Outcome<'a> {
    /// Compares with what is known. Where nothing is listed for the probe, a fault counts, and with `strict` a choice, and
    /// what a server that is ok printed, unless its clients' doing explains it.
    pub fn new(
        probe: &'a Probe,
        report: Report,
        (grade, reason): (Grade, &'static str),
        known: Option<&Known>,
        strict: bool,
    ) -> Outcome<'a> {
        // What is known of random scripts is not looked for.
        let known = known.filter(|_| probe.name != RANDOM.name);
        let known = known.and_then(|known| known.verdict(probe.name)).map(String::from);
        let unexplained =
            report.troubles.iter().any(|trouble| !matches!(trouble, Trouble::Printed { explained: true, .. }));
        let counts = match &known {
            Some(known) => *known != report.verdict.cell(),
            None => grade == Grade::Fault || strict && (grade == Grade::Choice || unexplained),
        };
        Outcome { probe, report, grade, reason, known, counts }
    }

    /// The verdict in a word or two.
    pub fn cell(&self) -> String {
        self.report.verdict.cell()
    }

    /// The probe says nothing about the server, and that was not to be expected.
    pub fn is_unplayed(&self) -> bool {
        self.grade == Grade::Unknown && self.known.as_ref() != Some(&self.cell())
    }

    /// What happened, in a sentence or two.
    pub fn why(&self) -> String {
        let mut why = self.report.verdict.sentence();
        if let Some(remark) = &self.report.remark {
            let end = if why.ends_with('.') { "" } else { "." };
            why += &format!("{end} {remark}");
        }
        why
    }

    /// The server's last words, as they may be shown; empty if it has not died, or said nothing.
    pub fn said(&self) -> String {
        match &self.report.verdict {
            Verdict::Died { last_words: Some(words), .. } | Verdict::WorkerDied { last_words: Some(words), .. } => {
                shortened(words)
            }
            _ => String::new(),
        }
    }

    /// What no client saw, in words, each for itself. An error that the clients' doing explains is for the server's log.
    pub fn troubles(&self) -> Vec<String> {
        let words = |trouble: &Trouble| match trouble {
            Trouble::Printed { explained: true, .. } => None,
            Trouble::Printed { line, times: 1, .. } => Some(format!("it printed: {}", shortened(line))),
            Trouble::Printed { line, times, .. } => Some(format!("it printed: {} ({times} times)", shortened(line))),
            Trouble::ThreadEnded(name) => Some(format!("a thread has ended: {}", shortened(name))),
        };
        self.report.troubles.iter().filter_map(words).collect()
    }

    /// The script that was found, where scripts were made up.
    pub fn script(&self) -> &'static str {
        self.probe.words().filter(|_| self.probe.name == RANDOM.name).unwrap_or("")
    }

    /// The page that explains the verdict.
    pub fn page(&self) -> &'static str {
        pages::page_of(self.probe, self.report.verdict.kind())
    }

    /// What it is worth, why, and what came afterwards, in a line: `fault: … Afterwards it served again.`
    pub fn graded(&self) -> String {
        let afterwards = match self.report.afterwards {
            Afterwards::NotAsked => "",
            Afterwards::Serves => " Afterwards it served again.",
            Afterwards::ServesNobody => " Afterwards it served nobody.",
            Afterwards::Dead(_) if matches!(self.report.verdict, Verdict::Died { .. }) => "",
            Afterwards::Dead(status) => &format!(" Afterwards it died: {}.", status_words(status)),
        };
        format!("{}: {}.{afterwards}", self.grade.word(), self.reason)
    }

    /// How it differs from what is known, if it does.
    pub fn difference(&self) -> Option<String> {
        let known = self.known.as_ref().filter(|known| **known != self.cell())?;
        Some(format!("{}: {known} is known, and it is {} now", self.probe.name, self.cell()))
    }
}

/// A line of the server's, not longer than a line.
pub fn shortened(line: &str) -> String {
    let mut shown: String = line.chars().take(100).collect();
    if line.chars().count() > 100 {
        shown.push('…');
    }
    shown
}
