//! The exercises of the book, "Your turn": the chapter fails as its page says, and the solution passes.

use std::process::Command;
use std::time::Duration;

use super::check::{check, verdicts};
use crate::common::{built, command, exe, left_out, python, room_for_a_crowd, runs, say, settings, terminal};
use close_call::command::board::Board;
use close_call::command::book;
use close_call::command::ladder::{self, CHAPTERS};
use close_call::net::in_flight::LIMIT;
use close_call::probe::parallel;
use close_call::probe::probes::{PROBES, Probe};
use close_call::probe::protocol::Terms;
use close_call::probe::server::port::{FreePort, Port};
use close_call::probe::target::Target;
use close_call::probe::verdict::Verdict;
use insta::assert_snapshot;

/// Everything that the program shows.
fn shown(program: &str, args: &[&str]) -> String {
    terminal(&mut command(program, args)).0
}

/// What a story ends with: the verdict, which may go on below.
fn verdict(program: &str, probe: &str) -> String {
    let shown = shown(program, &["--probe", probe]);
    let verdict = shown.rsplit("\n\n").next().unwrap();
    verdict.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn solution(chapter: &str) -> String {
    // Chapter 12 does what chapter 11 asks for.
    if chapter == "11-limits" {
        return "12-poll".into();
    }
    let program = match chapter.strip_prefix("examples/naive-") {
        Some(naive) => format!("examples/solution-{}", numbered(&naive[..2])),
        None => format!("examples/solution-{chapter}"),
    };
    assert!(exe(&program).exists(), "{program} is built by a plain `cargo test`, or by `cargo build --examples`");
    program
}

/// The name of the chapter with that number.
fn numbered(number: &str) -> &'static str {
    CHAPTERS.iter().find(|chapter| chapter.name.starts_with(number)).unwrap().name
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
fn chapter_4_asks_after_the_close_and_is_told() {
    // What the page greps for: the call below close(4).
    let below_the_close = |program: &str| {
        let shown = shown(program, &["--probe", "leaves", "--trace"]);
        let mut lines = shown.lines().skip_while(|line| !line.contains(" close(4) = 0 ")).skip(1);
        lines.next().unwrap().to_string()
    };
    assert!(verdict("04-use-after-close", "leaves").starts_with("leaves: EBADF in getpeername."));
    assert!(below_the_close("04-use-after-close").contains(" getpeername(4) = -1 EBADF "));

    let solution = solution("04-use-after-close");
    let answer = below_the_close(&solution);
    assert!(answer.contains(" getpeername(5) = ") && !answer.contains("-1"), "{answer}");
    assert_eq!(verdict(&solution, "leaves"), "leaves: ok. The server still runs.");
    assert!(shown(&solution, &["--probe", "leaves"]).contains("server  closing connection to 127.0.0.1:"));
}

/// Where the reader begins, the probe, how it goes there, and the solution, under which it is `ok`.
const SERVERS: &[(&str, &str, &str)] = &[
    ("05-log-before-close", "impatient", "impatient: EBADF in send."),
    ("05-log-before-close", "urgent-then-close", "urgent-then-close: EBADF in getpeername."),
    ("06-skip-the-dead", "rude", "rude: ECONNRESET in recv."),
    ("06-skip-the-dead", "reset-in-queue", "reset-in-queue: ECONNRESET in recv."),
    ("07-name-at-accept", "half-close", "half-close: no reply to alice: the connection was closed."),
    ("08-recycled-number", "stranger", "stranger: bob got a reply that was not for bob."),
    ("examples/naive-09-small-ids", "stranger", "stranger: bob got a reply that was not for bob."),
    ("10-never-block", "out-of-descriptors", "out-of-descriptors: EMFILE in accept."),
    ("11-limits", "crowd", "crowd: bob was turned away."),
    ("examples/naive-12-two-lists", "stranger", "stranger: carol got a reply that was not for carol."),
    ("13-second-handle", "stranger", "stranger: bob got a reply that was not for bob."),
    ("examples/naive-14-edge-triggered", "half-close", "half-close: alice got the reply, but not the end"),
    ("examples/naive-14-edge-triggered", "stranger", "stranger: no reply to frank."),
    ("examples/naive-14-edge-triggered", "long-message", "long-message: not all that alice sent was received."),
];

#[test]
fn from_chapter_5_on_each_start_fails_as_its_page_says_and_the_solution_passes() {
    if !room_for_a_crowd() {
        return;
    }
    for (chapter, probe, before) in SERVERS {
        let said = verdict(chapter, probe);
        assert!(said.starts_with(before), "as it is in the repository, {chapter} says: {said}");
        let solution = solution(chapter);
        assert_eq!(verdict(&solution, probe), format!("{probe}: ok. The server still runs."), "{solution}");
        assert_eq!(verdict(&solution, "polite"), "polite: ok. The server still runs.", "{solution} still greets");
    }
}

/// The reader writes it before the page names the probe that does the same.
#[test]
fn the_script_that_chapter_8_asks_for_tells_it_from_chapter_7() {
    let last = |chapter| {
        let shown = shown(chapter, &["--script", "tests/solutions/08-recycled-number.probe"]);
        shown.lines().last().unwrap().to_string()
    };
    assert_eq!(last("07-name-at-accept"), "newcomers: ok. The server still runs.");
    assert_eq!(last("08-recycled-number"), "newcomers: bob got a reply that was not for bob. The server still runs.");
    assert_eq!(last(&solution("08-recycled-number")), "newcomers: ok. The server still runs.");
}

/// A cure that waits until it has closed a connection passes the first probe, so the exercise asks for more.
#[test]
fn after_chapter_10_a_descriptor_that_is_freed_outside_the_connections_is_noticed() {
    say("a server that does not look again is waited for");
    let waits_for_a_close = "examples/naive-10-no-timeout";
    assert_eq!(verdict(waits_for_a_close, "out-of-descriptors"), "out-of-descriptors: ok. The server still runs.");
    for (server, said) in [
        ("10-never-block", "shortage: EMFILE in accept. The server has died: exit status 1."),
        (waits_for_a_close, "shortage: no reply to alice. The server still runs, and is idle."),
        ("examples/solution-10-never-block", "shortage: ok. The server still runs."),
        ("11-limits", "shortage: ok. The server still runs."),
        ("12-poll", "shortage: ok. The server still runs."),
        ("14-epoll", "shortage: ok. The server still runs."),
        ("15-mio", "shortage: ok. The server still runs."),
        ("16-tokio", "shortage: ok. The server still runs."),
        ("18-completions", "shortage: ok. The server still runs."),
    ] {
        if runs(server) {
            assert_eq!(verdict(server, "shortage"), said, "{server}");
        }
    }
}

#[test]
fn from_chapter_10_on_a_long_reply_is_delivered_whole_to_a_slow_reader() {
    let chapters = ["10-never-block", "11-limits", "12-poll", "14-epoll", "15-mio", "16-tokio", "18-completions"];
    for chapter in chapters.into_iter().filter(|chapter| runs(chapter)) {
        assert_eq!(verdict(chapter, "slow-reader"), "slow-reader: ok. The server still runs.", "{chapter}");
    }
}

/// To have epoll look again with a MOD after each event passes every probe as well, so the exercise counts them.
#[test]
fn chapter_14_needs_no_mod_to_see_what_is_left() {
    for program in ["examples/naive-14-edge-triggered".to_string(), solution("examples/naive-14-edge-triggered")] {
        let shown = shown(&program, &["--probe", "polite", "--trace"]);
        assert!(shown.contains(", ADD, ") && !shown.contains(", MOD, "), "{shown}");
    }
}

/// The chapter, the server that everybody writes, and what `check` says of it, for the reader to mend.
type Everybodys = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

cases!(chapters_15_16_and_18_begin_from_what_everybody_writes: begins_from_what_everybody_writes:
    chapter_15 => ("15-mio", "15-example", &[("rude", "ECONNRESET"), ("half-close", "reply lost")]),
    chapter_16 => ("16-tokio", "16-asks-before-task",
        &[("reset-in-queue", "ENOTCONN"), ("stampede", "ENOTCONN"), ("out-of-descriptors", "EMFILE")]),
    chapter_18 => ("18-completions", "18-multishot", &[("half-close", "reply lost"), ("stranger", "crossed")]),
);

fn begins_from_what_everybody_writes((chapter, start, mended): Everybodys) {
    if !runs(chapter) || !room_for_a_crowd() {
        return;
    }
    say(&format!("{chapter}: its exercise's solution under check"));
    // Locked by the tests of what is naive, which play it.
    let before = book::snapshot(&format!("naive-{start}-check")).unwrap();
    let before = verdicts(&before);
    let program = exe(&solution(chapter));
    let (after, ..) = check(&["--", program.to_str().unwrap(), "--listen", "127.0.0.1:{port}"]);
    for (probe, is) in verdicts(&after) {
        let was = before.iter().find(|(name, _)| *name == probe).map(|(_, was)| *was);
        let fault = mended.iter().find(|(name, _)| *name == probe).map(|(_, fault)| *fault);
        assert!(fault.is_none() || fault == was, "{start} under {probe}: {was:?}");
        let known = fault.is_none() && was.is_some_and(|was| was != "ok");
        assert!(is == "ok" || known, "the solution of {chapter} under {probe}: {is}");
    }
}

#[test]
fn chapter_17_delivers_to_carol_what_was_hers() {
    let read = |program: &str, who: &str| {
        let shown = shown(program, &[]);
        let line = shown.lines().find(|line| line.contains(&format!("{who} reads"))).map(String::from);
        line.and_then(|line| Some(line.split_once("reads")?.1.trim().to_string()))
    };
    if !built("17-io-uring") || read("17-io-uring", "carol").is_none() {
        return left_out("17-io-uring, and what io_uring may not do here");
    }
    let reads = |program: &str| ["carol", "dave"].map(|who| read(program, who).unwrap());
    assert_eq!(reads("17-io-uring"), ["the end", "\"Hello, client!\""]);
    assert_eq!(reads(&solution("17-io-uring")), ["\"Hello, client!\"", "nothing"]);
}

#[test]
fn chapter_13_still_logs_what_only_an_open_socket_knows() {
    let said = shown(&solution("13-second-handle"), &["--probe", "leaves"]);
    assert!(said.contains(", 0 bytes not acknowledged\n"), "{said}");
}

cases!(a_solution_loses_nothing_that_its_start_could: loses_nothing:
    chapter_05 => "05-log-before-close",
    chapter_06 => "06-skip-the-dead",
    chapter_07 => "07-name-at-accept",
    chapter_08 => "08-recycled-number",
    chapter_09 => "examples/naive-09-small-ids",
    chapter_10 => "10-never-block",
    chapter_11 => "11-limits",
    chapter_12 => "examples/naive-12-two-lists",
    chapter_13 => "13-second-handle",
    chapter_14 => "examples/naive-14-edge-triggered",
);

/// The start of an exercise, under every probe that it passes: so does its solution.
fn loses_nothing(start: &str) {
    if !room_for_a_crowd() {
        return;
    }
    say(&format!("the solution of {start} under every probe that it passes"));
    let board = Board::of(&book::snapshot("scoreboard").unwrap());
    // The board has the chapters, and is played by its own test.
    let passes = |program: &str, probe: &Probe| match ladder::by_name(program) {
        Some(chapter) => board.cell(chapter, probe).is_some_and(|cell| cell == "ok"),
        None => verdict(program, probe.name).contains(": ok."),
    };
    let solution = solution(start);
    // What is on the board is known before anything is played; what is not is played only where its solution falls short.
    let known_to_fail = |probe: &Probe| ladder::by_name(start).is_some() && !passes(start, probe);
    let lost = |probe: &&Probe| !known_to_fail(probe) && !passes(&solution, probe) && passes(start, probe);
    let lost: Vec<&str> = PROBES.iter().filter(lost).map(|probe| probe.name).collect();
    assert!(lost.is_empty(), "{solution} does not pass, and {start} does: {lost:?}");
}

#[test]
fn every_start_of_an_exercise_is_held_to_what_it_could() {
    let source = include_str!("exercises.rs");
    for (start, ..) in SERVERS {
        assert!(source.contains(&format!(" => \"{start}\",\n")), "{start}");
    }
}

#[test]
fn a_server_that_does_nothing_passes_no_probe() {
    // To delete code until nothing fails is no solution: every probe ends with a client that must be served. `check` stops
    // at the first one.
    let Some([python, file]) = python("silent_server.py") else { return };
    say("a server that does nothing, under every probe");
    let verdicts = parallel::map(PROBES, |probe| {
        let port = FreePort::find().unwrap();
        let mut command = Command::new(python);
        command.arg(file);
        let target = Target { command, port: Port::Given(port.number), wait: LIMIT, patience: Duration::from_secs(1) };
        (probe.name, target.report(probe, &Terms::default()).verdict)
    });
    for (name, verdict) in verdicts {
        assert!(!matches!(verdict, Verdict::Sound), "{name}");
    }
}
