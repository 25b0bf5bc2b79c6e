//! What the book cites is on a list, `book/citations.txt`: when the source was read, its address, and what for.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const LIST: &str = "book/citations.txt";

/// A line of the list.
#[derive(Debug, PartialEq, Eq)]
struct Citation<'a> {
    read: &'a str,
    address: &'a str,
    claim: &'a str,
}

/// The lines of a list, or what is wrong with the first that is none.
fn citations(list: &str) -> Result<Vec<Citation<'_>>, String> {
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| match line.splitn(3, ' ').collect::<Vec<_>>()[..] {
            [read, address, claim] if is_date(read) && address.contains("://") && !claim.trim().is_empty() => {
                Ok(Citation { read, address, claim })
            }
            _ => Err(format!("`YYYY-MM-DD ADDRESS CLAIM` is wanted: {line}")),
        })
        .collect()
}

fn is_date(text: &str) -> bool {
    let digits = |range: std::ops::Range<usize>| text.get(range).is_some_and(|t| t.bytes().all(|b| b.is_ascii_digit()));
    text.len() == 10 && digits(0..4) && digits(5..7) && digits(8..10) && text[4..5] == text[7..8] && &text[4..5] == "-"
}

/// The addresses that a page leads to. What is in code is no citation.
fn cited(page: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let mut found = BTreeSet::new();
    for line in page.lines() {
        if line.trim_start_matches(['>', ' ']).starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            // What is between two backticks is every second part.
            let text: String = line.split('`').step_by(2).collect::<Vec<_>>().join("``");
            for (at, _) in text.match_indices("http").filter(|(at, _)| is_address(&text[*at..])) {
                let address = text[at..].split(|c: char| c.is_whitespace() || ")>]\"".contains(c)).next().unwrap();
                found.insert(address.trim_end_matches(['.', ',', ';']).to_string());
            }
        }
    }
    found
}

fn is_address(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

/// The project's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Every page, and what the pages include, with its text.
fn pages() -> BTreeMap<String, String> {
    let root = root();
    let folder = fs::read_dir(root.join("book/src")).unwrap().map(|entry| entry.unwrap().path());
    let pages = folder.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let all = pages.chain(["README.md", "book/wild/board.md"].map(|file| root.join(file)));
    all.map(|path| (path.strip_prefix(&root).unwrap().display().to_string(), fs::read_to_string(&path).unwrap()))
        .collect()
}

#[test]
fn no_page_cites_what_is_not_on_the_list() {
    let list = fs::read_to_string(root().join(LIST)).unwrap();
    let citations = citations(&list).unwrap();
    let listed: Vec<&str> = citations.iter().map(|citation| citation.address).collect();
    assert!(listed.is_sorted() && listed.iter().collect::<BTreeSet<_>>().len() == listed.len(), "in order, each once");

    let pages = pages();
    assert!(pages.len() > 20, "the pages are found");
    let mut used = BTreeSet::new();
    for (page, text) in &pages {
        for address in cited(text) {
            assert!(
                listed.contains(&&address[..]),
                "{page} cites {address}, and {LIST} does not have it: read it first"
            );
            used.insert(address);
        }
    }
    for address in listed {
        assert!(used.contains(address), "{LIST} has {address}, and no page cites it");
    }
}

#[test]
fn an_address_is_found_however_it_is_written() {
    let page = "[a](https://a.org/x#y), <http://b.org>, and https://c.org.\n\n[d]: https://d.org/z\n\n`curl http://e.org`\n\n\
                ```sh\ncurl http://f.org\n```\n\n> ```\n> http://g.org\n> ```\n\n[`h`](https://h.org) httpd\n";
    let found: Vec<String> = cited(page).into_iter().collect();
    assert_eq!(found, ["http://b.org", "https://a.org/x#y", "https://c.org", "https://d.org/z", "https://h.org"]);
}

#[test]
fn a_line_has_a_day_an_address_and_a_claim() {
    let line = "2026-11-27 https://a.org it says so";
    let citation = Citation { read: "2026-11-27", address: "https://a.org", claim: "it says so" };
    assert_eq!(citations(&format!("# a comment\n{line}\n")), Ok(vec![citation]));
    for wrong in [
        "",
        "2026-11-27 https://a.org",
        "2026-11-27 https://a.org  ",
        "yesterday https://a.org so",
        "2026-11-27 so it is",
    ] {
        assert!(citations(&format!("{line}\n{wrong}\n")).is_err(), "{wrong:?}");
    }
}
