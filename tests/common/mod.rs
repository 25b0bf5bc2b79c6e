//! What the tests share: a program run as in a terminal, and the ports that differ from run to run put aside.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};

use insta::internals::SettingsBindDropGuard;

/// The program of that name, as cargo has built it for the tests.
pub fn exe(name: &str) -> PathBuf {
    // Examples and programs lie beside each other; the environment variable of one tells where.
    Path::new(env!("CARGO_BIN_EXE_client")).with_file_name(name)
}

/// The program of that name as a command, with what cargo has put into the environment taken out.
pub fn command(name: &str, args: &[&str]) -> Command {
    let mut command = Command::new(exe(name));
    command.args(args).env_remove("CARGO").env_remove("RUST_BACKTRACE");
    command
}

/// `python3` with a file of tests/peers, or nothing where there is no Python, which is then said.
pub fn python(file: &str) -> Option<[&'static str; 2]> {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("left out: there is no python3 on this machine");
        return None;
    }
    Some(["python3", Box::leak(format!("tests/peers/{file}").into_boxed_str())])
}

/// What a terminal would show of it, standard output and standard error in the order in which they came, and its status.
pub fn terminal(command: &mut Command) -> (String, ExitStatus) {
    run(command, true)
}

/// Its standard output alone, and its status.
pub fn output(command: &mut Command) -> (String, ExitStatus) {
    run(command, false)
}

fn run(command: &mut Command, with_errors: bool) -> (String, ExitStatus) {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let errors = if with_errors { Stdio::from(writer.try_clone().unwrap()) } else { Stdio::null() };
    command.stdin(Stdio::null()).stdout(writer).stderr(errors);
    let mut child = command.spawn().unwrap();
    // The command still holds the pipe's writing end, and the pipe has no end until all of them are closed.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut shown = String::new();
    reader.read_to_string(&mut shown).unwrap();
    (shown, child.wait().unwrap())
}

/// `127.0.0.1:40001` becomes `127.0.0.1:<alice>` where alice has connected from there, else `127.0.0.1:<port>`. Columns
/// that stood under each other still do.
pub fn named(text: &str) -> String {
    let mut names: Vec<(String, String)> = Vec::new();
    for mark in [" connects from 127.0.0.1:", r#","call":"connect","args":"127.0.0.1:"#] {
        names.extend(text.lines().filter_map(|line| {
            let (before, after) = line.split_once(mark)?;
            let who = before.rsplit(['-', ' ', '"']).find(|word| !word.is_empty())?;
            Some((port_at_the_start(after).to_string(), format!("<{who}>")))
        }));
    }
    let name_of = |port: &str| names.iter().find(|(known, _)| known == port).map_or("<port>", |(_, name)| name);
    text.lines().map(|line| with_names(line, name_of) + "\n").collect()
}

fn with_names<'a>(line: &str, name_of: impl Fn(&str) -> &'a str) -> String {
    let mut pieces = line.split("127.0.0.1:");
    let mut named = pieces.next().unwrap_or_default().to_string();
    // How much longer the line has become since its last column began.
    let mut longer = 0;
    for piece in pieces {
        let port = port_at_the_start(piece);
        // Port 0 is what was asked for, and the same at each run.
        let name = if port.is_empty() || port == "0" { port } else { name_of(port) };
        longer += name.len() - port.len();
        let rest = &piece[port.len()..];
        named += &format!("127.0.0.1:{name}");
        match rest.split_once(&" ".repeat(longer + 1)) {
            Some((before, column)) if longer > 0 => {
                named += &format!("{before} {column}");
                longer = 0;
            }
            _ => named += rest,
        }
    }
    named
}

fn port_at_the_start(text: &str) -> &str {
    &text[..text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len()]
}

/// Snapshots named as they are asked for, in `tests/snapshots`, with nothing in front but where they come from.
pub fn settings() -> SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots"));
    settings.bind_to_scope()
}

/// A chapter's server that listens until the test is over.
pub struct Listening {
    child: Child,
    /// Where it said that it listens.
    pub address: String,
    out: BufReader<ChildStdout>,
    /// Held open, so that the server can still write to it.
    _err: BufReader<ChildStderr>,
}

impl Listening {
    pub fn start(chapter: &str, args: &[&str]) -> Listening {
        let mut child = command(chapter, args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        err.read_line(&mut line).unwrap();
        let address = line.strip_prefix("listening on ").expect(&line).trim().to_string();
        Listening { child, address, out, _err: err }
    }

    /// What it prints on standard output, up to the line that contains `word`.
    pub fn hear(mut self, word: &str) -> String {
        let mut heard = String::new();
        while !heard.contains(word) {
            assert_ne!(self.out.read_line(&mut heard).unwrap(), 0, "{word:?} is not in {heard:?}");
        }
        heard
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
