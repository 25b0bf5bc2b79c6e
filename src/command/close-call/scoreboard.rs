//! The scoreboard, measured: probes by chapters, each cell what happened, `ok` or what went wrong.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use crate::command::board::{self, Board};
use crate::command::ladder::{self, Chapter};
use crate::command::style::{Style, paint};
use crate::command::{book, story};
use crate::net::columns::wrap;
use crate::probe::parallel;
use crate::probe::probes::{PROBES, Probe};
use crate::probe::server::raise_our_limit;
use crate::probe::verdict::Verdict;

/// Measures every chapter that is a server and was built, whose programs are in `folder`, under every probe, and prints a
/// probe's row as soon as it is measured. Returns what differs from the book, a line each: none, if all is as the book has
/// it. Fails where the book's scoreboard is not there to compare with.
pub fn measure(folder: &Path, coloured: bool) -> io::Result<Vec<String>> {
    let book = Board::of(&book::snapshot("scoreboard")?);
    let mut signs = book.signs.clone();
    let chapters: Vec<&Chapter> = ladder::servers().collect();
    let progress = io::stdout().is_terminal();
    let (mut differences, mut seen) = (Vec::new(), Vec::new());
    print!("{}", board::header(&chapters));
    for probe in PROBES {
        if progress {
            print!("{} ...\r", probe.name);
            io::stdout().flush()?;
        }
        let mut cells = Vec::new();
        for (chapter, verdict) in chapters.iter().zip(verdicts(folder, &chapters, probe)) {
            let word = verdict.cell();
            let as_in_the_book = book.cell(chapter, probe).is_some_and(|cell| *cell == word);
            let style = if matches!(verdict, Verdict::Sound) { Style::Good } else { Style::Bad };
            let mark = if as_in_the_book { "" } else { "*" };
            let sign = signs.of(&word);
            cells.push(board::cell(&sign, mark, &paint(coloured, style, &sign)));
            seen.push(word);
            if !as_in_the_book {
                differences.push(difference(chapter, probe, &verdict, &book));
            }
        }
        print!("{}", board::row(probe, &cells));
    }
    print!("\n{}", signs.legend(&seen));
    Ok(differences)
}

/// How each of the chapters does under a probe: some at a time, if this process may have the descriptors for it.
fn verdicts(folder: &Path, chapters: &[&Chapter], probe: &Probe) -> Vec<Verdict> {
    let play = |chapter: &&Chapter| story::run(&folder.join(chapter.name), probe, None, &mut |_| {});
    if probe.descriptors * parallel::AT_A_TIME as u64 > raise_our_limit() {
        return chapters.iter().map(play).collect();
    }
    parallel::map(chapters, play)
}

fn difference(chapter: &Chapter, probe: &Probe, verdict: &Verdict, book: &Board) -> String {
    let wanted = book.cell(chapter, probe).map_or("nothing", |cell| cell);
    wrap(&format!("* {} under {}: the book has {wanted}. Here: {}", chapter.name, probe.name, verdict.sentence()), 2)
}
