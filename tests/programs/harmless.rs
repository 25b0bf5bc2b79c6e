//! Whatever a server says, what we print changes no terminal and hides nothing, and a trace is whole.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::check::check;
use crate::common::{command, output, python, room_for_a_crowd, tempdir};
use close_call::probe::server::Server;
use close_call::probe::server::port::Port;

/// What a terminal must not get: what is no line end and no visible character.
fn harm_in(shown: &str) -> Vec<char> {
    let invisible = |c: &char| c.is_control() && *c != '\n' || "\u{202e}\u{2066}\u{2028}\u{200b}\u{feff}".contains(*c);
    shown.chars().filter(invisible).collect()
}

#[test]
fn nothing_of_a_servers_reaches_the_terminal_but_what_can_be_seen() {
    let Some([python, file]) = python("escapes_server.py") else { return };
    let folder = tempdir();
    let junit = folder.path().join("junit.xml");
    for (options, mode, words) in [
        // A worker's name, its last words, and a reply that is not what was asked for.
        (&["--only", "rude"][..], "", &[r"a worker has ended: \u{1b}[7m\u{202e}."][..]),
        (&["--only", "rude"], "words", &[r"Error: \u{1b}]0;oh\u{7}"]),
        (&["--only", "rude", "--json"], "words", &[r"ended: \\u{1b}[7m\\u{202e}.", r"Error: \\u{1b}]0;oh"]),
        (&["--only", "polite", "--reply", "yes"], "", &[r#"a wrong reply: "Hello\x1b]0;oh\x07\x1b[7m\xc2\x9b1m"#]),
        (
            &["--only", "polite"],
            "ends",
            &[r"out \u{1b}]0;oh\u{7}", r"\u{9b}1m\u{202e}\u{2066}\u{2028}\u{200b}\u{feff}"],
        ),
    ] {
        let junit = ["--junit", junit.to_str().unwrap(), "--", python, file, mode];
        let (shown, _, errors) = check(&[options, &junit].concat());
        let xml = fs::read_to_string(junit[1]).unwrap();
        for text in [&shown, &errors, &xml] {
            assert_eq!(harm_in(text), [], "{mode} {options:?}: {text:?}");
        }
        if mode == "words" {
            assert!(xml.contains(r"<system-err>Error: \u{1b}]0;oh\u{7}"), "{xml}");
        }
        for word in words {
            let all = format!("{shown}{errors}").split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(all.contains(word), "{word} is not in {all}");
        }
    }
}

#[test]
fn the_client_shows_a_reply_and_does_not_obey_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let client = command("client", &[&address, "hi"]).stdout(Stdio::piped()).spawn().unwrap();
    let (mut connection, _) = listener.accept().unwrap();
    connection.read_exact(&mut [0; 2]).unwrap();
    connection.write_all("one\ttwo\r\n\u{1b}[2Jthree\u{202e}".as_bytes()).unwrap();
    let shown = String::from_utf8(client.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(shown, "Received from server: one\ttwo\n\\u{1b}[2Jthree\\u{202e}\n");
}

#[test]
fn every_line_of_a_trace_is_json_however_many_descriptors_there_are() {
    if !room_for_a_crowd() {
        return;
    }
    let Some([python, _]) = python("") else { return };
    let (trace, _) = output(&mut command("14-epoll", &["--probe", "stampede", "--trace=json"]));
    let longest = trace.lines().map(str::len).max().unwrap();
    assert!(longest > 4096, "the table is long: {longest} bytes");
    let program = "import json, sys; print(sum(type(json.loads(line)) is dict for line in sys.stdin))";
    let mut child =
        Command::new(python).args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(trace.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), trace.lines().count().to_string());
}

#[test]
fn a_line_of_a_chapters_is_whole_at_any_length() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "echo listening on 127.0.0.1:9 >&2; head -c 3000000 /dev/zero | tr '\\0' x; echo; exec cat"]);
    let mut server = Server::start(shell, Port::Announced, Duration::from_secs(60)).unwrap();
    let (mut lines, begun) = (Vec::new(), Instant::now());
    while lines.is_empty() && begun.elapsed() < Duration::from_secs(60) {
        lines = server.said();
    }
    assert_eq!(lines[0].text.len(), 3_000_000);
}
