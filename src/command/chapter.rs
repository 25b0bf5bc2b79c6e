//! A chapter's command line: its own story, another probe's, or to serve for real.

use std::env;
use std::ffi::OsString;
use std::mem;
use std::process::ExitCode;

use lexopt::Arg::{Long, Short, Value};
use lexopt::Parser;

use super::args::{self, DEFAULT_ADDRESS, Wrong, one_of};
use super::chapter_probes::{self, CHAPTER_PROBES};
use super::ladder::{self, Chapter};
use super::{book, compare, story, style};
use crate::net::columns::wrap;
use crate::net::signals::Signals;
use crate::net::trace::{self, Format};
use crate::net::{self, Address, Socket};
use crate::probe::probes::{PROBES, Probe, of_script};
use crate::probe::script::read;

pub use super::greeting::{GREETING, greeting};

/// What a chapter's command line asks for.
#[derive(Default)]
struct Options {
    help: bool,
    listen: Option<Address>,
    probe: Option<&'static Probe>,
    script: Option<&'static Probe>,
    trace: Option<Format>,
    compare: bool,
}

/// The `main` of a chapter that is a server: does what the command line asks for. `name` is the chapter's, `serve` its
/// loop, which is given a listener and runs until something fails.
#[track_caller]
pub fn main(name: &str, serve: fn(Socket) -> net::Result<()>) -> ExitCode {
    main_of(name, Serve::Only(serve))
}

/// The `main` of a chapter that stops in order: SIGINT and SIGTERM are caught before it says that it listens, and `serve`
/// is given what becomes readable when one comes.
#[track_caller]
pub fn main_that_stops(name: &str, serve: fn(Socket, Signals) -> net::Result<()>) -> ExitCode {
    main_of(name, Serve::AndStop(serve))
}

/// A chapter's loop.
enum Serve {
    Only(fn(Socket) -> net::Result<()>),
    AndStop(fn(Socket, Signals) -> net::Result<()>),
}

#[track_caller]
fn main_of(name: &str, serve: Serve) -> ExitCode {
    style::end_with_the_output();
    let options = match parse(Parser::from_env(), true) {
        Ok(options) => options,
        Err(wrong) => return wrong.refuse(),
    };
    if options.help {
        print!("{}", help(name, true));
        return ExitCode::SUCCESS;
    }
    if let Some(address) = options.listen {
        match options.trace {
            Some(format) => trace::start(format),
            None => style::outlive_the_output(),
        }
        return exit_code(listen_and_serve(&address, serve));
    }
    if options.compare {
        return compare_with_the_book(name, &options);
    }
    let own = || ladder::by_name(name).and_then(|chapter| chapter.story).and_then(chapter_probes::by_name);
    let Some(probe) = options.script.or(options.probe).or_else(own) else {
        return Wrong(format!("{name} has no story of its own; --probe NAME plays one")).refuse();
    };
    match env::current_exe() {
        Ok(exe) => story::play(&exe, name, probe, options.trace),
        Err(error) => exit_code(Err(net::Error::new("readlink", error))),
    }
}

/// Plays what the other options ask for, in a process of its own, and compares it with what the book shows.
fn compare_with_the_book(name: &str, options: &Options) -> ExitCode {
    let own = ladder::by_name(name).and_then(|chapter| chapter.story);
    let probe = options.probe.map(|probe| probe.name).filter(|probe| Some(*probe) != own);
    let (option, trace) = match options.trace {
        None => ("", ""),
        Some(Format::Json) => ("--trace=json", "trace-json"),
        Some(_) => ("--trace", "trace"),
    };
    let words = [probe.map_or("", |_| "--probe"), probe.unwrap_or(""), option];
    let args: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let result =
        env::current_exe().and_then(|exe| compare::compare(&exe, &args, name, &book::story(name, probe, trace)));
    result.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

/// The `main` of a chapter that is not a server: `show` prints what it has to say.
#[track_caller]
pub fn main_without_server(name: &str, show: fn() -> net::Result<()>) -> ExitCode {
    style::end_with_the_output();
    let options = match parse(Parser::from_env(), false) {
        Ok(options) => options,
        Err(wrong) => return wrong.refuse(),
    };
    if options.help {
        print!("{}", help(name, false));
        return ExitCode::SUCCESS;
    }
    if options.compare {
        return compare_with_the_book(name, &options);
    }
    if let Some(format) = options.trace {
        trace::start(format);
    }
    exit_code(show())
}

#[track_caller]
fn listen_and_serve(address: &Address, serve: Serve) -> net::Result<()> {
    let listener = net::listen(address)?;
    // Whoever has started the server waits for this line. From here on clients may come, and signals.
    let announce = |address| eprintln!("listening on {address}");
    match serve {
        Serve::Only(serve) => {
            announce(listener.local_addr()?);
            serve(listener)
        }
        Serve::AndStop(serve) => {
            let signals = Signals::catch(&[libc::SIGINT, libc::SIGTERM])?;
            announce(listener.local_addr()?);
            serve(listener, signals)
        }
    }
}

fn exit_code(result: net::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut parser: Parser, server: bool) -> Result<Options, Wrong> {
    let takes = if server {
        "--probe NAME, --script FILE, --listen [ADDR], --trace[=json], --compare and --help"
    } else {
        "--trace[=json], --compare and --help"
    };
    let mut options = Options::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => options.help = true,
            Long("probe") if server => {
                let name = parser.value().map_err(|_| {
                    let names: Vec<&str> = PROBES.iter().map(|probe| probe.name).collect();
                    Wrong(format!("--probe needs a name, one of {}", names.join(", ")))
                })?;
                let known = CHAPTER_PROBES.iter().find(|probe| name == probe.name);
                options.probe = Some(match known {
                    Some(probe) => probe,
                    None => one_of("probe", &name, PROBES, |probe| probe.name)?,
                });
            }
            Long("script") if server => options.script = Some(script(&mut parser)?),
            Long("listen") if server => {
                let given = parser.optional_value().or_else(|| next_value(&mut parser));
                options.listen = Some(args::address(&given.unwrap_or_else(|| DEFAULT_ADDRESS.into()))?);
            }
            Long("compare") => options.compare = true,
            Long("trace") => {
                options.trace = Some(match parser.optional_value() {
                    None => Format::Text,
                    Some(format) if format == "json" => Format::Json,
                    // What a story asks its server for.
                    Some(format) if format == "line" => Format::Line,
                    Some(format) => {
                        let format = format.to_string_lossy();
                        return Err(Wrong(format!("unknown --trace={format}; there are --trace and --trace=json")));
                    }
                });
            }
            Short(other) => return Err(Wrong(format!("unknown option -{other}; there are {takes}"))),
            Long(other) => return Err(Wrong(format!("unknown option --{other}; there are {takes}"))),
            Value(other) => {
                return Err(Wrong(format!("unexpected {:?}; there are {takes}", other.to_string_lossy())));
            }
        }
    }
    if options.listen.is_some() && options.probe.is_some() {
        return Err(Wrong("--listen waits for clients and --probe plays them: choose one".into()));
    }
    if options.listen.is_some() && options.compare {
        return Err(Wrong("--compare plays a story and --listen does not: choose one".into()));
    }
    if options.script.is_some() && (options.listen.is_some() || options.probe.is_some() || options.compare) {
        return Err(Wrong(
            "--script plays clients of yours; --probe, --listen and --compare do not: choose one".into(),
        ));
    }
    Ok(options)
}

/// The script in a file, as a probe.
fn script(parser: &mut Parser) -> Result<&'static Probe, Wrong> {
    let needs = || {
        Wrong("--script needs a file with a script; the book's page \"A probe in words\" says how to write one".into())
    };
    let file = parser.value().ok().filter(|file| !file.is_empty()).ok_or_else(needs)?;
    match &mut read::scripts(file.as_ref()).map_err(Wrong)?[..] {
        [(script, text)] => Ok(of_script(script, mem::take(text))),
        _ => Err(Wrong(format!("{}: a story has one script; name one of the folder's", file.to_string_lossy()))),
    }
}

/// The next argument, if there is one and it is not an option.
fn next_value(parser: &mut Parser) -> Option<OsString> {
    let mut raw = parser.try_raw_args()?;
    raw.next_if(|arg| !arg.to_string_lossy().starts_with('-'))
}

fn help(name: &str, server: bool) -> String {
    let chapter = ladder::by_name(name);
    let adds = chapter.map_or(String::new(), |chapter| format!(": {}", chapter.adds));
    let title = wrap(&format!("{name}{adds}"), 4);
    let command = chapter.map_or_else(|| format!("cargo run --bin {name}"), Chapter::command);
    if !server {
        return format!(
            "{title}

{command} -- [OPTIONS]
  (nothing)         prints the table
  --trace           prints each call as it is made, in the manner of strace
  --trace=json      the same as JSON lines
  --compare         compares with what the book shows
"
        );
    }
    let story = chapter.and_then(|chapter| chapter.story).unwrap_or("PROBE");
    let probes: String = PROBES.iter().map(|p| wrap(&format!("  {:<25}{}", p.name, p.clients), 27) + "\n").collect();
    format!(
        "{title}

{command} -- [OPTIONS]
  (nothing)         plays its story, under the probe {story}
  --probe NAME      plays another probe
  --script FILE     plays a script of yours, as `cargo run -- list --script NAME` prints
                    one
  --listen [ADDR]   serves for real, on {DEFAULT_ADDRESS} unless told otherwise
  --trace           prints the server's socket calls, in the manner of strace
  --trace=json      the same as JSON lines
  --compare         plays the story, and compares it with what the book shows

The exit status of a story is the server's, 0 if it still runs at the end; of --compare,
0 if it is as in the book, 1 if not. --trace goes with each of them.

Probes:
{probes}"
    )
}
