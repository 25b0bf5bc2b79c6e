//! `cargo run`: the bug, the fix that was given, and what it missed.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

use super::{help, scoreboard};
use crate::command::style::{self, Style, paint};
use crate::command::{chapter_probes, ladder, story};
use crate::net::columns::wrap;

/// The chapters of the first two stories, which are built first.
const BUG: &str = "04-use-after-close";
const FIX: &str = "05-log-before-close";

/// Plays the two stories, the first as soon as their programs are built, and then measures the scoreboard. Exit status 0:
/// all is as the book has it. Where this program was installed without the chapters, it says what it can do there.
pub fn show() -> io::Result<ExitCode> {
    if help::installed() {
        print!("{}", help::greeting());
        return Ok(ExitCode::SUCCESS);
    }
    let exe = env::current_exe()?;
    let folder = exe.parent().ok_or_else(|| io::Error::other("this program is in no folder"))?;
    let cargo = Cargo::of(folder);
    if let Some(cargo) = &cargo
        && !cargo.build(&["--bin", BUG, "--bin", FIX]).status()?.success()
    {
        return Ok(ExitCode::FAILURE);
    }
    if cargo.is_none() && !folder.join(BUG).exists() {
        eprintln!("the chapters are not here; in a clone of close-call, cargo run builds and plays them (see --help)");
        return Ok(ExitCode::FAILURE);
    }
    let rest = cargo.map(|cargo| Build::start(cargo.build(&["--bins", "--quiet"]))).transpose()?;

    let coloured = style::wanted(&io::stdout());
    let heading = |text: &str| println!("{}", paint(coloured, Style::Bold, text));
    heading("The bug. Chapter 4 closes the socket of a client that left, and then logs its name.\n");
    play(folder, BUG)?;
    heading("\nThe fix that was given. Chapter 5 logs first, and then closes.\n");
    play(folder, FIX)?;

    if let Some(build) = rest
        && !build.finish()?
    {
        return Ok(ExitCode::FAILURE);
    }
    if let Some(chapter) = ladder::servers().find(|chapter| !folder.join(chapter.name).exists()) {
        eprintln!("{} is not there; cargo run builds it", folder.join(chapter.name).display());
        return Ok(ExitCode::FAILURE);
    }
    heading("\nWhat it missed. Every chapter's server, under every probe:\n");
    let differences = scoreboard::measure(folder, coloured)?;
    if !differences.is_empty() {
        println!();
    }
    for difference in &differences {
        println!("{difference}");
    }
    if let Some(line) = ladder::left_out("") {
        println!("\n{}", wrap(&line, 2));
    }
    println!(
        "
To go on:
  cargo xtask book --open                                   the book, beside the code
  cargo run --bin 04-use-after-close -- --trace             the socket calls of the bug
  cargo run --bin 05-log-before-close -- --probe impatient  what still breaks the fix
  cargo run -- check -- COMMAND                             your own server
  cargo run -- list                                         all chapters and probes"
    );
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn play(folder: &Path, chapter: &str) -> io::Result<()> {
    let story = ladder::by_name(chapter).and_then(|chapter| chapter.story).and_then(chapter_probes::by_name);
    let story = story.ok_or_else(|| io::Error::other(format!("{chapter} has no story")))?;
    println!("$ cargo run --bin {chapter}");
    story::play(&folder.join(chapter), chapter, story, None);
    Ok(())
}

/// The cargo that has started this program. `cargo run` builds no more than the program that it runs.
struct Cargo<'a> {
    program: std::ffi::OsString,
    target: &'a Path,
}

impl Cargo<'_> {
    /// `None` if it was not cargo that started it; then the chapters must be there already.
    fn of(folder: &Path) -> Option<Cargo<'_>> {
        Some(Cargo { program: env::var_os("CARGO")?, target: folder.parent()? })
    }

    /// A build in the same profile and folder and with the same features, so that nothing is compiled twice.
    fn build(&self, what: &[&str]) -> Command {
        let mut build = Command::new(&self.program);
        build.args(["build", "--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
        build
            .args(what)
            .args(["--features", &ladder::features()])
            .arg("--target-dir")
            .arg(self.target)
            .env_remove("CARGO_BUILD_TARGET");
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        build
    }
}

/// A build in the background.
struct Build(Child);

impl Build {
    fn start(mut build: Command) -> io::Result<Build> {
        // It writes nothing between the lines of a story; an error waits in the pipe, which has room for it.
        build.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().map(Build)
    }

    /// Waits for its end, and says what it waits for. False if it failed, which is then said in cargo's words.
    fn finish(mut self) -> io::Result<bool> {
        if self.0.try_wait()?.is_none() {
            let end = if io::stderr().is_terminal() { "\r" } else { "\n" };
            eprint!("building the other chapters ...{end}");
        }
        let output = self.0.wait_with_output()?;
        if io::stderr().is_terminal() {
            eprint!("\x1b[K");
        }
        io::stderr().write_all(&output.stderr)?;
        Ok(output.status.success())
    }
}
