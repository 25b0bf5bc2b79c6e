//! What the verdicts of `check` are worth, what is known of them, and how a CI system is told.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::check::{check, verdicts};
use crate::common::{exe, left_out, python, room_for_a_crowd, say, tempdir};

/// `check` with these options on a chapter's server.
fn on_chapter(chapter: &str, options: &[&str]) -> (String, Option<i32>, String) {
    let program = exe(chapter);
    check(&[options, &["--", program.to_str().unwrap(), "--listen", "127.0.0.1:{port}"]].concat())
}

/// The grades, in the order of the verdicts that are not ok: the third column.
fn grades(shown: &str) -> Vec<&str> {
    let rows = shown.lines().filter(|line| !line.starts_with(' '));
    let cells = rows.filter_map(|row| row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).nth(2));
    cells.filter(|cell| ["choice", "fault", "unknown"].contains(cell)).collect()
}

#[test]
fn one_client_at_a_time_is_a_choice_with_all_that_follows_from_it() {
    if !room_for_a_crowd() {
        return;
    }
    say("a server that serves one client at a time");
    let only = "polite,two-at-once,urgent,stranger,stampede,crowd";
    let (shown, status, _) = on_chapter("01-blocking-server", &["--only", only]);
    assert_eq!((grades(&shown), status), (vec!["choice"; 5], Some(0)), "{shown}");
    assert!(shown.ends_with("\n1 of 6 verdicts are ok; 5 choices.\n"), "{shown}");
    let (shown, status, _) = on_chapter("01-blocking-server", &["--only", "two-at-once", "--strict"]);
    assert_eq!((grades(&shown), status), (vec!["choice"], Some(1)), "{shown}");

    // Nobody has asked for two-at-once, and without it a choice cannot be told from a fault.
    let (shown, status, _) = on_chapter("01-blocking-server", &["--only", "urgent"]);
    assert_eq!((grades(&shown), status), (vec!["choice"], Some(0)), "{shown}");
    let Some([python, file]) = python("silent_server.py") else { return };
    let (shown, status, _) = check(&["--only", "two-at-once", "--", python, file]);
    assert_eq!((grades(&shown), status), (vec!["fault"], Some(2)), "it serves nobody afterwards: {shown}");
    assert!(shown.contains("Afterwards it served nobody."), "{shown}");
}

#[test]
fn a_server_that_dies_when_the_clients_leave_is_said_to() {
    let (shown, status, _) = on_chapter("01-blocking-server", &["--only", "never-reads"]);
    assert_eq!((verdicts(&shown), grades(&shown)), (vec![("never-reads", "no reply")], vec!["fault"]), "{shown}");
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(status == Some(1) && words.contains("Afterwards it died: exit status 1."), "{shown}");
}

/// The newcomer is turned away as long as the server has not seen that the others have gone.
#[test]
fn a_server_that_accepts_before_it_sees_the_others_go_serves_again() {
    if !room_for_a_crowd() {
        return;
    }
    let Some([python, file]) = python("accepts_first_server.py") else { return };
    let (shown, status, _) = check(&["--only", "crowd", "--", python, file]);
    let expected = (vec![("crowd", "turned away")], vec!["choice"], Some(0));
    assert_eq!((verdicts(&shown), grades(&shown), status), expected, "{shown}");
}

#[test]
fn half_close_is_a_choice_in_http_alone() {
    for (options, grade, status) in [
        (&["--preset", "http", "--reply", "Hello"][..], "choice", Some(0)),
        (&["--preset", "http", "--reply", "Hello", "--strict"], "choice", Some(1)),
        (&[], "fault", Some(1)),
    ] {
        let (shown, ended, _) = on_chapter("09-owned-connections", &[options, &["--only", "half-close"]].concat());
        assert_eq!((verdicts(&shown), grades(&shown)), (vec![("half-close", "reply lost")], vec![grade]), "{shown}");
        assert_eq!(ended, status, "{options:?}");
    }
}

#[test]
fn what_is_skipped_is_not_played() {
    if !room_for_a_crowd() {
        return;
    }
    let skip = "leaves,two-at-once,impatient,half-close,urgent,urgent-then-close,rude,unread,send-then-reset,\
                reset-in-queue,ask-then-reset-in-queue,stranger,stampede,never-reads,out-of-descriptors,\
                long-message,around-urgent";
    let (shown, status, _) = on_chapter("11-limits", &["--skip", skip]);
    assert_eq!((verdicts(&shown), status), (vec![("polite", "ok"), ("crowd", "turned away")], Some(0)), "{shown}");
}

#[test]
fn of_what_is_known_only_the_difference_counts() {
    let folder = tempdir();
    let file = folder.path().join("known.txt");
    let known = |text: &str, options: &[&str]| {
        fs::write(&file, text).unwrap();
        let only = ["--known", file.to_str().unwrap(), "--only", "polite,rude,impatient"];
        on_chapter("06-skip-the-dead", &[&only[..], options].concat())
    };
    // It dies under rude, and under nothing else.
    let (shown, status, _) = known("# until the summer\nrude ECONNRESET  # issue 12\n", &[]);
    assert_eq!(status, Some(0), "{shown}");
    assert!(shown.ends_with("\n2 of 3 verdicts are ok; 1 fault.\n"), "{shown}");
    assert_eq!(shown.matches("    known, so it does not count\n").count(), 1, "{shown}");
    let (shown, status, _) = known("", &[]);
    assert_eq!((status, shown.contains("known")), (Some(1), false), "{shown}");
    for (text, line) in [
        ("rude EBADF", "    known: EBADF\n"),
        ("rude ECONNRESET\nimpatient EBADF", "impatient                ok\n    known: EBADF\n"),
    ] {
        let (shown, status, _) = known(text, &[]);
        assert_eq!(status, Some(1), "for better or worse: {shown}");
        assert!(shown.contains(line) && shown.ends_with(", 1 not as known.\n"), "{shown}");
    }
    let (shown, _, _) = known("rude EBADF", &["--json"]);
    assert!(shown.lines().nth(2).unwrap().contains(r#""known":"EBADF""#), "{shown}");
}

#[test]
fn json_has_its_keys_and_its_text_is_json() {
    let Some([python, _]) = python("") else { return };
    let (shown, ..) = on_chapter("01-blocking-server", &["--only", "polite,two-at-once,rude", "--json"]);
    let program = "import json, sys\n\
                   for line in sys.stdin:\n    \
                       one = json.loads(line)\n    \
                       assert isinstance(one['duration'], float) and one['duration'] > 0\n    \
                       assert one['sound'] == (one['verdict'] == 'ok')\n    \
                       print(*one)\n    \
                       print(one['probe'], one['grade'], one['served_again'], one['known'])\n";
    let mut child = Command::new(python);
    let mut child = child.args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(shown.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let keys = "probe sound verdict why said page grade reason served_again known duration printed \
                printed_times thread_ended cause script";
    let expected = [keys, "polite ok None None", keys, "two-at-once choice True None", keys, "rude fault False None"];
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().collect::<Vec<_>>(), expected, "{shown}");
}

/// Valid against the schema of jenkinsci/xunit-plugin, where there is xmllint(1) to say so.
fn is_valid(file: &Path) {
    let xmllint = Command::new("xmllint").args(["--noout", "--schema", "tests/junit-10.xsd"]).arg(file).output();
    let Ok(output) = xmllint else {
        return left_out("there is no xmllint on this machine");
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_ci_system_is_told_in_junits_xml() {
    let folder = tempdir();
    let file = folder.path().join("junit.xml");
    // Longer than what comes: nothing of it may be left.
    fs::write(&file, "x".repeat(100_000)).unwrap();
    let (_, status, _) =
        on_chapter("01-blocking-server", &["--only", "polite,two-at-once,rude", "--junit", file.to_str().unwrap()]);
    assert_eq!(status, Some(1));
    is_valid(&file);
    let xml = fs::read_to_string(&file).unwrap();
    for part in [
        r#"<testsuite name="close-call" tests="3" failures="1" errors="0" skipped="0" time=""#,
        r#"<testcase classname="close-call" name="two-at-once" time=""#,
        "<system-out>verdict: no reply\nwhy: no reply to bob. The server still runs, and is idle.\n\
         choice: it serves one client at a time, or a few, and the next one waits. Afterwards it served again.\n\
         page: chapter 1</system-out>",
        r#"<failure type="ECONNRESET" message="ECONNRESET in recv. The server has died: exit status 1.">"#,
        "<system-err>recv: Connection reset by peer (os error 104)</system-err>",
    ] {
        assert!(xml.contains(part), "{part} is not in {xml}");
    }

    // A server that is none is an error, and its words are text.
    let (.., errors) =
        check(&["--wait", "1", "--junit", file.to_str().unwrap(), "--", "sh", "-c", "echo '<&>\"\u{1b}[1m'; exit 3"]);
    assert!(errors.contains("it ended before it listened"), "{errors}");
    is_valid(&file);
    let xml = fs::read_to_string(&file).unwrap();
    assert!(xml.contains(r#"errors="1""#) && xml.contains(r#"<error type="no server" message="it ended"#), "{xml}");
}
