//! The command line.

use crate::Job;
use crate::bench::Wish;
use crate::bench::servers::by_name;
use crate::book::checks::commands;
use crate::job;

fn parse(line: &str) -> Result<Job, String> {
    job(lexopt::Parser::from_args(line.split_whitespace()))
}

#[test]
fn right_calls() {
    assert_eq!(parse("book"), Ok(Job::Book { open: false }));
    assert_eq!(parse("book --open"), Ok(Job::Book { open: true }));
    assert_eq!(parse("browser"), Ok(Job::Browser { filter: String::new() }));
    assert_eq!(parse("browser paper"), Ok(Job::Browser { filter: "paper".to_string() }));
    assert_eq!(parse("picture"), Ok(Job::Picture));
    assert_eq!(parse("preprocess"), Ok(Job::Preprocess));
    assert_eq!(parse("preprocess supports html"), Ok(Job::Supports));
    let lanes = |file: Option<&str>, texts: Option<(&str, &str)>| Job::Lanes {
        file: file.map(str::to_string),
        texts: texts.map(|(from, to)| (from.to_string(), to.to_string())),
    };
    assert_eq!(parse("lanes"), Ok(lanes(None, None)));
    assert_eq!(parse("lanes run.json"), Ok(lanes(Some("run.json"), None)));
    assert_eq!(parse("lanes --to b run.json --from=a"), Ok(lanes(Some("run.json"), Some(("a", "b")))));
    let servers = ["14-epoll", "go"].map(|name| by_name(name).unwrap()).to_vec();
    let wish = Wish { runs: Some(2), into: Some("here".to_string()), servers };
    assert_eq!(parse("bench"), Ok(Job::Bench(Wish::default())));
    assert_eq!(parse("bench 14-epoll --runs=2 go --into here"), Ok(Job::Bench(wish)));
    assert_eq!(parse("book --help"), Ok(Job::Help));
    for name in commands::XTASK {
        assert!(parse(name).is_ok(), "{name} is offered and must be understood");
    }
}

#[test]
fn wrong_calls_say_what_would_be_right() {
    for (line, expected) in [
        ("", "a subcommand is missing; it is one of bench, book, browser, lanes, picture, preprocess, wild"),
        ("bok", "there is no subcommand `bok`; it is one of bench, book, browser, lanes, picture, preprocess, wild"),
        (
            "book --opn",
            "invalid option '--opn'; the only options are --open, --install, --from, --to, --runs, --into and --help",
        ),
        ("book now", "`book` takes no arguments but --open; see cargo xtask --help"),
        ("browser on paper", "`browser` takes one text, or nothing; see cargo xtask --help"),
        ("browser --open", "--open goes with `book`: cargo xtask book --open"),
        ("preprocess --open", "--open goes with `book`: cargo xtask book --open"),
        ("picture a", "`picture` takes nothing; see cargo xtask --help"),
        ("wild a", "`wild` takes no arguments but --install; see cargo xtask --help"),
        ("book --install", "--install goes with `wild`: cargo xtask wild --install"),
        ("lanes a b", "`lanes` takes one file; see cargo xtask --help"),
        ("lanes a --from b", "--from and --to go together"),
        ("lanes a --from", "missing argument for option '--from'"),
        ("bench --runs 0", "--runs takes a number from 1 on"),
        ("bench --open", "--open goes with `book`: cargo xtask book --open"),
        ("book --runs 2", "--runs and --into go with `bench`; see cargo xtask --help"),
        (
            "bench 13-second-handle",
            "there is no server `13-second-handle`; it is one of 11-limits-logging, 11-limits, 12-poll, 14-epoll, \
             15-mio, 16-tokio, tokio-multi-thread, threads, go, asyncio, python-select",
        ),
        ("book --from a --to b", "--from and --to go with `lanes`; see cargo xtask --help"),
        ("lanes --open", "--open goes with `book`: cargo xtask book --open"),
        ("preprocess html", "`preprocess` takes nothing, or `supports RENDERER`; see cargo xtask --help"),
    ] {
        assert_eq!(parse(line), Err(expected.to_string()));
    }
}
