//! What stands between `check` and the command that starts the server.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use lexopt::Arg::{Long, Short, Value};
use lexopt::Parser;

use super::asked::{Check, Hunted};
use super::junit::JUnit;
use super::known::Known;
use crate::command::args::{Wrong, one_of};
use crate::net::in_flight::LIMIT;
use crate::probe::escapes::bytes;
use crate::probe::presets::Preset;
use crate::probe::probes::{HAMMER, PROBES, Probe, RANDOM, UNREAD_LOG, of_script};
use crate::probe::protocol::{self, Protocol};
use crate::probe::script::read;

/// What the words after `check` ask for.
pub enum Asked {
    /// A check.
    Check(Box<Check>),
    /// What there is to ask for.
    Help,
}

fn wrong(what: &str) -> Wrong {
    Wrong(format!("{what}: check [OPTIONS] -- COMMAND [ARG ...]; --help lists the options"))
}

/// Reads the words after `check`.
pub fn parse(mut parser: Parser) -> Result<Asked, Wrong> {
    let [mut only, mut skip]: [Vec<&Probe>; 2] = [Vec::new(), Vec::new()];
    let (mut json, mut strict, mut wait) = (false, false, LIMIT);
    let (mut preset, mut hammer, mut silent, mut known, mut junit) = (None, None, 1, None, None);
    let [mut message, mut reply, mut greeting] = [None, None, None];
    let (mut also, mut scripts) = (Vec::new(), Vec::new());
    let (mut random, mut seed, mut save) = (None, None, None);
    loop {
        // What comes after the `--` is not ours to read.
        if let Some(mut raw) = parser.try_raw_args()
            && raw.peek().is_some_and(|word| word == "--")
        {
            let command: Vec<OsString> = raw.by_ref().skip(1).collect();
            if command.is_empty() {
                return Err(wrong("check needs a command after the --"));
            }
            let named = |probe: &Probe| only.iter().any(|one| one.name == probe.name);
            // Scripts are played in place of the probes, unless some of these are asked for as well.
            let all = only.is_empty() && (scripts.is_empty() && random.is_none() || !skip.is_empty());
            let mut probes: Vec<&Probe> = PROBES.iter().filter(|probe| all || named(probe)).collect();
            if named(&UNREAD_LOG) {
                probes.push(&UNREAD_LOG);
            }
            if hammer.is_some() || named(&HAMMER) {
                probes.push(&HAMMER);
            }
            probes.retain(|probe| skip.iter().all(|skipped| skipped.name != probe.name));
            probes.extend(&scripts);
            if probes.is_empty() && random.is_none() {
                return Err(wrong("--skip leaves no probe"));
            }
            let mut names: Vec<&str> = probes.iter().map(|probe| probe.name).collect();
            names.sort();
            if let Some([name, _]) = names.windows(2).find(|two| two[0] == two[1]) {
                return Err(Wrong(format!(
                    "two are called {name}; a script's first line names it: # NAME: WHAT IT IS"
                )));
            }
            if random.is_none() && (seed.is_some() || save.is_some()) {
                return Err(wrong("--seed and --save go with --random N"));
            }
            let random = random.map(|number| Hunted { number, seed: seed.unwrap_or(1), save });
            names.extend(PROBES.iter().chain([&HAMMER, &RANDOM]).map(|probe| probe.name));
            let known = known.map(|file: PathBuf| Known::read(&file, &names)).transpose().map_err(Wrong)?;
            let hammer = hammer.unwrap_or(protocol::HAMMER);
            let mut protocol = preset.map_or_else(Protocol::default, |preset: Preset| preset.protocol());
            let said =
                [(message, &mut protocol.message), (reply, &mut protocol.reply), (greeting, &mut protocol.greeting)];
            for (said, part) in said {
                *part = said.unwrap_or_else(|| std::mem::take(part));
            }
            let check = Check {
                probes,
                random,
                protocol,
                preset,
                also,
                hammer,
                silent,
                strict,
                known,
                json,
                junit,
                wait,
                command,
            };
            return Ok(Asked::Check(Box::new(check)));
        }
        match parser.next()? {
            Some(Long("only")) => probes(&mut parser, "--only", &mut only)?,
            Some(Long("skip")) => probes(&mut parser, "--skip", &mut skip)?,
            Some(Long("strict")) => strict = true,
            Some(Long("script")) => {
                let read = read::scripts(&file(&mut parser, "--script")?).map_err(Wrong)?;
                scripts.extend(read.into_iter().map(|(script, text)| of_script(&script, text)));
            }
            Some(Long("random")) => {
                random = Some(some(number(&mut parser, "--random", "scripts")?, "--random", "scripts")?)
            }
            Some(Long("seed")) => {
                let number = parser.value().ok().and_then(|value| value.to_str()?.parse().ok());
                seed = Some(number.ok_or_else(|| wrong("--seed needs a number, with which other scripts are made"))?);
            }
            Some(Long("save")) => save = Some(file(&mut parser, "--save")?),
            Some(Long("known")) => known = Some(file(&mut parser, "--known")?),
            Some(Long("junit")) => {
                let opened = JUnit::open(&file(&mut parser, "--junit")?);
                junit = Some(opened.map_err(|error| Wrong(error.to_string()))?);
            }
            Some(Long("preset")) => {
                let name = parser.value().map_err(|_| wrong("--preset needs the name of a protocol"))?;
                preset = Some(*one_of("preset", &name, Preset::ALL, |preset| preset.name())?);
            }
            Some(Long("message")) => message = Some(text(&mut parser, "--message")?),
            Some(Long("also")) => also.push(text(&mut parser, "--also")?),
            Some(Long("reply")) => reply = Some(text(&mut parser, "--reply")?),
            Some(Long("greeting")) => greeting = Some(text(&mut parser, "--greeting")?),
            Some(Long("hammer")) => {
                hammer = Some(some(number(&mut parser, "--hammer", "clients")?, "--hammer", "clients")?)
            }
            Some(Long("silent")) => silent = some(number(&mut parser, "--silent", "clients")?, "--silent", "clients")?,
            Some(Long("json")) => json = true,
            Some(Long("wait")) => wait = Duration::from_secs(number(&mut parser, "--wait", "seconds")?),
            Some(Short('h') | Long("help")) => return Ok(Asked::Help),
            Some(Value(_)) => return Err(wrong("check needs -- before the command")),
            Some(Short(other)) => return Err(wrong(&format!("unknown option -{other}"))),
            Some(Long(other)) => return Err(wrong(&format!("unknown option --{other}"))),
            None => return Err(wrong("check needs a command")),
        }
    }
}

/// Names of probes, with commas between them.
fn probes(parser: &mut Parser, option: &str, list: &mut Vec<&'static Probe>) -> Result<(), Wrong> {
    let needs = || wrong(&format!("{option} needs names of probes, with commas between them"));
    let names = parser.value().map_err(|_| needs())?;
    let names = names.to_string_lossy().into_owned();
    let before = list.len();
    for name in names.split(',').filter(|name| !name.is_empty()) {
        let all: Vec<&'static Probe> = PROBES.iter().chain([&UNREAD_LOG, &HAMMER]).collect();
        list.push(*one_of("probe", &name.into(), &all, |probe| probe.name)?);
    }
    if list.len() == before { Err(needs()) } else { Ok(()) }
}

/// How many of them.
fn number<N: FromStr>(parser: &mut Parser, option: &str, of: &str) -> Result<N, Wrong> {
    let number = parser.value().ok().and_then(|value| value.to_str()?.parse().ok());
    number.ok_or_else(|| wrong(&format!("{option} needs a number of {of}")))
}

/// The same, of which there must be one.
fn some(number: usize, option: &str, of: &str) -> Result<usize, Wrong> {
    if number == 0 { Err(wrong(&format!("{option} needs a number of {of}, of at least 1"))) } else { Ok(number) }
}

fn file(parser: &mut Parser, option: &str) -> Result<PathBuf, Wrong> {
    let name = parser.value().ok().filter(|name| !name.is_empty());
    name.map(PathBuf::from).ok_or_else(|| wrong(&format!("{option} needs the name of a file")))
}

/// A text with escapes, as bytes.
fn text(parser: &mut Parser, option: &str) -> Result<Vec<u8>, Wrong> {
    let needs = || wrong(&format!("{option} needs a text"));
    let text = parser.value().ok().filter(|text| !text.is_empty()).ok_or_else(needs)?;
    let text = text.to_str().ok_or_else(|| wrong(&format!(r"{option} needs UTF-8, and \xNN for other bytes")))?;
    bytes(text).map_err(|escape| wrong(&format!(r"{option} has {escape}, and there are \r \n \t \\ \0 \xNN")))
}
