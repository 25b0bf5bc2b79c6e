//! What the chapters print: each story as a terminal shows it, its status, its standard error, and its trace.

use crate::common::{command, output, room_for_a_crowd, runs, say, settings, terminal, times};
use close_call::command::ladder;
use close_call::command::names::stored;
use close_call::probe::probes::PROBES;
use insta::assert_snapshot;
use insta_cmd::assert_cmd_snapshot;

/// Chapter, what follows `--`, exit status.
const STORIES: &[(&str, &[&str], i32)] = &[
    ("01-blocking-server", &[], 0),
    ("01-blocking-server", &["--probe", "two-at-once"], 0),
    ("01-blocking-server", &["--probe", "impatient"], 0),
    ("01-blocking-server", &["--probe", "urgent"], 0),
    ("01-blocking-server", &["--trace"], 0),
    ("01-blocking-server", &["--trace=json"], 0),
    ("02-what-select-says", &[], 0),
    ("03-select-loop", &[], 0),
    ("03-select-loop", &["--probe", "leaves"], 0),
    ("03-select-loop", &["--probe", "impatient"], 1),
    ("03-select-loop", &["--probe", "urgent"], 0),
    ("03-select-loop", &["--trace"], 0),
    ("03-select-loop", &["--trace=json"], 0),
    ("04-use-after-close", &[], 1),
    ("04-use-after-close", &["--probe", "polite"], 0),
    ("04-use-after-close", &["--probe", "impatient"], 1),
    ("04-use-after-close", &["--trace"], 1),
    ("04-use-after-close", &["--trace=json"], 1),
    ("05-log-before-close", &[], 0),
    ("05-log-before-close", &["--probe", "impatient"], 1),
    ("05-log-before-close", &["--probe", "impatient", "--trace"], 1),
    ("05-log-before-close", &["--probe", "impatient", "--trace=json"], 1),
    ("05-log-before-close", &["--probe", "urgent"], 0),
    ("05-log-before-close", &["--trace"], 0),
    ("05-log-before-close", &["--probe", "urgent-then-close"], 1),
    ("05-log-before-close", &["--probe", "urgent-then-close", "--trace"], 1),
    ("05-log-before-close", &["--probe", "urgent-then-close", "--trace=json"], 1),
    ("05-log-before-close", &["--trace=json"], 0),
    ("06-skip-the-dead", &[], 0),
    ("06-skip-the-dead", &["--probe", "urgent-then-close"], 0),
    ("06-skip-the-dead", &["--probe", "send-then-reset"], 1),
    ("06-skip-the-dead", &["--probe", "send-then-reset", "--trace"], 1),
    ("06-skip-the-dead", &["--probe", "send-then-reset", "--trace=json"], 1),
    ("06-skip-the-dead", &["--probe", "rude"], 1),
    ("06-skip-the-dead", &["--probe", "unread"], 1),
    ("06-skip-the-dead", &["--probe", "unread", "--trace"], 1),
    ("06-skip-the-dead", &["--probe", "half-close"], 0),
    ("06-skip-the-dead", &["--probe", "stranger"], 0),
    ("06-skip-the-dead", &["--trace"], 0),
    ("07-name-at-accept", &[], 0),
    ("07-name-at-accept", &["--probe", "rude"], 0),
    ("07-name-at-accept", &["--probe", "half-close"], 0),
    ("07-name-at-accept", &["--probe", "stranger"], 0),
    ("07-name-at-accept", &["--probe", "stranger", "--trace"], 0),
    ("07-name-at-accept", &["--probe", "stranger", "--trace=json"], 0),
    ("07-name-at-accept", &["--probe", "reset-in-queue"], 0),
    ("07-name-at-accept", &["--probe", "reset-in-queue", "--trace=json"], 0),
    ("07-name-at-accept", &["--probe", "ask-then-reset-in-queue"], 0),
    ("07-name-at-accept", &["--trace"], 0),
    ("07-name-at-accept", &["--trace=json"], 0),
    ("08-recycled-number", &[], 0),
    ("08-recycled-number", &["--trace"], 0),
    ("08-recycled-number", &["--trace=json"], 0),
    ("08-recycled-number", &["--probe", "send-then-reset"], 0),
    ("09-owned-connections", &[], 0),
    ("09-owned-connections", &["--trace"], 0),
    ("09-owned-connections", &["--trace=json"], 0),
    ("09-owned-connections", &["--probe", "half-close"], 0),
    ("10-never-block", &[], 0),
    ("10-never-block", &["--trace"], 0),
    ("10-never-block", &["--trace=json"], 0),
    ("10-never-block", &["--probe", "slow-reader"], 0),
    ("10-never-block", &["--probe", "out-of-descriptors"], 1),
    ("11-limits", &[], 0),
    ("11-limits", &["--probe", "crowd"], 0),
    ("11-limits", &["--probe", "shortage"], 0),
    ("11-limits", &["--probe", "unread-log"], 0),
    ("11-limits", &["--probe", "told-to-stop"], 0),
    ("12-poll", &[], 0),
    ("12-poll", &["--probe", "stranger", "--trace"], 0),
    ("12-poll", &["--probe", "polite", "--trace"], 0),
    ("13-second-handle", &[], 0),
    ("13-second-handle", &["--probe", "leaves"], 0),
    ("13-second-handle", &["--trace"], 0),
    ("13-second-handle", &["--trace=json"], 0),
    ("14-epoll", &[], 0),
    ("14-epoll", &["--trace"], 0),
    ("14-epoll", &["--probe", "polite", "--trace"], 0),
    ("15-mio", &[], 0),
    ("16-tokio", &[], 0),
    ("16-tokio", &["--probe", "around-urgent"], 0),
    ("18-completions", &[], 0),
    ("18-completions", &["--trace"], 0),
    ("18-completions", &["--trace=json"], 0),
    ("18-completions", &["--probe", "stranger"], 0),
    ("18-completions", &["--probe", "told-to-stop"], 0),
    ("18-completions", &["--probe", "told-to-stop", "--trace"], 0),
    ("18-completions", &["--probe", "told-to-stop", "--trace=json"], 0),
];

/// `05-log-before-close`, `05-log-before-close-impatient-trace`: the snapshot's name.
fn snapshot_name(chapter: &str, args: &[&str]) -> String {
    let words = args.iter().filter(|arg| **arg != "--probe").map(|arg| arg.trim_start_matches("--").replace('=', "-"));
    [chapter.to_string()].into_iter().chain(words).collect::<Vec<_>>().join("-")
}

/// The command as the reader types it.
fn typed(chapter: &str, args: &[&str]) -> String {
    let separator = if args.is_empty() { "" } else { " -- " };
    let start = ladder::by_name(chapter).unwrap().command();
    format!("$ {start}{separator}{}", args.join(" "))
}

#[test]
fn every_story_is_as_the_book_shows_it() {
    if !room_for_a_crowd() {
        return;
    }
    let _settings = settings();
    for (chapter, args, status) in STORIES.iter().filter(|(chapter, ..)| runs(chapter)) {
        // JSON is for a machine, which does not mix the two streams as a terminal does.
        let capture = if args.contains(&"--trace=json") { output } else { terminal };
        let (shown, ended) = capture(&mut command(chapter, args));
        let text = format!("{}\n{}", typed(chapter, args), stored(&shown));
        assert_snapshot!(snapshot_name(chapter, args), text);
        assert_eq!(ended.code(), Some(*status), "the exit status of {}", typed(chapter, args));
    }
}

/// Programs that the book shows beside a chapter, for what goes wrong in them: the same.
const NAIVE: &[(&str, &[&str])] = &[
    ("naive-10-one-send", &["--probe", "slow-reader"]),
    ("naive-12-two-lists", &["--probe", "stranger"]),
    ("naive-12-two-lists", &["--probe", "stranger", "--trace"]),
    ("naive-12-two-lists", &["--probe", "stranger", "--trace=json"]),
    ("naive-14-edge-triggered", &["--probe", "half-close"]),
    ("naive-14-edge-triggered", &["--probe", "half-close", "--trace"]),
];

#[test]
fn what_is_naive_goes_wrong_as_the_book_shows_it_and_the_server_notices_nothing() {
    let _settings = settings();
    for (program, args) in NAIVE {
        // Its probe is the one that it is there for, so its name is left out.
        let trace = match args.last() {
            Some(&"--trace") => "-trace",
            Some(&"--trace=json") => "-trace-json",
            _ => "",
        };
        let capture = if trace == "-trace-json" { output } else { terminal };
        let (shown, status) = capture(&mut command(&format!("examples/{program}"), args));
        let typed = format!("$ cargo run --example {program} -- {}", args.join(" "));
        assert_snapshot!(format!("{program}{trace}"), format!("{typed}\n{}", stored(&shown)));
        assert!(status.success(), "{program}: the server still runs");
    }
}

/// Programs that are broken on purpose, each under one probe; the others find nothing.
const SEEN_BY_ONE_PROBE: &[(&str, &str)] =
    &[("examples/naive-12-two-lists", "stranger"), ("13-second-handle", "stranger")];

#[test]
fn what_breaks_in_one_way_is_ok_in_every_other() {
    if !room_for_a_crowd() {
        return;
    }
    for (program, probe) in SEEN_BY_ONE_PROBE {
        say(&format!("{program} under every probe but {probe}"));
        for other in PROBES.iter().filter(|other| other.name != *probe) {
            let (shown, _) = terminal(&mut command(program, &["--probe", other.name]));
            let verdict = shown.lines().last().unwrap();
            assert_eq!(verdict, format!("{}: ok. The server still runs.", other.name), "{program}");
        }
    }
}

#[test]
fn of_two_lists_side_by_side_carol_gets_alices_reply_and_no_number_was_given_out_again() {
    let (shown, _) = terminal(&mut command("examples/naive-12-two-lists", &["--probe", "stranger", "--trace=json"]));
    let calls: Vec<&str> = shown.lines().filter(|line| line.starts_with(r#"{"at""#)).collect();
    let is = |name: &str, args: &str| format!(r#""call":"{name}","args":"{args}"#);
    let sent = calls.iter().rposition(|call| call.contains(&is("send", "5,"))).unwrap();
    let numbers = calls[..sent].iter().filter_map(|call| {
        call.contains(&is("accept", "3")).then(|| call.split(r#""ret":""#).nth(1)?.split(',').next()).flatten()
    });
    assert_eq!(numbers.collect::<Vec<_>>(), ["4", "5"], "up to then only alice and carol were accepted: {shown}");
    assert!(calls[sent - 1].contains(&is("close", "4")), "and alice's number is free: {}", calls[sent - 1]);
    assert!(!shown.contains(r#""err":"#), "no call fails: {shown}");
}

#[test]
fn in_chapter_13_a_registration_that_is_stale_speaks_for_a_number_that_is_bobs() {
    let (shown, _) = terminal(&mut command("13-second-handle", &["--trace=json"]));
    let calls: Vec<&str> = shown.lines().filter(|line| line.starts_with(r#"{"at""#)).collect();
    let with = |words: &str| calls.iter().rposition(|call| call.contains(words)).expect(words);
    let (closed, bob) = (with(r#""call":"close","args":"5""#), with(r#""call":"accept","args":"3","ret":"5, "#));
    let (said, sent) = (with(r#""call":"epoll_wait""#), with(r#""call":"send","args":"5, "#));
    assert!(closed < bob && bob < said && said < sent, "{shown}");
    let mut added = calls[bob..said].iter().filter(|call| call.contains(r#""call":"epoll_ctl","args":"4, ADD, 5, "#));
    assert!(added.next().unwrap().contains(r#""ret":"0""#), "not EEXIST");
    assert!(calls[said].contains(r#""said":{"r":[5],"w":[5],"#), "writable, which of bob nobody has asked");
    assert!(calls[said].contains(r#""stale":[5]"#), "{}", calls[said]);
    assert!(calls[..closed].iter().all(|call| !call.contains(r#""stale":[5"#)), "before the close it was not");
    assert!(calls[said..].iter().any(|call| call.contains(r#""call":"recv","args":"5, \"\", 1024","err":"EAGAIN""#)));
}

#[test]
fn output_status_and_errors_come_where_they_belong() {
    let _settings = settings();
    let mut ports = insta::Settings::clone_current();
    ports.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:<port>");
    let _ports = ports.bind_to_scope();
    assert_cmd_snapshot!("streams-04-use-after-close", command("04-use-after-close", &[]));
    assert_cmd_snapshot!("streams-05-log-before-close", command("05-log-before-close", &[]));
    assert_cmd_snapshot!("streams-05-impatient", command("05-log-before-close", &["--probe", "impatient"]));
}

#[test]
fn chapter_4_dies_of_ebadf_in_getpeername_and_the_trace_says_where() {
    let (shown, _) = terminal(&mut command("04-use-after-close", &["--trace=json"]));
    let calls: Vec<&str> = shown.lines().filter(|line| line.starts_with(r#"{"at""#)).collect();
    let [close, getpeername] = calls[calls.len() - 2..] else { panic!("no two calls in {shown}") };
    assert!(close.contains(r#""call":"close","args":"4","ret":"0""#), "{close}");
    assert!(getpeername.contains(r#""call":"getpeername","args":"4","err":"EBADF","fds":{"3":"listening"}"#));

    let source = include_str!("../../chapters/04-use-after-close.rs");
    let line = 1 + source.lines().position(|line| line.contains("closing connection to")).unwrap();
    assert!(getpeername.starts_with(&format!(r#"{{"at":{line},"#)), "{getpeername} is not of line {line}");
}

#[test]
fn chapter_5_asks_before_it_closes() {
    let (shown, _) = terminal(&mut command("05-log-before-close", &["--trace=json"]));
    let calls: Vec<&str> = shown.lines().filter(|line| line.starts_with(r#"{"at""#)).collect();
    let closed = calls.iter().position(|call| call.contains(r#""call":"close""#)).unwrap();
    assert!(calls[closed - 1].contains(r#""call":"getpeername","args":"4","ret":"127.0.0.1:"#));
    assert!(!shown.contains(r#""err":"#), "no call fails: {shown}");
}

#[test]
fn chapter_5_dies_of_ebadf_in_send_when_the_client_is_impatient() {
    let (shown, _) = terminal(&mut command("05-log-before-close", &["--probe", "impatient", "--trace=json"]));
    let last = shown.lines().rfind(|line| line.starts_with(r#"{"at""#)).unwrap();
    assert!(last.contains(r#""call":"send","args":"4, \"Hello, client!\", 14","err":"EBADF""#), "{last}");
}

/// From chapter 7 on a reset costs one client its connection, and its server says so.
#[test]
fn who_was_reset_is_said_with_the_call_that_found_it() {
    for chapter in ladder::servers().filter(|chapter| ladder::number(chapter.name) >= "07") {
        for probe in ["rude", "send-then-reset", "unread"] {
            let (shown, _) = terminal(&mut command(chapter.name, &["--probe", probe]));
            let last = shown.lines().filter(|line| line.starts_with("server  closing connection to 127.0.0.1:"));
            let said = last.filter(|line| line.contains(" after ECONNRESET in ")).count();
            assert_eq!(said, 1, "{}, {probe}: {shown}", chapter.name);
        }
    }
}

#[test]
fn a_close_in_a_drop_is_traced_with_the_chapters_line() {
    let (shown, _) = terminal(&mut command("01-blocking-server", &["--trace=json"]));
    let close = shown.lines().find(|line| line.contains(r#""call":"close","args":"4","ret""#)).unwrap();
    let source = include_str!("../../chapters/01-blocking-server.rs");
    let line = 1 + source.lines().position(|line| line.contains("drop(client)")).unwrap();
    assert!(close.starts_with(&format!(r#"{{"at":{line},"#)), "{close} is not of line {line}");
}

#[test]
fn a_story_told_again_and_again_is_one_story() {
    for (chapter, args) in [
        ("01-blocking-server", &["--probe", "two-at-once"]),
        ("03-select-loop", &["--probe", "impatient"]),
        ("04-use-after-close", &["--probe", "leaves"]),
        ("05-log-before-close", &["--probe", "impatient"]),
        ("examples/naive-12-two-lists", &["--probe", "stranger"]),
        ("13-second-handle", &["--probe", "stranger"]),
        ("14-epoll", &["--probe", "stranger"]),
        ("18-completions", &["--probe", "stranger"]),
    ] {
        if !runs(chapter) {
            continue;
        }
        say(&format!("{chapter}, {} times", times()));
        let first = terminal(&mut command(chapter, args));
        for _ in 1..times() {
            let again = terminal(&mut command(chapter, args));
            assert_eq!((stored(&again.0), again.1), (stored(&first.0), first.1));
        }
    }
}
