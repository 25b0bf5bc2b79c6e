//! `cargo run -- check`: verdicts on servers that are not ours, and nothing left running.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use close_call::ladder;
use close_call::probe::PROBES;
use common::{command, exe, python, settings};
use insta::assert_snapshot;

/// What `check ARGS` prints, its status, and what it writes on standard error.
fn check(args: &[&str]) -> (String, Option<i32>, String) {
    let child =
        command("close-call", &[&["check"], args].concat()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.unwrap();
    let id = child.id();
    let output = child.wait_with_output().unwrap();
    assert_eq!(left_running(id), Vec::<String>::new(), "check {args:?} leaves nothing behind");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), output.status.code(), text(output.stderr))
}

/// The processes that were started for the check with that process id, or come of such.
fn left_running(check: u32) -> Vec<String> {
    let mark = format!("CLOSE_CALL={check}-");
    let processes = fs::read_dir("/proc").unwrap().flatten().filter(|entry| {
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        environment.split(|&byte| byte == 0).any(|variable| variable.starts_with(mark.as_bytes()))
    });
    processes.map(|entry| fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default()).collect()
}

/// The verdict on each probe, in one or two words: the second column.
fn verdicts(shown: &str) -> Vec<(&str, &str)> {
    let rows = shown.lines().filter(|line| PROBES.iter().any(|probe| line.split(' ').next() == Some(probe.name)));
    rows.map(|row| {
        let mut cells = row.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
        let name = row.split(' ').next().unwrap();
        let first = cells.next().unwrap();
        (name, if first == name { cells.next().unwrap() } else { first.trim_start_matches(name).trim() })
    })
    .collect()
}

#[test]
fn the_server_of_the_story_with_its_lines_swapped_falls_short_as_the_book_says() {
    let Some(server) = python("story_server_swapped.py") else { return };
    let (shown, status, errors) = check(&[&["--"], &server[..]].concat());
    let _settings = settings();
    assert_snapshot!("check-story-server-swapped", format!("$ cargo run -- check -- {}\n{shown}", server.join(" ")));
    assert_eq!((status, errors.as_str()), (Some(1), ""));

    let expected = [
        ("impatient", "EBADF"),
        ("half-close", "EBADF"),
        ("urgent-then-close", "EBADF"),
        ("stampede", "EBADF"),
        ("rude", "ECONNRESET"),
        ("reset-in-queue", "ECONNRESET"),
        ("send-then-reset", "ENOTCONN"),
        ("crowd", "ValueError"),
    ];
    let verdicts = verdicts(&shown);
    for wanted in expected {
        assert!(verdicts.contains(&wanted), "{wanted:?} is not in {verdicts:?}");
    }
}

#[test]
fn a_select_server_gets_as_far_as_select_goes() {
    let Some(server) = python("select_server.py") else { return };
    let (shown, status, _) = check(&[&["--"], &server[..]].concat());
    let _settings = settings();
    assert_snapshot!("check-select-server", format!("$ cargo run -- check -- {}\n{shown}", server.join(" ")));
    assert_eq!(status, Some(1));
}

#[test]
fn a_sound_server_is_ok_under_every_probe() {
    let Some(server) = python("asyncio_server.py") else { return };
    let (shown, status, _) = check(&[&["--"], &server[..]].concat());
    assert_eq!(status, Some(0), "{shown}");
    assert_eq!(verdicts(&shown), PROBES.iter().map(|probe| (probe.name, "ok")).collect::<Vec<_>>());
    assert!(shown.ends_with("\n15 of 15 verdicts are ok. None falls short.\n"), "{shown}");
}

#[test]
fn a_chapter_does_under_check_as_on_the_scoreboard() {
    let board = include_str!("snapshots/scoreboard.snap");
    for chapter in ladder::servers() {
        let program = exe(chapter.name);
        let (shown, ..) = check(&["--", program.to_str().unwrap(), "--listen", "127.0.0.1:{port}"]);
        let rows = board.lines().filter(|line| line.starts_with(chapter.name));
        let cells = rows.flat_map(|row| row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).skip(1));
        let on_the_board: Vec<&str> = cells.collect();
        let here: Vec<&str> = verdicts(&shown).into_iter().map(|(_, cell)| cell).collect();
        assert_eq!(here, on_the_board, "{}", chapter.name);
    }
}

#[test]
fn only_some_probes_and_json() {
    let Some(server) = python("story_server_swapped.py") else { return };
    let (shown, status, _) = check(&[&["--only", "rude,polite", "--json", "--"], &server[..]].concat());
    let _settings = settings();
    assert_snapshot!("check-json", shown);
    assert_eq!(status, Some(1));
}

#[test]
fn the_port_is_given_as_an_argument_too() {
    let Some([python, file]) = python("asyncio_server.py") else { return };
    let line = format!("PORT=$1 exec {python} {file}");
    let (shown, status, _) = check(&["--only", "polite", "--", "env", "-u", "PORT", "sh", "-c", &line, "sh", "{port}"]);
    assert_eq!((verdicts(&shown), status), (vec![("polite", "ok")], Some(0)));
}

#[test]
fn a_wrapper_is_stopped_continued_and_ended_with_what_it_wraps() {
    let Some([python, file]) = python("story_server_swapped.py") else { return };
    // Not `exec`: the shell stays, and waits for the server. Several events in one pass need both to be stopped.
    let line = format!("{python} {file}; exit $?");
    let (shown, status, _) = check(&["--only", "impatient,urgent-then-close,polite", "--", "sh", "-c", &line]);
    let expected = vec![("polite", "ok"), ("impatient", "EBADF"), ("urgent-then-close", "EBADF")];
    assert_eq!((verdicts(&shown), status), (expected, Some(1)), "{shown}");
}

#[test]
fn servers_that_answer_in_pieces_or_by_forking_are_as_good_as_others() {
    for file in ["byte_server.py", "forking_server.py"] {
        let Some(server) = python(file) else { return };
        let (shown, status, _) =
            check(&[&["--only", "polite,half-close,impatient,stampede", "--"], &server[..]].concat());
        assert_eq!(status, Some(0), "{file}: {shown}");
    }
}

#[test]
fn a_server_that_never_answers_gets_a_verdict() {
    let Some(server) = python("silent_server.py") else { return };
    let (shown, status, _) = check(&[&["--only", "polite", "--"], &server[..]].concat());
    assert_eq!((verdicts(&shown), status), (vec![("polite", "no reply")], Some(1)));
}

#[test]
fn a_server_that_goes_into_the_background_is_ended_there() {
    let Some(server) = python("daemon_server.py") else { return };
    let (shown, status, _) = check(&[&["--only", "polite", "--"], &server[..]].concat());
    assert_eq!((verdicts(&shown), status), (vec![("polite", "exit status 0")], Some(1)), "{shown}");
}

#[test]
fn what_is_no_server_is_said_to_be_none_in_one_line() {
    let hint = "it has no {port} among its arguments, so it is to take its port from the variable PORT";
    for (command, line) in [
        (&["true"][..], "true: it ended before it listened (exit status 0); it is to stay in the foreground, and to listen there\n".into()),
        (&["sh", "-c", "exit 3"], format!("sh -c exit 3: it ended before it listened (exit status 3); {hint}\n")),
        (&["sleep", "60"], format!("sleep 60: it did not listen within 1 s; {hint}\n")),
        (
            &["sleep", "6{port}"],
            "sleep 6{port}: it did not listen within 1 s; it is to listen on 127.0.0.1, on the port that stands for {port}\n".into(),
        ),
        (&["./nowhere"], "./nowhere: it could not be started: No such file or directory (os error 2)\n".into()),
    ] {
        let (shown, status, errors) = check(&[&["--wait", "1", "--"], command].concat());
        assert_eq!((shown.as_str(), status, errors), ("", Some(2), line));
    }
}

#[test]
fn what_a_command_says_that_does_not_listen_is_shown() {
    let (_, status, errors) = check(&["--", "sh", "-c", "echo cannot find the config; exit 1", "{port}"]);
    assert_eq!(errors.lines().next(), Some("    cannot find the config"));
    assert_eq!((errors.lines().count(), status), (2, Some(2)));
}

#[test]
fn a_flood_of_output_ends_in_a_verdict() {
    let (_, status, errors) = check(&["--wait", "1", "--", "yes"]);
    assert_eq!(status, Some(2));
    assert!(errors.contains("yes: it did not listen within 1 s"), "{errors}");

    let Some([python, file]) = python("asyncio_server.py") else { return };
    let line = format!("{python} {file} & yes");
    let (shown, ..) = check(&["--only", "polite", "--", "sh", "-c", &line]);
    // Its flood may be seen to rest, when its pipe is full, or not; the greeting is all that counts.
    assert!(matches!(verdicts(&shown)[..], [("polite", "ok" | "spins")]), "{shown}");
}

#[test]
fn a_process_that_has_left_the_group_is_stopped_and_ended_too() {
    let Some([python, file]) = python("story_server_swapped.py") else { return };
    let (shown, status, _) = check(&["--only", "polite,urgent-then-close", "--", "setsid", "--wait", python, file]);
    assert_eq!(
        (verdicts(&shown), status),
        (vec![("polite", "ok"), ("urgent-then-close", "EBADF")], Some(1)),
        "{shown}"
    );
}

#[test]
fn ctrl_c_ends_what_was_started() {
    let Some([python, file]) = python("silent_server.py") else { return };
    // Not `exec`: the server is the child of a child, which the kernel does not end with us.
    let line = format!("setsid {python} {file} & {python} {file}; wait");
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGQUIT] {
        let args = ["check", "--", "sh", "-c", &line];
        let mut child = command("close-call", &args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        while left_running(child.id()).is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(60), "a server is started");
        }
        // SAFETY: a bare system call on a child that is not yet waited for.
        unsafe { libc::kill(i32::try_from(child.id()).unwrap(), signal) };
        assert_eq!(ended_by(&mut child), Some(signal));
        // What is killed is gone a moment after the kill.
        let begun = Instant::now();
        while !left_running(child.id()).is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(60), "{:?} still run", left_running(child.id()));
        }
    }
}

fn ended_by(child: &mut Child) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&child.wait().unwrap())
}
