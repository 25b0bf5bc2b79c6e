//! A story: a chapter's server and one probe run together on real sockets, printed as a transcript.

use std::io::{self, Write};
use std::mem;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use super::names::Names;
use super::style::{Style, paint, wanted};
use crate::net::columns::{call_and_table, wrap};
use crate::net::in_flight::LIMIT;
use crate::net::trace::{Format, line_parts};
use crate::probe::act::Act;
use crate::probe::clients::Event;
use crate::probe::probes::Probe;
use crate::probe::protocol::Terms;
use crate::probe::record::Record;
use crate::probe::server::output::Line;
use crate::probe::server::port::Port;
use crate::probe::server::status_words;
use crate::probe::target::Target;
use crate::probe::verdict::Verdict;

/// Plays `probe` against the chapter whose program is `exe`, and prints the transcript, or with `trace` the socket
/// calls; what the server writes on standard error goes to standard error. Returns the server's exit status, which is
/// success for one that still ran when the story was over.
pub fn play(exe: &Path, name: &str, probe: &Probe, trace: Option<Format>) -> ExitCode {
    let coloured = wanted(&io::stdout());
    let mut printer = Printer { trace, coloured, ..Printer::default() };
    if trace.is_none() {
        let title = format!("{name} under {}", probe.name);
        let does = if probe.clients.is_empty() { String::new() } else { format!(": {}", probe.clients) };
        let whole = wrap(&format!("{title}{does}."), 4);
        println!("{}{}\n", paint(coloured, Style::Bold, &title), &whole[title.len()..]);
    }
    let verdict = run(exe, probe, trace, &mut |event| printer.print(event));
    printer.say_how_many_were_left_out();
    printer.close(probe, &verdict);
    match verdict {
        Verdict::Died { status, .. } => match status.code().and_then(|code| u8::try_from(code).ok()) {
            Some(code) => ExitCode::from(code),
            None => ExitCode::from(128 + u8::try_from(status.signal().unwrap_or(0)).unwrap_or(0)),
        },
        Verdict::Failed(_) | Verdict::NoServer(_) => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}

/// Starts the chapter's server, has the clients do their part, and ends the server; returns the verdict. `watch` is told
/// of all of it.
pub fn run(exe: &Path, probe: &Probe, trace: Option<Format>, watch: &mut dyn FnMut(Event)) -> Verdict {
    let mut command = Command::new(exe);
    command.args(["--listen", "127.0.0.1:0"]);
    // A story is what the server says, whatever our own environment asks of the servers that `cargo xtask bench` measures.
    // So is how a panic is shown: a backtrace would hide what is said.
    command.env_remove("LOG").env_remove("GREETING").env_remove("RUST_BACKTRACE");
    command.envs(probe.environment.iter().copied());
    match trace {
        Some(Format::Text | Format::Line) => drop(command.arg("--trace=line")),
        Some(Format::Json) => drop(command.arg("--trace=json")),
        None => {}
    }
    // A chapter waits for nothing but its clients: when it is idle and nothing is in flight, nothing more will come.
    Target { command, port: Port::Announced, wait: LIMIT, patience: Duration::ZERO }.verdict(
        probe,
        &Terms::default(),
        watch,
    )
}

#[derive(Default)]
struct Printer {
    trace: Option<Format>,
    coloured: bool,
    /// The clients, in the order in which they first did something: each has its colour.
    clients: Vec<String>,
    names: Names,
    /// The shapes of the lines that were printed since a client did something.
    alike: Vec<String>,
    left_out: usize,
}

impl Printer {
    fn print(&mut self, event: Event) {
        if self.is_one_too_many(&event) {
            return;
        }
        let record = match event {
            Event::Named { who, address } => return self.names.insert(&who, address),
            event => record(event),
        };
        match (self.trace, record) {
            (_, Record::Error(line)) => self.server_error(&line),
            (None, record) => self.transcript(&record),
            (Some(Format::Text | Format::Line), record) => self.strace(&record),
            (Some(Format::Json), record) => println!("{record}"),
        }
    }

    /// Whether there have been enough lines like this one, numbers aside, since a client did something.
    fn is_one_too_many(&mut self, event: &Event) -> bool {
        const ENOUGH: usize = 3;
        let line = match event {
            Event::Said(line) => line,
            Event::Named { .. } => return false,
            _ => {
                self.alike.clear();
                self.say_how_many_were_left_out();
                return false;
            }
        };
        // A trace is whole, or it is none.
        if self.trace.is_some() {
            return false;
        }
        let shape: String = line.text.chars().filter(|c| !c.is_ascii_digit() && *c != ',' && *c != ' ').collect();
        let alike = self.alike.iter().filter(|known| **known == shape).count();
        match alike {
            ENOUGH.. => self.left_out += 1,
            0 => self.say_how_many_were_left_out(),
            _ => {}
        }
        self.alike.extend((alike < ENOUGH).then_some(shape));
        alike >= ENOUGH
    }

    /// Says so where they were, if any were.
    fn say_how_many_were_left_out(&mut self) {
        let left_out = mem::take(&mut self.left_out);
        if left_out > 0 {
            println!("{}", paint(self.coloured, Style::Dim, &format!("        ({left_out} more like these)")));
        }
    }

    /// On standard error, as it came from there; in step with what goes to standard output.
    fn server_error(&mut self, text: &str) {
        let _ = io::stdout().flush();
        let coloured = wanted(&io::stderr());
        if self.trace.is_none() {
            eprintln!("{}", speech(coloured, Style::Server, "server", Some(Style::Bad), text));
        } else {
            eprintln!("{}", paint(coloured, Style::Bad, text));
        }
        if self.trace == Some(Format::Json) {
            println!("{}", Record::Error(text.to_string()));
        }
    }

    fn transcript(&mut self, record: &Record) {
        let style = match record {
            Record::Did(who, _) => Style::Client(self.number(who)),
            Record::Stopped(_) | Record::Noted(_) => Style::Dim,
            _ => Style::Server,
        };
        let who = record.who();
        let words_style = who.is_empty().then_some(style);
        println!("{}", speech(self.coloured, style, who, words_style, &record.words()));
    }

    /// Only the server's calls, which it has printed itself, and between them what the clients did.
    fn strace(&self, record: &Record) {
        match record {
            Record::Said(line) => {
                if let Some((call, table)) = line_parts(line) {
                    println!("{}", call_and_table(&self.names.put_into(call), &self.names.put_into(table)).trim_end());
                }
            }
            Record::Stopped(true) => println!("--- SIGSTOP ---"),
            Record::Stopped(false) => println!("--- SIGCONT ---"),
            record => {
                let words = format!("{} {}", record.who(), record.words());
                println!("{}", wrap(&format!("--- {} ---", words.trim_start()), 4));
            }
        }
    }

    fn number(&mut self, who: &str) -> usize {
        let known = self.clients.iter().position(|name| name == who);
        known.unwrap_or_else(|| {
            self.clients.push(who.into());
            self.clients.len() - 1
        })
    }

    fn close(&self, probe: &Probe, verdict: &Verdict) {
        let ended = match verdict {
            Verdict::Died { status, .. } => status_words(*status),
            Verdict::Sound if probe.ends => "exit status 0".into(),
            _ => "still running".into(),
        };
        match self.trace {
            None => {
                let sentence = match verdict {
                    Verdict::Sound if probe.ends => "ok. The server has ended: exit status 0.".into(),
                    verdict => verdict.sentence(),
                };
                let style = if matches!(verdict, Verdict::Sound) { Style::Good } else { Style::Bad };
                let whole = wrap(&format!("{}: {sentence}", probe.name), 4);
                let (name, sentence) = whole.split_at(probe.name.len() + 2);
                println!("\n{name}{}", paint(self.coloured, style, sentence));
            }
            Some(Format::Text | Format::Line) => println!("+++ {} +++", ended.replace("exit status", "exited with")),
            Some(Format::Json) => println!("{}", Record::Ended(ended, verdict.cell())),
        }
    }
}

/// Who speaks, and the words, which go on below themselves where the line is full.
fn speech(coloured: bool, style: Style, who: &str, words_style: Option<Style>, words: &str) -> String {
    const INDENT: usize = 8;
    let whole = wrap(&format!("{who:<INDENT$}{words}"), INDENT);
    // A longer name than there is room for is followed by a space all the same.
    let whole = if who.len() >= INDENT { wrap(&format!("{who} {words}"), INDENT) } else { whole };
    let (who, words) = whole.split_at(who.len().max(INDENT).min(whole.len()));
    let words = words_style.map_or(words.to_string(), |style| paint(coloured, style, words));
    format!("{}{words}", paint(coloured, style, who))
}

/// What happened, as a trace has it.
fn record(event: Event) -> Record {
    match event {
        Event::Said(Line { error: true, text }) => Record::Error(text),
        // A call of the server is printed as it came; a line of its own, even one that is JSON, is what it says.
        Event::Said(Line { text, .. }) => text.parse().ok().filter(is_call).unwrap_or(Record::Said(text)),
        Event::Did { who, act } => Record::Did(who, act),
        Event::Stopped(stopped) => Record::Stopped(stopped),
        Event::Noted(what) => Record::Noted(what),
        Event::Named { who, address } => Record::Did(who, Act::Connect(address.to_string())),
    }
}

fn is_call(record: &Record) -> bool {
    matches!(record, Record::Call(_))
}
