//! The exercises of the book, "Your turn": the chapter fails as its page says, and the solution passes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{command, exe, settings, terminal};
use insta::assert_snapshot;

/// Everything that the program shows.
fn shown(program: &str, args: &[&str]) -> String {
    terminal(&mut command(program, args)).0
}

/// The last line of a story: the verdict.
fn verdict(program: &str, probe: &str) -> String {
    shown(program, &["--probe", probe]).lines().last().unwrap().to_string()
}

fn solution(chapter: &str) -> String {
    let program = format!("examples/solution-{chapter}");
    assert!(exe(&program).exists(), "{program} is built by a plain `cargo test`, or by `cargo build --examples`");
    program
}

#[test]
fn chapter_1_serves_both_with_a_thread_for_each() {
    assert!(verdict("01-blocking-server", "two-at-once").starts_with("two-at-once: no reply to bob."));
    assert_eq!(verdict(&solution("01-blocking-server"), "two-at-once"), "two-at-once: ok. The server still runs.");
}

#[test]
fn chapter_2_gains_a_row_for_udp() {
    let row = |program: &str| shown(program, &[]).lines().find(|line| line.contains("UDP")).map(String::from);
    assert_eq!(row("02-what-select-says"), None);
    let _settings = settings();
    assert_snapshot!("your-turn-02", row(&solution("02-what-select-says")).unwrap());
}

#[test]
fn chapter_3_says_who_leaves_and_lives() {
    // Its solution is where chapter 5 arrives; chapter 4 is the solution that fails.
    let leaves = |program| shown(program, &["--probe", "leaves"]);
    assert!(!leaves("03-select-loop").contains("closing connection to"));
    assert!(!leaves("04-use-after-close").contains("closing connection to"));
    assert!(leaves("05-log-before-close").contains("server  closing connection to 127.0.0.1:"));
    assert_eq!(verdict("05-log-before-close", "leaves"), "leaves: ok. The server still runs.");
}

#[test]
fn chapter_4_lives_with_the_line_where_it_is() {
    assert!(verdict("04-use-after-close", "leaves").starts_with("leaves: EBADF in getpeername."));
    let solution = solution("04-use-after-close");
    assert_eq!(verdict(&solution, "leaves"), "leaves: ok. The server still runs.");
    assert!(shown(&solution, &["--probe", "leaves"]).contains("server  closing connection to 127.0.0.1:"));
}

#[test]
fn chapter_5_lives_when_it_asks_before_it_sends() {
    assert!(verdict("05-log-before-close", "impatient").starts_with("impatient: EBADF in send."));
    assert_eq!(verdict(&solution("05-log-before-close"), "impatient"), "impatient: ok. The server still runs.");
}
