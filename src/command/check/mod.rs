//! `cargo run -- check`: the probes against a server of the reader's own, in any language.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::{Command, ExitCode};
use std::time::Duration;

pub mod options;
pub mod protocols;

use super::pages;
use super::style::{Style, paint, wanted};
use crate::net::columns::wrap;
use crate::net::json::string;
use crate::probe::parallel;
use crate::probe::probes::{self, HAMMER, Probe};
use crate::probe::protocol::{Protocol, Terms};
use crate::probe::server::NoServer;
use crate::probe::server::port::{FreePort, Port};
use crate::probe::target::{Report, Target};
use crate::probe::verdict::Verdict;

/// How long a reply is waited for once a server is idle. It may be asleep for a reason that we cannot see.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the command line asks for.
pub struct Check {
    /// The probes, in the book's order.
    pub probes: Vec<&'static Probe>,
    /// How to talk to the server.
    pub protocol: Protocol,
    /// How many clients hammer at it.
    pub hammer: usize,
    /// One JSON object per line.
    pub json: bool,
    /// How long the server may take until it listens.
    pub wait: Duration,
    /// The server's program and its arguments, in which `{port}` is replaced by the port.
    pub command: Vec<OsString>,
}

impl Check {
    /// Starts the command afresh for each probe, and prints a verdict for each. Exit status 0: nothing fell short; 1:
    /// something did; 2: the command could not be started, or does not listen, or a probe could not do its part.
    pub fn run(&self) -> io::Result<ExitCode> {
        let progress = self.shows_progress();
        self.progress(progress, 0)?;

        // Polite first and alone: if it does not listen, or speaks otherwise, there is no need to try it again.
        let mut terms = Terms { protocol: self.protocol.clone(), hammer: self.hammer, ..Terms::default() };
        let polite = probes::by_name("polite").ok_or_else(|| io::Error::other("there is no polite probe"))?;
        let first = self.report(polite, &terms);
        match &first.verdict {
            Verdict::NoServer(why) => {
                self.explain(why);
                return Ok(ExitCode::from(2));
            }
            Verdict::Unspoken(why) => {
                eprintln!("{}: {why}", self.words());
                return Ok(ExitCode::from(2));
            }
            _ => terms.closes = first.closes,
        }
        let (mut sound, mut done, mut unplayed) = (0, 0, 0);
        let mut report = |probe: &Probe, report: Report| {
            sound += usize::from(matches!(report.verdict, Verdict::Sound));
            unplayed += usize::from(matches!(report.verdict, Verdict::Failed(_) | Verdict::NoServer(_)));
            done += 1;
            self.print(probe, &report);
            // Progress is for a reader. That it cannot be shown is no reason to stop.
            let _ = self.progress(progress, done);
        };
        // The hammer last and alone: what it finds depends on who else is at work.
        let rest = self.probes.iter().copied().filter(|probe| probe.name != polite.name);
        let (hammer, rest): (Vec<&Probe>, Vec<&Probe>) = rest.partition(|probe| probe.name == HAMMER.name);
        let not_ok = !matches!(first.verdict, Verdict::Sound);
        if not_ok && !(rest.is_empty() && hammer.is_empty()) {
            eprintln!("{}", wrap(&self.no_common_language(&first.verdict), 4));
        }
        if rest.len() + hammer.len() < self.probes.len() {
            report(polite, first);
        }
        parallel::each(&rest, |probe| (*probe, self.report(probe, &terms)), |(probe, result)| report(probe, result));
        for probe in hammer {
            report(probe, self.report(probe, &terms));
        }

        let all = self.probes.len();
        if !self.json {
            let short = all - sound;
            let short = match short {
                0 => "None falls short.".into(),
                1 => "1 falls short.".into(),
                _ => format!("{short} fall short."),
            };
            println!("\n{sound} of {all} verdicts are ok. {short}");
        }
        Ok(match (all - sound, unplayed) {
            (0, _) => ExitCode::SUCCESS,
            (_, 0) => ExitCode::from(1),
            _ => ExitCode::from(2), // a probe that could not do its part says nothing of the server
        })
    }

    fn report(&self, probe: &Probe, terms: &Terms) -> Report {
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

    /// Why the other verdicts mean little.
    fn no_common_language(&self, polite: &Verdict) -> String {
        let hint = if self.protocol == Protocol::default() { ": see --preset and --message" } else { "" };
        format!("polite: {} Without it the other verdicts mean little{hint}.", polite.sentence())
    }

    fn shows_progress(&self) -> bool {
        io::stdout().is_terminal() && !self.json
    }

    fn progress(&self, wanted: bool, done: usize) -> io::Result<()> {
        if wanted && done < self.probes.len() {
            print!("\x1b[K{} of {} ...\r", done, self.probes.len());
            io::stdout().flush()?;
        }
        Ok(())
    }

    fn print(&self, probe: &Probe, Report { verdict, remark, .. }: &Report) {
        let sound = matches!(verdict, Verdict::Sound);
        let remark = remark.as_deref().unwrap_or("");
        let (cell, why) = (verdict.cell(), format!("{} {remark}", verdict.sentence()).trim_end().to_string());
        if self.shows_progress() {
            print!("\x1b[K");
        }
        let said = match verdict {
            Verdict::Died { last_words: Some(words), .. } => printable(words),
            _ => String::new(),
        };
        let page = pages::page_of(probe.name);
        if self.json {
            println!(
                r#"{{"probe":{},"sound":{sound},"verdict":{},"why":{},"said":{},"page":{}}}"#,
                string(probe.name),
                string(&cell),
                string(&why),
                string(&said),
                string(page)
            );
            return;
        }
        let coloured = wanted(&io::stdout());
        let name = probe.name;
        if sound {
            // Wrapped before it is coloured: a colour has no width.
            let row = wrap(&format!("{name:<25}{cell:<14}{remark}"), 39);
            println!("{}", row.replacen(&cell, &paint(coloured, Style::Good, &cell), 1));
            return;
        }
        let padding = " ".repeat(14_usize.saturating_sub(cell.chars().count()).max(2));
        let page = paint(coloured, Style::Dim, &pages::in_words(page));
        println!("{name:<25}{}{padding}{page}", paint(coloured, Style::Bad, &cell));
        // The server's own words as they are, ours within the width.
        if said.is_empty() {
            println!("{}", wrap(&format!("    {why}"), 4));
        } else {
            println!("    {said}");
            if !remark.is_empty() {
                println!("{}", wrap(&format!("    {remark}"), 4));
            }
        }
    }

    /// Why there is nothing to check: what the command said, and then one line.
    fn explain(&self, why: &NoServer) {
        if let NoServer::Ended(_, lines) | NoServer::Deaf(_, lines, _) = why {
            for line in lines {
                eprintln!("    {}", printable(line));
            }
        }
        let words = self.words();
        let named = ["{port}", "PORT"].iter().any(|name| words.contains(name));
        let hint = match why {
            NoServer::Deaf(..) if words.split(" ").next() == Some("cargo") => {
                "; if it is still being compiled, build it first"
            }
            NoServer::Unstartable(_) => "",
            NoServer::Deaf(_, _, Some(elsewhere)) => &format!("; {elsewhere}"),
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

/// A line of the server's, without what would move the cursor, and not longer than a line.
fn printable(line: &str) -> String {
    let mut shown: String = line.chars().filter(|c| !c.is_control()).take(100).collect();
    if line.chars().count() > 100 {
        shown.push('…');
    }
    shown
}
