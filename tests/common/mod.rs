//! What the tests share: a program run as on a terminal, what is left running of it, and the snapshots' settings.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, Once};

use close_call::command::ladder::{self, Chapter};
use insta::internals::SettingsBindDropGuard;

/// The program of that name, as cargo has built it for the tests.
pub fn exe(name: &str) -> PathBuf {
    // Examples and programs are beside each other; the environment variable of one says where.
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

/// Says what a slow test is doing, past libtest, which keeps to itself what a test prints.
pub fn say(what: &str) {
    let _ = writeln!(std::io::stderr(), "    ... {what}");
}

/// Whether the chapter was built. Where it was not, that is said, once.
pub fn built(chapter: &str) -> bool {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let built = ladder::by_name(chapter).is_none_or(Chapter::built);
    if !built && SAID.lock().unwrap().insert(chapter.to_string()) {
        say(&format!("left out: {chapter} was not built; cargo test --all-features"));
    }
    built
}

/// Whether the chapter was built and can run here: what it needs may be forbidden. Where it can not, that is said, once.
pub fn runs(chapter: &str) -> bool {
    static SAID: Once = Once::new();
    #[cfg(feature = "io-uring")]
    let refused = (chapter == "18-completions").then(|| io_uring::IoUring::new(1).err()).flatten();
    #[cfg(not(feature = "io-uring"))]
    let refused: Option<std::io::Error> = None;
    if let Some(why) = &refused {
        SAID.call_once(|| say(&format!("left out: {chapter}: io_uring_setup: {why}")));
    }
    built(chapter) && refused.is_none()
}

/// A value of the environment variable `CLOSE_CALL_TEST` that no other process has, by which what a test starts is found
/// again.
pub fn mark() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The command lines of the processes that carry the mark, in their environment or, where they have none, in their
/// arguments.
pub fn left_running(mark: &str) -> Vec<String> {
    let variable = format!("CLOSE_CALL_TEST={mark}");
    let has = |file: PathBuf, is_it: &dyn Fn(&[u8]) -> bool| {
        fs::read(file).unwrap_or_default().split(|&byte| byte == 0).any(is_it)
    };
    let processes = fs::read_dir("/proc").unwrap().flatten().filter(|entry| {
        has(entry.path().join("environ"), &|entry| entry == variable.as_bytes())
            || has(entry.path().join("cmdline"), &|word| word == variable.as_bytes())
    });
    processes.map(|entry| fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default()).collect()
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
