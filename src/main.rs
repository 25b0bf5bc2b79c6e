//! `cargo run`: the bug, the fix that everyone suggests, and what it missed. `--help` says what else there is.

use std::path::PathBuf;
use std::process::ExitCode;

use close_call::command::args::{Wrong, one_of};
use close_call::command::check::Check;
use close_call::command::check::options::{self, Asked};
use close_call::command::ladder::{self, CHAPTERS, Chapter};
use close_call::command::{list, show, start, style};
use lexopt::Arg::{Long, Short, Value};
use lexopt::Parser;

const HELP: &str = "\
close-call: a use-after-close bug, reproduced, understood, and made impossible.

cargo run                          the bug, its usual fix, and what that missed
cargo run -- list                  the chapters, the probes, the presets, the grades
cargo run -- start DIR [CHAPTER]   creates a server of your own, a chapter's copy
cargo run -- check -- COMMAND [ARG ...]
                                   your own server, in any language, under every probe

check starts COMMAND afresh for each probe. {port} in its arguments is replaced by the
port on which it must listen; its environment has it in PORT. Between `check` and `--`:
  --only PROBE,PROBE    only these probes
  --skip PROBE,PROBE    all but these
  --hammer N            one probe more: N clients that send and close, twenty at a time
  --silent N            in two-at-once, N clients send nothing; 1 unless told otherwise
  --preset NAME         the server's protocol: http, redis, memcached, smtp, ftp, line;
                        `list` shows what each of them is
  --message TEXT        what the clients send, \\r \\n \\t \\\\ \\0 and \\xNN included
  --reply TEXT          what a reply must contain; without it any bytes are a reply
  --greeting TEXT       what the server says first must contain
  --strict              a choice counts like a fault
  --known FILE          what is accepted today, PROBE VERDICT per line; what is listed
                        counts only if it differs
  --json                one JSON object per line
  --junit FILE          the same for a CI system, as JUnit's XML
  --wait SECONDS        how long the server may take until it listens, 30 unless told
                        otherwise
Exit status of check: 0 no fault, 1 a fault, 2 something could not be checked.

cargo xtask book                   builds the book; with --open, opens it
cargo test                         proves it
";

enum Task {
    Show,
    Help,
    List,
    Start(PathBuf, &'static Chapter),
    Check(Box<Check>),
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
        Some(Value(command)) if command == "check" => match options::parse(parser)? {
            Asked::Check(check) => Ok(Task::Check(check)),
            Asked::Help => Ok(Task::Help),
        },
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
