//! `cargo run -- check`: the probes against a server of the reader's own, in any language.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::{Command, ExitCode};
use std::time::Duration;

use crate::probe::{Probe, Verdict};
use crate::server::{FreePort, NoServer, Port};
use crate::side_by_side;
use crate::story::Stranger;
use crate::style::{Style, paint, wanted};
use crate::trace::json;

/// How long a reply is waited for when a server has come to rest. It may be asleep for a reason that we cannot see.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the command line asks for.
pub struct Check {
    /// The probes, in the book's order.
    pub probes: Vec<&'static Probe>,
    /// One JSON object a line.
    pub json: bool,
    /// How long the server may take until it listens.
    pub wait: Duration,
    /// The server's program and its arguments, in which `{port}` stands for the port.
    pub command: Vec<OsString>,
}

impl Check {
    /// Starts the command afresh for each probe, and prints a verdict each. Exit status 0: all are as of a sound server;
    /// 1: something fell short; 2: the command could not be started, or does not listen.
    pub fn run(&self) -> io::Result<ExitCode> {
        let Some((first, rest)) = self.probes.split_first() else {
            return Ok(ExitCode::SUCCESS);
        };
        let progress = self.shows_progress();

        // The first alone: it may have to be built, and if it does not listen, there is no need to try it again.
        self.progress(progress, 0)?;
        let verdict = self.verdict(first);
        if let Verdict::NoServer(why) = &verdict {
            self.explain(why);
            return Ok(ExitCode::from(2));
        }
        let (mut sound, mut done, mut unplayed) = (0, 0, 0);
        let mut report = |probe: &Probe, verdict: Verdict| {
            sound += usize::from(matches!(verdict, Verdict::Sound));
            unplayed += usize::from(matches!(verdict, Verdict::Failed(_) | Verdict::NoServer(_)));
            done += 1;
            self.print(probe, &verdict);
            // Progress is for whoever looks on. That it cannot be shown is no reason to stop.
            let _ = self.progress(progress, done);
        };
        report(first, verdict);
        side_by_side::each(rest, |probe| (*probe, self.verdict(probe)), |(probe, verdict)| report(probe, verdict));

        let all = self.probes.len();
        if !self.json {
            let short = all - sound;
            let short = if short == 0 { "None falls short.".into() } else { format!("{short} fall short.") };
            println!("\n{sound} of {all} verdicts are ok. {short}");
        }
        Ok(match (all - sound, unplayed) {
            (0, _) => ExitCode::SUCCESS,
            (_, 0) => ExitCode::from(1),
            _ => ExitCode::from(2), // a probe that could not do its part says nothing of the server
        })
    }

    fn verdict(&self, probe: &Probe) -> Verdict {
        let port = match FreePort::find() {
            Ok(port) => port,
            Err(error) => return Verdict::Failed(format!("bind: {error}")),
        };
        let mut words = self.command.iter().map(|word| with_port(word, port.number));
        let Some(program) = words.next() else {
            return Verdict::Failed("no command".into());
        };
        let mut command = Command::new(program);
        command.args(words);
        Stranger { command, port: Port::Given(port.number), wait: self.wait, patience: PATIENCE }
            .verdict(probe, &mut |_| {})
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

    fn print(&self, probe: &Probe, verdict: &Verdict) {
        let sound = matches!(verdict, Verdict::Sound);
        let (cell, why) = (verdict.cell(), verdict.sentence());
        if self.shows_progress() {
            print!("\x1b[K");
        }
        let said = match verdict {
            Verdict::Died { last_words: Some(words), .. } => printable(words),
            _ => String::new(),
        };
        if self.json {
            println!(
                r#"{{"probe":{},"sound":{sound},"verdict":{},"why":{},"said":{},"page":{}}}"#,
                json(probe.name),
                json(&cell),
                json(&why),
                json(&said),
                json(probe.page)
            );
            return;
        }
        let coloured = wanted(&io::stdout());
        let style = if sound { Style::Good } else { Style::Bad };
        let line = format!("{:<20}{}", probe.name, paint(coloured, style, &cell));
        if sound {
            println!("{line}");
        } else {
            let padding = " ".repeat(14_usize.saturating_sub(cell.chars().count()).max(2));
            let what = if said.is_empty() { why } else { said };
            println!("{line}{padding}{what}  {}", paint(coloured, Style::Dim, &format!("({})", page(probe))));
        }
    }

    /// Why there is nothing to check: what the command said, and then one line.
    fn explain(&self, why: &NoServer) {
        if let NoServer::Ended(_, lines) | NoServer::Deaf(_, lines) = why {
            for line in lines {
                eprintln!("    {}", printable(line));
            }
        }
        let words: Vec<_> = self.command.iter().map(|word| word.to_string_lossy()).collect();
        let named = words.iter().any(|word| word.contains("{port}") || word.contains("PORT"));
        let hint = match why {
            NoServer::Unstartable(_) => "",
            NoServer::Ended(status, _) if status.success() => "; it is to stay in the foreground, and to listen there",
            _ if named => "; it is to listen on 127.0.0.1, on the port that stands for {port}",
            _ => "; it has no {port} among its arguments, so it is to take its port from the variable PORT",
        };
        eprintln!("{}: {why}{hint}", words.join(" "));
    }
}

/// The page of the book that explains a probe, in words.
fn page(probe: &Probe) -> String {
    match probe.page.split_once('-') {
        Some((number, _)) => format!("chapter {}", number.trim_start_matches('0')),
        None => format!("page {:?}", probe.page),
    }
}

fn with_port(word: &OsString, port: u16) -> OsString {
    // Words that are not UTF-8 hold no {port} that we could find, and are passed on as they are.
    word.to_str().map_or_else(|| word.clone(), |word| word.replace("{port}", &port.to_string()).into())
}

/// A line of somebody else's, without what would move the cursor, and not longer than a line.
fn printable(line: &str) -> String {
    let mut shown: String = line.chars().filter(|c| !c.is_control()).take(100).collect();
    if line.chars().count() > 100 {
        shown.push('…');
    }
    shown
}
