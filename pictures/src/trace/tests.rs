//! What is told from a trace: who has which number, which mark a call acts on, what is stale.

use crate::excerpt::Excerpt;
use crate::tests::snapshot;
use crate::trace::{List, Owner, Stale, Trace, read};
use close_call::probe::record::Record;

/// The trace that a snapshot of this project holds.
fn recorded(name: &str) -> Trace {
    read(Excerpt::printed(&snapshot(name)).numbered()).unwrap()
}

/// A trace of these lines.
fn told(lines: &[&str]) -> Result<Trace, String> {
    read((1..).zip(lines.iter().copied()))
}

/// The steps whose numbers do not mean what they meant: the call, the mark, who was meant and who was reached.
fn stale(trace: &Trace) -> Vec<(String, Option<List>, &str, Option<&str>)> {
    let name = |tenure: usize| trace.tenures[tenure].owner.name();
    let steps = trace.steps.iter().filter_map(|step| {
        let Stale { meant, reached } = step.stale?;
        Some((format!("{}@{}", step.call, step.line), step.acts_on, name(meant), reached.map(name)))
    });
    steps.collect()
}

/// Each call with the mark that it acts on, from the first select on.
fn marks(trace: &Trace) -> Vec<String> {
    let steps = trace.steps.iter().filter(|step| step.pass > 0);
    let mark = |list: Option<List>| list.map_or("", List::letter);
    steps.map(|step| format!("{} {} {}", step.pass, step.call, mark(step.acts_on)).trim_end().to_string()).collect()
}

#[test]
fn what_goes_wrong_in_each_chapter_is_found_and_nothing_else_is() {
    let sound: [(String, Option<List>, &str, Option<&str>); 0] = [];
    for (name, wrong) in [
        ("04-use-after-close", &[("getpeername@45".to_string(), Some(List::R), "alice", None)][..]),
        ("05-log-before-close-impatient", &[("send@50".to_string(), Some(List::W), "alice", None)]),
        ("05-log-before-close-urgent-then-close", &[("getpeername@55".to_string(), Some(List::X), "alice", None)]),
        ("08-recycled-number", &[("send@58".to_string(), Some(List::W), "alice", Some("bob"))]),
        (
            "13-second-handle",
            &[
                ("recv@115".to_string(), Some(List::R), "alice", Some("bob")),
                ("send@134".to_string(), Some(List::W), "alice", Some("bob")),
            ],
        ),
        ("naive-12-two-lists", &[("send@77".to_string(), Some(List::W), "alice", Some("carol"))]),
        ("01-blocking-server", &sound),
        ("03-select-loop", &sound),
        ("05-log-before-close", &sound),
        ("06-skip-the-dead-send-then-reset", &sound),
        ("07-name-at-accept-stranger", &sound),
        ("07-name-at-accept", &sound),
        ("09-owned-connections", &sound),
        ("10-never-block", &sound),
    ] {
        assert_eq!(stale(&recorded(name)), wrong, "{name}");
    }
}

/// alice's reply reaches carol. That is told from the verdict and from who has sent something, not from the send alone.
#[test]
fn a_reply_that_is_crossed_is_shown_only_where_that_is_certain() {
    let text = snapshot("naive-12-two-lists");
    let (_, text) = text.split_once("\n---\n").unwrap();
    let found = |text: &str| stale(&read((1..).zip(text.lines())).unwrap()).len();
    assert_eq!(found(text), 1);
    let carol = r#"{"who":"carol","call":"connect","args":"127.0.0.1:<carol>"}"#;
    for (from, to) in [
        (r#""verdict":"crossed""#.to_string(), r#""verdict":"ok""#.to_string()),
        // She may be owed it.
        (carol.to_string(), format!("{carol}\n{{\"who\":\"carol\",\"call\":\"send\",\"args\":\"Hello!\"}}")),
        // Her own mark led to it.
        (r#""said":{"r":[4,3],"w":[4]"#.to_string(), r#""said":{"r":[4,3],"w":[4,5]"#.to_string()),
        // Nobody was writable.
        (r#""said":{"r":[4,3],"w":[4]"#.to_string(), r#""said":{"r":[4,3],"w":[]"#.to_string()),
    ] {
        assert_eq!(text.matches(&from).count(), 1, "{from}");
        assert_eq!(found(&text.replace(&from, &to)), 0, "{to}");
    }
}

#[test]
fn each_call_acts_on_the_mark_that_led_to_it() {
    assert_eq!(
        marks(&recorded("05-log-before-close-impatient")),
        [
            "1 select",
            "1 accept r",
            "2 select",
            "2 recv r",
            "2 getpeername r",
            "3 select",
            "3 recv r",
            "3 getpeername r",
            "3 close r",
            "3 send w"
        ]
    );
    assert_eq!(
        marks(&recorded("10-never-block")),
        ["1 select", "1 accept r", "1 fcntl", "2 select", "2 recv r", "3 select", "3 recv r", "3 send w", "3 close w"]
    );
}

#[test]
fn a_number_has_an_owner_from_its_opening_to_its_close() {
    let trace = recorded("08-recycled-number");
    let tenures: Vec<(i32, &str, String, Option<String>)> = trace
        .tenures
        .iter()
        .map(|tenure| {
            let call = |step: usize| format!("{}@{}", trace.steps[step].call, trace.steps[step].line);
            (tenure.fd, tenure.owner.name(), call(tenure.opened.unwrap()), tenure.closed.map(call))
        })
        .collect();
    assert_eq!(
        tenures,
        [
            (3, "listener", "socket@14".to_string(), None),
            (4, "alice", "accept@48".to_string(), Some("close@81".to_string())),
            (5, "carol", "accept@48".to_string(), None),
            (4, "bob", "accept@48".to_string(), None),
        ]
    );
    assert_eq!(trace.clients(), ["alice", "carol", "bob"]);
    let closed = trace.steps.iter().position(|step| step.call == "close").unwrap();
    assert_eq!(trace.owner(closed - 1, 4), Some(&Owner::Client("alice".to_string())));
    assert_eq!((trace.owner(closed, 4), trace.owner(closed + 1, 4).map(Owner::name)), (None, Some("bob")));
    assert_eq!(trace.ending.as_ref().unwrap().verdict, "crossed");
}

#[test]
fn a_reset_leaves_a_number_open_with_nobody_at_its_other_end() {
    let trace = recorded("06-skip-the-dead-send-then-reset");
    let alice = &trace.tenures[1];
    let select = trace.steps.iter().rposition(|step| step.waits()).unwrap();
    assert_eq!((alice.owner.name(), alice.orphaned, alice.closed), ("alice", Some(select), None));
    let early = recorded("07-name-at-accept-reset-in-queue");
    let accept = early.steps.iter().position(|step| step.call == "accept").unwrap();
    assert_eq!((early.tenures[1].owner.name(), early.tenures[1].orphaned), ("alice", Some(accept)));
    let last = trace.steps.last().unwrap();
    assert_eq!((last.text(), last.stale), ("getpeername(4) = -1 ENOTCONN".to_string(), None));
}

#[test]
fn what_clients_did_comes_before_the_call_that_answers_and_what_the_server_says_after_its_own() {
    let trace = recorded("04-use-after-close");
    let accept = trace.steps.iter().position(|step| step.call == "accept").unwrap();
    let words = |events: &[crate::trace::Happening]| -> Vec<String> {
        events.iter().map(|event| format!("{} {}", event.what.who(), event.what.words())).collect()
    };
    assert_eq!(words(&trace.steps[accept - 1].before), ["alice connects from 127.0.0.1:<alice>"]);
    assert_eq!(words(&trace.steps[accept].after), ["server New connection from 127.0.0.1:<alice>"]);
    assert_eq!(words(&trace.steps[accept + 1].before), ["alice sends \"Hello, server!\""]);
    let all = trace.steps.iter().flat_map(|step| step.before.iter().chain(&step.after));
    let all: Vec<String> = all.map(|event| event.what.words()).collect();
    assert_eq!((all.len(), all[all.len() - 1].as_str()), (7, "getpeername: Bad file descriptor (os error 9)"));
    // bob is served after the last call.
    let trace = recorded("08-recycled-number");
    assert_eq!(words(&trace.after), ["bob Received from server: Hello, client!"]);
}

const OPEN: &str = r#"{"at":1,"call":"socket","args":"","ret":"3","fds":{"3":"listening"}}"#;

/// A select that says this of its lists, and then calls, each with the table after it.
fn pass(said: &str, table: &str, calls: &[(u32, &str, &str, &str, &str)]) -> Vec<String> {
    let select = format!(
        r#"{{"at":9,"call":"select","args":"","ret":"1","asked":{{"r":[],"w":[],"x":[]}},"said":{said},"fds":{table}}}"#
    );
    let calls = calls.iter().map(|(line, call, args, result, table)| {
        format!(r#"{{"at":{line},"call":"{call}","args":"{args}",{result},"fds":{table}}}"#)
    });
    [select].into_iter().chain(calls).collect()
}

fn told_all(parts: &[Vec<String>]) -> Trace {
    let lines: Vec<&str> = [OPEN].into_iter().chain(parts.iter().flatten().map(String::as_str)).collect();
    told(&lines).unwrap()
}

const NOBODY: &str = r#"{"3":"listening"}"#;
const ALICE: &str = r#"{"3":"listening","4":"127.0.0.1:1001"}"#;
const BOB: &str = r#"{"3":"listening","4":"127.0.0.1:1002"}"#;

#[test]
fn a_greeting_to_a_newcomer_is_not_taken_for_a_reply_to_who_had_the_number() {
    // The first client is greeted when nothing is known of its number; so is the second, whose number select named.
    let trace = told_all(&[
        pass(
            r#"{"r":[3],"w":[],"x":[]}"#,
            NOBODY,
            &[(20, "accept", "3", r#""ret":"4, 127.0.0.1:1001""#, ALICE), (21, "send", "4, hi", r#""ret":"2""#, ALICE)],
        ),
        pass(
            r#"{"r":[3,4],"w":[4],"x":[]}"#,
            ALICE,
            &[
                (30, "recv", "4, 9", r#""ret":"0""#, ALICE),
                (31, "close", "4", r#""ret":"0""#, NOBODY),
                (20, "accept", "3", r#""ret":"4, 127.0.0.1:1002""#, BOB),
                (21, "send", "4, hi", r#""ret":"2""#, BOB),
            ],
        ),
    ]);
    assert_eq!(stale(&trace), []);
    assert_eq!(marks(&trace)[3..], ["2 select", "2 recv r", "2 close r", "2 accept r", "2 send"]);
}

#[test]
fn a_first_fcntl_on_a_recycled_number_is_the_newcomers() {
    let trace = told_all(&[
        pass(
            r#"{"r":[3],"w":[],"x":[]}"#,
            NOBODY,
            &[(20, "accept", "3", r#""ret":"4, 127.0.0.1:1001""#, ALICE), (21, "fcntl", "4", r#""ret":"0""#, ALICE)],
        ),
        pass(
            r#"{"r":[3,4],"w":[4],"x":[]}"#,
            ALICE,
            &[
                (30, "recv", "4, 9", r#""ret":"0""#, ALICE),
                (31, "close", "4", r#""ret":"0""#, NOBODY),
                (20, "accept", "3", r#""ret":"4, 127.0.0.1:1002""#, BOB),
                (21, "fcntl", "4", r#""ret":"0""#, BOB),
                (40, "send", "4, hi", r#""ret":"2""#, BOB),
            ],
        ),
    ]);
    assert_eq!(stale(&trace), [("send@40".to_string(), Some(List::W), ":1001", Some(":1002"))]);
}

#[test]
fn where_two_marks_could_have_led_to_a_call_neither_is_named() {
    let trace = told_all(&[
        pass(r#"{"r":[3],"w":[],"x":[]}"#, NOBODY, &[(20, "accept", "3", r#""ret":"4, 127.0.0.1:1001""#, ALICE)]),
        pass(
            r#"{"r":[4],"w":[4],"x":[4]}"#,
            ALICE,
            &[
                (30, "recv", "4, 9", r#""ret":"0""#, ALICE),
                (31, "close", "4", r#""ret":"0""#, NOBODY),
                (50, "getpeername", "4", r#""err":"EBADF""#, NOBODY),
            ],
        ),
    ]);
    assert_eq!(stale(&trace), [("getpeername@50".to_string(), None, ":1001", None)]);
}

#[test]
fn a_number_used_after_its_close_is_stale_without_any_select() {
    let lines = [
        OPEN,
        r#"{"at":2,"call":"accept","args":"3","ret":"4, 127.0.0.1:1001","fds":{"3":"listening","4":"127.0.0.1:1001"}}"#,
        r#"{"at":3,"call":"close","args":"4","ret":"0","fds":{"3":"listening"}}"#,
        r#"{"at":4,"call":"close","args":"4","err":"EBADF","fds":{"3":"listening"}}"#,
        r#"{"at":5,"call":"close","args":"7","err":"EBADF","fds":{"3":"listening"}}"#,
    ];
    let trace = told(&lines).unwrap();
    assert_eq!(stale(&trace), [("close@4".to_string(), None, ":1001", None)]);
    assert_eq!(trace.steps[1].text(), "accept(3) = 4, 127.0.0.1:1001");
}

#[test]
fn a_number_closed_and_opened_within_one_call_has_another_owner() {
    let lines = [
        r#"{"who":"alice","call":"connect","args":"127.0.0.1:1001"}"#,
        r#"{"at":2,"call":"accept","args":"3","ret":"4, 127.0.0.1:1001","fds":{"3":"listening","4":"127.0.0.1:1001"}}"#,
        "a line of the server's own",
        r#"{"at":3,"call":"recv","args":"4","ret":"0","fds":{"3":"listening","4":"127.0.0.1:1002","5":"pipe"}}"#,
    ];
    let trace = told(&lines).unwrap();
    let names: Vec<&str> = trace.tenures.iter().map(|tenure| tenure.owner.name()).collect();
    assert_eq!(names, ["listener", "alice", ":1002", "pipe"]);
    // 3 was open before the first call, 4 was opened by it.
    assert_eq!((trace.tenures[0].opened, trace.tenures[1].opened), (None, Some(0)));
    assert_eq!(trace.tenures[1].closed, Some(1));
    assert_eq!(trace.steps[0].text(), "accept(3) = 4, alice");
    assert_eq!(trace.steps[0].after[0].what, Record::Said("a line of the server's own".to_string()));
}

#[test]
fn poll_says_more_than_select_and_a_hang_up_leads_to_recv() {
    let lines = [
        r#"{"at":2,"call":"accept","args":"3","ret":"4, 127.0.0.1:1001","fds":{"3":"listening","4":"127.0.0.1:1001"}}"#,
        concat!(
            r#"{"at":3,"call":"poll","args":"[4 IN], NULL","ret":"1 (4 HUP)","asked":{"r":[4],"w":[],"x":[]},"#,
            r#""said":{"r":[],"w":[],"x":[],"e":[],"h":[4],"n":[]},"fds":{"3":"listening","4":"127.0.0.1:1001"}}"#
        ),
        r#"{"at":4,"call":"recv","args":"4, 9","ret":"0","fds":{"3":"listening","4":"127.0.0.1:1001"}}"#,
    ];
    let trace = told(&lines).unwrap();
    assert_eq!(marks(&trace), ["1 poll", "1 recv h"]);
    assert_eq!(trace.steps[1].said.as_ref().unwrap().of(4).collect::<Vec<_>>(), [List::H]);
}

/// epoll holds on to what was registered: the connection of a number that was closed, while a copy of it is open.
#[test]
fn a_mark_of_epoll_can_mean_who_had_the_number_before() {
    let wait = |table: &str| {
        format!(
            r#"{{"at":9,"call":"epoll_wait","args":"5","ret":"1","asked":{{"r":[4],"w":[],"x":[]}},"said":{{"r":[4],"w":[],"x":[]}},"stale":[4],"fds":{table}}}"#
        )
    };
    let (waits_for_nobody, waits_for_bob) = (wait(NOBODY), wait(BOB));
    let mut lines = vec![
        r#"{"at":2,"call":"accept","args":"3","ret":"4, 127.0.0.1:1001","fds":{"3":"listening","4":"127.0.0.1:1001"}}"#,
        r#"{"at":3,"call":"close","args":"4","ret":"0","fds":{"3":"listening"}}"#,
        &waits_for_nobody,
        r#"{"at":10,"call":"recv","args":"4, 9","err":"EBADF","fds":{"3":"listening"}}"#,
    ];
    let trace = told(&lines).unwrap();
    assert_eq!(stale(&trace), [("recv@10".to_string(), Some(List::R), ":1001", None)]);
    let accept =
        r#"{"at":2,"call":"accept","args":"3","ret":"4, 127.0.0.1:1002","fds":{"3":"listening","4":"127.0.0.1:1002"}}"#;
    let recv = format!(r#"{{"at":10,"call":"recv","args":"4, 9","ret":"5","fds":{BOB}}}"#);
    lines.truncate(2);
    lines.extend([accept, &waits_for_bob, &recv]);
    let trace = told(&lines).unwrap();
    assert_eq!(stale(&trace), [("recv@10".to_string(), Some(List::R), ":1001", Some(":1002"))]);
}

#[test]
fn what_a_story_does_to_its_server_is_part_of_a_trace() {
    let note = "(the server may open no more descriptors: RLIMIT_NOFILE)";
    let trace = told(&[&format!(r#"{{"who":"story","notes":"{note}"}}"#), OPEN]).unwrap();
    let [event] = &trace.steps[0].before[..] else { panic!("{:?}", trace.steps[0].before) };
    assert_eq!((event.what.who(), event.what.words()), ("", note.to_string()));
}

#[test]
fn what_is_no_trace_is_refused_with_its_line() {
    for (lines, error) in [
        (&["$ cargo run"][..], "no call is in it; a trace is what --trace=json prints"),
        (&[OPEN, "{"], "line 2: it is no JSON object: it ends where `\"` should be"),
        (&[OPEN, r#"{"a":1}"#], "line 2: it has neither `at` nor `who`"),
        (&[r#"{"at":-1}"#], "line 1: `at` is not the number of a line"),
        (&[r#"{"at":1,"args":"","ret":"0","fds":{}}"#], "line 1: `call` is missing"),
        (&[r#"{"at":1,"call":"x","args":"","fds":{}}"#], "line 1: either `ret` or `err` must be there"),
        (&[r#"{"at":1,"call":"x","args":"","ret":"0"}"#], "line 1: `fds`, the table after it, is missing"),
        (
            &[r#"{"at":1,"call":"x","args":"","ret":"0","fds":{"three":"a"}}"#],
            "line 1: `three` in `fds` is not a number",
        ),
        (
            &[r#"{"at":1,"call":"x","args":"","ret":"0","fds":{},"said":{"r":[3],"w":[]}}"#],
            "line 1: `x` of `said` is not a list of numbers",
        ),
        (
            &[r#"{"who":"server"}"#],
            "line 1: it is neither a call, nor a client's act, a signal, a line, a note or the end",
        ),
        (
            &[OPEN, r#"{"who":"server","ended":"still running","verdict":"ok"}"#, OPEN],
            "line 3: it comes after the line that says how the server ended",
        ),
    ] {
        assert_eq!(told(lines).unwrap_err(), error);
    }
}

/// Of chapter 18 told to stop: who has what in flight, from which call to which.
#[test]
fn a_request_is_in_flight_from_its_submission_to_its_completion() {
    let trace = recorded("18-completions-told-to-stop");
    let alice = trace.tenures.iter().find(|tenure| tenure.owner == Owner::Client("alice".into())).unwrap();
    let recv = trace.requests.iter().find(|request| request.fd == alice.fd && request.call == "recv").unwrap();
    let (completed, result) = recv.completed.as_ref().unwrap();
    assert_eq!((recv.user_data, result.as_str()), (2, "0"));
    assert!(alice.opened.unwrap() < recv.submitted && recv.submitted < *completed);
    assert!(*completed < alice.closed.unwrap(), "the close comes after the completion");
    assert!(trace.requests.iter().all(|request| request.completed.is_some()), "and nothing is left in flight");

    let call = |lists: &str| format!(r#"{{"at":1,"call":"io_uring_enter","args":"6","ret":"0",{lists},"fds":{{}}}}"#);
    let fault = |lists: &str| told(&[&call(lists)]).unwrap_err();
    let stray = r#""completed":[{"call":"recv","fd":7,"user_data":3,"ret":"0"}]"#;
    assert_eq!(fault(stray), "line 1: recv #3 has completed, and was not handed in");
    assert_eq!(fault(r#""submitted":[{"call":"recv"}]"#), "line 1: `submitted` is not a list of requests");
}
