//! What `check` says of the servers, as a table in Markdown.

use super::servers::{Entry, Reference};
use anyhow::{Context, Result};
use std::fmt::Write;

/// A server and how it did.
pub struct Row {
    pub server: &'static Entry,
    pub version: String,
    pub outcomes: Vec<Cell>,
}

/// A verdict.
pub struct Cell {
    probe: String,
    verdict: String,
    grade: String,
    /// What the verdict does not say: after how many clients.
    after: Option<String>,
}

impl Cell {
    /// Reads a line of `check --json`.
    pub fn read(line: &str) -> Result<Cell> {
        let object: serde_json::Value = serde_json::from_str(line).with_context(|| line.to_string())?;
        let text = |key: &str| {
            let text = object.get(key).and_then(serde_json::Value::as_str).map(String::from);
            text.with_context(|| format!("check says nothing of its {key}: {line}"))
        };
        let why = text("why")?;
        let after = why.rsplit(". ").next().filter(|last| last.starts_with("After ") || last.starts_with("Not in "));
        let after = after.map(|last| last.trim_end_matches('.').to_lowercase());
        Ok(Cell { probe: text("probe")?, verdict: text("verdict")?, grade: text("grade")?, after })
    }
}

impl Row {
    fn reference(&self, cell: &Cell) -> Option<&'static Reference> {
        let fits = |one: &&Reference| one.verdict == cell.verdict && one.probes.contains(&cell.probe.as_str());
        self.server.references.iter().find(fits)
    }

    /// The verdicts that are not ok, and of which nothing is public that we know of.
    pub fn unreferenced(&self) -> Vec<String> {
        let unknown = self.outcomes.iter().filter(|cell| cell.verdict != "ok" && self.reference(cell).is_none());
        unknown.map(|cell| format!("{} {}, {}: {}", self.server.name, self.version, cell.probe, cell.verdict)).collect()
    }

    /// The probe whose verdict the row is about, where it did not play those that all did.
    fn played(&self) -> Option<&str> {
        self.server.options.windows(2).find(|words| words[0] == "--only")?[1].rsplit(',').next()
    }

    /// Whether it played them all, and every verdict is ok.
    fn sound(&self) -> bool {
        self.played().is_none() && self.outcomes.iter().all(|cell| cell.verdict == "ok")
    }

    fn name(&self) -> String {
        format!("{} {}", self.server.name, self.version)
    }

    fn line(&self) -> String {
        let ok = self.outcomes.iter().filter(|cell| cell.verdict == "ok").count();
        let about = self
            .played()
            .map_or_else(|| format!("{ok}\u{a0}of\u{a0}{}", self.outcomes.len()), |probe| format!("`{probe}`"));
        let mut rest = Vec::new();
        for reference in self.server.references {
            let cells = self
                .outcomes
                .iter()
                .filter(|cell| self.reference(cell).is_some_and(|one| std::ptr::eq(one, reference)));
            let cells: Vec<&Cell> = cells.collect();
            let Some(first) = cells.first() else { continue };
            let probes: Vec<String> = cells.iter().map(|cell| format!("`{}`", cell.probe)).collect();
            let after = first.after.as_ref().map_or(String::new(), |after| format!(" {after}"));
            let (verdict, grade) = (&first.verdict, &first.grade);
            let link = format!("[{}]({})", reference.words, reference.url);
            let probes = if self.played().is_some() { String::new() } else { probes.join(", ") + ": " };
            rest.push(format!("{probes}{verdict}{after}, a {grade} ({link})"));
        }
        let sound = self.outcomes.iter().filter_map(|cell| cell.after.as_ref().filter(|_| cell.verdict == "ok"));
        rest.extend(sound.map(|after| format!("`ok`: {after}")));
        if rest.is_empty() && self.played().is_some() {
            rest.push("`ok`".to_string());
        }
        format!("| {} | {about} | {} |\n", self.name(), rest.join("; "))
    }
}

/// The servers that are sound, a table of those that are not under all probes, and one of those that were played under one;
/// what could not be had, and when it was measured.
pub fn table(rows: &[Row], missing: &[String], date: &str) -> String {
    let mut table = String::new();
    let sound: Vec<&Row> = rows.iter().filter(|row| row.sound()).collect();
    if let [first, ..] = sound[..] {
        let names: Vec<String> = sound.iter().map(|row| row.name()).collect();
        let _ = writeln!(table, "`ok` under all {} probes: {}.\n", first.outcomes.len(), names.join(", "));
    }
    let (one, all): (Vec<&Row>, Vec<&Row>) =
        rows.iter().filter(|row| !row.sound()).partition(|row| row.played().is_some());
    for (heads, rows) in [("| server | `ok` | not `ok` |", all), ("| server | under | verdict |", one)] {
        if !rows.is_empty() {
            let _ = writeln!(table, "{heads}\n|---|---|---|");
            table.extend(rows.into_iter().map(Row::line));
            table.push('\n');
        }
    }
    let _ = write!(table, "Measured on {date} by `cargo xtask wild`.");
    if !missing.is_empty() {
        let _ = write!(table, " Not to be had then: {}.", missing.join("; "));
    }
    table + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::servers::{ENTRIES, From};
    use super::*;
    use crate::source::project::Project;

    static SERVER: Entry = Entry {
        name: "a server",
        from: From::Here("true"),
        options: &["--only", "polite,rude"],
        command: &[],
        references: &[Reference { probes: &["rude"], verdict: "EBADF", words: "known", url: "https://example.org" }],
    };

    fn row(lines: &[(&str, &str, &str)]) -> Row {
        let cell = |(probe, verdict, why): &(&str, &str, &str)| {
            let line = format!(r#"{{"probe":"{probe}","verdict":"{verdict}","grade":"fault","why":"{why}"}}"#);
            Cell::read(&line).unwrap()
        };
        Row { server: &SERVER, version: "1".into(), outcomes: lines.iter().map(cell).collect() }
    }

    #[test]
    fn what_is_not_ok_needs_a_reference_for_its_verdict_and_its_probe() {
        let row = row(&[("polite", "ok", ""), ("rude", "EBADF", ""), ("rude", "spins", ""), ("urgent", "EBADF", "")]);
        assert_eq!(row.unreferenced(), ["a server 1, rude: spins", "a server 1, urgent: EBADF"]);
    }

    #[test]
    fn a_row_says_what_is_not_ok_after_how_many_and_where_that_is_public() {
        let fault =
            row(&[("polite", "ok", "ok."), ("rude", "EBADF", "EBADF. It has died. After 12 of 3,000 clients.")]);
        let cell = "EBADF after 12 of 3,000 clients, a fault ([known](https://example.org))";
        assert_eq!(fault.line(), format!("| a server 1 | `rude` | {cell} |\n"));
        let sound = row(&[("rude", "ok", "ok. The server still runs. Not in 3,000 clients.")]);
        assert_eq!(sound.line(), "| a server 1 | `rude` | `ok`: not in 3,000 clients |\n");
    }

    #[test]
    fn the_sound_are_a_sentence_and_the_others_two_tables() {
        static ALL: Entry = Entry {
            name: "another",
            from: From::Here("true"),
            options: &[],
            command: &[],
            references: SERVER.references,
        };
        let all = |lines: &[(&str, &str, &str)]| Row { server: &ALL, ..row(lines) };
        let rows = [
            all(&[("polite", "ok", ""), ("rude", "ok", "")]),
            row(&[("rude", "EBADF", "")]),
            all(&[("polite", "ok", ""), ("rude", "EBADF", "")]),
        ];
        assert_eq!(
            table(&rows, &[], "2026-01-01"),
            "`ok` under all 2 probes: another 1.\n\n\
             | server | `ok` | not `ok` |\n|---|---|---|\n\
             | another 1 | 1\u{a0}of\u{a0}2 | `rude`: EBADF, a fault ([known](https://example.org)) |\n\n\
             | server | under | verdict |\n|---|---|---|\n\
             | a server 1 | `rude` | EBADF, a fault ([known](https://example.org)) |\n\n\
             Measured on 2026-01-01 by `cargo xtask wild`.\n"
        );
    }

    #[test]
    fn the_board_of_the_page_has_every_server_and_no_link_but_to_what_is_public() {
        let board = Project::here().read("book/wild/board.md").unwrap();
        let rows = board.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| server |"));
        let sound = board.lines().next().unwrap().split_once(": ").unwrap().1.trim_end_matches('.').split(", ");
        let names: Vec<&str> = rows.map(|row| row[2..].split(" |").next().unwrap()).chain(sound).collect();
        let known = ENTRIES.iter().map(|server| server.name);
        // One that could not be had when the board was measured is named below it.
        assert!(known.clone().all(|name| board.contains(name)));
        assert!(names.iter().all(|name| known.clone().any(|known| name.starts_with(known))), "{names:?}");
        for link in board.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let references = ENTRIES.iter().flat_map(|server| server.references);
            assert!(references.into_iter().any(|reference| reference.url == link), "{link} is in no list");
        }
    }
}
