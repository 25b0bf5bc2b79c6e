//! A chapter's command line: its own story, another probe's, or to serve for real.

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use lexopt::Arg::{Long, Short, Value};
use lexopt::Parser;

use crate::args::{self, DEFAULT_ADDRESS, Wrong, one_of};
use crate::ladder;
use crate::net::{self, Address, Socket};
use crate::probe::{PROBES, Probe, SLOW_READER};
use crate::trace::{self, Format};
use crate::{probe, story, style};

/// What every server sends.
pub const GREETING: &[u8] = b"Hello, client!";

/// What a chapter's command line asks for.
#[derive(Default)]
struct Options {
    help: bool,
    listen: Option<Address>,
    probe: Option<&'static Probe>,
    trace: Option<Format>,
}

/// The `main` of a chapter that is a server: does what the command line asks for. `name` is the chapter's, `serve` its
/// loop, which is given a listener and runs until something fails.
#[track_caller]
pub fn main(name: &str, serve: fn(Socket) -> net::Result<()>) -> ExitCode {
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
        if let Some(format) = options.trace {
            trace::start(format);
        }
        return exit_code(listen_and_serve(&address, serve));
    }
    let own = || ladder::by_name(name).and_then(|chapter| chapter.story).and_then(probe::by_name);
    let Some(probe) = options.probe.or_else(own) else {
        return Wrong(format!("{name} has no story of its own; --probe NAME plays one")).refuse();
    };
    match env::current_exe() {
        Ok(exe) => story::play(&exe, name, probe, options.trace),
        Err(error) => exit_code(Err(net::Error::new("readlink", error))),
    }
}

/// What the chapters from 10 on send: `Hello, client!`, or as many of them as make up the number of bytes in the
/// environment variable GREETING. That makes a reply that no socket takes at once.
pub fn greeting() -> Vec<u8> {
    let length = env::var("GREETING").ok().and_then(|length| length.parse().ok());
    GREETING.iter().copied().cycle().take(length.unwrap_or(GREETING.len())).collect()
}

/// The `main` of a chapter that is no server: `show` prints what it has to say.
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
    if let Some(format) = options.trace {
        trace::start(format);
    }
    exit_code(show())
}

#[track_caller]
fn listen_and_serve(address: &Address, serve: fn(Socket) -> net::Result<()>) -> net::Result<()> {
    let listener = net::listen(address)?;
    eprintln!("listening on {}", listener.local_addr()?);
    serve(listener)
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
    let takes =
        if server { "--probe NAME, --listen [ADDR], --trace[=json] and --help" } else { "--trace[=json] and --help" };
    let mut options = Options::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => options.help = true,
            Long("probe") if server => {
                let name = parser.value().map_err(|_| {
                    let names: Vec<&str> = PROBES.iter().map(|probe| probe.name).collect();
                    Wrong(format!("--probe wants a name; there are {}", names.join(", ")))
                })?;
                options.probe = Some(match name.to_string_lossy() {
                    name if name == SLOW_READER.name => &SLOW_READER,
                    _ => one_of("probe", &name, PROBES, |probe| probe.name)?,
                });
            }
            Long("listen") if server => {
                let given = parser.optional_value().or_else(|| next_value(&mut parser));
                options.listen = Some(args::address(&given.unwrap_or_else(|| DEFAULT_ADDRESS.into()))?);
            }
            Long("trace") => {
                options.trace = Some(match parser.optional_value() {
                    None => Format::Text,
                    Some(format) if format == "json" => Format::Json,
                    Some(format) => {
                        let format = format.to_string_lossy();
                        return Err(Wrong(format!(
                            "--trace={format} is not known; there are --trace and --trace=json"
                        )));
                    }
                });
            }
            Short(other) => return Err(Wrong(format!("-{other} is not known; there are {takes}"))),
            Long(other) => return Err(Wrong(format!("--{other} is not known; there are {takes}"))),
            Value(other) => {
                return Err(Wrong(format!("{:?} is not expected; there are {takes}", other.to_string_lossy())));
            }
        }
    }
    if options.listen.is_some() && options.probe.is_some() {
        return Err(Wrong("--listen serves whoever comes and --probe plays clients itself: choose one".into()));
    }
    Ok(options)
}

/// The next argument, if there is one and it is not an option.
fn next_value(parser: &mut Parser) -> Option<OsString> {
    let mut raw = parser.try_raw_args()?;
    raw.next_if(|arg| !arg.to_string_lossy().starts_with('-'))
}

fn help(name: &str, server: bool) -> String {
    let chapter = ladder::by_name(name);
    let adds = chapter.map_or(String::new(), |chapter| format!(": {}", chapter.adds));
    if !server {
        return format!(
            "{name}{adds}

cargo run --bin {name}                   prints the table
cargo run --bin {name} -- --trace        prints each call as it is made, in strace's manner
cargo run --bin {name} -- --trace=json   the same as JSON lines
"
        );
    }
    let story = chapter.and_then(|chapter| chapter.story).unwrap_or("PROBE");
    let probes: String = PROBES.iter().map(|p| format!("  {:<20}{}\n", p.name, p.clients)).collect();
    format!(
        "{name}{adds}

cargo run --bin {name}                     plays its story, under the probe {story}
cargo run --bin {name} -- --probe NAME     plays another probe
cargo run --bin {name} -- --listen [ADDR]  serves for real, on {DEFAULT_ADDRESS} unless told otherwise
cargo run --bin {name} -- --trace          prints the story's socket calls, in strace's manner
cargo run --bin {name} -- --trace=json     the same as JSON lines

The exit status of a story is the server's, 0 if it still runs in the end. --trace goes with all of them.

Probes:
{probes}"
    )
}
