//! The scoreboard: chapters by probes, each cell what happened, `ok` or what went wrong.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use crate::ladder::Chapter;
use crate::probe::{PROBES, Probe};
use crate::style::{Style, paint};
use crate::{chapter, story};

/// The scoreboard as the book has it: the snapshot that the tests compare with what really happens.
const BOOK: &str = include_str!("../tests/snapshots/scoreboard.snap");

/// Measures every chapter that is a server, whose programs lie in `folder`, under every probe, and prints a row as soon
/// as it is measured. Gives what differs from the book, a line each: none, if all is as the book has it.
pub fn measure(folder: &Path, coloured: bool) -> io::Result<Vec<String>> {
    let book = Board::of(BOOK);
    let widths: Vec<usize> = PROBES.iter().map(|probe| width(probe, &book)).collect();
    print!("{}", header(&widths));

    let progress = io::stdout().is_terminal();
    let mut differences = Vec::new();
    for chapter in chapter::servers() {
        if progress {
            print!("{} ...\r", chapter.name);
            io::stdout().flush()?;
        }
        let mut row = format!("{:<NAME$}", chapter.name);
        for (probe, width) in PROBES.iter().zip(&widths) {
            let verdict = story::run(&folder.join(chapter.name), probe, None, &mut |_| {})?;
            let (cell, wanted) = (verdict.cell(), book.cell(chapter, probe));
            let as_in_the_book = wanted == Some(&cell);
            let mark = if as_in_the_book { "" } else { "*" };
            let style = if cell == "ok" { Style::Good } else { Style::Bad };
            let padding = " ".repeat(width.saturating_sub(cell.chars().count() + mark.len()));
            row += &format!("  {}{mark}{padding}", paint(coloured, style, &cell));
            if !as_in_the_book {
                let wanted = wanted.map_or("nothing", |cell| cell);
                let sentence = verdict.sentence();
                differences.push(format!(
                    "* {} under {}: {cell}, where the book has {wanted}; {sentence}",
                    chapter.name, probe.name
                ));
            }
        }
        println!("{}", row.trim_end());
    }
    Ok(differences)
}

/// The width of the chapters' names.
const NAME: usize = 22;

/// Room for a probe's name, broken at its hyphens, for the longest cell that the book has under it, and for a mark.
fn width(probe: &Probe, book: &Board) -> usize {
    let parts = parts(probe).into_iter().map(|part| part.len());
    let cells = chapter::servers()
        .filter_map(|chapter| book.cell(chapter, probe))
        .map(|cell| cell.chars().count() + 1);
    parts.chain(cells).max().unwrap_or(0)
}

/// A probe's name in lines: `two-`, `at-`, `once` would be too thin, so as much as fits into nine characters.
fn parts(probe: &Probe) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in probe.name.split_inclusive('-') {
        match lines.last_mut() {
            Some(line) if line.len() + part.len() <= 9 => line.push_str(part),
            _ => lines.push(part.to_string()),
        }
    }
    lines
}

fn header(widths: &[usize]) -> String {
    let columns: Vec<Vec<String>> = PROBES.iter().map(parts).collect();
    let height = columns.iter().map(Vec::len).max().unwrap_or(0);
    let mut header = String::new();
    for line in 0..height {
        let mut text = " ".repeat(NAME);
        for (column, width) in columns.iter().zip(widths) {
            text += &format!("  {:<width$}", column.get(line).map_or("", |part| part));
        }
        header += &format!("{}\n", text.trim_end());
    }
    header
}

/// A scoreboard that was printed.
struct Board {
    rows: Vec<Vec<String>>,
}

impl Board {
    /// The rows of `text` that begin with a chapter's name; cells stand at least two spaces apart.
    fn of(text: &str) -> Board {
        let rows = text
            .lines()
            .filter(|line| chapter::servers().any(|chapter| line.starts_with(chapter.name)));
        let cells = |row: &str| {
            row.split("  ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
                .map(String::from)
                .collect()
        };
        Board {
            rows: rows.map(cells).collect(),
        }
    }

    fn cell(&self, chapter: &Chapter, probe: &Probe) -> Option<&String> {
        let row = self
            .rows
            .iter()
            .find(|row| row.first().is_some_and(|name| name == chapter.name))?;
        row.get(1 + PROBES.iter().position(|other| other.name == probe.name)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_board_is_read_back() {
        let board =
            Board::of("  polite  leaves\n01-blocking-server  ok  no reply\n04-use-after-close      ok      EBADF\n");
        let [first, .., last] = [0, 2, 3].map(|at| &crate::ladder::CHAPTERS[at]);
        assert_eq!(board.cell(first, &PROBES[0]).unwrap(), "ok");
        assert_eq!(board.cell(first, &PROBES[1]).unwrap(), "no reply");
        assert_eq!(board.cell(last, &PROBES[1]).unwrap(), "EBADF");
        assert_eq!(board.cell(last, &PROBES[2]), None);
        assert_eq!(board.cell(&crate::ladder::CHAPTERS[4], &PROBES[0]), None);
    }

    #[test]
    fn the_header_breaks_long_names_at_their_hyphens() {
        let probe = crate::probe::by_name("two-at-once").unwrap();
        assert_eq!(parts(probe), ["two-at-", "once"]);
    }
}
