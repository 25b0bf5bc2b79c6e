//! `cargo run -- list`: what there is.

use std::ffi::OsString;

use super::check::grades;
use super::help;
use crate::command::args::{Wrong, one_of};
use crate::command::ladder;
use crate::net::columns::wrap;
use crate::probe::presets::Preset;
use crate::probe::probes::{HAMMER, PROBES, Probe};

/// The column in which the texts begin.
const TEXT: usize = 27;

/// Prints the chapters that were built, the probes, the presets and the grades, two lines or so for each. Where this
/// program was installed, there are no chapters.
pub fn list() {
    if help::installed() {
        println!("Probes: close-call check --only NAME -- COMMAND");
    } else {
        chapters();
        println!("\nProbes: cargo run --bin CHAPTER -- --probe NAME");
    }
    probes();
    println!("\nPresets: {} check --preset NAME -- COMMAND", help::called());
    for preset in Preset::ALL {
        entry(preset.name(), &format!("--message '{}'", preset.message()));
        entry("", &format!("--reply '{}'", preset.reply()));
        if !preset.greeting().is_empty() {
            entry("", &format!("--greeting '{}'", preset.greeting()));
        }
    }
    println!("\nGrades: the first line that fits. A choice is one only if the server serves again.");
    print!("{}", grades::table());
}

/// The text of a probe in words.
pub fn script(name: &OsString) -> Result<&'static str, Wrong> {
    let in_words: Vec<&Probe> = PROBES.iter().filter(|probe| probe.words().is_some()).collect();
    Ok(one_of("probe in words", name, &in_words, |probe| probe.name)?.words().unwrap_or_default())
}

fn chapters() {
    println!("Chapters: cargo run --bin NAME. With *: the path, an hour to read.");
    for chapter in ladder::built() {
        let mark = if chapter.on_path { "*" } else { "" };
        entry(&format!("{:<20}  {mark}", chapter.name), chapter.adds);
        if let Some(feature) = &chapter.feature {
            entry("", &format!("with --features {}", feature.name));
        }
        if !chapter.breaks.is_empty() {
            entry("", &format!("breaks: {}", chapter.breaks));
        }
    }
    if let Some(line) = ladder::left_out(" -- list") {
        println!("{}", wrap(&line, 2));
    }
}

fn probes() {
    for probe in PROBES {
        entry(probe.name, probe.clients);
        entry("", &format!("sound: {}", probe.sound));
    }
    entry(HAMMER.name, &format!("{}; for check alone, and only where it is asked for", HAMMER.clients));
    entry("", &format!("sound: {}", HAMMER.sound));
}

fn entry(name: &str, text: &str) {
    println!("{}", wrap(&format!("  {name:<23}  {text}"), TEXT));
}
