//! Clients that do anything, in any order, several of them at once; and what is promised to them all the same.
//!
//! `cargo test` plays some hundred scripts; `RANDOM_SCRIPTS=10000 cargo test --release --test random_clients -- --nocapture`
//! plays as many as you like against the sound chapters, and `RANDOM_SEED=7` chooses others. With
//! `RANDOM_SERVER=target/debug/NN-name` they play against that one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
mod moments;
mod script;

mod steps;

use std::cell::Cell;
use std::path::Path;
use std::time::Instant;

use common::{exe, runs, say, settings};
use insta::assert_snapshot;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use script::Step::{self, *};
use script::{Promise, Script, play, scripts};

/// What was found: after how many scripts, the shortest one, and what became of the server.
struct Found {
    after: u32,
    script: Script,
    why: String,
}

/// Plays random scripts against a server until one breaks the promise, and shrinks that one. The same seed makes the
/// same scripts.
fn search(server: &Path, promise: Promise, cases: u32, seed: u64) -> Option<Found> {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 5_000, ..Config::default() };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let (played, failed) = (Cell::new(0), Cell::new(false));
    let result = runner.run(&scripts(), |script| {
        played.set(played.get() + u32::from(!failed.get()));
        play(server, &script, promise).map_err(|why| {
            failed.set(true);
            TestCaseError::fail(why)
        })
    });
    match result {
        Ok(()) => None,
        Err(TestError::Fail(reason, script)) => {
            let (script, why) = shortest(server, script, promise, reason.message().to_string());
            Some(Found { after: played.get(), script, why })
        }
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

/// The script without every step that it can do without, and with the simplest ones in place of the others. proptest
/// tries to leave out steps before it makes them simpler, and not afterwards.
fn shortest(server: &Path, mut script: Script, promise: Promise, mut why: String) -> (Script, String) {
    while let Some((simpler, because)) =
        script.simpler().into_iter().find_map(|simpler| Some((simpler.clone(), play(server, &simpler, promise).err()?)))
    {
        (script, why) = (simpler, because);
    }
    let renamed = script.renamed();
    match play(server, &renamed, promise) {
        Err(why) => (renamed, why),
        Ok(()) => (script, why),
    }
}

const SEED: u64 = 4;

#[test]
fn the_bugs_of_chapters_4_to_8_are_found_and_shrunk() {
    for (chapter, promise, steps) in [
        ("04-use-after-close", Promise::UsesNothingClosed, &[Connect, Close][..]),
        ("05-log-before-close", Promise::UsesNothingClosed, &[Connect, Send, Close]),
        ("06-skip-the-dead", Promise::Lives, &[Connect, Reset]),
        ("07-name-at-accept", Promise::Delivers, &[Connect, Send, HalfClose]),
        ("08-recycled-number", Promise::CrossesNothing, &[Connect, Send, Close, Connect, Connect]),
    ] {
        say(&format!("{chapter} until a random script breaks it"));
        let found = search(&exe(chapter), promise, 5_000, SEED).expect("5,000 scripts find it");
        println!("{chapter}, after {} scripts:\n{}    {}", found.after, found.script, found.why);
        let sorted = |mut steps: Vec<Step>| {
            steps.sort();
            steps
        };
        assert_eq!(sorted(found.script.steps()), sorted(steps.to_vec()), "{chapter}:\n{}", found.script);
        let _settings = settings();
        assert_snapshot!(format!("random-{}", &chapter[..2]), format!("{}    {}", found.script, found.why));
    }
}

#[test]
fn chapter_7_lives_and_crosses_nothing_whatever_the_clients_do() {
    for promise in [Promise::UsesNothingClosed, Promise::Lives, Promise::CrossesNothing] {
        if let Some(found) = search(&exe("07-name-at-accept"), promise, 100, SEED) {
            panic!("after {} scripts:\n{}{}", found.after, found.script, found.why);
        }
    }
}

/// What the environment variable says, or else `usual`.
fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |value| value.parse().expect(name))
}

#[test]
fn the_sound_chapters_keep_every_promise() {
    let (cases, seed) = (number("RANDOM_SCRIPTS", 150), number("RANDOM_SEED", SEED));
    let chapters = ["10-never-block", "11-limits", "12-poll", "14-epoll", "15-mio", "16-tokio", "18-completions"];
    for chapter in chapters.into_iter().filter(|chapter| runs(chapter)) {
        say(&format!("{chapter} and {cases} random scripts"));
        let begun = Instant::now();
        let found = search(&exe(chapter), Promise::Everything, cases as u32, seed);
        println!("{chapter}: {cases} scripts, seed {seed}, {:.0} s", begun.elapsed().as_secs_f32());
        if let Some(found) = found {
            panic!("{chapter}, seed {seed}, after {} scripts:\n{}{}", found.after, found.script, found.why);
        }
    }
}

/// `RANDOM_SERVER=target/debug/my-server`: any server that takes `--listen`, for instance one with a mistake in it.
#[test]
fn a_server_that_is_named_keeps_every_promise() {
    let Some(server) = std::env::var_os("RANDOM_SERVER") else { return };
    let (cases, seed) = (number("RANDOM_SCRIPTS", 5_000), number("RANDOM_SEED", SEED));
    if let Some(found) = search(Path::new(&server), Promise::Everything, cases as u32, seed) {
        panic!("after {} scripts:\n{}    {}", found.after, found.script, found.why);
    }
}
