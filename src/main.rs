//! `cargo run`: the bug, the fix that everyone suggests, and what it missed. `--help` says what else there is.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use close_call::command::args::{Wrong, one_of};
use close_call::command::check::Check;
use close_call::command::ladder::{self, CHAPTERS, Chapter};
use close_call::command::{list, show, start, style};
use close_call::net::in_flight::LIMIT;
use close_call::probe::probes::{PROBES, Probe};
use lexopt::Arg::{Long, Short, Value};
use lexopt::Parser;

const HELP: &str = "\
close-call: a use-after-close bug, reproduced, understood, and made impossible.

cargo run                          the bug, its usual fix, and what that missed
cargo run -- list                  the chapters and the probes
cargo run -- start DIR [CHAPTER]   creates a server of your own, a chapter's copy
cargo run -- check -- COMMAND [ARG ...]
                                   your own server, in any language, under every probe

check starts COMMAND afresh for each probe. {port} in its arguments is replaced by the
port on which it must listen; its environment has it in PORT. Between `check` and `--`:
  --only PROBE,PROBE    only these probes
  --json                one JSON object per line
  --wait SECONDS        how long the server may take until it listens, 30 unless told
                        otherwise
Exit status of check: 0 nothing fell short, 1 something did, 2 nothing could be checked.

cargo xtask book                   builds the book; with --open, opens it
cargo test                         proves it
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
        Task::Show => show::show(),
        Task::Help => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        Task::List => {
            list::list();
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
            Some(Short('h') | Long("help")) => Ok(Task::Help),
            Some(_) => Err(Wrong("list takes no arguments".into())),
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
    Wrong(if let Some(chapter) = ladder::by_name(name) {
        format!("{name} is a chapter: {}", chapter.command())
    } else if matches!(what, "--probe" | "--listen" | "--trace") {
        format!("{what} is for a chapter: cargo run --bin CHAPTER -- {what}")
    } else {
        format!("unknown command {what}; there are list, start, check and --help")
    })
}

fn parse_start(mut parser: Parser) -> Result<Task, Wrong> {
    let wrong = || Wrong("start needs a folder, and takes a chapter after it: start DIR [CHAPTER]".into());
    let folder = match parser.next()? {
        Some(Value(folder)) if !folder.is_empty() => folder,
        Some(Short('h') | Long("help")) => return Ok(Task::Help),
        _ => return Err(wrong()),
    };
    let servers: Vec<&Chapter> = CHAPTERS.iter().filter(|chapter| chapter.story.is_some()).collect();
    let chapter = match parser.next()? {
        None => start::FROM.into(),
        Some(Value(chapter)) => chapter,
        Some(_) => return Err(wrong()),
    };
    let chapter = one_of("chapter to start from", &chapter, &servers, |chapter| chapter.name)?;
    if parser.next()?.is_some() {
        return Err(wrong());
    }
    if let Some(feature) = chapter.feature.as_ref().filter(|feature| !feature.on) {
        let (name, feature) = (chapter.name, feature.name);
        return Err(Wrong(format!("{name} was not built: cargo run --features {feature} -- start DIR {name}")));
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
        // What comes after the `--` is not ours to read.
        if let Some(mut raw) = parser.try_raw_args()
            && raw.peek().is_some_and(|word| word == "--")
        {
            let command: Vec<OsString> = raw.by_ref().skip(1).collect();
            let wanted = |probe: &&Probe| only.is_empty() || only.iter().any(|one| one.name == probe.name);
            let probes = PROBES.iter().filter(wanted).collect();
            if command.is_empty() {
                return Err(wrong("check needs a command after the --"));
            }
            return Ok(Task::Check(Check { probes, json, wait, command }));
        }
        match parser.next()? {
            Some(Long("only")) => {
                let needs = || wrong("--only needs names of probes, with commas between them");
                let names = parser.value().map_err(|_| needs())?;
                let names = names.to_string_lossy().into_owned();
                let before = only.len();
                for name in names.split(',').filter(|name| !name.is_empty()) {
                    only.push(one_of("probe", &name.into(), PROBES, |probe| probe.name)?);
                }
                if only.len() == before {
                    return Err(needs());
                }
            }
            Some(Long("json")) => json = true,
            Some(Long("wait")) => {
                let seconds = parser.value().ok().and_then(|value| value.to_str()?.parse().ok());
                wait = Duration::from_secs(seconds.ok_or_else(|| wrong("--wait needs a number of seconds"))?);
            }
            Some(Short('h') | Long("help")) => return Ok(Task::Help),
            Some(Value(_)) => return Err(wrong("check needs -- before the command")),
            Some(Short(other)) => return Err(wrong(&format!("unknown option -{other}"))),
            Some(Long(other)) => return Err(wrong(&format!("unknown option --{other}"))),
            None => return Err(wrong("check needs a command")),
        }
    }
}
