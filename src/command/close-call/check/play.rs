//! Plays a probe against the server that a command starts, as often as it takes to know what it is worth.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::process::Command;
use std::time::Duration;

use super::asked::Check;
use super::grades;
use super::outcome::shortened;
use crate::probe::escapes;
use crate::probe::kind::Grade;
use crate::probe::parallel;
use crate::probe::presets::Preset;
use crate::probe::probes::{POLITE, PROBES, Probe, When};
use crate::probe::protocol::Terms;
use crate::probe::server::NoServer;
use crate::probe::server::port::{FreePort, Port};
use crate::probe::target::{Afterwards, Report, Target};
use crate::probe::verdict::Verdict;

/// How long a reply is waited for once a server is idle that can wake by itself, or of which that is not known.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How long it is waited for where a protocol is only tried.
const TRIES: Duration = Duration::from_secs(1);

/// What is known of how many clients the server serves, found out where it matters.
#[derive(Default)]
pub struct Shown {
    /// It serves so many clients at a time, and no more, of at most eight; if it does.
    few: OnceCell<Option<usize>>,
    /// It has a limit under a crowd.
    limited: OnceCell<bool>,
}

impl Check {
    /// Starts the server and plays the probe on these terms; and then with each other message, as long as all is well.
    pub(super) fn report(&self, probe: &Probe, terms: &Terms) -> Report {
        let bound = terms.bound.map(|bound| bound * probe.bounds);
        let terms = Terms { bound, ..terms.clone() };
        let mut report = self.report_with_limits(probe, &terms);
        for also in self.also.iter().filter(|_| probe.asks()) {
            if !matches!(report.verdict, Verdict::Sound) {
                break;
            }
            let again = self.report_with_limits(probe, &Terms { also: Some(also.clone()), ..terms.clone() });
            let took = report.took + again.took;
            let fell_short = !matches!(again.verdict, Verdict::Sound) || !again.troubles.is_empty();
            if fell_short {
                report = again.with(format!("The clients had sent \"{}\".", escapes::text(also)));
            }
            report.took = took;
        }
        report
    }

    /// A server that does badly without descriptors may have sized itself at its start, or may not be limited later: it is
    /// started again, with a limit from its start on.
    fn report_with_limits(&self, probe: &Probe, terms: &Terms) -> Report {
        if !probe.limits_descriptors {
            return self.report_once(probe, terms, PATIENCE);
        }
        // What comes afterwards is asked of the last one.
        let first = self.report_once(probe, &Terms { verdict_only: true, ..terms.clone() }, PATIENCE);
        if matches!(first.verdict, Verdict::Sound | Verdict::NoServer(_)) {
            return first;
        }
        for least in [64, 256, 1024] {
            let limit = first.descriptors.unwrap_or(0).max(least);
            let again = self.report_once(probe, &Terms { descriptors: Some(limit), ..terms.clone() }, PATIENCE);
            if again.verdict.cell() == first.verdict.cell() {
                return Report { took: first.took + again.took, afterwards: again.afterwards, ..first };
            }
            if !matches!(again.verdict, Verdict::NoServer(_)) {
                let took = first.took + again.took;
                return Report { took, ..again }.with(format!("It had {limit} descriptors from its start on."));
            }
        }
        let again = self.report_once(probe, terms, PATIENCE);
        Report { took: first.took + again.took, afterwards: again.afterwards, ..first }
    }

    pub(super) fn report_once(&self, probe: &Probe, terms: &Terms, patience: Duration) -> Report {
        match self.target(patience) {
            Ok((target, _port)) => target.report(probe, terms),
            Err(why) => Report::of(why),
        }
    }

    /// The server, which is not started yet, and the port that was found for it.
    pub(super) fn target(&self, patience: Duration) -> Result<(Target, FreePort), Verdict> {
        let port = FreePort::find().map_err(|error| Verdict::Failed(format!("bind: {error}")))?;
        let mut words = self.command.iter().map(|word| with_port(word, port.number));
        let mut command = Command::new(words.next().ok_or_else(|| Verdict::Failed("no command".into()))?);
        command.args(words);
        Ok((Target { command, port: Port::Given(port.number), wait: self.wait, patience }, port))
    }

    /// The first protocol that is known by name in which the server answers a polite client.
    pub(super) fn preset_that_would_do(&self, terms: &Terms) -> Option<Preset> {
        let others: Vec<Preset> =
            Preset::ALL.iter().filter(|preset| preset.protocol() != self.protocol).copied().collect();
        let verdicts = parallel::map(&others, |preset| {
            let terms = Terms { protocol: preset.protocol(), ..terms.clone() };
            self.target(TRIES).map_or_else(|why| why, |(target, _port)| target.verdict(&POLITE, &terms, &mut |_| {}))
        });
        let answered = others.into_iter().zip(verdicts);
        answered.into_iter().find_map(|(preset, verdict)| matches!(verdict, Verdict::Sound).then_some(preset))
    }

    /// What a report is worth, and why; and what it shows of the server is kept for the reports of other probes. Where that
    /// matters and has not been shown, it is found out.
    pub(super) fn grade(
        &self,
        probe: &Probe,
        report: &mut Report,
        terms: &Terms,
        shown: &Shown,
    ) -> (Grade, &'static str) {
        let chosen = || self.is_chosen(probe, report);
        match probe.shows {
            Some(When::FewAtATime) if terms.silent == 1 && chosen() => drop(shown.few.set(Some(1))),
            Some(When::Limited) => drop(shown.limited.set(chosen())),
            _ => {}
        }
        let holds = |when| self.holds(when, terms, shown);
        let served_again = report.afterwards == Afterwards::Serves;
        let grade = grades::grade(probe, report.verdict.kind(), served_again, &holds);
        if let (Grade::Choice, None, Some(Some(few @ 2..))) = (grade.0, probe.shows, shown.few.get()) {
            let remark = format!("It serves {few} clients at a time: two-at-once shows it with --silent {few}.");
            report.remark = Some(report.remark.iter().cloned().chain([remark]).collect::<Vec<_>>().join(" "));
        }
        grade
    }

    /// Whether it is a server for which a choice is meant.
    pub(super) fn holds(&self, when: When, terms: &Terms, shown: &Shown) -> bool {
        match when {
            When::Always => true,
            When::Speaking(preset) => self.preset == Some(preset),
            When::FewAtATime => shown.few.get_or_init(|| self.few_at_a_time(terms)).is_some(),
            When::Limited => *shown.limited.get_or_init(|| self.is_shown(When::Limited, terms)),
        }
    }

    /// How many clients the server serves at a time, if that is eight at most.
    fn few_at_a_time(&self, terms: &Terms) -> Option<usize> {
        let serves = |silent| self.is_shown(When::FewAtATime, &Terms { silent, ..terms.clone() });
        [1, 2, 4, 8].into_iter().find(|silent| serves(*silent))
    }

    /// Whether the probe that shows this of a server does.
    fn is_shown(&self, what: When, terms: &Terms) -> bool {
        let probe = PROBES.iter().find(|probe| probe.shows == Some(what));
        probe.is_some_and(|probe| self.is_chosen(probe, &self.report(probe, terms)))
    }

    /// Whether the verdict is one that a server may choose under the probe, and does get over.
    fn is_chosen(&self, probe: &Probe, report: &Report) -> bool {
        let served_again = report.afterwards == Afterwards::Serves;
        grades::grade(probe, report.verdict.kind(), served_again, &|when| when == When::Always).0 == Grade::Choice
    }

    /// Why there is nothing to check: what the command said, and then one line.
    pub(super) fn refuse(&self, verdict: &Verdict) {
        let words = self.words();
        let why = match verdict {
            Verdict::NoServer(why) => why,
            other => return eprintln!("{words}: {}", other.sentence()),
        };
        if let NoServer::Ended(_, lines) | NoServer::Deaf(_, lines, _) = why {
            for line in lines {
                eprintln!("    {}", shortened(line));
            }
        }
        let named = ["{port}", "PORT"].iter().any(|name| words.contains(name));
        let cargo = self.command.first().is_some_and(|word| word == "cargo");
        let hint = match why {
            NoServer::Unstartable(_) | NoServer::Foreign(..) => "",
            NoServer::Deaf(_, _, Some(elsewhere)) => &format!("; {elsewhere}"),
            NoServer::Deaf(..) if cargo => "; if it is still being compiled, build it first",
            NoServer::Ended(status, _) if status.success() => "; it must stay in the foreground, and listen there",
            _ if named => "; it must listen on 127.0.0.1, on the port that replaces {port}",
            _ => "; it has no {port} among its arguments, so it must take its port from the variable PORT",
        };
        eprintln!("{words}: {why}{hint}");
    }

    /// The command, as a line.
    pub(super) fn words(&self) -> String {
        self.command.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }
}

fn with_port(word: &OsString, port: u16) -> OsString {
    // A word that is not UTF-8 is passed on as it is.
    word.to_str().map_or_else(|| word.clone(), |word| word.replace("{port}", &port.to_string()).into())
}
