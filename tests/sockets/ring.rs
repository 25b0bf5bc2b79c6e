//! io_uring(7) through `net::ring`: what belongs to a request in flight, and what is left of it afterwards.

use std::fs;
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::time::{Duration, Instant};

use close_call::net::{self, Address, Socket};
use close_call::ring::{Done, Id, Ring};
use insta::{Settings, assert_snapshot};

use crate::descriptors::left_out;

/// A ring, or nothing where io_uring is forbidden, which is then said.
fn ring() -> Option<Ring> {
    Ring::new().inspect_err(|error| left_out(&error.to_string())).ok()
}

/// The server's end of a new connection, to be shared with requests, and the client's.
fn connection() -> (Rc<Socket>, Socket) {
    let (ours, peer, _) = net::connection().unwrap();
    peer.set_nonblocking(true).unwrap();
    (Rc::new(ours), peer)
}

/// What completes next.
fn next(ring: &mut Ring) -> (Id, Done) {
    loop {
        let mut done = ring.wait(None).unwrap();
        assert!(done.len() <= 1, "{done:?}");
        if let Some(done) = done.pop() {
            return done;
        }
    }
}

#[track_caller]
fn message(done: (Id, Done), id: Id, wanted: &[u8]) {
    match done {
        (for_whom, Done::Received(Ok(bytes))) => assert_eq!((for_whom, &bytes[..]), (id, wanted)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_in_flight_keeps_its_socket_and_its_number_and_its_completion_is_the_close() {
    let Some(mut ring) = ring() else { return };
    let (alice, client) = connection();
    let number = alice.as_raw_fd();
    ring.recv(7, &alice, 64).unwrap();
    drop(alice);
    // Not handed in yet, and then handed in: in either case the number is not given out again.
    for _ in 0..2 {
        let others: Vec<_> = (0..8).map(|_| connection()).collect();
        assert!(others.iter().all(|(ours, theirs)| ours.as_raw_fd() != number && theirs.as_raw_fd() != number));
        assert!(ring.wait(Some(Duration::ZERO)).unwrap().is_empty());
    }
    assert!(client.recv(&mut [0; 8]).unwrap_err().would_block(), "no end yet");
    client.send(b"late").unwrap();
    message(next(&mut ring), 7, b"late");
    assert!(ring.is_empty());
    client.set_nonblocking(false).unwrap();
    assert_eq!(client.recv(&mut [0; 8]).unwrap(), 0, "and now it is");
}

#[test]
fn a_shutdown_completes_what_waits_and_what_has_come_is_received_first() {
    let Some(mut ring) = ring() else { return };
    let (alice, client) = connection();
    client.send(b"hello").unwrap();
    ring.recv(7, &alice, 3).unwrap();
    message(next(&mut ring), 7, b"hel");
    alice.shutdown(Shutdown::Read).unwrap();
    for wanted in [&b"lo"[..], b"", b""] {
        ring.recv(7, &alice, 3).unwrap();
        message(next(&mut ring), 7, wanted);
    }
    let (bob, _client) = connection();
    ring.recv(8, &bob, 3).unwrap();
    assert!(ring.wait(Some(Duration::ZERO)).unwrap().is_empty());
    bob.shutdown(Shutdown::Read).unwrap();
    message(next(&mut ring), 8, b"");

    let listener = Rc::new(net::listen(&Address::any_port()).unwrap());
    ring.accept(1, &listener).unwrap();
    assert!(ring.wait(Some(Duration::ZERO)).unwrap().is_empty());
    listener.shutdown(Shutdown::Read).unwrap();
    match next(&mut ring) {
        (1, Done::Accepted(Err(error))) => assert_eq!(error.brief(), "EINVAL in accept"),
        other => panic!("{other:?}"),
    }
    assert!(ring.is_empty());
}

#[test]
fn an_accept_returns_the_peers_address_even_where_the_peer_has_gone() {
    let Some(mut ring) = ring() else { return };
    let listener = Rc::new(net::listen(&Address::any_port()).unwrap());
    let client = Socket::new(&Address::any_port()).unwrap();
    client.connect(&listener.local_addr().unwrap()).unwrap();
    let address = client.local_addr().unwrap();
    client.reset().unwrap();
    ring.accept(1, &listener).unwrap();
    match next(&mut ring) {
        (1, Done::Accepted(Ok((socket, name)))) => {
            assert_eq!(name, address);
            assert_eq!(socket.peer_addr().unwrap_err().name(), "ENOTCONN");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_send_returns_how_many_bytes_were_taken_and_all_of_them() {
    let Some(mut ring) = ring() else { return };
    let (alice, client) = connection();
    ring.send(7, &alice, b"hello".to_vec()).unwrap();
    assert!(matches!(next(&mut ring), (7, Done::Sent(Ok(5), bytes)) if bytes == b"hello"));
    client.reset().unwrap();
    ring.send(7, &alice, b"hello".to_vec()).unwrap();
    match next(&mut ring) {
        (7, Done::Sent(Err(error), _)) => assert_eq!(error.call(), "send"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn more_requests_than_the_queue_holds_are_all_handed_in_and_all_complete() {
    let Some(mut ring) = ring() else { return };
    let (alice, client) = connection();
    for id in 0..3_000 {
        ring.readable(id, &alice).unwrap();
    }
    assert!(ring.wait(Some(Duration::ZERO)).unwrap().is_empty());
    client.send(b"hello").unwrap();
    let mut ids = Vec::new();
    while !ring.is_empty() {
        for (id, done) in ring.wait(None).unwrap() {
            assert!(matches!(done, Done::Readable));
            ids.push(id);
        }
    }
    ids.sort_unstable();
    assert_eq!(ids, (0..3_000).collect::<Vec<Id>>());
}

/// How many of this process's threads work for io_uring, where a request could not be made without waiting.
fn workers() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.starts_with("iou-wrk-")).count()
}

/// What the page of chapter 18 counts: io_uring takes the end of what a client sends for room to send to it.
#[test]
fn a_send_to_a_client_that_has_half_closed_and_does_not_read_costs_a_thread() {
    const CLIENTS: usize = 50;
    let Some(mut ring) = ring() else { return };
    let mut counted = |half_closed: bool| {
        let clients: Vec<(Rc<Socket>, Socket)> = (0..CLIENTS).map(|_| connection()).collect();
        let before = workers();
        for (id, (ours, theirs)) in (0..).zip(&clients) {
            if half_closed {
                theirs.shutdown(Shutdown::Write).unwrap();
            }
            ring.send(id, ours, vec![0; 16 << 20]).unwrap();
        }
        // All that comes of it has come when nothing changes any more.
        let (begun, mut last, mut since) = (Instant::now(), before, Instant::now());
        while since.elapsed() < Duration::from_millis(300) && begun.elapsed() < Duration::from_secs(60) {
            for (id, done) in ring.wait(Some(Duration::from_millis(5))).unwrap() {
                let Done::Sent(Ok(sent), mut bytes) = done else { panic!("{done:?}") };
                bytes.drain(..sent);
                ring.send(id, &clients[id as usize].0, bytes).unwrap();
                since = Instant::now();
            }
            if workers() != last {
                (last, since) = (workers(), Instant::now());
            }
        }
        clients.iter().for_each(|(ours, _)| ours.shutdown(Shutdown::Both).unwrap());
        drop(clients);
        while !ring.is_empty() {
            ring.wait(None).unwrap();
        }
        last - before
    };
    let (open, half_closed) = (counted(false), counted(true));
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _settings = settings.bind_to_scope();
    assert_snapshot!(
        "io-uring-workers",
        format!(
            "{CLIENTS} clients do not read                        {open:>2} threads named iou-wrk\n\
             {CLIENTS} clients do not read, and have half-closed  {half_closed:>2} threads named iou-wrk"
        )
    );
}
