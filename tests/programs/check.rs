//! `cargo run -- check`: verdicts on servers that are not ours, and nothing left running.

use crate::common::{built, command, exe, left_running, mark, python, room_for_a_crowd, say, settings};
use close_call::command::board::Board;
use close_call::command::book;
use close_call::command::ladder::{self, CHAPTERS};
use close_call::probe::probes::{HAMMER, PROBES};
use insta::assert_snapshot;

/// What `check ARGS` prints, its status, and what it writes on standard error.
pub fn check(args: &[&str]) -> (String, Option<i32>, String) {
    let mark = mark();
    let mut command = command("close-call", &[&["check"], args].concat());
    let output = command.env("CLOSE_CALL_TEST", &mark).output().unwrap();
    assert_eq!(left_running(&mark), Vec::<String>::new(), "check {args:?} leaves nothing behind");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), output.status.code(), text(output.stderr))
}

/// The verdict on each probe, in one or two words: the second column.
pub fn verdicts(shown: &str) -> Vec<(&str, &str)> {
    let known = |name| PROBES.iter().chain([&HAMMER]).any(|probe| probe.name == name);
    let rows = shown.lines().filter(|line| line.split(' ').next().is_some_and(known));
    rows.map(|row| {
        let (name, rest) = row.split_once(' ').unwrap();
        (name, rest.trim_start().split("  ").next().unwrap())
    })
    .collect()
}

#[test]
fn the_server_of_the_story_with_its_lines_swapped_falls_short_as_the_book_says() {
    if !room_for_a_crowd() {
        return;
    }
    let Some(server) = python("story_server_swapped.py") else { return };
    say("check on the server of the story");
    let (shown, status, errors) = check(&[&["--"], &server[..]].concat());
    let _settings = settings();
    assert_snapshot!("check-story-server-swapped", format!("$ cargo run -- check -- python3 {}\n{shown}", server[1]));
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
    if !room_for_a_crowd() {
        return;
    }
    let Some(server) = python("select_server.py") else { return };
    let (shown, status, _) = check(&[&["--"], &server[..]].concat());
    let mut ports = insta::Settings::clone_current();
    ports.add_filter(r"\('127\.0\.0\.1',(\s+)\d+\)", "('127.0.0.1',$1<port>)");
    let _ports = ports.bind_to_scope();
    let _settings = settings();
    assert_snapshot!("check-select-server", format!("$ cargo run -- check -- python3 {}\n{shown}", server[1]));
    assert_eq!(status, Some(1));
}

#[test]
fn a_sound_server_is_ok_under_every_probe() {
    if !room_for_a_crowd() {
        return;
    }
    let Some(server) = python("asyncio_server.py") else { return };
    say("check on asyncio");
    let (shown, status, _) = check(&[&["--"], &server[..]].concat());
    assert_eq!(status, Some(0), "{shown}");
    assert_eq!(verdicts(&shown), PROBES.iter().map(|probe| (probe.name, "ok")).collect::<Vec<_>>());
    assert!(shown.ends_with("\n19 of 19 verdicts are ok.\n"), "{shown}");
}

cases!(a_chapter_does_under_check_as_on_the_scoreboard: does_as_on_the_scoreboard:
    chapter_01 => "01",
    chapter_03 => "03",
    chapter_04 => "04",
    chapter_05 => "05",
    chapter_06 => "06",
    chapter_07 => "07",
    chapter_08 => "08",
    chapter_09 => "09",
    chapter_10 => "10",
    chapter_11 => "11",
    chapter_12 => "12",
    chapter_13 => "13",
    chapter_14 => "14",
    chapter_15 => "15",
    chapter_16 => "16",
    chapter_18 => "18",
);

fn does_as_on_the_scoreboard(number: &str) {
    let chapter = CHAPTERS.iter().find(|chapter| ladder::number(chapter.name) == number).unwrap();
    if !built(chapter.name) || !room_for_a_crowd() {
        return;
    }
    say(&format!("check on {}", chapter.name));
    let board = Board::of(&book::snapshot("scoreboard").unwrap());
    let program = exe(chapter.name);
    let cells = PROBES.iter().map(|probe| (probe.name, board.cell(chapter, probe).unwrap()));
    let (sound, short): (Vec<_>, Vec<_>) = cells.partition(|(_, cell)| *cell == "ok");
    // The board is played by its own test: here again what falls short, and all of a chapter of which nothing does.
    let expected = if short.is_empty() { sound } else { [&sound[..1], &short[..]].concat() };
    let only = expected.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(",");
    let (shown, ..) = check(&["--only", &only, "--", program.to_str().unwrap(), "--listen", "127.0.0.1:{port}"]);
    let expected: Vec<_> = expected.iter().map(|(name, cell)| (*name, &cell[..])).collect();
    assert_eq!(verdicts(&shown), expected, "{}", chapter.name);
}

#[test]
fn every_server_of_the_ladder_is_checked() {
    let source = include_str!("check.rs");
    for chapter in CHAPTERS.iter().filter(|chapter| chapter.story.is_some()) {
        let number = ladder::number(chapter.name);
        assert!(source.contains(&format!("    chapter_{number} => \"{number}\",\n")), "{}", chapter.name);
    }
}

#[test]
fn only_some_probes_and_json() {
    let Some(server) = python("story_server_swapped.py") else { return };
    let (shown, status, _) = check(&[&["--only", "rude,polite", "--json", "--"], &server[..]].concat());
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r#""duration":\d+\.\d{3}"#, r#""duration":<seconds>"#);
    let _filters = settings.bind_to_scope();
    let _settings = crate::common::settings();
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
    if !room_for_a_crowd() {
        return;
    }
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
    assert_eq!((verdicts(&shown), status), (vec![("polite", "no reply")], Some(2)));
}

#[test]
fn a_server_that_goes_into_the_background_is_ended_there() {
    let Some(server) = python("daemon_server.py") else { return };
    let (shown, status, _) = check(&[&["--only", "polite", "--"], &server[..]].concat());
    assert_eq!((verdicts(&shown), status), (vec![("polite", "exit status 0")], Some(2)), "{shown}");
}

#[test]
fn what_is_no_server_is_said_to_be_none_in_one_line() {
    let hint = "it has no {port} among its arguments, so it must take its port from the variable PORT";
    for (command, line) in [
        (&["true"][..], "true: it ended before it listened (exit status 0); it must stay in the foreground, and listen there\n".into()),
        (&["sh", "-c", "exit 3"], format!("sh -c exit 3: it ended before it listened (exit status 3); {hint}\n")),
        (&["sleep", "60"], format!("sleep 60: it did not listen within 1 s; {hint}\n")),
        (
            &["sleep", "6{port}"],
            "sleep 6{port}: it did not listen within 1 s; it must listen on 127.0.0.1, on the port that replaces {port}\n".into(),
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
fn what_falls_short_in_other_ways_has_its_word() {
    for (file, probe, verdict, why) in [
        (
            "closes_silent_server.py",
            "stranger",
            "closed on",
            "the server closed carol's connection although carol had sent nothing. It still runs.",
        ),
        ("hoarding_server.py", "never-reads", "grows", "the server holds"),
    ] {
        let Some(server) = python(file) else { return };
        say(&format!("{file} under {probe}"));
        let (shown, status, _) = check(&[&["--only", probe, "--"], &server[..]].concat());
        assert_eq!((verdicts(&shown), status), (vec![(probe, verdict)], Some(1)), "{shown}");
        assert!(shown.contains(why), "{shown}");
        assert!(shown.ends_with("\n0 of 1 verdicts are ok; 1 fault.\n"), "{shown}");
    }
    let Some(server) = python("stops_itself_server.py") else { return };
    let (shown, status, _) = check(&[&["--only", "polite", "--"], &server[..]].concat());
    assert_eq!((verdicts(&shown), status), (vec![("polite", "stopped")], Some(2)), "{shown}");
    assert!(shown.contains("the server stopped itself (SIGSTOP or SIGTSTP)."), "{shown}");
}

#[test]
fn a_server_on_edges_falls_short_as_the_book_says() {
    if !room_for_a_crowd() {
        return;
    }
    let (program, listen) = (exe("examples/naive-14-edge-triggered"), ["--listen", "127.0.0.1:{port}"]);
    let only = ["--only", "half-close,stranger,crowd,long-message"];
    let (shown, status, _) = check(&[&only[..], &["--", program.to_str().unwrap()], &listen].concat());
    let typed = format!(
        "$ cargo run -- check {} -- \\\n    cargo run -q --example naive-14-edge-triggered -- {}",
        only.join(" "),
        listen.join(" ")
    );
    let _settings = settings();
    assert_snapshot!("check-edge-triggered", format!("{typed}\n{shown}"));
    assert_eq!(status, Some(1));
}

#[test]
fn a_server_that_closes_on_a_long_message_has_left_none_of_it_unread() {
    let Some(server) = python("limiting_server.py") else { return };
    let (shown, status, _) = check(&[&["--only", "long-message", "--"], &server[..]].concat());
    assert_eq!((verdicts(&shown), status), (vec![("long-message", "ok")], Some(0)), "{shown}");
}

#[test]
fn the_hammer_is_played_where_it_is_asked_for_and_says_after_how_many() {
    let Some(server) = python("worn_out_server.py") else { return };
    let (shown, status, _) = check(&[&["--only", "polite,hammer", "--"], &server[..]].concat());
    assert_eq!((verdicts(&shown), status), (vec![("polite", "ok"), ("hammer", "EBADF")], Some(1)), "{shown}");
    let after = shown.lines().find_map(|line| line.strip_prefix("    After ")?.strip_suffix(" of 3,000 clients."));
    let after: usize = after.expect(&shown).parse().unwrap();
    // It dies when the last of its clients has come; those that are in its queue by then have connected as well.
    assert!((300..300 + 150).contains(&after), "{shown}");

    let Some(server) = python("asyncio_server.py") else { return };
    let (shown, status, _) = check(&[&["--only", "rude", "--hammer", "200", "--"], &server[..]].concat());
    assert_eq!((verdicts(&shown), status), (vec![("rude", "ok"), ("hammer", "ok")], Some(0)), "{shown}");
    assert!(shown.contains("hammer                   ok            Not in 200 clients.\n"), "{shown}");
}

#[test]
fn a_server_that_sleeps_for_a_time_is_seen_to_its_end() {
    let Some([python, file]) = python("napping_server.py") else { return };
    let (shown, ..) = check(&["--only", "polite,two-at-once,leaves", "--", python, file]);
    assert_eq!(verdicts(&shown), [("polite", "ok"), ("leaves", "ok"), ("two-at-once", "ok")], "{shown}");
    // It dies half a second after a client has left. Bob would be served before that.
    let (shown, ..) = check(&["--only", "leaves", "--", python, file, "dies"]);
    assert_eq!(verdicts(&shown), [("leaves", "EBADF")], "{shown}");
}

#[test]
fn a_line_that_never_ends_is_read_quickly_and_not_kept() {
    let line = "head -c 30000000 /dev/zero | tr '\\0' x; exit 3";
    let (shown, status, errors) = check(&["--", "sh", "-c", line]);
    assert_eq!((shown.as_str(), status), ("", Some(2)));
    assert!(errors.len() < 1000, "{} bytes of it are shown", errors.len());
    assert!(errors.contains("it ended before it listened (exit status 3)"), "{errors}");
}

/// One that prints a line for each client, and waits until there is room for it; and one that prints nothing.
#[test]
fn a_log_that_nobody_reads_is_played_where_it_is_asked_for() {
    for (server, cell, status) in [("select_server.py", "no reply", 1), ("asyncio_server.py", "ok", 0)] {
        let Some(server) = python(server) else { return };
        let (shown, ended, _) = check(&[&["--only", "unread-log", "--"], &server[..]].concat());
        assert!(shown.starts_with(&format!("{:<25}{cell}", "unread-log")), "{shown}");
        assert_eq!(ended, Some(status), "{shown}");
    }
}
