//! `cargo run`: the bug, the fix that was given, and what it missed. `--help` says what else there is.
//!
//! What only this program does is here and not in the library, so that a chapter's first build does not wait for it:
//! [`show`] is `cargo run` itself, with the [`scoreboard`]; [`list`], [`start`] and [`check`] are its commands; [`help`]
//! knows whether it was installed or is in a clone.

mod check;
mod help;
mod list;
mod scoreboard;
mod show;
mod start;

use std::path::PathBuf;
use std::process::ExitCode;

use check::asked::Check;
use check::options::{self, Asked};
use close_call::{command, net, probe};
use command::args::{Wrong, one_of};
use command::ladder::{self, CHAPTERS, Chapter};
use command::style;
use lexopt::Arg::{Long, Short, Value};
use lexopt::Parser;

enum Task {
    Show,
    Help,
    List,
    Script(&'static str),
    Start(PathBuf, &'static Chapter),
    Check(Box<Check>),
}

fn main() -> ExitCode {
    style::end_with_the_output();
    let task = match parse(Parser::from_env()) {
        Ok(task) => task,
        Err(wrong) => return wrong.refuse(),
    };
    let failure = match &task {
        // For a check, 1 is a fault of the server's.
        Task::Check(_) => 2,
        _ => 1,
    };
    style::fail_with(failure);
    let done = match task {
        Task::Show => show::show(),
        Task::Help => {
            print!("{}", help::help());
            Ok(ExitCode::SUCCESS)
        }
        Task::List => {
            list::list();
            Ok(ExitCode::SUCCESS)
        }
        Task::Script(text) => {
            print!("{text}");
            Ok(ExitCode::SUCCESS)
        }
        Task::Start(folder, chapter) => start::start(&folder, chapter),
        Task::Check(check) => check.run(),
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(failure)
    })
}

fn parse(mut parser: Parser) -> Result<Task, Wrong> {
    match parser.next()? {
        None => Ok(Task::Show),
        Some(Short('h') | Long("help")) => Ok(Task::Help),
        Some(Value(command)) if command == "list" => match parser.next()? {
            None => Ok(Task::List),
            Some(Short('h') | Long("help")) => Ok(Task::Help),
            Some(Long("script")) => {
                let needs = |_| Wrong("--script needs the name of a probe: list --script NAME".into());
                let text = list::script(&parser.value().map_err(needs)?)?;
                if parser.next()?.is_some() { Err(Wrong(TAKES.into())) } else { Ok(Task::Script(text)) }
            }
            Some(_) => Err(Wrong(TAKES.into())),
        },
        Some(Value(command)) if command == "start" => parse_start(parser),
        Some(Value(command)) if command == "check" => match options::parse(parser)? {
            Asked::Check(check) => Ok(Task::Check(check)),
            Asked::Help => Ok(Task::Help),
        },
        Some(Value(other)) => Err(unknown(&format!("{:?}", other.to_string_lossy()))),
        Some(Short(other)) => Err(unknown(&format!("-{other}"))),
        Some(Long(other)) => Err(unknown(&format!("--{other}"))),
    }
}

/// What is wrong with any other argument of `list`.
const TAKES: &str = "list takes no arguments but --script NAME";

fn unknown(what: &str) -> Wrong {
    let name = what.trim_matches('"');
    Wrong(if let Some(chapter) = ladder::by_name(name) {
        format!("{name} is a chapter: {}", chapter.command())
    } else if matches!(what, "--probe" | "--listen" | "--trace") {
        format!("{what} is for a chapter: cargo run --bin CHAPTER -- {what}")
    } else {
        format!("unknown command {what}; there are {} and --help", command::args::COMMANDS.join(", "))
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
