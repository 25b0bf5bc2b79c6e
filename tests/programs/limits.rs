//! Chapter 11's orderly stop, and what chapter 10 and 11 hold for clients that never read.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::common::command;
use close_call::probe::server::processes::memory;

/// A server with a greeting of that many bytes, its address, and what it prints.
fn listening(chapter: &str, greeting: usize) -> (Child, String, BufReader<std::process::ChildStdout>) {
    let mut command = command(chapter, &["--listen", "127.0.0.1:0"]);
    command.env("GREETING", greeting.to_string()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address = line.strip_prefix("listening on ").unwrap().trim().to_string();
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, address, out)
}

fn hear(out: &mut impl BufRead, word: &str) {
    let mut heard = String::new();
    while !heard.contains(word) {
        heard.clear();
        assert_ne!(out.read_line(&mut heard).unwrap(), 0, "{word:?} was not heard");
    }
}

fn signal(child: &Child, signal: i32) {
    // SAFETY: a bare system call on a child that is not yet waited for.
    assert_eq!(unsafe { libc::kill(i32::try_from(child.id()).unwrap(), signal) }, 0);
}

#[test]
fn a_server_that_is_told_to_stop_finishes_what_was_begun() {
    const LENGTH: usize = 4_000_000;
    for (number, name) in [(libc::SIGTERM, "SIGTERM"), (libc::SIGINT, "SIGINT")] {
        let (mut child, address, mut out) = listening("11-limits", LENGTH);
        let mut client = TcpStream::connect(&address).unwrap();
        let _idle = TcpStream::connect(&address).unwrap();
        client.write_all(b"Hello, server!").unwrap();
        hear(&mut out, "received");
        signal(&child, number);
        hear(&mut out, &format!("stopping on {name}"));

        let mut reply = Vec::new();
        client.read_to_end(&mut reply).unwrap();
        let whole: Vec<u8> = b"Hello, client!".iter().copied().cycle().take(LENGTH).collect();
        assert!(reply == whole, "{} bytes of {LENGTH}, and then the end", reply.len());
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert!(TcpStream::connect(&address).is_err(), "nobody listens there any more");
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let (mut child, address, mut out) = listening("11-limits", 4_000_000);
    let mut never_reads = TcpStream::connect(&address).unwrap();
    never_reads.write_all(b"Hello, server!").unwrap();
    hear(&mut out, "received");
    signal(&child, libc::SIGTERM);
    hear(&mut out, "stopping on SIGTERM");
    signal(&child, libc::SIGTERM);
    let status = child.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(libc::SIGTERM));
}

#[test]
fn what_is_held_for_clients_that_never_read_is_bounded() {
    const CLIENTS: usize = 500;
    const GREETING: usize = 64 * 1024;
    for chapter in ["10-never-block", "11-limits"] {
        let (mut child, address, out) = listening(chapter, GREETING);
        // What it prints is to be read, or it would wait for that.
        let reader = std::thread::spawn(move || out.lines().map_while(Result::ok).count());
        let before = memory(&[child.id()]);
        let mut clients: Vec<TcpStream> = (0..CLIENTS).map(|_| TcpStream::connect(&address).unwrap()).collect();
        for client in &mut clients {
            client.set_nonblocking(true).unwrap();
        }
        // Each message is worth a greeting. They are sent until nobody takes any more, for two looks in a row.
        let (mut peak, mut refused) = (0, 0);
        while refused < 2 {
            let taken = clients.iter_mut().filter_map(|client| client.write(&[b'x'; 4096]).ok()).count();
            refused = if taken == 0 { refused + 1 } else { 0 };
            peak = peak.max(memory(&[child.id()]));
            std::thread::sleep(Duration::from_millis(20));
        }
        let each = (peak - before) / CLIENTS as u64;
        println!("{chapter}: {CLIENTS} clients that never read, {each} bytes each, {} MB in all", peak >> 20);
        // The buffer's bound, a greeting on top of it, and as much again, because a Vec grows by doubling.
        assert!(each <= 2 * (64 * 1024 + GREETING as u64), "{chapter}: {each} bytes a client");
        child.kill().unwrap();
        child.wait().unwrap();
        drop(clients);
        assert!(reader.join().unwrap() >= CLIENTS);
    }
}
