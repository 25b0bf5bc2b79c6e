//! The clients' steps one by one, against servers that are made for them.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use close_call::net::in_flight::LIMIT;
use close_call::net::sock_diag::{SockDiag, state};
use close_call::net::{self, Address, Socket};
use close_call::probe::act::Act;
use close_call::probe::clients::{Clients, Event, MESSAGE};
use close_call::probe::presets::Preset;
use close_call::probe::probes;
use close_call::probe::protocol::Terms;
use close_call::probe::server::Server;
use close_call::probe::server::keeper::{Keeper, no_fork_meanwhile};
use close_call::probe::server::port::{FreePort, Port};
use close_call::probe::target::Target;

use crate::common::{exe, python};

pub fn chapter(name: &str) -> Command {
    let mut command = Command::new(exe(name));
    command.args(["--listen", "127.0.0.1:0"]);
    command
}

/// A server of tests/peers that has started, and the port that is kept for it.
pub fn peer(file: &str) -> Option<(Server, FreePort)> {
    let [python, file] = python(file)?;
    let port = FreePort::find().unwrap();
    let mut command = Command::new(python);
    command.arg(file);
    Some((Server::start(command, Port::Given(port.number), LIMIT).unwrap(), port))
}

/// With no patience for a server that is idle, one that sleeps for a time must not be taken for idle.
#[test]
fn a_server_that_sleeps_before_it_replies_is_waited_for_without_patience() {
    let Some([python, file]) = python("napping_server.py") else { return };
    let mut command = Command::new(python);
    command.arg(file);
    let target = Target { command, port: Port::Announced, wait: LIMIT, patience: Duration::ZERO };
    let verdict = target.verdict(probes::by_name("polite").unwrap(), &Terms::default(), &mut |_| {});
    assert_eq!(verdict.cell(), "ok", "{}", verdict.sentence());
}

#[test]
fn what_is_sent_again_and_again_has_a_bound() {
    // Chapter 11 takes all that it is sent, for ever, from a client that reads.
    let mut server = Server::start(chapter("11-limits"), Port::Announced, LIMIT).unwrap();
    let mut ignore = |_| {};
    let mut clients = Clients::new(&mut server, Duration::ZERO, &mut ignore);
    clients.connect("alice").unwrap();
    let sent = clients.send_repeatedly("alice", 1).unwrap();
    assert!(sent > 0 && sent <= 1000 * MESSAGE.len(), "{sent} bytes");
    assert_eq!(clients.send_repeatedly("alice", 0).unwrap(), 0);
}

/// A page of some megabytes is no line of a story.
#[test]
fn of_a_long_reply_the_beginning_is_told() {
    let Some([python, file]) = python("http_server.py") else { return };
    let port = FreePort::find().unwrap();
    let mut command = Command::new(python);
    command.args([file, "300000"]);
    let mut told = Vec::new();
    let mut watch = |event| {
        if let Event::Did { act: Act::Receive(text), .. } = event {
            told.push(text);
        }
    };
    let target = Target { command, port: Port::Given(port.number), wait: LIMIT, patience: Duration::ZERO };
    let terms = Terms { protocol: Preset::ALL[0].protocol(), ..Terms::default() };
    let verdict = target.verdict(probes::by_name("polite").unwrap(), &terms, &mut watch);
    assert_eq!(verdict.cell(), "ok", "{}", verdict.sentence());
    assert!(told[0].starts_with("HTTP/1.1 200 OK") && told[0].ends_with(" bytes more)"), "{}", told[0]);
    assert!(told[0].len() < 5000, "{} bytes", told[0].len());
}

/// A connection that breaks in the middle of a reply is another matter than a reply that is too short.
#[test]
fn a_reset_in_the_middle_of_a_reply_is_said_to_be_one() {
    let Some((mut server, _port)) = peer("cuts_short_server.py") else { return };
    let mut ignore = |_| {};
    let mut clients = Clients::new(&mut server, Duration::ZERO, &mut ignore);
    clients.connect("alice").unwrap();
    clients.ask("alice").unwrap();
    let verdict = clients.reply_in_pieces("alice", b"Hello, client!").unwrap_err();
    let said = "no reply to alice: recv: Connection reset by peer (os error 104). The server still runs.";
    assert_eq!(verdict.sentence(), said);
    // Nor is it the end of the connection, where all has come.
    clients.connect("bob").unwrap();
    clients.ask("bob").unwrap();
    let verdict = clients.reads_to_the_end("bob", b"Hello").unwrap_err();
    assert_eq!(verdict.cell(), "cut short", "{}", verdict.sentence());
}

/// A new process has a copy of every descriptor until its exec, and a connection ends only with the last copy.
#[test]
fn what_is_closed_is_closed_although_processes_are_made_meanwhile() {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let mut command = Command::new("true");
                // SAFETY: a bare system call, which is async-signal-safe. It makes the moment a long one.
                unsafe {
                    command.pre_exec(|| {
                        let pause = libc::timespec { tv_sec: 0, tv_nsec: 5_000_000 };
                        libc::nanosleep(&pause, std::ptr::null_mut());
                        Ok(())
                    });
                }
                command.stdout(Stdio::null());
                Keeper::spawn(command).unwrap().end(LIMIT);
            }
        });
        let mut kernel = SockDiag::open().unwrap();
        for _ in 0..50 {
            let (ours, peer, ends) = net::connection().unwrap();
            {
                let _closed_at_once = no_fork_meanwhile();
                drop(peer);
            }
            // On loopback the FIN has arrived when close returns, if it was sent.
            let (local, remote) = (ends.1.as_socket().unwrap(), ends.0.as_socket().unwrap());
            let end = kernel.find(local, remote).unwrap().unwrap();
            assert_eq!(end.state, state::CLOSE_WAIT, "the FIN was sent by the close");
            drop(ours);
        }
        done.store(true, Ordering::Relaxed);
    });
}

const IN_A_PROCESS_OF_ITS_OWN: &str = "CLOSE_CALL_SEND_TO_A_RESET_PEER";

/// libtest ignores SIGPIPE, as every Rust program does at its start. A chapter puts the default back (`… | head`), and
/// then a send to a peer that is gone must not end it.
#[test]
fn a_send_to_a_peer_that_is_gone_is_epipe_and_no_signal() {
    if std::env::var_os(IN_A_PROCESS_OF_ITS_OWN).is_some() {
        // SAFETY: a bare system call.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        println!("{}", send_to_a_reset_peer());
        return;
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "steps::a_send_to_a_peer_that_is_gone_is_epipe_and_no_signal", "--nocapture"]);
    again.env(IN_A_PROCESS_OF_ITS_OWN, "1").stdout(Stdio::piped());
    // By a keeper, because the other tests' clients close meanwhile.
    let mut child = Keeper::spawn(again).unwrap();
    let mut said = String::new();
    child.guard().stdout.take().unwrap().read_to_string(&mut said).unwrap();
    let status = loop {
        match child.ended() {
            Some(status) => break status,
            None => thread::yield_now(),
        }
    };
    assert!(status.success(), "{status}: {said}");
    assert!(said.contains("send: Broken pipe (os error 32)"), "{said}");
}

fn send_to_a_reset_peer() -> net::Error {
    let (ours, peer, ends): (Socket, Socket, (Address, Address)) = net::connection().unwrap();
    peer.reset().unwrap();
    net::until_arrived(&ends.0, &ends.1).unwrap();
    // The first call takes the error that waits, and from then on the socket is one that cannot send.
    let _ = ours.take_error().unwrap();
    ours.send(b"hello").unwrap_err()
}
