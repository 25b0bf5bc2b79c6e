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
use super::started;
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

/// What was said so far, between `check` and the command.
#[derive(Default)]
struct Said {
    only: Vec<&'static Probe>,
    skip: Vec<&'static Probe>,
    scripts: Vec<&'static Probe>,
    random: Option<usize>,
    seed: Option<u64>,
    save: Option<PathBuf>,
    hammer: Option<usize>,
    silent: Option<usize>,
    preset: Option<Preset>,
    message: Option<Vec<u8>>,
    reply: Option<Vec<u8>>,
    greeting: Option<Vec<u8>>,
    also: Vec<Vec<u8>>,
    strict: bool,
    known: Option<PathBuf>,
    json: bool,
    junit: Option<JUnit>,
    wait: Option<Duration>,
    /// A server that `start` began, in place of a command.
    folder: Option<PathBuf>,
}

/// Reads the words after `check`. A server that `start` began is built by that.
pub fn parse(mut parser: Parser) -> Result<Asked, Wrong> {
    let mut said = Said::default();
    loop {
        // What comes after the `--` is not ours to read.
        if let Some(mut raw) = parser.try_raw_args()
            && raw.peek().is_some_and(|word| word == "--")
        {
            let command: Vec<OsString> = raw.by_ref().skip(1).collect();
            if command.is_empty() {
                return Err(wrong("check needs a command after the --"));
            }
            if said.folder.is_some() {
                return Err(wrong("check needs a folder or a command, and not both"));
            }
            return said.check(|| Ok(command));
        }
        match parser.next()? {
            Some(Short('h') | Long("help")) => return Ok(Asked::Help),
            Some(Long(option)) => {
                let option = format!("--{option}");
                said.take(&option, &mut parser)?;
            }
            Some(Short(other)) => return Err(wrong(&format!("unknown option -{other}"))),
            Some(Value(folder)) if said.folder.is_none() => said.folder = Some(package(folder)?),
            Some(Value(_)) => return Err(wrong("check needs -- before the command")),
            None => {
                let folder = said.folder.take().ok_or_else(|| wrong("check needs a command"))?;
                return said.check(|| started::command(&folder).map_err(|error| Wrong(error.to_string())));
            }
        }
    }
}

impl Said {
    /// One option, and its value.
    fn take(&mut self, option: &str, parser: &mut Parser) -> Result<(), Wrong> {
        match option {
            "--only" => probes(parser, option, &mut self.only)?,
            "--skip" => probes(parser, option, &mut self.skip)?,
            "--script" => {
                let read = read::scripts(&file(parser, option)?).map_err(Wrong)?;
                self.scripts.extend(read.into_iter().map(|(script, text)| of_script(&script, text)));
            }
            "--random" => self.random = Some(some(number(parser, option, "scripts")?, option, "scripts")?),
            "--seed" => {
                let number = parser.value().ok().and_then(|value| value.to_str()?.parse().ok());
                let needs = || wrong("--seed needs a number, with which other scripts are made");
                self.seed = Some(number.ok_or_else(needs)?);
            }
            "--save" => self.save = Some(file(parser, option)?),
            "--hammer" => self.hammer = Some(some(number(parser, option, "clients")?, option, "clients")?),
            "--silent" => self.silent = Some(some(number(parser, option, "clients")?, option, "clients")?),
            "--preset" => {
                let name = parser.value().map_err(|_| wrong("--preset needs the name of a protocol"))?;
                self.preset = Some(*one_of("preset", &name, Preset::ALL, |preset| preset.name())?);
            }
            "--message" => self.message = Some(text(parser, option)?),
            "--reply" => self.reply = Some(text(parser, option)?),
            "--greeting" => self.greeting = Some(text(parser, option)?),
            "--also" => self.also.push(text(parser, option)?),
            "--strict" => self.strict = true,
            "--known" => self.known = Some(file(parser, option)?),
            "--json" => self.json = true,
            "--junit" => {
                let opened = JUnit::open(&file(parser, option)?);
                self.junit = Some(opened.map_err(|error| Wrong(error.to_string()))?);
            }
            "--wait" => self.wait = Some(Duration::from_secs(number(parser, option, "seconds")?)),
            _ => return Err(wrong(&format!("unknown option {option}"))),
        }
        Ok(())
    }

    /// All of it, with the command that starts the server, which is asked for when the rest is known to be right.
    fn check(self, command: impl FnOnce() -> Result<Vec<OsString>, Wrong>) -> Result<Asked, Wrong> {
        let probes = self.probes()?;
        if self.random.is_none() && (self.seed.is_some() || self.save.is_some()) {
            return Err(wrong("--seed and --save go with --random N"));
        }
        let mut names: Vec<&str> = probes.iter().map(|probe| probe.name).collect();
        names.extend(PROBES.iter().chain([&HAMMER, &RANDOM]).map(|probe| probe.name));
        let known = self.known.map(|file| Known::read(&file, &names)).transpose().map_err(Wrong)?;
        let usual = self.preset.map_or_else(Protocol::default, |preset: Preset| preset.protocol());
        let protocol = Protocol {
            message: self.message.unwrap_or(usual.message),
            reply: self.reply.unwrap_or(usual.reply),
            greeting: self.greeting.unwrap_or(usual.greeting),
        };
        let (seed, save) = (self.seed.unwrap_or(1), self.save);
        Ok(Asked::Check(Box::new(Check {
            probes,
            random: self.random.map(|number| Hunted { number, seed, save }),
            protocol,
            preset: self.preset,
            also: self.also,
            hammer: self.hammer.unwrap_or(protocol::HAMMER),
            silent: self.silent.unwrap_or(1),
            strict: self.strict,
            known,
            json: self.json,
            junit: self.junit,
            wait: self.wait.unwrap_or(LIMIT),
            command: command()?,
        })))
    }

    /// The probes that are to be played. Scripts are played in their place, unless some of them are asked for as well.
    fn probes(&self) -> Result<Vec<&'static Probe>, Wrong> {
        let named = |probe: &Probe| self.only.iter().any(|one| one.name == probe.name);
        let scripts_alone = (!self.scripts.is_empty() || self.random.is_some()) && self.skip.is_empty();
        let all = self.only.is_empty() && !scripts_alone;
        let usual = |probe: &Probe| all && !(probe.foreign && self.preset.is_some());
        let mut probes: Vec<&Probe> = PROBES.iter().filter(|probe| usual(probe) || named(probe)).collect();
        if named(&UNREAD_LOG) {
            probes.push(&UNREAD_LOG);
        }
        if self.hammer.is_some() || named(&HAMMER) {
            probes.push(&HAMMER);
        }
        probes.retain(|probe| self.skip.iter().all(|skipped| skipped.name != probe.name));
        probes.extend(&self.scripts);
        if probes.is_empty() && self.random.is_none() {
            return Err(wrong("--skip leaves no probe"));
        }
        let mut names: Vec<&str> = probes.iter().map(|probe| probe.name).collect();
        names.sort();
        match names.windows(2).find(|two| two[0] == two[1]) {
            Some([name, _]) => {
                Err(Wrong(format!("two are called {name}; a script's first line names it: # NAME: WHAT IT IS")))
            }
            _ => Ok(probes),
        }
    }
}

/// The folder of a package, such as `start` makes.
fn package(folder: OsString) -> Result<PathBuf, Wrong> {
    let folder = PathBuf::from(folder);
    match folder.is_dir() {
        true if folder.join("Cargo.toml").is_file() => Ok(folder),
        true => Err(wrong(&format!("{} has no Cargo.toml, as a folder of start has", folder.display()))),
        false => Err(wrong("check needs -- before the command")),
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

/// A number of which there must be one at least.
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
