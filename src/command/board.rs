//! The scoreboard as text: probes by chapters, each cell a sign of two letters, and below them what the signs mean. So all
//! of it is on one screen. Printed here, and read back.

use super::ladder::{self, CHAPTERS, Chapter};
use crate::net::columns::WIDTH;
use crate::probe::probes::{PROBES, Probe};

/// The width of the probes' names.
const NAME: usize = 24;
/// The width of a cell: a space, a sign of two letters, and a mark.
const CELL: usize = 4;
/// What stands for `ok`, so that the eye finds the rest.
const OK: &str = ".";

/// A scoreboard that was printed.
#[derive(Default)]
pub struct Board {
    rows: Vec<(String, Vec<String>)>,
    /// What its cells say, and with which signs.
    pub signs: Signs,
}

/// Two letters for each verdict.
#[derive(Clone, Default)]
pub struct Signs(Vec<(String, String)>);

impl Board {
    /// Reads what [`header`], [`row`] and [`Signs::legend`] print.
    pub fn of(text: &str) -> Board {
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let numbers: Vec<&str> = lines.next().map_or(Vec::new(), |line| line.split_whitespace().collect());
        let (legend, printed): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with(' '));
        let mut signs = Signs::default();
        for entry in legend.iter().flat_map(|line| line.split("  ")).map(str::trim) {
            signs.0.extend(entry.split_once(' ').map(|(sign, word)| (sign.to_string(), word.to_string())));
        }
        let word = |sign: &str| match signs.0.iter().find(|(known, _)| known == sign) {
            Some((_, word)) => word.clone(),
            None => sign.to_string(),
        };
        let mut rows: Vec<(String, Vec<String>)> = numbers.iter().map(|number| (name_of(number), Vec::new())).collect();
        for line in printed {
            for ((_, row), sign) in rows.iter_mut().zip(line.split_whitespace().skip(1)) {
                row.push(word(sign));
            }
        }
        Board { rows, signs }
    }

    /// The chapters' names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|(name, _)| name.as_str())
    }

    /// The cells of a chapter, in the order of the probes, if the board has the chapter.
    pub fn row(&self, chapter: &str) -> Option<&[String]> {
        self.rows.iter().find(|(name, _)| name == chapter).map(|(_, row)| row.as_slice())
    }

    /// The cell of a chapter under a probe, if the board has one.
    pub fn cell(&self, chapter: &Chapter, probe: &Probe) -> Option<&String> {
        let at = PROBES.iter().position(|other| other.name == probe.name)?;
        self.row(chapter.name)?.get(at)
    }
}

/// The chapter that a column's number stands for, or else the number.
fn name_of(number: &str) -> String {
    let chapter = CHAPTERS.iter().find(|chapter| ladder::number(chapter.name) == number);
    chapter.map_or(number, |chapter| chapter.name).to_string()
}

impl Signs {
    /// The sign of a verdict, two letters of it that stand for no other: the initials of two words, the letters after the E
    /// of an error's name, or the first ones.
    pub fn of(&mut self, word: &str) -> String {
        if let Some((sign, _)) = self.0.iter().find(|(_, known)| known == word) {
            return sign.clone();
        }
        let sign = if word == "ok" { OK.to_string() } else { self.free(word) };
        self.0.push((sign.clone(), word.to_string()));
        sign
    }

    fn free(&self, word: &str) -> String {
        let letters: Vec<char> = match word.strip_prefix('E') {
            Some(rest) if rest.chars().all(|c| c.is_ascii_uppercase()) => rest.chars().collect(),
            _ => word.chars().filter(|c| c.is_alphanumeric()).collect(),
        };
        let initials: String = word.split([' ', '_']).filter_map(|part| part.chars().next()).take(2).collect();
        let pairs =
            letters.first().into_iter().flat_map(|first| letters[1..].iter().map(move |c| format!("{first}{c}")));
        let numbered = (0..).map(|number| format!("{number:02}"));
        let mut all = [initials].into_iter().filter(|sign| sign.chars().count() == 2).chain(pairs).chain(numbered);
        all.find(|sign| self.0.iter().all(|(known, _)| known != sign)).unwrap_or_default()
    }

    /// What those of the verdicts that were `seen` mean, in lines.
    pub fn legend(&self, seen: &[String]) -> String {
        let mut lines = vec![String::new()];
        let seen = self.0.iter().filter(|(_, word)| seen.contains(word));
        for entry in seen.map(|(sign, word)| format!("  {sign} {word}")) {
            if lines.last().is_some_and(|line| line.len() + entry.len() > WIDTH) {
                lines.push(String::new());
            }
            lines.last_mut().into_iter().for_each(|line| *line += &entry);
        }
        lines.join("\n") + "\n"
    }
}

/// The chapters' numbers, above their columns.
pub fn header(chapters: &[&Chapter]) -> String {
    let numbers: String = chapters.iter().map(|chapter| plain(ladder::number(chapter.name))).collect();
    format!("{:NAME$}{}\n", "", numbers.trim_end())
}

/// A probe's name, and its cells as [`cell`] makes them.
pub fn row(probe: &Probe, cells: &[String]) -> String {
    format!("{:<NAME$}{}\n", probe.name, cells.concat().trim_end())
}

fn plain(text: &str) -> String {
    cell(text, "", text)
}

/// A sign in its column, as it is `painted`, with a mark if the book has another.
pub fn cell(sign: &str, mark: &str, painted: &str) -> String {
    let padding = " ".repeat(CELL.saturating_sub(1 + sign.chars().count() + mark.len()));
    format!(" {painted}{mark}{padding}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_board_is_read_back() {
        let mut signs = Signs::default();
        let mut cells = |words: [&str; 2]| words.map(|word| plain(&signs.of(word)));
        let rows = [row(&PROBES[0], &cells(["ok", "EBADF"])), row(&PROBES[1], &cells(["no reply", "ok"]))];
        let seen = ["ok", "EBADF", "no reply"].map(String::from);
        let text = format!("{}{}\n{}", header(&[&CHAPTERS[0], &CHAPTERS[3]]), rows.concat(), signs.legend(&seen));
        let board = Board::of(&text);
        let [first, last] = [0, 3].map(|at| &CHAPTERS[at]);
        assert_eq!(board.cell(first, &PROBES[0]).unwrap(), "ok");
        assert_eq!(board.cell(last, &PROBES[0]).unwrap(), "EBADF");
        assert_eq!(board.cell(first, &PROBES[1]).unwrap(), "no reply");
        assert_eq!(board.cell(last, &PROBES[2]), None);
        assert_eq!(board.cell(&CHAPTERS[4], &PROBES[0]), None);
        assert_eq!(board.names().collect::<Vec<_>>(), [first.name, last.name]);
        assert_eq!(board.signs.clone().of("EBADF"), "BA", "a sign stays what it is");
    }

    #[test]
    fn no_two_verdicts_have_the_same_sign() {
        let mut signs = Signs::default();
        let words = [
            ("ok", "."),
            ("EBADF", "BA"),
            ("ECONNRESET", "CO"),
            ("ECONNABORTED", "CN"),
            ("no reply", "nr"),
            ("no room", "no"),
            ("refused", "re"),
            ("reset", "rs"),
            ("exit status 1", "es"),
            ("exit status 101", "ex"),
            ("a", "00"),
        ];
        for (word, sign) in words {
            assert_eq!(signs.of(word), sign, "{word}");
        }
        assert_eq!(signs.of("no reply"), "nr");
    }

    #[test]
    fn the_board_fits_a_screen() {
        let columns = ladder::servers().count();
        assert!(NAME + CELL * columns <= WIDTH, "{columns} chapters");
        assert!(PROBES.iter().all(|probe| probe.name.len() < NAME));
        assert!(PROBES.len() + 8 <= 40, "{} probes, with a header, and a legend of some lines", PROBES.len());
    }
}
