//! A story: a chapter's server and one probe run together on real sockets, printed as a transcript.

use std::collections::HashMap;
use std::io::{self, Write};
use std::mem;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use crate::client::{Clients, Event};
use crate::probe::{LONG_GREETING, Probe, SLOW_READER, Verdict};
use crate::server::{LIMIT, Line, Port, Server, status_words};
use crate::style::{Style, paint, wanted};
use crate::trace::{Format, json};

/// Plays `probe` against the chapter whose program is `exe`, and prints the transcript, or with `trace` the socket
/// calls; what the server writes on standard error goes to standard error. Gives the server's exit status, which is
/// success for one that still ran when the story was over.
pub fn play(exe: &Path, name: &str, probe: &Probe, trace: Option<Format>) -> ExitCode {
    let mut printer =
        Printer { trace, coloured: wanted(&io::stdout()), names: Vec::new(), alike: HashMap::new(), left_out: 0 };
    if trace.is_none() {
        let title = paint(printer.coloured, Style::Bold, &format!("{name} under {}", probe.name));
        println!("{title}: {}.\n", probe.clients);
    }
    let verdict = run(exe, probe, trace, &mut |event| printer.print(event));
    printer.no_more_alike();
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

/// Starts the chapter's server, has the clients do their part, and ends the server; gives the verdict. `watch` is told
/// of all of it.
pub fn run(exe: &Path, probe: &Probe, trace: Option<Format>, watch: &mut dyn FnMut(Event)) -> Verdict {
    let mut command = Command::new(exe);
    command.args(["--listen", "127.0.0.1:0"]);
    if probe.name == SLOW_READER.name {
        command.env("GREETING", LONG_GREETING.to_string());
    }
    match trace {
        Some(Format::Text) => drop(command.arg("--trace")),
        Some(Format::Json) => drop(command.arg("--trace=json")),
        None => {}
    }
    // A chapter waits for nothing but its clients: when it rests and nothing is under way, nothing more will come.
    Stranger { command, port: Port::Announced, wait: LIMIT, patience: Duration::ZERO }.verdict(probe, watch)
}

/// A server of which we know nothing but how to start it.
pub struct Stranger {
    /// The program and its arguments.
    pub command: Command,
    /// Where it is to listen.
    pub port: Port,
    /// How long it may take until it listens.
    pub wait: Duration,
    /// How long a reply is waited for after it has come to rest.
    pub patience: Duration,
}

impl Stranger {
    /// Starts it, has the clients do their part, and ends it; gives the verdict. `watch` is told of all of it.
    pub fn verdict(self, probe: &Probe, watch: &mut dyn FnMut(Event)) -> Verdict {
        let mut server = match Server::start(self.command, self.port, self.wait) {
            Ok(server) => server,
            Err(why) => return Verdict::NoServer(why),
        };
        let mut clients = Clients::new(&mut server, self.patience, watch);
        // It listens, and may yet have something to do before it waits.
        match clients.let_the_server_work().and_then(|()| (probe.script)(&mut clients)) {
            Ok(()) => Verdict::Sound,
            Err(verdict) => verdict,
        }
    }
}

struct Printer {
    trace: Option<Format>,
    coloured: bool,
    names: Vec<String>,
    /// What the server has said since a client did something, by its shape, and how often.
    alike: HashMap<String, usize>,
    left_out: usize,
}

impl Printer {
    fn print(&mut self, event: Event) {
        if self.is_one_too_many(&event) {
            return;
        }
        match (self.trace, &event) {
            (_, Event::Said(Line { error: true, text })) => self.server_error(text),
            (None, event) => self.transcript(event),
            (Some(Format::Text), event) => strace(event),
            (Some(Format::Json), event) => json_line(event),
        }
    }

    /// Whether there have been enough lines like this one, but for its numbers, since a client did something.
    fn is_one_too_many(&mut self, event: &Event) -> bool {
        const ENOUGH: usize = 3;
        // A trace is whole, or it is none.
        let Event::Said(line) = event else {
            self.no_more_alike();
            return false;
        };
        if self.trace.is_some() {
            return false;
        }
        let shape: String = line.text.chars().filter(|c| !c.is_ascii_digit() && *c != ',' && *c != ' ').collect();
        let seen = self.alike.entry(shape).or_default();
        *seen += 1;
        let too_many = *seen > ENOUGH;
        self.left_out += usize::from(too_many);
        too_many
    }

    /// Says how many lines were left out, if any were.
    fn no_more_alike(&mut self) {
        self.alike.clear();
        let left_out = mem::take(&mut self.left_out);
        if left_out > 0 {
            println!("{}", paint(self.coloured, Style::Dim, &format!("        ({left_out} more like these)")));
        }
    }

    /// On standard error, as it came from there; in step with what goes to standard output.
    fn server_error(&mut self, text: &str) {
        let _ = io::stdout().flush();
        let coloured = wanted(&io::stderr());
        let who = if self.trace.is_none() { paint(coloured, Style::Server, "server  ") } else { String::new() };
        eprintln!("{who}{}", paint(coloured, Style::Bad, text));
        if self.trace == Some(Format::Json) {
            println!(r#"{{"who":"server","error":{}}}"#, json(text));
        }
    }

    fn transcript(&mut self, event: &Event) {
        let (style, who, words) = match event {
            Event::Did { who, words, .. } => (Style::Client(self.number(who)), &who[..], &words[..]),
            Event::Said(line) => (Style::Server, "server", &line.text[..]),
            Event::Stopped(true) => (Style::Dim, "", "(the server is stopped: SIGSTOP)"),
            Event::Stopped(false) => (Style::Dim, "", "(the server goes on: SIGCONT)"),
        };
        let words = if who.is_empty() { paint(self.coloured, style, words) } else { words.to_string() };
        println!("{}{words}", paint(self.coloured, style, &format!("{who:<8}")));
    }

    fn number(&mut self, who: &str) -> usize {
        let known = self.names.iter().position(|name| name == who);
        known.unwrap_or_else(|| {
            self.names.push(who.into());
            self.names.len() - 1
        })
    }

    fn close(&self, probe: &Probe, verdict: &Verdict) {
        let ended = match verdict {
            Verdict::Died { status, .. } => status_words(*status),
            _ => "still running".into(),
        };
        match self.trace {
            None => {
                let style = if matches!(verdict, Verdict::Sound) { Style::Good } else { Style::Bad };
                println!("\n{}: {}", probe.name, paint(self.coloured, style, &verdict.sentence()));
            }
            Some(Format::Text) => println!("+++ {} +++", ended.replace("exit status", "exited with")),
            Some(Format::Json) => {
                let verdict = verdict.cell();
                println!(r#"{{"who":"server","ended":{},"verdict":{}}}"#, json(&ended), json(&verdict));
            }
        }
    }
}

/// Only the server's calls, which it has printed itself, and between them what the clients did.
fn strace(event: &Event) {
    match event {
        Event::Said(line) if line.text.starts_with(':') => println!("{}", line.text),
        Event::Said(_) => {}
        Event::Did { who, words, .. } => println!("--- {who} {words} ---"),
        Event::Stopped(true) => println!("--- SIGSTOP ---"),
        Event::Stopped(false) => println!("--- SIGCONT ---"),
    }
}

fn json_line(event: &Event) {
    match event {
        Event::Said(line) if line.text.starts_with('{') => println!("{}", line.text),
        Event::Said(line) => println!(r#"{{"who":"server","says":{}}}"#, json(&line.text)),
        Event::Did { who, call, args, .. } => {
            println!(r#"{{"who":{},"call":{},"args":{}}}"#, json(who), json(call), json(args));
        }
        Event::Stopped(stopped) => {
            let signal = if *stopped { "SIGSTOP" } else { "SIGCONT" };
            println!(r#"{{"who":"server","signal":"{signal}"}}"#);
        }
    }
}
