//! A scoreboard that was printed, read back.

use super::ladder::{self, Chapter};
use crate::probe::probes::{PROBES, Probe};

/// A scoreboard that was printed.
pub struct Board {
    rows: Vec<(String, Vec<String>)>,
}

impl Board {
    /// Reads the rows of `text`, the lines that begin with a name such as a chapter has. Cells are at least two spaces
    /// apart, and a chapter's rows in the later blocks continue its row in the first.
    pub fn of(text: &str) -> Board {
        let mut rows: Vec<(String, Vec<String>)> = Vec::new();
        for line in text.lines() {
            let mut cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(String::from);
            let Some(name) = cells.next().filter(|name| ladder::is_numbered(name)) else {
                continue;
            };
            match rows.iter_mut().find(|(known, _)| *known == name) {
                Some((_, row)) => row.extend(cells),
                None => rows.push((name, cells.collect())),
            }
        }
        Board { rows }
    }

    /// The names that the rows begin with.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|(name, _)| name.as_str())
    }

    /// The cells of a chapter, if the board has a row for it.
    pub fn row(&self, chapter: &str) -> Option<&[String]> {
        self.rows.iter().find(|(name, _)| name == chapter).map(|(_, row)| row.as_slice())
    }

    /// The cell of a chapter under a probe, if the board has one.
    pub fn cell(&self, chapter: &Chapter, probe: &Probe) -> Option<&String> {
        let at = PROBES.iter().position(|other| other.name == probe.name)?;
        self.row(chapter.name)?.get(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::ladder::CHAPTERS;

    #[test]
    fn a_printed_board_is_read_back() {
        let text = "  polite  leaves\n01-blocking-server  ok  no reply\n04-use-after-close      ok      EBADF\n\
                    \n  rude\n01-blocking-server  ECONNRESET  ok\n";
        let board = Board::of(text);
        let [first, last] = [0, 3].map(|at| &CHAPTERS[at]);
        assert_eq!(board.cell(first, &PROBES[0]).unwrap(), "ok");
        assert_eq!(board.cell(first, &PROBES[1]).unwrap(), "no reply");
        assert_eq!(board.cell(last, &PROBES[1]).unwrap(), "EBADF");
        assert_eq!(board.cell(last, &PROBES[2]), None);
        assert_eq!(board.cell(first, &PROBES[2]).unwrap(), "ECONNRESET", "the second block");
        assert_eq!(board.cell(&CHAPTERS[4], &PROBES[0]), None);
    }
}
