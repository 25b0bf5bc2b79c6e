//! The scoreboard, measured, and the whole of `cargo run`.

use crate::common::{command, say, settings, terminal};
use close_call::command::names::stored;
use insta::assert_snapshot;

#[test]
fn the_scoreboard_is_as_the_book_has_it_and_cargo_run_says_so() {
    let _settings = settings();
    say("cargo run, with the whole scoreboard");
    let (shown, status) = terminal(&mut command("close-call", &[]));

    // A mark, and the lines from the first that begins with one, say only that the book has it otherwise.
    let board = shown.split("under every probe:\n\n").nth(1).and_then(|rest| rest.split("\n\nTo go on:").next());
    let board: Vec<&str> = board.unwrap().lines().take_while(|line| !line.starts_with('*')).collect();
    let unmarked: Vec<String> = board.iter().map(|line| line.replace('*', " ").trim_end().to_string()).collect();
    assert_snapshot!("scoreboard", unmarked.join("\n").trim_end());

    assert!(status.success(), "the board is as the book has it, so cargo run succeeds:\n{shown}");
    assert_snapshot!("cargo-run", format!("$ cargo run\n{}", stored(&shown)));
}
