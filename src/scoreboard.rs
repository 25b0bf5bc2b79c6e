//! The scoreboard: chapters by probes, each cell what happened, `ok` or what went wrong.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use crate::ladder::{self, Chapter};
use crate::probe::{PROBES, Probe, Verdict};
use crate::side_by_side;
use crate::story;
use crate::style::{Style, paint};

/// The scoreboard as the book has it: the snapshot that the tests compare with what really happens.
const BOOK: &str = include_str!("../tests/snapshots/scoreboard.snap");

/// So many probes stand beside each other; then the board goes on below.
const COLUMNS: usize = 8;

/// Measures every chapter that is a server, whose programs lie in `folder`, under every probe, and prints a row as soon
/// as it is measured. Gives what differs from the book, a line each: none, if all is as the book has it.
pub fn measure(folder: &Path, coloured: bool) -> io::Result<Vec<String>> {
    let book = Board::of(BOOK);
    let progress = io::stdout().is_terminal();
    let mut differences = Vec::new();
    for (block, probes) in PROBES.chunks(COLUMNS).enumerate() {
        let widths: Vec<usize> = probes.iter().map(|probe| width(probe, &book)).collect();
        print!("{}{}", if block > 0 { "\n" } else { "" }, header(probes, &widths));
        for chapter in ladder::servers() {
            if progress {
                print!("{} ...\r", chapter.name);
                io::stdout().flush()?;
            }
            let mut row = format!("{:<NAME$}", chapter.name);
            let exe = folder.join(chapter.name);
            let verdicts = side_by_side::map(probes, |probe| story::run(&exe, probe, None, &mut |_| {}));
            for ((probe, width), verdict) in probes.iter().zip(&widths).zip(verdicts) {
                let as_in_the_book = book.cell(chapter, probe).is_some_and(|cell| *cell == verdict.cell());
                row += &cell(&verdict, *width, as_in_the_book, coloured);
                if !as_in_the_book {
                    differences.push(difference(chapter, probe, &verdict, &book));
                }
            }
            println!("{}", row.trim_end());
        }
    }
    Ok(differences)
}

fn cell(verdict: &Verdict, width: usize, as_in_the_book: bool, coloured: bool) -> String {
    let cell = verdict.cell();
    let mark = if as_in_the_book { "" } else { "*" };
    let style = if matches!(verdict, Verdict::Sound) { Style::Good } else { Style::Bad };
    let padding = " ".repeat(width.saturating_sub(cell.chars().count() + mark.len()));
    format!("  {}{mark}{padding}", paint(coloured, style, &cell))
}

fn difference(chapter: &Chapter, probe: &Probe, verdict: &Verdict, book: &Board) -> String {
    let wanted = book.cell(chapter, probe).map_or("nothing", |cell| cell);
    format!("* {} under {}: the book has {wanted}. Here: {}", chapter.name, probe.name, verdict.sentence())
}

/// The width of the chapters' names.
const NAME: usize = 20;

/// Room for a probe's name, broken at its hyphens, for the longest cell that the book has under it, and for a mark.
fn width(probe: &Probe, book: &Board) -> usize {
    let parts = parts(probe).into_iter().map(|part| part.len());
    let cells = ladder::servers().filter_map(|chapter| book.cell(chapter, probe)).map(|cell| cell.chars().count());
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

fn header(probes: &[Probe], widths: &[usize]) -> String {
    let columns: Vec<Vec<String>> = probes.iter().map(parts).collect();
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
        let rows = text.lines().filter(|line| ladder::servers().any(|chapter| line.starts_with(chapter.name)));
        let cells =
            |row: &str| row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(String::from).collect();
        Board { rows: rows.map(cells).collect() }
    }

    fn cell(&self, chapter: &Chapter, probe: &Probe) -> Option<&String> {
        let at = PROBES.iter().position(|other| other.name == probe.name)?;
        let mut rows = self.rows.iter().filter(|row| row.first().is_some_and(|name| name == chapter.name));
        rows.nth(at / COLUMNS)?.get(1 + at % COLUMNS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::by_name;

    #[test]
    fn a_printed_board_is_read_back() {
        let text = "  polite  leaves\n01-blocking-server  ok  no reply\n04-use-after-close      ok      EBADF\n\
                    \n  rude\n01-blocking-server  ECONNRESET  ok\n";
        let board = Board::of(text);
        let [first, last] = [0, 3].map(|at| &ladder::CHAPTERS[at]);
        assert_eq!(board.cell(first, &PROBES[0]).unwrap(), "ok");
        assert_eq!(board.cell(first, &PROBES[1]).unwrap(), "no reply");
        assert_eq!(board.cell(last, &PROBES[1]).unwrap(), "EBADF");
        assert_eq!(board.cell(last, &PROBES[2]), None);
        assert_eq!(board.cell(first, &PROBES[COLUMNS]).unwrap(), "ECONNRESET", "the second block");
        assert_eq!(board.cell(&ladder::CHAPTERS[4], &PROBES[0]), None);
    }

    #[test]
    fn the_header_breaks_long_names_at_their_hyphens() {
        assert_eq!(parts(by_name("two-at-once").unwrap()), ["two-at-", "once"]);
        assert_eq!(parts(by_name("out-of-descriptors").unwrap()), ["out-of-", "descriptors"]);
    }
}
