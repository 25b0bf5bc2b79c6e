//! `cargo run`: the bug, the fix that everyone gives, and what that fix missed. `cargo run -- list`: what there is.

use std::env;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode};

use close_call::args::Wrong;
use close_call::ladder::CHAPTERS;
use close_call::probe::PROBES;
use close_call::style::{self, Style, paint};
use close_call::{ladder, probe, scoreboard, story};
use lexopt::Arg::{Long, Short, Value};

const HELP: &str = "\
close-call: a use-after-close bug, reproduced, understood, and made impossible.

cargo run            the bug, the fix that everyone gives, and what it missed
cargo run -- list    the chapters and the probes
cargo xtask book     builds the book; with --open, opens it
cargo test           proves it
";

fn main() -> ExitCode {
    style::end_quietly_with_the_pipe();
    match parse() {
        Ok(run) => run().unwrap_or_else(|error| {
            eprintln!("{error}");
            ExitCode::FAILURE
        }),
        Err(wrong) => wrong.refuse(),
    }
}

fn parse() -> Result<fn() -> io::Result<ExitCode>, Wrong> {
    let mut parser = lexopt::Parser::from_env();
    let mut run: fn() -> io::Result<ExitCode> = show;
    let mut first = true;
    while let Some(arg) = parser.next()? {
        run = match arg {
            Short('h') | Long("help") => return Ok(help),
            Value(command) if first && command == "list" => list,
            Value(other) if first => {
                return Err(Wrong(format!(
                    "{:?} is not known; there are list and --help",
                    other.to_string_lossy()
                )));
            }
            Value(other) => {
                return Err(Wrong(format!(
                    "list takes nothing more, not {:?}",
                    other.to_string_lossy()
                )));
            }
            Short(other) => return Err(Wrong(format!("-{other} is not known; there are list and --help"))),
            Long(other) => return Err(Wrong(format!("--{other} is not known; there are list and --help"))),
        };
        first = false;
    }
    Ok(run)
}

fn help() -> io::Result<ExitCode> {
    print!("{HELP}");
    Ok(ExitCode::SUCCESS)
}

fn list() -> io::Result<ExitCode> {
    println!("Chapters: cargo run --bin NAME");
    for chapter in CHAPTERS {
        let breaks = if chapter.breaks.is_empty() {
            String::new()
        } else {
            format!("; breaks: {}", chapter.breaks)
        };
        println!("  {:<20}  {}{breaks}", chapter.name, chapter.adds);
    }
    println!("\nProbes: cargo run --bin CHAPTER -- --probe NAME");
    for probe in PROBES {
        println!(
            "  {:<20}  clients {}; a sound server {}",
            probe.name, probe.clients, probe.sound
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn show() -> io::Result<ExitCode> {
    let exe = env::current_exe()?;
    let folder = exe
        .parent()
        .ok_or_else(|| io::Error::other("this program lies in no folder"))?;
    if !build_the_chapters(folder)? {
        return Ok(ExitCode::FAILURE);
    }

    let coloured = style::wanted(&io::stdout());
    let heading = |text: &str| println!("{}", paint(coloured, Style::Bold, text));

    heading("The bug. Chapter 4 closes the socket of a client that has left, and then logs who it was.\n");
    play(folder, "04-use-after-close")?;
    heading("\nThe fix that everyone gives. Chapter 5 logs first, and closes then.\n");
    play(folder, "05-log-before-close")?;
    heading("\nWhat it missed. Every chapter's server, under every probe:\n");
    let differences = scoreboard::measure(folder, coloured)?;

    for difference in &differences {
        println!("{difference}");
    }
    println!(
        "
To go on:
  cargo xtask book --open                                  the book, to read beside the code
  cargo run --bin 04-use-after-close -- --trace            the socket calls of the bug
  cargo run --bin 05-log-before-close -- --probe impatient what still breaks the fix
  cargo run -- list                                        all chapters and probes"
    );
    Ok(if differences.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Has cargo build the chapters beside this program, if it was cargo that started it: `cargo run` builds no more than
/// what it runs.
fn build_the_chapters(folder: &Path) -> io::Result<bool> {
    let (Some(cargo), Some(target)) = (env::var_os("CARGO"), folder.parent()) else {
        return Ok(true);
    };
    let mut build = Command::new(cargo);
    build.args([
        "build",
        "--bins",
        "--manifest-path",
        concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
    ]);
    build.arg("--target-dir").arg(target);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    Ok(build.status()?.success())
}

fn play(folder: &Path, chapter: &str) -> io::Result<()> {
    let story = ladder::by_name(chapter)
        .and_then(|chapter| chapter.story)
        .and_then(probe::by_name);
    let story = story.ok_or_else(|| io::Error::other(format!("{chapter} has no story")))?;
    println!("$ cargo run --bin {chapter}");
    story::play(&folder.join(chapter), chapter, story, None).map(|_status| ())
}
