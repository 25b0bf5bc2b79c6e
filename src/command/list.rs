//! `cargo run -- list`: what there is.

use super::ladder;
use crate::net::columns::wrap;
use crate::probe::probes::PROBES;

/// The column in which the texts begin.
const TEXT: usize = 24;

/// Prints the chapters that were built, and the probes, two lines or so for each.
pub fn list() {
    println!("Chapters: cargo run --bin NAME");
    for chapter in ladder::built() {
        entry(chapter.name, chapter.adds);
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
    println!("\nProbes: cargo run --bin CHAPTER -- --probe NAME");
    for probe in PROBES {
        entry(probe.name, probe.clients);
        entry("", &format!("sound: {}", probe.sound));
    }
}

fn entry(name: &str, text: &str) {
    println!("{}", wrap(&format!("  {name:<20}  {text}"), TEXT));
}
