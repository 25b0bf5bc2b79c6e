//! getpeername(2), as the chapters call it and as the kernel answers in the states of which the book speaks.

use std::fs::File;
use std::mem::{size_of, zeroed};
use std::net::{Shutdown, TcpListener, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::ptr;

use close_call::net::{self, Address, Socket};

use crate::{NUMBERS, room_for};

fn errno_of(fd: RawFd) -> Option<i32> {
    net::peer_name(fd).unwrap_err().raw_os_error()
}

#[test]
fn a_descriptor_that_is_not_open_is_ebadf() {
    assert_eq!(errno_of(-1), Some(libc::EBADF));
    assert_eq!(errno_of(i32::MAX), Some(libc::EBADF));
    // std takes O_PATH out of the flags with musl, for which it is an access mode.
    // SAFETY: a bare system call on a string that ends with a zero; the descriptor is nobody else's.
    let path = unsafe { OwnedFd::from_raw_fd(libc::open(c"/".as_ptr(), libc::O_PATH)) };
    assert_eq!(errno_of(path.as_raw_fd()), Some(libc::EBADF), "O_PATH opens no file");
}

#[test]
fn the_error_names_the_call_and_has_the_systems_words() {
    let error = net::peer_name(-1).unwrap_err();
    assert_eq!(error.to_string(), "getpeername: Bad file descriptor (os error 9)");
    assert_eq!((error.call(), error.name()), ("getpeername", "EBADF".to_string()));
}

#[test]
fn what_is_no_socket_is_enotsock() {
    assert_eq!(errno_of(File::open("/dev/null").unwrap().as_raw_fd()), Some(libc::ENOTSOCK));
    assert_eq!(errno_of(File::open("Cargo.toml").unwrap().as_raw_fd()), Some(libc::ENOTSOCK));
    let (reader, _writer) = std::io::pipe().unwrap();
    assert_eq!(errno_of(reader.as_raw_fd()), Some(libc::ENOTSOCK));
}

#[test]
fn a_socket_without_a_connection_is_enotconn() {
    let socket = Socket::new(&Address::any_port()).unwrap();
    assert_eq!(errno_of(socket.as_raw_fd()), Some(libc::ENOTCONN), "fresh");
    socket.bind(&Address::any_port()).unwrap();
    assert_eq!(errno_of(socket.as_raw_fd()), Some(libc::ENOTCONN), "bound");
    let refused = Socket::new(&Address::any_port()).unwrap();
    assert!(refused.connect(&socket.local_addr().unwrap()).is_err());
    assert_eq!(errno_of(refused.as_raw_fd()), Some(libc::ENOTCONN), "refused");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_eq!(errno_of(listener.as_raw_fd()), Some(libc::ENOTCONN), "listening");
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    assert_eq!(errno_of(udp.as_raw_fd()), Some(libc::ENOTCONN), "unconnected UDP");
}

#[test]
fn a_connection_has_its_peers_name_also_when_the_peer_has_closed() {
    if !room_for(NUMBERS) {
        return;
    }
    let (ours, peer, ends) = net::connection().unwrap();
    assert_eq!(ours.peer_addr().unwrap(), ends.0);
    assert_eq!(peer.peer_addr().unwrap(), ends.1);
    drop(peer);
    net::until_arrived(&ends.0, &ends.1).unwrap();
    assert_eq!(ours.peer_addr().unwrap(), ends.0, "closed by the peer");
    assert_eq!(ours.recv(&mut [0; 1]).unwrap(), 0);
    assert_eq!(ours.peer_addr().unwrap(), ends.0, "and the end was received");
}

#[test]
fn a_reset_takes_the_name_away_from_an_open_socket() {
    let (ours, peer, ends) = net::connection().unwrap();
    peer.send(b"x").unwrap();
    peer.reset().unwrap();
    net::until_arrived(&ends.0, &ends.1).unwrap();
    assert_eq!(ours.peer_addr().unwrap_err().raw_os_error(), Some(libc::ENOTCONN));
}

#[test]
fn both_directions_finished_is_enotconn_before_the_end_is_received() {
    let (ours, peer, ends) = net::connection().unwrap();
    drop(peer);
    ours.shutdown(Shutdown::Write).unwrap();
    net::until_arrived(&ends.0, &ends.1).unwrap();
    assert_eq!(ours.peer_addr().unwrap_err().raw_os_error(), Some(libc::ENOTCONN));
}

#[test]
fn a_duplicate_keeps_the_socket_open_when_the_number_is_closed() {
    if !room_for(NUMBERS) {
        return;
    }
    let (ours, _peer, ends) = net::connection().unwrap();
    // SAFETY: a bare system call on an open descriptor.
    let duplicate = unsafe { libc::fcntl(ours.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 500) };
    assert!(duplicate >= 500);
    drop(ours);
    assert_eq!(net::peer_name(duplicate).unwrap(), ends.0);
    net::close(duplicate).unwrap();
}

#[test]
fn a_unix_socket_has_a_name_to_print_too() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    drop(theirs);
    assert_eq!(net::peer_name(ours.as_raw_fd()).unwrap().to_string(), "(unnamed, of family 1)");
}

/// getpeername as C has it: the return value, errno, and the length it stored.
fn raw(fd: RawFd, address: *mut libc::sockaddr, length: &mut libc::socklen_t) -> Result<(), i32> {
    // SAFETY: a bad `address` is what some of the tests are about; the kernel answers EFAULT and writes nothing.
    match unsafe { libc::getpeername(fd, address, length) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error().raw_os_error().unwrap()),
    }
}

#[test]
fn bad_arguments_are_einval_and_efault() {
    let (ours, _peer, _) = net::connection().unwrap();
    let fd = ours.as_raw_fd();
    // SAFETY: all zeroes is a valid sockaddr_in.
    let mut address: libc::sockaddr_in = unsafe { zeroed() };
    let room = ptr::from_mut(&mut address).cast();
    let full = size_of::<libc::sockaddr_in>() as libc::socklen_t;

    assert_eq!(raw(fd, room, &mut (-1_i32 as libc::socklen_t)), Err(libc::EINVAL), "a length of -1");
    assert_eq!(raw(fd, ptr::without_provenance_mut(1), &mut full.clone()), Err(libc::EFAULT), "a bad address");
    // SAFETY: the kernel answers EFAULT to a length it cannot read, and writes nothing.
    unsafe {
        assert_eq!(libc::getpeername(fd, room, ptr::null_mut()), -1, "no length");
        assert_eq!(std::io::Error::last_os_error().raw_os_error(), Some(libc::EFAULT));
        assert_eq!(libc::getpeername(fd, room, ptr::without_provenance_mut(1)), -1, "a bad pointer to the length");
        assert_eq!(std::io::Error::last_os_error().raw_os_error(), Some(libc::EFAULT));
    }
}

#[test]
fn a_short_length_truncates_and_tells_the_true_one() {
    let (ours, _peer, _) = net::connection().unwrap();
    let mut two = [0xaa_u8; 16];
    let mut length = 2;
    assert_eq!(raw(ours.as_raw_fd(), two.as_mut_ptr().cast(), &mut length), Ok(()));
    assert_eq!(length, 16, "the length of a sockaddr_in");
    assert_eq!(two[2..], [0xaa; 14], "nothing was written beyond the two bytes");
}

#[test]
fn the_number_of_a_closed_socket_names_whoever_has_it_next() {
    // In a process of its own the number would be the next one for sure; here other tests run beside this one, so the
    // new socket is put on the old number by name.
    let (old, _old_peer, _) = net::connection().unwrap();
    let (new, _new_peer, new_ends) = net::connection().unwrap();
    let number = old.into_raw_fd();
    // SAFETY: both are open and ours; dup3 closes `number` and opens it again in one step.
    assert_eq!(unsafe { libc::dup3(new.as_raw_fd(), number, libc::O_CLOEXEC) }, number);
    assert_eq!(net::peer_name(number).unwrap(), new_ends.0, "no error: another client's name");
    net::close(number).unwrap();
}
