//! `cargo run -- check`: the probes against a server of the reader's own, in any language.
//!
//! [`options`] reads the command line, [`protocols`] knows what to say to a server, [`grades`] what a verdict is worth, and
//! [`known`] what is accepted today. An [`outcome`] is all of that for one probe; [`text`], [`json`] and [`junit`] write it.

pub mod grades;
pub mod json;
pub mod junit;
pub mod known;
pub mod options;
pub mod outcome;
pub mod progress;
pub mod protocols;
pub mod text;

use std::cell::OnceCell;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::process::{Command, ExitCode};
use std::time::Duration;

use crate::command::style::wanted;
use crate::net::columns::wrap;
use crate::probe::parallel;
use crate::probe::probes::{self, HAMMER, Probe};
use crate::probe::protocol::{Protocol, Terms};
use crate::probe::server::NoServer;
use crate::probe::server::port::{FreePort, Port};
use crate::probe::target::{Afterwards, Report, Target};
use crate::probe::verdict::Verdict;
use known::Known;
use outcome::{Outcome, printable};
use progress::Progress;

/// How long a reply is waited for once a server is idle. It may be asleep for a reason that we cannot see.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a probe may take, and the hammer four times as long. It is over long before that, on a busy machine too, or
/// something is wrong.
const BOUND: Duration = Duration::from_secs(300);

/// The probe that shows whether a server serves one client at a time.
const TWO: &str = "two-at-once";

/// What the command line asks for.
pub struct Check {
    /// The probes, in the book's order.
    pub probes: Vec<&'static Probe>,
    /// How to talk to the server.
    pub protocol: Protocol,
    /// The preset that says so, if one does.
    pub preset: Option<&'static str>,
    /// How many clients hammer at it.
    pub hammer: usize,
    /// How many silent clients there are in two-at-once.
    pub silent: usize,
    /// A choice counts like a fault.
    pub strict: bool,
    /// What is accepted today.
    pub known: Option<Known>,
    /// One JSON object per line.
    pub json: bool,
    /// Where the outcomes go as JUnit's XML.
    pub junit: Option<File>,
    /// How long the server may take until it listens.
    pub wait: Duration,
    /// The server's program and its arguments, in which `{port}` is replaced by the port.
    pub command: Vec<OsString>,
}

impl Check {
    /// Starts the command afresh for each probe, and prints a verdict for each. Exit status 0: nothing counts; 1: a fault
    /// does, or with `strict` a choice, or a difference from what is known; 2: the command could not be started, or does
    /// not listen, or a probe could not do its part.
    pub fn run(&self) -> io::Result<ExitCode> {
        let progress = Progress::new(io::stdout().is_terminal() && !self.json, self.probes.len());
        progress.during(|| self.play_all(&progress))
    }

    fn play_all(&self, progress: &Progress) -> io::Result<ExitCode> {
        // Polite first and alone: if it does not listen, or speaks otherwise, there is no need to try it again.
        let mut terms = Terms {
            protocol: self.protocol.clone(),
            hammer: self.hammer,
            silent: self.silent,
            bound: Some(BOUND),
            ..Terms::default()
        };
        let polite = probes::by_name("polite").ok_or_else(|| io::Error::other("there is no polite probe"))?;
        let first = progress.playing(polite.name, || self.report(polite, &terms));
        if matches!(first.verdict, Verdict::NoServer(_) | Verdict::Unspoken(_)) {
            self.refuse(&first.verdict);
            self.write_junit(&[self.outcome(polite, first, &terms, &OnceCell::new())])?;
            return Ok(ExitCode::from(2));
        }
        terms.closes = first.closes;

        // The hammer last and alone: what it finds depends on who else is at work.
        let rest = self.probes.iter().copied().filter(|probe| probe.name != polite.name);
        let (hammer, rest): (Vec<&Probe>, Vec<&Probe>) = rest.partition(|probe| probe.name == HAMMER.name);
        let asked = rest.len() + hammer.len();
        if !matches!(first.verdict, Verdict::Sound) && asked > 0 {
            eprintln!("{}", wrap(&self.no_common_language(&first.verdict), 4));
        }

        let one_at_a_time = OnceCell::new();
        let (mut outcomes, mut given): (Vec<Outcome>, Vec<String>) = (Vec::new(), Vec::new());
        let mut take = |probe: &'static Probe, report: Report| {
            let outcome = self.outcome(probe, report, &terms, &one_at_a_time);
            progress.done(|| self.print(&outcome, &mut given));
            outcomes.push(outcome);
        };
        let play = |probe: &&'static Probe| progress.playing(probe.name, || self.report(probe, &terms));
        if asked < self.probes.len() {
            take(polite, first);
        }
        parallel::each(&rest, |probe| (*probe, play(probe)), |(probe, report)| take(probe, report));
        for probe in hammer {
            take(probe, play(&probe));
        }

        if !self.json {
            println!("\n{}", text::sum(&outcomes));
        }
        self.write_junit(&outcomes)?;
        let unplayed = outcomes.iter().any(Outcome::is_unplayed);
        let counts = outcomes.iter().any(|outcome| outcome.counts);
        Ok(ExitCode::from(if unplayed { 2 } else { u8::from(counts) }))
    }

    /// Starts the server and plays a probe. One that does badly without descriptors may have sized itself at its start,
    /// or may not be limited later: it is started again, with a limit from its start on.
    fn report(&self, probe: &Probe, terms: &Terms) -> Report {
        let bound = terms.bound.map(|bound| if probe.name == HAMMER.name { bound * 4 } else { bound });
        let terms = Terms { bound, ..terms.clone() };
        let first = self.report_once(probe, &terms);
        if probe.name != "out-of-descriptors" || matches!(first.verdict, Verdict::Sound | Verdict::NoServer(_)) {
            return first;
        }
        for least in [64, 256, 1024] {
            let limit = first.descriptors.unwrap_or(0).max(least);
            let again = self.report_once(probe, &Terms { descriptors: Some(limit), ..terms.clone() });
            if again.verdict.cell() == first.verdict.cell() {
                return Report { took: first.took + again.took, ..first };
            }
            if !matches!(again.verdict, Verdict::NoServer(_)) {
                let remark = format!("It had {limit} descriptors from its start on.");
                let remark = again.remark.iter().cloned().chain([remark]).collect::<Vec<_>>().join(" ");
                return Report { remark: Some(remark), took: first.took + again.took, ..again };
            }
        }
        first
    }

    fn report_once(&self, probe: &Probe, terms: &Terms) -> Report {
        let port = match FreePort::find() {
            Ok(port) => port,
            Err(error) => return Report::of(Verdict::Failed(format!("bind: {error}"))),
        };
        let mut words = self.command.iter().map(|word| with_port(word, port.number));
        let Some(program) = words.next() else {
            return Report::of(Verdict::Failed("no command".into()));
        };
        let mut command = Command::new(program);
        command.args(words);
        Target { command, port: Port::Given(port.number), wait: self.wait, patience: PATIENCE }.report(probe, terms)
    }

    /// What a report is worth. Whether the server serves one client at a time is known when two-at-once has been played,
    /// and found out where it matters and was not.
    fn outcome(
        &self,
        probe: &'static Probe,
        report: Report,
        terms: &Terms,
        one_at_a_time: &OnceCell<bool>,
    ) -> Outcome<'static> {
        let waits = |verdict: &Verdict| matches!(verdict.kind(), "no reply" | "no greeting" | "refused");
        if probe.name == TWO && terms.silent == 1 {
            let _ = one_at_a_time.set(waits(&report.verdict));
        }
        let terms = Terms { silent: 1, ..terms.clone() };
        let play_two = || probes::by_name(TWO).is_some_and(|two| waits(&self.report(two, &terms).verdict));
        let one_at_a_time = || *one_at_a_time.get_or_init(play_two);
        let served_again = report.afterwards == Afterwards::Serves;
        let grade = grades::grade(probe.name, report.verdict.kind(), self.preset, served_again, &one_at_a_time);
        Outcome::new(probe, report, grade, self.known.as_ref(), self.strict)
    }

    /// Why the other verdicts mean little.
    fn no_common_language(&self, polite: &Verdict) -> String {
        let hint = if self.protocol == Protocol::default() { ": see --preset and --message" } else { "" };
        format!("polite: {} Without it the other verdicts mean little{hint}.", polite.sentence())
    }

    fn print(&self, outcome: &Outcome, given: &mut Vec<String>) {
        if self.json {
            println!("{}", json::line(outcome));
            return;
        }
        println!("{}", text::rows(outcome, wanted(&io::stdout()), given));
    }

    fn write_junit(&self, outcomes: &[Outcome]) -> io::Result<()> {
        self.junit.as_ref().map_or(Ok(()), |file| junit::write(file, &self.words(), outcomes))
    }

    /// Why there is nothing to check: what the command said, and then one line.
    fn refuse(&self, verdict: &Verdict) {
        let words = self.words();
        let why = match verdict {
            Verdict::NoServer(why) => why,
            other => return eprintln!("{words}: {}", other.sentence()),
        };
        if let NoServer::Ended(_, lines) | NoServer::Deaf(_, lines, _) = why {
            for line in lines {
                eprintln!("    {}", printable(line));
            }
        }
        let named = ["{port}", "PORT"].iter().any(|name| words.contains(name));
        let cargo = self.command.first().is_some_and(|word| word == "cargo");
        let hint = match why {
            NoServer::Unstartable(_) => "",
            NoServer::Deaf(_, _, Some(elsewhere)) => &format!("; {elsewhere}"),
            NoServer::Deaf(..) if cargo => "; if it is still being compiled, build it first",
            NoServer::Ended(status, _) if status.success() => "; it must stay in the foreground, and listen there",
            _ if named => "; it must listen on 127.0.0.1, on the port that replaces {port}",
            _ => "; it has no {port} among its arguments, so it must take its port from the variable PORT",
        };
        eprintln!("{words}: {why}{hint}");
    }

    /// The command, as a line.
    fn words(&self) -> String {
        self.command.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }
}

fn with_port(word: &OsString, port: u16) -> OsString {
    // A word that is not UTF-8 is passed on as it is.
    word.to_str().map_or_else(|| word.clone(), |word| word.replace("{port}", &port.to_string()).into())
}
