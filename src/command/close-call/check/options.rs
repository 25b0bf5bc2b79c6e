//! What stands between `check` and the command that starts the server.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use lexopt::Arg::{Long, Short, Value};
use lexopt::Parser;

use super::asked::Check;
use super::junit::JUnit;
use super::known::Known;
use crate::command::args::{Wrong, one_of};
use crate::net::in_flight::LIMIT;
use crate::probe::escapes::bytes;
use crate::probe::presets::Preset;
use crate::probe::probes::{HAMMER, PROBES, Probe, UNREAD_LOG};
use crate::probe::protocol::{self, Protocol};

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
    let mut also = Vec::new();
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
            let usual = |probe: &Probe| only.is_empty() && !(probe.foreign && preset.is_some());
            let mut probes: Vec<&Probe> = PROBES.iter().filter(|probe| usual(probe) || named(probe)).collect();
            if named(&UNREAD_LOG) {
                probes.push(&UNREAD_LOG);
            }
            if hammer.is_some() || named(&HAMMER) {
                probes.push(&HAMMER);
            }
            probes.retain(|probe| skip.iter().all(|skipped| skipped.name != probe.name));
            if probes.is_empty() {
                return Err(wrong("--skip leaves no probe"));
            }
            let hammer = hammer.unwrap_or(protocol::HAMMER);
            let mut protocol = preset.map_or_else(Protocol::default, |preset: Preset| preset.protocol());
            let said =
                [(message, &mut protocol.message), (reply, &mut protocol.reply), (greeting, &mut protocol.greeting)];
            for (said, part) in said {
                *part = said.unwrap_or_else(|| std::mem::take(part));
            }
            let check =
                Check { probes, protocol, preset, also, hammer, silent, strict, known, json, junit, wait, command };
            return Ok(Asked::Check(Box::new(check)));
        }
        match parser.next()? {
            Some(Long("only")) => probes(&mut parser, "--only", &mut only)?,
            Some(Long("skip")) => probes(&mut parser, "--skip", &mut skip)?,
            Some(Long("strict")) => strict = true,
            Some(Long("known")) => known = Some(Known::read(&file(&mut parser, "--known")?).map_err(Wrong)?),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(options: &[&str]) -> Vec<&'static str> {
        match parse(Parser::from_args(options.iter().chain(&["--", "server"]))) {
            Ok(Asked::Check(check)) => check.probes.iter().map(|probe| probe.name).collect(),
            Ok(Asked::Help) => panic!("help was not asked for"),
            Err(Wrong(why)) => panic!("{why}"),
        }
    }

    #[test]
    fn what_no_protocol_of_a_preset_has_is_played_with_one_only_where_it_is_asked_for() {
        let with_it = asked(&[]);
        assert!(with_it.contains(&"around-urgent"));
        let without: Vec<_> = with_it.into_iter().filter(|probe| *probe != "around-urgent").collect();
        assert_eq!(asked(&["--preset", "http"]), without);
        assert_eq!(asked(&["--preset", "http", "--only", "around-urgent"]), ["around-urgent"]);
    }
}
