//! `check` on servers that speak a protocol of their own, and on what it cannot speak.

use std::thread;

use super::check::{check, verdicts};
use crate::common::{python, room_for_a_crowd, say};
use close_call::probe::probes::PROBES;

/// The verdicts on a file of tests/peers and its arguments, and the exit status.
fn on(options: &[&str], file: &str, args: &[&str]) -> Option<(String, Option<i32>, String)> {
    let server = python(file)?;
    Some(check(&[options, &["--"], &server[..], args].concat()))
}

/// The verdicts that are not ok.
fn not_ok(shown: &str) -> Vec<(&str, &str)> {
    verdicts(shown).into_iter().filter(|(_, cell)| *cell != "ok").collect()
}

/// A preset, a server that speaks its protocol, and the verdicts that are not `ok`.
type Spoken = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

cases!(servers_are_asked_in_their_own_protocol: is_asked_in_its_own_protocol:
    line => ("line", "line_server.py", &[]),
    http => ("http", "http11_server.py", &[]),
    smtp => ("smtp", "greeting_server.py", &[("out-of-descriptors", "EMFILE")]),
);

fn is_asked_in_its_own_protocol((preset, file, short): Spoken) {
    if !room_for_a_crowd() {
        return;
    }
    say(&format!("check --preset {preset}"));
    let Some((shown, _, errors)) = on(&["--preset", preset], file, &[]) else { return };
    assert_eq!((not_ok(&shown), &errors[..]), (short.to_vec(), ""), "{file}: {shown}");
    assert_eq!(verdicts(&shown).len(), PROBES.iter().filter(|probe| !probe.foreign).count());
}

#[test]
fn a_server_that_closes_after_each_reply_is_no_fault_and_some_probes_say_little() {
    if !room_for_a_crowd() {
        return;
    }
    let Some([python, _]) = python("") else { return };
    let only = "leaves,half-close,stranger,never-reads,crowd";
    let server = ["-m", "http.server", "--bind", "127.0.0.1", "{port}"];
    let (shown, status, _) = check(&[&["--preset", "http", "--only", only, "--", python][..], &server].concat());
    assert_eq!((not_ok(&shown), status), (vec![], Some(0)), "{shown}");
    let little: Vec<&str> = shown.lines().filter(|line| line.contains("closes after each reply")).collect();
    assert_eq!(
        little,
        [
            "leaves                   ok            Says little: the server closes after each reply.",
            "never-reads              ok            Says little: the server closes after each reply.",
        ]
    );
    // Connections that stay are another matter.
    let Some((shown, ..)) = on(&["--preset", "http", "--only", "leaves"], "http11_server.py", &[]) else { return };
    assert_eq!(shown.lines().next(), Some("leaves                   ok"));
}

#[test]
fn a_message_a_reply_and_a_greeting_are_taken_as_bytes() {
    // Without its end of line it is not answered; and what is asked for is looked for.
    for (options, args, verdict) in [
        (&["--message", r"a\tb\x0a", "--reply", r"\x61\tb\n"][..], &[][..], ("polite", "ok")),
        (&["--message", r"ab"], &[], ("polite", "no reply")),
        (&["--message", r"ab\n", "--reply", "ba"], &[], ("polite", "wrong reply")),
        (&["--preset", "redis"], &["+PONG"], ("polite", "ok")),
        (&["--preset", "redis"], &["-ERR"], ("polite", "wrong reply")),
        (&["--preset", "redis"], &["+PO"], ("polite", "cut short")),
        (&["--preset", "redis", "--reply", "-ERR"], &["-ERR"], ("polite", "ok")),
    ] {
        let Some((shown, ..)) = on(&[options, &["--only", "polite"]].concat(), "line_server.py", args) else { return };
        assert_eq!(verdicts(&shown), [verdict], "{options:?}, {args:?}: {shown}");
    }
    let Some((shown, ..)) = on(&["--preset", "redis", "--only", "polite"], "line_server.py", &["-ERR"]) else { return };
    assert!(shown.contains(r#"    alice got a wrong reply: "-ERR". The server still runs."#), "{shown}");
}

cases!(a_reply_that_is_an_error_of_the_protocol_is_none: is_no_reply:
    http => ("http", "http11_server.py", "503", "503"),
    smtp => ("smtp", "greeting_server.py", "busy", "421 too busy"),
);

fn is_no_reply((preset, file, kind, words): (&str, &str, &str, &str)) {
    let Some((shown, ..)) = on(&["--preset", preset, "--only", "polite"], file, &[kind]) else { return };
    assert_eq!(verdicts(&shown), [("polite", "wrong reply")], "{shown}");
    assert!(shown.contains(words), "{shown}");
}

#[test]
fn a_greeting_that_does_not_come_is_said_and_by_whom() {
    let only = ["--preset", "smtp", "--only", "polite,two-at-once,stranger"];
    let Some((shown, ..)) = on(&only, "greeting_server.py", &["one"]) else { return };
    let expected = [("polite", "ok"), ("two-at-once", "no greeting"), ("stranger", "no greeting")];
    assert_eq!(verdicts(&shown), expected, "{shown}");

    // Polite is played although it is not asked for, because without it the others say nothing.
    let Some((shown, status, errors)) =
        on(&["--preset", "smtp", "--only", "leaves"], "greeting_server.py", &["silent"])
    else {
        return;
    };
    assert_eq!((verdicts(&shown), status), (vec![("polite", "no greeting")], Some(2)), "{shown}");
    assert!(
        errors.starts_with("polite: no greeting for alice. The server still runs, and is idle. Without a"),
        "{errors}"
    );
}

#[test]
fn what_cannot_be_spoken_is_refused_with_one_line() {
    let cases = [
        ("tls", "tls: it speaks TLS, and these clients do not\n"),
        ("udp", ", and these clients speak TCP\n"),
        ("unix", ", and these clients speak TCP\n"),
        ("other", "other: it did not listen within 8 s; it listens on port "),
    ];
    // Beside each other: only after a while is it certain that a server will not listen.
    thread::scope(|scope| {
        for (kind, words) in cases {
            scope.spawn(move || {
                let Some((shown, status, errors)) = on(&["--wait", "8"], "unspoken_server.py", &[kind]) else {
                    return;
                };
                assert_eq!((shown.as_str(), status, errors.lines().count()), ("", Some(2), 1), "{kind}: {errors}");
                assert!(errors.contains(words), "{errors}");
            });
        }
    });
}
