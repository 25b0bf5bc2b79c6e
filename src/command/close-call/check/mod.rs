//! `cargo run -- check`: the probes against a server of the reader's own, in any language.
//!
//! [`options`] reads the command line into what is [`asked`]. [`play`] plays the probes, [`grades`] knows what a verdict
//! is worth, and [`known`] what is accepted today; [`hunting`] plays what nobody has written. An [`outcome`] is all of that for one probe; [`text`], [`json`] and
//! [`junit`] write it, and [`causes`] says what several have in common.

pub mod asked;
pub mod causes;
pub mod grades;
pub mod hunting;
pub mod json;
pub mod junit;
pub mod known;
pub mod options;
pub mod outcome;
pub mod play;
pub mod progress;
pub mod started;
pub mod text;

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;

use crate::command::style::wanted;
use crate::net::columns::wrap;
use crate::probe::kind::Kind;
use crate::probe::parallel;
use crate::probe::presets::Preset;
use crate::probe::probes::{POLITE, Probe, RANDOM};
use crate::probe::protocol::Terms;
use crate::probe::target::Report;
use crate::probe::verdict::Verdict;
use asked::Check;
use junit::JUnit;
use outcome::Outcome;
use play::Shown;
use progress::Progress;

/// How long a probe may take. It is over long before that, on a busy machine too, or something is wrong.
const BOUND: Duration = Duration::from_secs(300);

impl Check {
    /// Starts the command afresh for each probe, and prints a verdict for each. Exit status 0: nothing counts; 1: a fault
    /// does, or with `strict` a choice, or a difference from what is known; 2: the command could not be started, or does
    /// not listen, or does not answer a polite client, or a probe could not do its part. Fails where the report cannot be
    /// written.
    pub fn run(&self) -> io::Result<ExitCode> {
        self.junit.as_ref().map_or(Ok(()), JUnit::empty)?;
        let progress = Progress::new(
            io::stdout().is_terminal() && !self.json,
            self.probes.len() + usize::from(self.random.is_some()),
        );
        progress.during(|| self.play_all(&progress))
    }

    fn play_all(&self, progress: &Progress) -> io::Result<ExitCode> {
        // Polite first and alone: if the server does not listen, or speaks otherwise, there is no need to try it again.
        let mut terms = Terms {
            protocol: self.protocol.clone(),
            hammer: self.hammer,
            silent: self.silent,
            bound: Some(BOUND),
            ..Terms::default()
        };
        let first = progress.playing(POLITE.name, || self.report(&POLITE, &terms));
        let shown = Shown::default();
        if first.verdict.kind() != Kind::Ok {
            return self.nothing_further(first, &terms, &shown, progress);
        }
        (terms.closes, terms.cost, terms.reply_length) = (first.closes, first.cost, Some(first.sent));
        terms.others_serve = first.others_serve;

        let (mut outcomes, mut given): (Vec<Outcome>, Vec<String>) = (Vec::new(), Vec::new());
        let mut take = |probe: &'static Probe, report: Report| {
            let outcome = self.outcome(probe, report, &terms, &shown);
            progress.done(|| self.print(&outcome, &mut given));
            outcomes.push(outcome);
        };
        let play = |probe: &&'static Probe| progress.playing(probe.name, || self.report(probe, &terms));
        if self.probes.iter().any(|probe| probe.first) {
            take(&POLITE, first);
        }
        let rest = self.probes.iter().copied().filter(|probe| !probe.first);
        let (last, rest): (Vec<&Probe>, Vec<&Probe>) = rest.partition(|probe| probe.last);
        parallel::each(&rest, |probe| (*probe, play(probe)), |(probe, report)| take(probe, report));
        for probe in last {
            take(probe, play(&probe));
        }
        if let Some(random) = &self.random {
            let (probe, report) = progress.playing(RANDOM.name, || self.hunt(random, &terms, &shown, progress))?;
            take(probe, report);
        }

        if !self.json {
            for paragraph in causes::paragraphs(&outcomes) {
                println!("\n{paragraph}");
            }
            println!("\n{}", text::sum(&outcomes));
        }
        self.write_junit(&outcomes)?;
        let unplayed = outcomes.iter().any(Outcome::is_unplayed);
        let counts = outcomes.iter().any(|outcome| outcome.counts);
        Ok(ExitCode::from(if unplayed { 2 } else { u8::from(counts) }))
    }

    /// A server that does not serve a polite client is told so, and is played nothing more.
    fn nothing_further(
        &self,
        polite: Report,
        terms: &Terms,
        shown: &Shown,
        progress: &Progress,
    ) -> io::Result<ExitCode> {
        let listens_and_speaks = !matches!(polite.verdict.kind(), Kind::NoServer | Kind::NotSpoken);
        if !listens_and_speaks {
            self.refuse(&polite.verdict);
        }
        let outcome = self.outcome(&POLITE, polite, terms, shown);
        if listens_and_speaks {
            progress.done(|| self.print(&outcome, &mut Vec::new()));
            let verdict = &outcome.report.verdict;
            let speaks = verdict.kind().is_of_words();
            let preset = speaks.then(|| progress.playing("presets", || self.preset_that_would_do(terms))).flatten();
            progress.done(|| eprintln!("{}", wrap(&no_common_language(verdict, speaks, preset), 4)));
        }
        self.write_junit(&[outcome])?;
        Ok(ExitCode::from(2))
    }

    fn outcome(&self, probe: &'static Probe, mut report: Report, terms: &Terms, shown: &Shown) -> Outcome<'static> {
        let grade = self.grade(probe, &mut report, terms, shown);
        Outcome::new(probe, report, grade, self.known.as_ref(), self.strict)
    }

    fn print(&self, outcome: &Outcome, given: &mut Vec<String>) {
        if self.json {
            println!("{}", json::line(outcome));
            return;
        }
        println!("{}", text::rows(outcome, wanted(&io::stdout()), given));
    }

    fn write_junit(&self, outcomes: &[Outcome]) -> io::Result<()> {
        self.junit.as_ref().map_or(Ok(()), |file| file.write(&self.words(), outcomes))
    }
}

/// Why nothing more is played, and what to try.
fn no_common_language(polite: &Verdict, tried: bool, preset: Option<Preset>) -> String {
    let hint = match preset {
        Some(preset) => format!(" With --preset {} it answers.", preset.name()),
        None if tried => " None of the presets is answered either; see --message, --reply and --greeting.".into(),
        None => String::new(),
    };
    format!("polite: {} Without a client that is served no other probe says anything.{hint}", polite.sentence())
}
