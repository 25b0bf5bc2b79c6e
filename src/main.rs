//! `cargo run`: the bug, the fix that everyone gives, and what that fix missed. What else there is, `--help` says.

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use close_call::args::{Wrong, one_of};
use close_call::check::Check;
use close_call::ladder::{self, CHAPTERS, Chapter};
use close_call::probe::{self, PROBES, Probe};
use close_call::server::LIMIT;
use close_call::style::{self, Style, paint};
use close_call::{scoreboard, start, story};
use lexopt::Arg::{Long, Short, Value};
use lexopt::Parser;

const HELP: &str = "\
close-call: a use-after-close bug, reproduced, understood, and made impossible.

cargo run                                  the bug, the fix that everyone gives, and what it missed
cargo run -- list                          the chapters and the probes
cargo run -- start DIR [CHAPTER]           a server of your own in DIR, which begins as a chapter leaves it
cargo run -- check -- COMMAND [ARG ...]    a server of your own, in any language, under every probe

COMMAND is started afresh for each probe. {port} in its arguments stands for the port on which it is to listen, and
so does PORT in its environment. Between `check` and the `--`:
  --only PROBE,PROBE    these probes only
  --json                one JSON object a line
  --wait SECONDS        how long the server may take until it listens, 30 unless told otherwise
Exit status of check: 0 all sound, 1 something fell short, 2 there was no server to check.

cargo xtask book                           builds the book; with --open, opens it
cargo test                                 proves it
";

enum Task {
    Show,
    Help,
    List,
    Start(PathBuf, &'static Chapter),
    Check(Check),
}

fn main() -> ExitCode {
    style::end_with_the_output();
    let task = match parse(Parser::from_env()) {
        Ok(task) => task,
        Err(wrong) => return wrong.refuse(),
    };
    let done = match task {
        Task::Show => show(),
        Task::Help => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        Task::List => {
            list();
            Ok(ExitCode::SUCCESS)
        }
        Task::Start(folder, chapter) => start::start(&folder, chapter),
        Task::Check(check) => check.run(),
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

fn parse(mut parser: Parser) -> Result<Task, Wrong> {
    match parser.next()? {
        None => Ok(Task::Show),
        Some(Short('h') | Long("help")) => Ok(Task::Help),
        Some(Value(command)) if command == "list" => match parser.next()? {
            None => Ok(Task::List),
            Some(_) => Err(Wrong("list takes nothing more".into())),
        },
        Some(Value(command)) if command == "start" => parse_start(parser),
        Some(Value(command)) if command == "check" => parse_check(parser),
        Some(Value(other)) => Err(unknown(&format!("{:?}", other.to_string_lossy()))),
        Some(Short(other)) => Err(unknown(&format!("-{other}"))),
        Some(Long(other)) => Err(unknown(&format!("--{other}"))),
    }
}

fn unknown(what: &str) -> Wrong {
    let name = what.trim_matches('"');
    Wrong(if ladder::by_name(name).is_some() {
        format!("{name} is a chapter: cargo run --bin {name}")
    } else if matches!(what, "--probe" | "--listen" | "--trace") {
        format!("{what} is for a chapter: cargo run --bin CHAPTER -- {what}")
    } else {
        format!("{what} is not known; there are list, start, check and --help")
    })
}

fn parse_start(mut parser: Parser) -> Result<Task, Wrong> {
    let wrong = || Wrong("start takes a folder, and after it a chapter if you like: start DIR [CHAPTER]".into());
    let Some(Value(folder)) = parser.next()? else {
        return Err(wrong());
    };
    let servers: Vec<&Chapter> = ladder::servers().collect();
    let chapter = match parser.next()? {
        None => start::FROM.into(),
        Some(Value(chapter)) => chapter,
        Some(_) => return Err(wrong()),
    };
    let chapter = one_of("chapter to start from", &chapter, &servers, |chapter| chapter.name)?;
    if parser.next()?.is_some() {
        return Err(wrong());
    }
    Ok(Task::Start(folder.into(), chapter))
}

fn parse_check(mut parser: Parser) -> Result<Task, Wrong> {
    let usage = "check [--only PROBE,PROBE] [--json] [--wait SECONDS] -- COMMAND [ARG ...]";
    let wrong = |what: &str| Wrong(format!("{what}: {usage}"));
    let mut only: Vec<&Probe> = Vec::new();
    let mut json = false;
    let mut wait = LIMIT;
    loop {
        // What stands behind the `--` is not ours to read.
        if let Some(mut raw) = parser.try_raw_args()
            && raw.peek().is_some_and(|word| word == "--")
        {
            let command: Vec<OsString> = raw.by_ref().skip(1).collect();
            let wanted = |probe: &&Probe| only.is_empty() || only.iter().any(|one| one.name == probe.name);
            let probes = PROBES.iter().filter(wanted).collect();
            if command.is_empty() {
                return Err(wrong("check wants a command behind the --"));
            }
            return Ok(Task::Check(Check { probes, json, wait, command }));
        }
        match parser.next()? {
            Some(Long("only")) => {
                let names = parser.value().map_err(|_| wrong("--only wants names of probes"))?;
                let names = names.to_string_lossy().into_owned();
                for name in names.split(',').filter(|name| !name.is_empty()) {
                    only.push(one_of("probe", &name.into(), PROBES, |probe| probe.name)?);
                }
            }
            Some(Long("json")) => json = true,
            Some(Long("wait")) => {
                let seconds = parser.value().ok().and_then(|value| value.to_str()?.parse().ok());
                wait = Duration::from_secs(seconds.ok_or_else(|| wrong("--wait wants a number of seconds"))?);
            }
            Some(Short('h') | Long("help")) => return Ok(Task::Help),
            Some(Value(_)) => return Err(wrong("check wants -- before the command")),
            Some(Short(other)) => return Err(wrong(&format!("-{other} is not known"))),
            Some(Long(other)) => return Err(wrong(&format!("--{other} is not known"))),
            None => return Err(wrong("check wants a command")),
        }
    }
}

fn list() {
    println!("Chapters: cargo run --bin NAME");
    for chapter in CHAPTERS {
        let breaks = if chapter.breaks.is_empty() { String::new() } else { format!("; breaks: {}", chapter.breaks) };
        println!("  {:<20}  {}{breaks}", chapter.name, chapter.adds);
    }
    println!("\nProbes: cargo run --bin CHAPTER -- --probe NAME");
    for probe in PROBES {
        println!("  {:<20}  {}; a sound server {}", probe.name, probe.clients, probe.sound);
    }
}

fn show() -> io::Result<ExitCode> {
    let exe = env::current_exe()?;
    let folder = exe.parent().ok_or_else(|| io::Error::other("this program lies in no folder"))?;
    if !build_the_chapters(folder)? {
        return Ok(ExitCode::FAILURE);
    }

    if let Some(chapter) = ladder::servers().find(|chapter| !folder.join(chapter.name).exists()) {
        eprintln!("{} is not there; cargo run builds it", folder.join(chapter.name).display());
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

    if !differences.is_empty() {
        println!();
    }
    for difference in &differences {
        println!("{difference}");
    }
    println!(
        "
To go on:
  cargo xtask book --open                                     the book, to read beside the code
  cargo run --bin 04-use-after-close -- --trace               the socket calls of the bug
  cargo run --bin 05-log-before-close -- --probe impatient    what still breaks the fix
  cargo run -- check -- COMMAND                               a server of your own, under every probe
  cargo run -- list                                           all chapters and probes"
    );
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Has cargo build the chapters beside this program, if it was cargo that started it: `cargo run` builds no more than
/// what it runs.
fn build_the_chapters(folder: &Path) -> io::Result<bool> {
    let (Some(cargo), Some(target)) = (env::var_os("CARGO"), folder.parent()) else {
        return Ok(true);
    };
    let mut build = Command::new(cargo);
    build.args(["build", "--bins", "--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
    build.arg("--target-dir").arg(target).env_remove("CARGO_BUILD_TARGET");
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    Ok(build.status()?.success())
}

fn play(folder: &Path, chapter: &str) -> io::Result<()> {
    let story = ladder::by_name(chapter).and_then(|chapter| chapter.story).and_then(probe::by_name);
    let story = story.ok_or_else(|| io::Error::other(format!("{chapter} has no story")))?;
    println!("$ cargo run --bin {chapter}");
    story::play(&folder.join(chapter), chapter, story, None);
    Ok(())
}
