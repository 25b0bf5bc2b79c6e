//! The command line's contracts: what is printed where, what a wrong argument is told, what fails later and how.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use crate::common::{Listening, built, command, left_out, settings};
use close_call::command::ladder::{self, CHAPTERS};
use close_call::net::columns::WIDTH;
use close_call::net::columns::wrap;
use insta_cmd::assert_cmd_snapshot;

#[test]
fn help_and_list_say_what_there_is() {
    let _settings = settings();
    assert_cmd_snapshot!("help", command("close-call", &["--help"]));
    assert_cmd_snapshot!("help-of-a-chapter", command("04-use-after-close", &["--help"]));
    assert_cmd_snapshot!("help-of-chapter-2", command("02-what-select-says", &["-h"]));
    assert_cmd_snapshot!("help-of-client", command("client", &["--help"]));
}

#[test]
fn list_names_what_was_built_and_what_was_not() {
    let output = command("close-call", &["list"]).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!((output.status.code(), &output.stderr[..]), (Some(0), &[][..]));
    let named = |line: &str| CHAPTERS.iter().find(|chapter| line.starts_with(&format!("  {} ", chapter.name)));
    let names: Vec<&str> = shown.lines().filter_map(named).map(|chapter| chapter.name).collect();
    assert_eq!(names, ladder::built().map(|chapter| chapter.name).collect::<Vec<_>>());
    // It goes on below where it is longer than a line.
    let left_out = ladder::left_out(" -- list").map(|line| wrap(&line, 2));
    assert!(left_out.iter().all(|line| shown.contains(&format!("\n{line}\n"))), "{left_out:?} is not in {shown}");
    assert_eq!(shown.contains("Not built: "), left_out.is_some());
    if CHAPTERS.iter().all(|chapter| built(chapter.name)) {
        let _settings = settings();
        insta::assert_snapshot!("list", format!("$ cargo run --all-features -- list\n{shown}"));
    }
}

/// Program, arguments: each is answered with one line on standard error that says what would be right, and exit status 2.
const WRONG: &[(&str, &[&str])] = &[
    ("close-call", &["lst"]),
    ("close-call", &["list", "more"]),
    ("close-call", &["start", ""]),
    ("close-call", &["check", "--only", ",", "--", "true"]),
    ("close-call", &["check", "--only", "", "--", "true"]),
    ("04-use-after-close", &["--compare", "--listen"]),
    ("close-call", &["--version"]),
    ("close-call", &["-v"]),
    ("close-call", &["04-use-after-close"]),
    ("close-call", &["--probe", "leaves"]),
    ("close-call", &["start"]),
    ("close-call", &["start", "--force"]),
    ("close-call", &["start", "dir", "02-what-select-says"]),
    ("close-call", &["start", "dir", "05-log-before-close", "more"]),
    ("close-call", &["check"]),
    ("close-call", &["check", "--"]),
    ("close-call", &["check", "python3", "server.py"]),
    ("close-call", &["check", "--only"]),
    ("close-call", &["check", "--only", "polite,leafs", "--", "true"]),
    ("close-call", &["check", "--jsn", "--", "true"]),
    ("close-call", &["check", "--wait", "soon", "--", "true"]),
    ("close-call", &["check", "--preset", "htp", "--", "true"]),
    ("close-call", &["check", "--message", "", "--", "true"]),
    ("close-call", &["check", "--reply", r"\d+", "--", "true"]),
    ("close-call", &["check", "--greeting"]),
    ("close-call", &["check", "--skip", "polit", "--", "true"]),
    ("close-call", &["check", "--only", "polite", "--skip", "polite", "--", "true"]),
    ("close-call", &["check", "--known", "no-such-file", "--", "true"]),
    ("close-call", &["check", "--known", "Cargo.toml", "--", "true"]),
    ("close-call", &["check", "--junit", "no-such-folder/junit.xml", "--", "true"]),
    ("close-call", &["check", "--hammer", "many", "--", "true"]),
    ("close-call", &["check", "--hammer", "0", "--", "true"]),
    ("04-use-after-close", &["--probe", "hammer"]),
    ("04-use-after-close", &["--probe"]),
    ("04-use-after-close", &["--probe", "polit"]),
    ("04-use-after-close", &["--probe", "polite", "--listen"]),
    ("04-use-after-close", &["--listen", "nowhere"]),
    ("04-use-after-close", &["--listen", "127.0.0.1:65536"]),
    ("04-use-after-close", &["--listen=50000"]),
    ("04-use-after-close", &["--trace=xml"]),
    ("04-use-after-close", &["--help=yes"]),
    ("04-use-after-close", &["--prob", "polite"]),
    ("04-use-after-close", &["-x"]),
    ("04-use-after-close", &["polite"]),
    ("02-what-select-says", &["--listen"]),
    ("02-what-select-says", &["--probe", "polite"]),
    ("04-use-after-close", &["--listen", "50001"]),
    ("client", &["localhost"]),
    ("client", &["127.0.0.1:50000", ""]),
    ("client", &["127.0.0.1:50000", "hello", "again"]),
    ("client", &["--message", "hello"]),
];

#[test]
fn a_wrong_argument_gets_one_line_that_says_what_would_be_right() {
    let mut answers = String::new();
    for (program, args) in WRONG {
        let output = command(program, args).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{program} {args:?}");
        assert_eq!((error.lines().count(), &output.stdout[..]), (1, &[][..]), "{program} {args:?}: {error}");
        answers += &format!("{program} {}\n    {error}", args.join(" "));
    }
    let _settings = settings();
    insta::assert_snapshot!("wrong-arguments", answers);
}

#[test]
fn what_fails_later_names_the_call_and_has_the_systems_words() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    for (program, args, words) in [
        ("04-use-after-close", &["--listen", &address][..], "bind: Address already in use (os error 98)\n"),
        ("04-use-after-close", &["--listen=192.0.2.1:50000"], "bind: Cannot assign requested address (os error 99)\n"),
        ("client", &[&free], "connect: Connection refused (os error 111)\n"),
    ] {
        let output = command(program, args).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), words);
        assert_eq!((output.status.code(), &output.stdout[..]), (Some(1), &[][..]));
    }
}

#[test]
fn every_server_serves_a_plain_client() {
    for chapter in ladder::servers() {
        let server = Listening::start(chapter.name, &["--listen", "127.0.0.1:0"]);
        let mut stream = TcpStream::connect(&server.address).unwrap();
        for _ in 0..3 {
            stream.write_all(b"Hello, server!").unwrap();
            let mut reply = [0; 14];
            stream.read_exact(&mut reply).unwrap();
            assert_eq!(&reply, b"Hello, client!", "{}", chapter.name);
        }
    }
}

#[test]
fn every_server_serves_the_client_program() {
    for chapter in ladder::servers() {
        let server = Listening::start(chapter.name, &["--listen", "localhost:0"]);
        let output = command("client", &[&server.address, "Good day!"]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "Received from server: Hello, client!\n");
        assert_eq!((output.status.code(), &output.stderr[..]), (Some(0), &[][..]), "{}", chapter.name);

        let heard = server.hear("received");
        assert!(heard.contains(r#"received "Good day!" from 127.0.0.1:"#), "{heard}");
    }
}

#[test]
fn a_server_that_sends_nothing_and_closes_is_said_so_by_the_client() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = command("client", &[&listener.local_addr().unwrap().to_string()]);
    let child = client.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    stream.read_exact(&mut [0; 14]).unwrap();
    drop(stream);
    let output = child.wait_with_output().unwrap();
    let words = "recv: the server closed the connection and sent no reply\n";
    assert_eq!((String::from_utf8(output.stderr).unwrap().as_str(), output.status.code()), (words, Some(1)));
}

#[test]
fn every_chapter_of_the_ladder_is_a_program_with_a_page_of_source() {
    for chapter in CHAPTERS {
        let source = std::fs::read_to_string(format!("chapters/{}.rs", chapter.name)).unwrap();
        assert!(!chapter.built() || crate::common::exe(chapter.name).exists(), "{} is built", chapter.name);
        let first = source.lines().next().unwrap();
        let number = chapter.name.split('-').next().unwrap().trim_start_matches('0');
        let most = if number.parse::<u32>().unwrap() < 11 { 160 } else { 190 };
        assert!(source.lines().count() <= most, "{} can be read from top to bottom", chapter.name);
        assert!(first.starts_with(&format!("//! Chapter {number}: ")), "{first}");
    }
}

#[test]
fn colour_is_for_terminals_and_no_color_is_heard() {
    // script(1) gives a program a terminal; where it is not installed, this is left out.
    let on_a_terminal = |no_color: &str| {
        let line = format!("{} --probe leaves", crate::common::exe("04-use-after-close").display());
        let mut script = Command::new("script");
        script.args(["-qec", &line, "/dev/null"]).env("NO_COLOR", no_color).env("TERM", "xterm").stdin(Stdio::null());
        script.output().ok().map(|output| String::from_utf8_lossy(&output.stdout).contains("\x1b["))
    };
    let Some(coloured) = on_a_terminal("") else {
        left_out("there is no script(1) on this machine");
        return;
    };
    assert!(coloured, "in colour on a terminal");
    assert_eq!(on_a_terminal("1"), Some(false), "not with NO_COLOR");
    let piped = command("04-use-after-close", &[]).output().unwrap();
    assert!(!piped.stdout.contains(&0x1b) && !piped.stderr.contains(&0x1b), "not in a pipe");
}

#[test]
fn a_reader_that_stops_reading_ends_the_program_without_a_panic() {
    for (program, args) in
        [("02-what-select-says", &[][..]), ("04-use-after-close", &["--trace"]), ("close-call", &["list"])]
    {
        let line = format!("exec {} {} | true", crate::common::exe(program).display(), args.join(" "));
        let output = Command::new("sh").args(["-c", &line]).output().unwrap();
        assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"), "{program}");
    }
}

#[test]
fn help_is_to_be_had_from_every_subcommand() {
    let help = command("close-call", &["--help"]).output().unwrap().stdout;
    for args in [&["list", "--help"][..], &["start", "--help"], &["start", "-h"], &["check", "--help"], &["-h"]] {
        let output = command("close-call", args).output().unwrap();
        assert_eq!((output.status.code(), &output.stdout), (Some(0), &help), "{args:?}");
    }
}

#[test]
fn a_full_standard_error_is_no_panic() {
    let full = || File::options().write(true).open("/dev/full").unwrap();
    for (program, args) in [("04-use-after-close", &["--probe", "none"][..]), ("04-use-after-close", &[])] {
        let status = command(program, args).stdout(Stdio::null()).stderr(full()).status().unwrap();
        assert_eq!(status.code(), Some(1), "{program} {args:?}");
    }
    let output = command("close-call", &["list"]).stdout(full()).output().unwrap();
    let words = "write: No space left on device (os error 28)\n";
    assert_eq!((String::from_utf8(output.stderr).unwrap().as_str(), output.status.code()), (words, Some(1)));
}

/// What our programs print fits beside a page of the book, and in a terminal.
#[test]
fn what_is_printed_fits_in_88_columns() {
    /// JSON, one-line errors, what Python prints, and what insta writes of a program's streams.
    const WIDE: [&str; 5] = ["-json.snap", "check-json", "wrong-", "story-python", "streams-"];
    let mut looked_at = 0;
    for file in fs::read_dir("tests/snapshots").unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if WIDE.iter().any(|wide| name.contains(wide)) {
            continue;
        }
        looked_at += 1;
        let text = fs::read_to_string(&path).unwrap();
        let body = text.splitn(3, "---\n").nth(2).unwrap();
        for line in body.lines() {
            assert!(line.chars().count() <= WIDTH, "{name}: {} columns: {line}", line.chars().count());
        }
    }
    assert!(looked_at > 50, "{looked_at} snapshots were looked at");
}
