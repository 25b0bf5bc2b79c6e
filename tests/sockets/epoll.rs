//! epoll(7): what a registration belongs to, and what becomes of it when a number is closed.

use std::io::{Write, pipe};
use std::net::Shutdown;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use close_call::epoll::{Epoll, Events};
use close_call::net::{self, Socket};
use close_call::poll::poll;

use crate::{NUMBERS, room_for};

const NOW: Option<Duration> = Some(Duration::ZERO);
const GENEROUS: Option<Duration> = Some(Duration::from_secs(60));

/// A connection whose peer has sent a byte: our end, and the peer's.
fn readable() -> (Socket, Socket) {
    let (ours, peer, (theirs, own)) = net::connection().unwrap();
    peer.send(b"x").unwrap();
    net::until_arrived(&theirs, &own).unwrap();
    (ours, peer)
}

/// A second descriptor of the socket, under this number, which no test beside the one that asks takes.
fn dup_to(socket: &Socket, number: RawFd) {
    // SAFETY: a bare system call; what was at `number` is closed, or is a socket that the test has put there itself.
    assert_eq!(unsafe { libc::dup3(socket.as_raw_fd(), number, libc::O_CLOEXEC) }, number);
}

/// The number as something that is open, which it need not be.
fn number(fd: RawFd) -> BorrowedFd<'static> {
    // SAFETY: it is passed to epoll_ctl only, which says EBADF if it is closed. No other test has anything there.
    unsafe { BorrowedFd::borrow_raw(fd) }
}

#[test]
fn the_token_comes_back_as_it_was_given_with_what_poll_would_say() {
    if !room_for(NUMBERS) {
        return;
    }
    let (ours, peer) = readable();
    let epoll = Epoll::new().unwrap();
    for token in [0, 7, u64::MAX] {
        epoll.add(&ours, Events::IN | Events::OUT, token).unwrap();
        assert_eq!(epoll.wait(GENEROUS).unwrap(), [(token, Events::IN | Events::OUT)]);
        epoll.remove(&ours).unwrap();
    }
    assert_eq!(epoll.wait(NOW).unwrap(), []);

    epoll.add(&ours, Events::PRI, 1).unwrap();
    assert_eq!(epoll.wait(NOW).unwrap(), [], "only what is asked for");
    peer.reset().unwrap();
    let said = epoll.wait(GENEROUS).unwrap();
    assert_eq!(said, [(1, Events::ERR | Events::HUP)], "or what is wrong");
    assert_eq!(poll(&[(ours.as_raw_fd(), Events::PRI)], NOW).unwrap(), [said[0].1]);
}

#[test]
fn what_is_ready_is_reported_until_it_no_longer_is() {
    if !room_for(NUMBERS) {
        return;
    }
    let (ours, _peer) = readable();
    let epoll = Epoll::new().unwrap();
    epoll.add(&ours, Events::IN, 1).unwrap();
    for _ in 0..3 {
        assert_eq!(epoll.wait(NOW).unwrap(), [(1, Events::IN)]);
    }
    ours.recv(&mut [0; 8]).unwrap();
    assert_eq!(epoll.wait(NOW).unwrap(), []);
}

#[test]
fn to_close_the_only_descriptor_ends_its_registration() {
    if !room_for(NUMBERS) {
        return;
    }
    let (ours, peer) = readable();
    let epoll = Epoll::new().unwrap();
    epoll.add(&ours, Events::IN, 1).unwrap();
    drop(ours);
    peer.shutdown(Shutdown::Write).unwrap_err();
    assert_eq!(epoll.wait(NOW).unwrap(), []);
}

#[test]
fn a_registration_outlives_the_close_of_its_number_and_can_then_not_be_removed() {
    if !room_for(NUMBERS) {
        return;
    }
    const FIVE: RawFd = 720;
    let (alice, _alices) = readable();
    let (bob, _bobs, _) = net::connection().unwrap();
    let epoll = Epoll::new().unwrap();

    dup_to(&alice, FIVE);
    epoll.add(number(FIVE), Events::IN, 5).unwrap();
    net::close(FIVE).unwrap(); // `alice` is a second handle
    assert_eq!(epoll.wait(NOW).unwrap(), [(5, Events::IN)], "alice's, and 5 is closed");
    assert_eq!(epoll.remove(number(FIVE)).unwrap_err().name(), "EBADF", "too late");

    dup_to(&bob, FIVE);
    epoll.add(number(FIVE), Events::IN, 5).unwrap(); // not EEXIST: another socket
    assert_eq!(epoll.wait(NOW).unwrap(), [(5, Events::IN)], "alice's, and 5 is bob");

    epoll.remove(number(FIVE)).unwrap(); // bob's
    assert_eq!(epoll.modify(number(FIVE), Events::OUT, 5).unwrap_err().name(), "ENOENT");
    assert_eq!(epoll.wait(NOW).unwrap(), [(5, Events::IN)], "alice's is still there");

    drop(alice);
    assert_eq!(epoll.wait(NOW).unwrap(), [], "it ends with her last descriptor");
    net::close(FIVE).unwrap();
}

#[test]
fn what_was_removed_before_the_close_is_gone() {
    if !room_for(NUMBERS) {
        return;
    }
    const NUMBER: RawFd = 730;
    let (alice, _peer) = readable();
    let epoll = Epoll::new().unwrap();
    dup_to(&alice, NUMBER);
    epoll.add(number(NUMBER), Events::IN, 5).unwrap();
    epoll.remove(number(NUMBER)).unwrap();
    net::close(NUMBER).unwrap();
    assert_eq!(epoll.wait(NOW).unwrap(), [], "although her socket is open");
    assert_eq!(alice.recv(&mut [0; 8]).unwrap(), 1);
}

#[test]
fn what_is_registered_twice_or_not_at_all_is_said_by_name() {
    if !room_for(NUMBERS) {
        return;
    }
    let (ours, _peer, _) = net::connection().unwrap();
    let epoll = Epoll::new().unwrap();
    assert_eq!(epoll.remove(&ours).unwrap_err().to_string(), "epoll_ctl: No such file or directory (os error 2)");
    epoll.add(&ours, Events::IN, 1).unwrap();
    assert_eq!(epoll.add(&ours, Events::IN, 2).unwrap_err().to_string(), "epoll_ctl: File exists (os error 17)");
    // Under another number the same socket can be registered once more.
    let second = ours.try_clone().unwrap();
    epoll.add(&second, Events::OUT, 3).unwrap();
    assert_eq!(epoll.wait(NOW).unwrap(), [(3, Events::OUT)]);
    let file = std::fs::File::open("Cargo.toml").unwrap();
    assert_eq!(epoll.add(&file, Events::IN, 4).unwrap_err().name(), "EPERM", "a file is always ready");
}

#[test]
fn more_events_than_one_wait_returns_come_with_the_next() {
    if !room_for(NUMBERS) {
        return;
    }
    let epoll = Epoll::new().unwrap();
    let pipes: Vec<_> = (0..300).map(|_| pipe().unwrap()).collect();
    for (token, (reader, writer)) in (0..).zip(&pipes) {
        let mut writer = writer;
        writer.write_all(b"x").unwrap();
        epoll.add(reader, Events::IN, token).unwrap();
    }
    let mut tokens: Vec<u64> = Vec::new();
    for expected in [256, 256] {
        let said = epoll.wait(NOW).unwrap();
        assert_eq!(said.len(), expected);
        tokens.extend(said.iter().map(|(token, _)| token));
    }
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), 300, "each is reported within two waits");
}

#[test]
fn a_timeout_is_not_cut_short() {
    let epoll = Epoll::new().unwrap();
    for timeout in [Duration::from_nanos(1), Duration::from_micros(1_500), Duration::from_millis(30)] {
        let begun = Instant::now();
        assert_eq!(epoll.wait(Some(timeout)).unwrap(), []);
        assert!(begun.elapsed() >= timeout, "{:?} is less than {timeout:?}", begun.elapsed());
    }
}

#[test]
fn a_second_descriptor_keeps_the_connection_and_what_is_not_acknowledged_is_counted() {
    let (ours, peer, (theirs, own)) = net::connection().unwrap();
    let handle = ours.try_clone().unwrap();
    assert_ne!(handle.as_raw_fd(), ours.as_raw_fd());
    drop(ours);
    assert_eq!(peer.peer_addr().unwrap().to_string(), handle.local_addr().unwrap().to_string());
    peer.set_nonblocking(true).unwrap();
    assert!(peer.recv(&mut [0; 8]).unwrap_err().would_block(), "no FIN was sent");

    handle.send(b"hello").unwrap();
    net::until_arrived(&own, &theirs).unwrap();
    let begun = Instant::now();
    while handle.unacknowledged().unwrap() > 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "an acknowledgement can be put off for 40 ms");
    }
    peer.recv(&mut [0; 8]).unwrap();
    drop(peer); // in order, since it has read everything
    handle.send(b"hello").unwrap(); // its kernel answers with a reset
    assert_eq!(handle.unacknowledged().unwrap(), 5);
}
