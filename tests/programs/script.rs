//! A probe in words: what is said of a wrong one, and what `check` and a story make of a right one; and the scripts that
//! nobody has written.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use super::check::check;
use crate::common::{command, exe, left_running, mark, output, python, say, settings, tempdir, terminal};
use close_call::command::names::stored;
use close_call::probe::probes::PROBES;
use insta::assert_snapshot;

/// Scripts, each wrong in one way.
const WRONG: &[&str] = &[
    "",
    "# nothing: but a comment\n",
    "alice",
    "connects",
    "alice connects\nalice jumps",
    "alice connects\nalice send",
    "alice connects\nalice shuts down",
    "alice connects, bob connects",
    "alice connects\nalice sends and closes",
    "alice connects\nalice sends, , all in one pass",
    "alice connects\nalice sends, alice gets a reply, all in one pass",
    "alice connects\nalice sends, alice closes, in one pass",
    "alice connects\nalice gets a reply",
    "alice connects\nin one pass:\nalice sends\nalice closes",
    "alice connects\nin one pass:",
    "alice connects\nin one pass\n    alice sends",
    "alice sends",
    "alice connects\nalice closes\nalice sends",
    "alice connects\nalice connects",
    "alice connects\nalice shuts down writing\nalice sends",
    "alice connects\nalice half-closes\nalice shuts down writing",
    "alice connects\nalice closes without reading",
    "alice connects\nalice sends\nalice shuts down writing\nalice closes without reading",
    "alice connects\nalice sends\nalice gets nothing",
    "alice connects\nalice sends \"Hello",
    "alice connects\nalice sends \"\\q\"",
    "alice connects\nalice sends \"\"",
    "alice connects\nalice sends \"one\" \"two\"",
    "alice connects\nalice sends 0 messages",
    "alice connects\nalice sends many messages",
    "server sends",
    "bob's sends",
    "alice is servd",
];

#[test]
fn a_wrong_script_gets_one_line_with_its_number_that_says_what_would_be_right() {
    let folder = tempdir();
    let mut answers = String::new();
    for text in WRONG {
        fs::write(folder.path().join("my.probe"), text).unwrap();
        let mut chapter = command("04-use-after-close", &["--script", "my.probe"]);
        let output = chapter.current_dir(folder.path()).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), error.lines().count(), &output.stdout[..]), (Some(2), 1, &[][..]), "{text}");
        let right = [";", "there are", "Write "].iter().any(|mark| error.contains(mark));
        assert!(error.starts_with("my.probe:") && right, "{error}");
        answers += &format!("{}\n{error}\n", text.trim_end().replace('\n', "\n    ").replace("    ", "  "));
    }
    let _settings = settings();
    assert_snapshot!("wrong-scripts", answers);
}

#[test]
fn a_script_that_is_not_there_is_said_to_be_missing_in_one_line() {
    let folder = tempdir();
    let empty = folder.path().to_str().unwrap();
    for (program, args, words) in [
        ("close-call", &["check", "--script", "no.probe", "--", "true"][..], "no.probe: No such file"),
        (
            "close-call",
            &["check", "--script", empty, "--", "true"],
            ": no script is in it; a script's name ends with .probe",
        ),
        ("04-use-after-close", &["--script", "probes"], "probes: a story has one script; name one of the folder's"),
        ("04-use-after-close", &["--script", "probes/rude.probe", "--probe", "rude"], "choose one"),
        (
            "close-call",
            &["list", "--script", "crowd"],
            "unknown probe in words \"crowd\"; it is one of polite, leaves, ",
        ),
        ("close-call", &["list", "--script"], "list --script NAME"),
        ("close-call", &["check", "--seed", "3", "--", "true"], "--seed and --save go with --random N: "),
        (
            "close-call",
            &["check", "--random", "0", "--", "true"],
            "--random needs a number of scripts, of at least 1: ",
        ),
        (
            "close-call",
            &["check", "--script", "probes/rude.probe", "--script", "probes/rude.probe", "--", "true"],
            "two are called rude; a script's first line names it: # NAME: WHAT IT IS",
        ),
    ] {
        let output = command(program, args).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), error.lines().count()), (Some(2), 1), "{args:?}: {error}");
        assert!(error.contains(words), "{args:?}: {error}");
    }
}

#[test]
fn each_file_of_probes_is_a_probe_and_list_prints_it() {
    let mut files = 0;
    for entry in fs::read_dir("probes").unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (shown, status) = output(&mut command("close-call", &["list", "--script", name]));
        assert_eq!((shown, status.code()), (fs::read_to_string(&path).unwrap(), Some(0)), "{name}");
        files += 1;
    }
    assert_eq!(files, PROBES.iter().filter(|probe| probe.words().is_some()).count());
}

/// The rows of a check: a name, and its verdict.
fn rows(shown: &str) -> Vec<(&str, &str)> {
    let rows = shown.lines().filter(|line| !line.starts_with(' ') && line.len() > 25 && line[24..].starts_with(' '));
    rows.map(|row| (row[..25].trim(), row[25..].split("  ").next().unwrap())).collect()
}

#[test]
fn check_plays_scripts_in_place_of_the_probes_and_beside_those_that_are_named() {
    let Some(server) = python("story_server_swapped.py") else { return };
    let with = |options: &[&str]| {
        let (shown, status, errors) = check(&[options, &["--"], &server[..]].concat());
        assert_eq!(errors, "");
        (shown, status)
    };
    let (shown, status) = with(&["--script", "probes/impatient.probe", "--script", "probes/leaves.probe"]);
    assert_eq!((rows(&shown), status), (vec![("impatient", "EBADF"), ("leaves", "ok")], Some(1)), "{shown}");
    let (shown, status) = with(&["--only", "rude", "--script", "probes/leaves.probe"]);
    assert_eq!((rows(&shown), status), (vec![("rude", "ECONNRESET"), ("leaves", "ok")], Some(1)), "{shown}");

    let folder = tempdir();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    fs::write(path("one.probe"), "# greeted: what else\nalice connects\nalice sends\nalice gets \"client\"\n").unwrap();
    fs::write(path("two.probe"), "alice connects\nalice sends\nalice gets \"nobody\"\n").unwrap();
    fs::write(path("three.txt"), "no script\n").unwrap();
    let (shown, status) = with(&["--script", folder.path().to_str().unwrap()]);
    assert_eq!((rows(&shown), status), (vec![("greeted", "ok"), ("two", "wrong reply")], Some(1)), "{shown}");
    let why = "alice got a wrong reply: \"Hello, client!\". The server still runs.";
    assert!(shown.contains(why) && shown.contains("page \"script\""), "{shown}");

    // What is known, JSON and JUnit are as for the probes.
    fs::write(path("known"), "two wrong reply\n").unwrap();
    let (known, junit) = (path("known"), path("junit.xml"));
    let (shown, status) = with(&["--script", &path("two.probe"), "--known", &known, "--json", "--junit", &junit]);
    assert_eq!(status, Some(0), "{shown}");
    assert!(shown.starts_with("{\"probe\":\"two\",\"sound\":false,\"verdict\":\"wrong reply\","), "{shown}");
    assert!(fs::read_to_string(&junit).unwrap().contains("<testcase classname=\"close-call\" name=\"two\""));
}

#[test]
fn whatever_a_script_says_the_server_serves_one_more_client_crosses_nothing_and_leaks_nothing() {
    let folder = tempdir();
    let file = folder.path().join("my.probe");
    let verdict = |text: &str, server: &[&str]| {
        fs::write(&file, text).unwrap();
        let (shown, ..) = check(&[&["--script", file.to_str().unwrap(), "--"], server].concat());
        rows(&shown).first().map(|(_, verdict)| verdict.to_string()).expect(&shown)
    };
    let chapter = |name: &str| [exe(name).to_str().unwrap().to_string(), "--listen".into(), "127.0.0.1:{port}".into()];
    let on = |text: &str, name: &str| verdict(text, &chapter(name).each_ref().map(String::as_str));
    // One client at a time, and this one stays.
    assert_eq!(on("alice connects", "01-blocking-server"), "no reply");
    assert_eq!(on("alice connects\nalice sends\nalice gets a reply\nalice closes", "01-blocking-server"), "ok");
    let nobody_says_what_bob_gets =
        "alice connects\nalice sends, alice closes, carol connects, bob connects, all in one pass";
    assert_eq!(on(nobody_says_what_bob_gets, "08-recycled-number"), "crossed");
    assert_eq!(on(nobody_says_what_bob_gets, "07-name-at-accept"), "ok");
    // What a client has got before it says anything is no reply to what it says then.
    for goes_on in ["bob is served", "bob sends\nbob gets a reply", "bob reads", "bob closes"] {
        let text = format!("{nobody_says_what_bob_gets}\n{goes_on}");
        assert_eq!(on(&text, "08-recycled-number"), "crossed", "{goes_on}");
        assert_eq!(on(&text, "07-name-at-accept"), "ok", "{goes_on}");
    }
    if let Some(server) = python("leaking_server.py") {
        assert_eq!(verdict("alice connects\nalice resets", &server), "leaks");
    }
}

#[test]
fn a_promise_is_kept_or_broken_in_each_of_its_words() {
    let folder = tempdir();
    let file = folder.path().join("my.probe");
    let ends = |text: &str, chapter: &str| {
        fs::write(&file, text).unwrap();
        let (shown, _) = terminal(&mut command(chapter, &["--script", file.to_str().unwrap()]));
        shown.lines().last().unwrap().to_string()
    };
    for (text, chapter, words) in [
        ("alice is served\nalice is served", "10-never-block", "my: ok. The server still runs."),
        ("alice connects\nalice sends 1,000 messages\nalice gets a reply\nalice is heard", "10-never-block", "my: ok."),
        ("alice connects\nalice sends \"one\"\nalice gets \"Hello\"\nalice gets \"client\"", "14-epoll", "my: ok."),
        ("alice connects\nalice sends\nalice reads\nalice gets a reply", "14-epoll", "my: no reply to alice."),
        ("alice connects\nalice reads\nalice half-closes\nalice reads the end", "14-epoll", "my: ok."),
        ("alice connects\nalice reads the end", "14-epoll", "my: alice did not get the end of the connection."),
        ("alice connects\nalice gets nothing\nalice gets \"x\"", "14-epoll", "my: no reply to alice."),
        ("alice connects\nalice sends\nalice closes without reading", "14-epoll", "my: ok."),
    ] {
        let said = ends(text, chapter);
        assert!(said.starts_with(words), "{said}\n{text}");
    }
}

/// The three examples of the page, and what comes of them.
#[test]
fn the_examples_of_the_page_are_played() {
    let _settings = settings();
    for (number, chapter, args) in [
        ("1", "05-log-before-close", &["--script", "book/scripts/goodbye.probe"][..]),
        ("2", "09-owned-connections", &["--script", "book/scripts/last-word.probe"]),
    ] {
        let (shown, _) = terminal(&mut command(chapter, args));
        let typed = format!("$ cargo run --bin {chapter} -- {}", args.join(" "));
        assert_snapshot!(format!("script-{number}"), format!("{typed}\n{}", stored(&shown)));
    }
    let Some(server) = python("line_server.py") else { return };
    let options = ["--preset", "line", "--script", "book/scripts/two-lines.probe"];
    let (shown, ..) = check(&[&options[..], &["--"], &server[..]].concat());
    let typed = format!("$ cargo run -- check {} -- \\\n    python3 {}", options.join(" "), server[1]);
    assert_snapshot!("script-3", format!("{typed}\n{shown}"));
}

#[test]
fn a_script_is_traced_and_drawn_as_a_story_is() {
    let args = ["--script", "probes/impatient.probe", "--trace=json"];
    let (shown, _) = output(&mut command("05-log-before-close", &args));
    let (story, _) = output(&mut command("05-log-before-close", &["--probe", "impatient", "--trace=json"]));
    assert_eq!(stored(&shown), stored(&story));
}

#[test]
fn random_scripts_find_a_bug_shorten_it_and_save_it_and_it_is_found_again() {
    let Some(server) = python("story_server_swapped.py") else { return };
    let folder = tempdir();
    let saved = folder.path().join("found.probe");
    let saved = saved.to_str().unwrap();
    let hunt =
        |seed: &str, more: &[&str]| check(&[&["--random", "500", "--seed", seed], more, &["--"], &server].concat());
    let (shown, status, errors) = hunt("4", &["--save", saved]);
    assert_eq!((status, errors.as_str()), (Some(1), ""), "{shown}");
    let _settings = settings();
    let typed =
        format!("$ cargo run -- check --random 500 --seed 4 --save found.probe -- \\\n    python3 {}", server[1]);
    assert_snapshot!("random-story-server-swapped", format!("{typed}\n{shown}"));
    assert_eq!(hunt("4", &[]).0, shown, "the same seed, the same scripts");

    let verdict = rows(&shown)[0].1;
    let text = fs::read_to_string(saved).unwrap();
    assert!(text.starts_with(&format!("# found: {verdict}, after ")), "{text}");
    let (again, ..) = check(&[&["--script", saved, "--"], &server[..]].concat());
    assert_eq!(rows(&again), [("found", verdict)]);
    let (json, ..) = hunt("4", &["--json"]);
    assert!(json.contains("\"script\":\"alice connects\\n"), "{json}");
}

/// A chapter, what is known of it and not looked for, the verdict, and all that clients do in the shortest script.
const BUGS: &[(&str, &str, &str, &str)] = &[
    ("04-use-after-close", "", "EBADF", "closes, connects"),
    ("05-log-before-close", "random ECONNRESET\nrandom ENOTCONN\n", "EBADF", "closes, connects, sends"),
    ("06-skip-the-dead", "", "ECONNRESET", "connects, resets"),
    ("07-name-at-accept", "", "reply lost", "connects, gets a reply, sends, shuts down writing"),
    (
        "08-recycled-number",
        "random reply lost\nrandom closed on\n",
        "crossed",
        "closes, connects, connects, connects, sends",
    ),
    (
        "13-second-handle",
        "random reply lost\nrandom closed on\n",
        "crossed",
        "closes, connects, connects, connects, sends",
    ),
];

#[test]
fn the_bugs_of_the_chapters_are_found_and_shortened() {
    let folder = tempdir();
    for (chapter, known, verdict, deeds) in BUGS {
        say(&format!("{chapter} until a random script breaks it"));
        fs::write(folder.path().join("known.txt"), known).unwrap();
        let mut check = command("close-call", &["check", "--random", "5000"]);
        let options = if known.is_empty() { &[][..] } else { &["--known", "known.txt"] };
        check.current_dir(folder.path()).args(options);
        check.arg("--").arg(exe(chapter)).args(["--listen", "127.0.0.1:{port}"]);
        let (shown, status) = output(&mut check);
        assert_eq!(status.code(), Some(1), "{shown}");
        assert!(shown.starts_with(&format!("random                   {verdict} ")), "{chapter}: {shown}");
        let script: Vec<&str> = shown.lines().filter_map(|line| line.strip_prefix("        ")).collect();
        let turns = script.iter().flat_map(|line| line.split(", ").filter(|turn| *turn != "all in one pass"));
        let mut found: Vec<&str> = turns.map(|turn| turn.trim().split_once(' ').unwrap().1).collect();
        found.sort();
        assert_eq!(found.join(", "), *deeds, "{chapter}: {shown}");
        let typed = ["cargo run -- check --random 5000"].into_iter().chain(options.iter().copied());
        let typed = typed.collect::<Vec<_>>().join(" ");
        let _settings = settings();
        let name = format!("random-{}", &chapter[..2]);
        assert_snapshot!(
            name,
            format!("$ {typed} -- \\\n    target/debug/{chapter} --listen 127.0.0.1:{{port}}\n{shown}")
        );
    }
}

#[test]
fn nothing_is_found_in_a_sound_server_and_nothing_is_saved() {
    let Some(server) = python("asyncio_server.py") else { return };
    let folder = tempdir();
    let saved = folder.path().join("found.probe");
    let options = ["--random", "40", "--seed", "2", "--also", "bye", "--save", saved.to_str().unwrap(), "--"];
    let (shown, status, _) = check(&[&options, &server[..]].concat());
    assert_eq!((rows(&shown), status), (vec![("random", "ok")], Some(0)), "{shown}");
    let said = "random                   ok            Nothing in 40 random scripts (seed 2).\n\n1 of 1";
    assert!(shown.contains(said) && !saved.exists(), "{shown}");
}

/// It dies under its hundredth client, whatever that one does.
#[test]
fn what_does_not_happen_again_is_said_to_be_so() {
    let Some(server) = python("tired_server.py") else { return };
    let (shown, status, _) = check(&[&["--random", "60", "--"], &server[..]].concat());
    assert_eq!((rows(&shown), status), (vec![("random", "EBADF")], Some(1)), "{shown}");
    let words: Vec<&str> = shown.split_whitespace().collect();
    assert!(words.join(" ").contains("Not again on a fresh server"), "{shown}");
}

#[test]
fn an_interrupt_ends_the_hunt_with_what_was_found() {
    let Some([python, file]) = python("asyncio_server.py") else { return };
    let folder = tempdir();
    let started = folder.path().join("started");
    let line = "echo >> \"$0\"; exec \"$@\"";
    let mark = mark();
    let mut check = command("close-call", &["check", "--random", "1000000", "--", "sh", "-c", line]);
    check.arg(&started).args([python, file]).env("CLOSE_CALL_TEST", &mark).process_group(0);
    let child = check.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Polite's server, and then the one of the hunt.
    while fs::read(&started).map_or(0, |lines| lines.len()) < 2 {
        thread::sleep(Duration::from_millis(1));
    }
    // SAFETY: a bare system call on a child of ours.
    assert_eq!(unsafe { libc::kill(child.id() as i32, libc::SIGINT) }, 0);
    let output = child.wait_with_output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!((rows(&shown), output.status.code()), (vec![("random", "failed")], Some(2)), "{shown}");
    assert!(shown.contains("it was interrupted after "), "{shown}");
    assert_eq!(left_running(&mark), Vec::<String>::new());
}
