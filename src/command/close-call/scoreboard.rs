//! The scoreboard: chapters by probes, each cell what happened, `ok` or what went wrong.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use crate::command::board::Board;
use crate::command::ladder::{self, CHAPTERS, Chapter};
use crate::command::style::{Style, paint};
use crate::command::{book, story};
use crate::net::columns::{WIDTH, wrap};
use crate::probe::parallel;
use crate::probe::probes::{PROBES, Probe};
use crate::probe::verdict::Verdict;

/// The width of the chapters' names.
const NAME: usize = 20;

/// Measures every chapter that is a server and was built, whose programs are in `folder`, under every probe, and prints a
/// row as soon as it is measured. Returns what differs from the book, a line each: none, if all is as the book has it.
/// Fails where the book's scoreboard is not there to compare with.
pub fn measure(folder: &Path, coloured: bool) -> io::Result<Vec<String>> {
    let book = Board::of(&book::snapshot("scoreboard")?);
    let progress = io::stdout().is_terminal();
    let mut differences = Vec::new();
    for (block, probes) in blocks(&book).into_iter().enumerate() {
        let widths: Vec<usize> = probes.iter().map(|probe| width(probe, &book)).collect();
        print!("{}{}", if block > 0 { "\n" } else { "" }, header(probes, &widths));
        for chapter in ladder::servers() {
            if progress {
                print!("{} ...\r", chapter.name);
                io::stdout().flush()?;
            }
            let mut row = format!("{:<NAME$}", chapter.name);
            let exe = folder.join(chapter.name);
            let verdicts = parallel::map(probes, |probe| story::run(&exe, probe, None, &mut |_| {}));
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

/// The probes, in as many blocks as it takes for a row of each to fit, and no block wider than it must be.
fn blocks(book: &Board) -> Vec<&'static [Probe]> {
    let fewest = blocks_within(WIDTH, book);
    let mut narrower = (NAME..WIDTH).map(|limit| blocks_within(limit, book));
    narrower.find(|blocks| blocks.len() == fewest.len()).unwrap_or(fewest)
}

/// The probes in blocks whose rows have at most `limit` characters, or that have one probe.
fn blocks_within(limit: usize, book: &Board) -> Vec<&'static [Probe]> {
    let mut blocks = Vec::new();
    let (mut first, mut used) = (0, NAME);
    for (at, probe) in PROBES.iter().enumerate() {
        let column = 2 + width(probe, book);
        if used + column > limit && at > first {
            blocks.push(&PROBES[first..at]);
            (first, used) = (at, NAME);
        }
        used += column;
    }
    blocks.push(&PROBES[first..]);
    blocks
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
    wrap(&format!("* {} under {}: the book has {wanted}. Here: {}", chapter.name, probe.name, verdict.sentence()), 2)
}

/// Room for a probe's name, broken at its hyphens, for the longest cell that the book has under it, and for a mark.
fn width(probe: &Probe, book: &Board) -> usize {
    let parts = parts(probe).into_iter().map(|part| part.len());
    let cells = CHAPTERS.iter().filter_map(|chapter| book.cell(chapter, probe)).map(|cell| cell.chars().count());
    parts.chain(cells).max().unwrap_or(0)
}

/// A probe's name in lines of at most nine characters, if its parts are that short.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::probes::by_name;

    #[test]
    fn every_probe_is_in_one_block_and_every_row_fits() {
        let board = Board::of("");
        let blocks = blocks(&board);
        assert_eq!(blocks.iter().map(|probes| probes.len()).sum::<usize>(), PROBES.len());
        for probes in blocks {
            let widths: Vec<usize> = probes.iter().map(|probe| width(probe, &board)).collect();
            assert!(header(probes, &widths).lines().all(|line| line.len() <= WIDTH));
        }
    }

    #[test]
    fn the_header_breaks_long_names_at_their_hyphens() {
        assert_eq!(parts(by_name("two-at-once").unwrap()), ["two-at-", "once"]);
        assert_eq!(parts(by_name("out-of-descriptors").unwrap()), ["out-of-", "descriptors"]);
    }
}
