//! What the README shows is what the snapshots hold and what the ladder says.
//!
//! `README_UPDATE=1 cargo test --test programs readme` writes it anew.

use std::fs;

use close_call::command::ladder::CHAPTERS;
use close_call::command::{book, pages};
use close_call::probe::probes::PROBES;

fn snapshot(name: &str) -> String {
    book::snapshot(name).unwrap()
}

/// `FILE: FROM ... TO`: the lines of a file from the first that contains the one text to the next that contains the other,
/// without their indentation.
fn code(what: &str) -> String {
    let (file, texts) = what.split_once(": ").unwrap();
    let (from, to) = texts.split_once(" ... ").unwrap();
    let source = fs::read_to_string(file).unwrap();
    let lines: Vec<&str> = source.lines().skip_while(|line| !line.contains(from)).collect();
    let length = 1 + lines.iter().position(|line| line.contains(to)).unwrap();
    lines[..length].iter().map(|line| format!("{}\n", line.trim_start())).collect()
}

fn ladder() -> String {
    let rows = CHAPTERS.iter().map(|chapter| {
        let breaks = if chapter.breaks.is_empty() { " " } else { chapter.breaks };
        let path = if chapter.on_path { " ●" } else { "" };
        format!("| [{0}](chapters/{0}.rs){path} | {1} | {breaks} |\n", chapter.name, chapter.adds)
    });
    format!("| chapter | what it adds | what still breaks it |\n|---|---|---|\n{}", rows.collect::<String>())
}

/// The README with everything fetched again that follows a `<!-- … -->` of ours.
fn fetched(readme: &str) -> String {
    let mut lines = readme.lines();
    let mut fetched = String::new();
    while let Some(line) = lines.next() {
        fetched += &format!("{line}\n");
        if let Some(name) = line.strip_prefix("<!-- snapshot ").and_then(|rest| rest.strip_suffix(" -->")) {
            assert_eq!(lines.next(), Some("```console"));
            lines.find(|line| *line == "```").unwrap();
            fetched += &format!("```console\n{}```\n", snapshot(name));
        } else if let Some(what) = line.strip_prefix("<!-- code ").and_then(|rest| rest.strip_suffix(" -->")) {
            assert_eq!(lines.next(), Some("```rust"));
            lines.find(|line| *line == "```").unwrap();
            fetched += &format!("```rust\n{}```\n", code(what));
        } else if line == "<!-- ladder -->" {
            lines.find(|line| *line == "<!-- end of the ladder -->").unwrap();
            fetched += &format!("{}<!-- end of the ladder -->\n", ladder());
        }
    }
    fetched
}

#[test]
fn the_readme_shows_what_is() {
    let readme = fs::read_to_string("README.md").unwrap();
    let fetched = fetched(&readme);
    if std::env::var_os("README_UPDATE").is_some() {
        fs::write("README.md", &fetched).unwrap();
    }
    assert!(readme == fetched, "the README is old: README_UPDATE=1 cargo test --test programs readme writes it anew");
}

#[test]
fn every_probe_names_a_page_that_there_is_and_that_speaks_of_it() {
    for probe in PROBES {
        let name = pages::page_of_probe(probe.name);
        let page = fs::read_to_string(format!("book/src/{name}.md")).unwrap();
        let words = [probe.name.to_string(), probe.name.replace('-', " "), probe.name.replace("urgent", "urgent byte")];
        let snapshots = page.split("{{#snapshot ").skip(1).filter_map(|rest| rest.split(['}', ' ']).next());
        let shown: String = snapshots.map(snapshot).collect();
        let text = page.to_lowercase() + &shown;
        assert!(words.iter().any(|word| text.contains(word)), "{name} does not speak of {}", probe.name);
    }
}

#[test]
fn every_command_of_the_readme_names_a_program_that_there_is() {
    let readme = fs::read_to_string("README.md").unwrap();
    let manifest = fs::read_to_string("Cargo.toml").unwrap();
    let named = readme.lines().filter_map(|line| line.split("--bin ").nth(1)?.split([' ', '`']).next());
    let named: Vec<&str> = named.collect();
    assert!(named.len() >= 5, "the README names programs: {named:?}");
    for name in named {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is in Cargo.toml");
    }
}
