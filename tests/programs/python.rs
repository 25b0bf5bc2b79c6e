//! The story as its author met it: the server and the client in Python, and our servers with the client in Python.

use std::net::TcpListener;
use std::process::{Command, Stdio};

use crate::common::Listening;
use close_call::command::ladder;
use close_call::net::sock_diag::SockDiag;
use insta::assert_snapshot;

/// `python3` with a file of tests/peers, and its port.
fn python(file: &str, port: u16) -> Option<Command> {
    let [program, file] = crate::common::python(file)?;
    let mut command = Command::new(program);
    command.arg(file).env("PORT", port.to_string()).stdin(Stdio::null());
    Some(command)
}

#[test]
fn the_server_of_the_story_dies_as_it_did() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let Some(mut server) = python("story_server.py", port) else {
        return;
    };
    let mut server = server.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let address = ([127, 0, 0, 1], port).into();
    while SockDiag::open().unwrap().listener(address).unwrap().is_none() {
        assert!(server.try_wait().unwrap().is_none(), "the server runs");
    }
    let client = python("story_client.py", port).unwrap().output().unwrap();
    assert_eq!(String::from_utf8(client.stdout).unwrap(), "Received from server: Hello, client!\n");

    let output = server.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    // How a traceback points at a column differs between versions of Python; the ports and the folder, between runs.
    let traceback = String::from_utf8(output.stderr).unwrap();
    let lines = traceback.lines().filter(|line| !line.trim().chars().all(|c| c == '^' || c == '~'));
    let all = String::from_utf8(output.stdout).unwrap() + &lines.collect::<Vec<_>>().join("\n");
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"'127\.0\.0\.1', \d+", "'127.0.0.1', <port>");
    settings.add_filter(r#"File ".*tests/peers/"#, r#"File "tests/peers/"#);
    let _filters = settings.bind_to_scope();
    let _settings = crate::common::settings();
    assert_snapshot!("story-python", all);
}

#[test]
fn every_server_serves_the_client_of_the_story() {
    for chapter in ladder::servers() {
        let server = Listening::start(chapter.name, &["--listen", "127.0.0.1:0"]);
        let port = server.address.rsplit(':').next().unwrap().parse().unwrap();
        let Some(mut client) = python("story_client.py", port) else {
            return;
        };
        let output = client.output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "Received from server: Hello, client!\n");
        let heard = server.hear("received");
        assert!(heard.contains(r#"received "Hello, server!" from 127.0.0.1:"#), "{}: {heard}", chapter.name);
    }
}
