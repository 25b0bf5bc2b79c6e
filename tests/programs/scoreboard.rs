//! The scoreboard, measured, and the whole of `cargo run`.

use crate::common::{built, command, room_for_a_crowd, say, settings, terminal};
use close_call::command::board::Board;
use close_call::command::book;
use close_call::command::ladder::CHAPTERS;
use close_call::command::names::stored;
use close_call::net::columns::wrap;
use insta::assert_snapshot;

/// The lines of a terminal that is not small.
const SCREEN: usize = 40;

#[test]
fn the_scoreboard_is_as_the_book_has_it_and_cargo_run_says_so() {
    if !room_for_a_crowd() {
        return;
    }
    let _settings = settings();
    say("cargo run, with the whole scoreboard");
    let (shown, status) = terminal(&mut command("close-call", &[]));

    let (before, rest) = shown.split_once("under every probe:\n\n").unwrap();
    let (board, after) = rest.split_once("\n\nTo go on:").unwrap();
    // A mark, and the lines below the board, say that the book has it otherwise, or what was not built.
    let rows = board.lines().take_while(|line| !line.starts_with(['*', 'N']));
    let rows: Vec<String> = rows.map(|line| line.replace('*', " ").trim_end().to_string()).collect();
    let rows = rows.join("\n");
    let left_out: Vec<&str> = CHAPTERS.iter().map(|chapter| chapter.name).filter(|chapter| !built(chapter)).collect();
    if left_out.is_empty() {
        assert_snapshot!("scoreboard", rows.trim_end());
    } else {
        let (book, here) = (Board::of(&book::snapshot("scoreboard").unwrap()), Board::of(&rows));
        let built: Vec<&str> = book.names().filter(|name| !left_out.contains(name)).collect();
        assert_eq!(here.names().collect::<Vec<_>>(), built);
        for chapter in built {
            assert_eq!(here.row(chapter), book.row(chapter), "{chapter}");
        }
        let line = format!("Not built: {}. With them: cargo run --all-features", left_out.join(", "));
        assert!(board.ends_with(&format!("\n\n{}", wrap(&line, 2))), "{board}");
    }
    assert!(shown.lines().count() <= 2 * SCREEN && rows.lines().count() <= SCREEN, "{shown}");

    assert!(status.success(), "the board is as the book has it, so cargo run succeeds:\n{shown}");
    let frame = format!("{before}under every probe:\n\n(the scoreboard)\n\nTo go on:{after}");
    assert_snapshot!("cargo-run", format!("$ cargo run\n{}", stored(&frame)));
}
