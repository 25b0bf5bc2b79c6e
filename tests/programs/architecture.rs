//! ARCHITECTURE.md names files and folders that exist, and all folders that a newcomer sees.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::left_out;

/// What is between backticks and looks like a path of this project.
fn paths(text: &str) -> Vec<&str> {
    let spans = text.split('`').skip(1).step_by(2);
    let is_path = |span: &&str| {
        !span.contains(' ') && (span.contains('/') || [".rs", ".md", ".toml"].iter().any(|end| span.ends_with(end)))
    };
    spans.filter(is_path).collect()
}

#[test]
fn the_map_names_what_exists() {
    let map = fs::read_to_string("ARCHITECTURE.md").unwrap();
    let paths = paths(&map);
    assert!(paths.len() > 30, "{paths:?}");
    for path in paths {
        assert!(Path::new(path).exists(), "ARCHITECTURE.md names {path}, which does not exist");
    }
}

#[test]
fn the_map_is_a_page_and_has_every_folder() {
    let map = fs::read_to_string("ARCHITECTURE.md").unwrap();
    assert!(map.lines().count() <= 100, "one page");
    // A reader may have others, as one for a server of their own.
    let Ok(tracked) = Command::new("git").arg("ls-files").output() else { return left_out("there is no git") };
    let tracked = String::from_utf8(tracked.stdout).unwrap();
    let folders: BTreeSet<&str> = tracked.lines().filter_map(|file| Some(file.split_once('/')?.0)).collect();
    if folders.is_empty() {
        return left_out("this is not a git repository");
    }
    for name in folders.iter().filter(|name| !name.starts_with('.')) {
        assert!(map.contains(&format!("`{name}")), "ARCHITECTURE.md does not say what is in {name}");
    }
}

#[test]
fn a_path_is_seen_among_other_code() {
    assert_eq!(paths("`a/b.rs` and `cargo run`, `Record`, `x.md` a/c"), ["a/b.rs", "x.md"]);
}
