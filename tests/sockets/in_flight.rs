//! What sock_diag(7) says of the two ends of a connection, as TCP has them.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};
use std::{fs, mem, thread};

use close_call::net::in_flight::{LIMIT, all_arrived};
use close_call::net::sock_diag::{SockDiag, state};

use crate::descriptors::left_out;

#[test]
fn the_ends_of_a_connection_are_as_tcp_has_them() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut kernel = SockDiag::open().unwrap();
    assert!(kernel.listener(address).unwrap().is_some());

    let mut client = TcpStream::connect(address).unwrap();
    let (server, peer) = listener.accept().unwrap();
    assert!(all_arrived(&[(peer, address)], Duration::from_secs(60)).unwrap());
    assert_eq!(kernel.find(address, peer).unwrap().unwrap().state, state::ESTABLISHED);

    client.write_all(b"hello").unwrap();
    assert!(all_arrived(&[(peer, address)], Duration::from_secs(60)).unwrap());
    assert_eq!(kernel.find(address, peer).unwrap().unwrap().receive_queue, 5);

    drop(client);
    assert!(all_arrived(&[(peer, address)], Duration::from_secs(60)).unwrap());
    assert_eq!(kernel.find(address, peer).unwrap().unwrap().state, state::CLOSE_WAIT);

    // Closed with five bytes unread: the end here is gone at once, and the other one with it.
    drop(server);
    assert!(all_arrived(&[(peer, address)], Duration::from_secs(60)).unwrap());
    assert_eq!(kernel.find(address, peer).unwrap(), None);

    drop(listener);
    assert_eq!(kernel.listener(address).unwrap(), None);
}

#[test]
fn many_connections_are_found_as_each_of_them_is() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut clients: Vec<Option<TcpStream>> = (0..50).map(|_| TcpStream::connect(address).ok()).collect();
    let ends: Vec<_> = clients.iter().flatten().map(|client| (client.local_addr().unwrap(), address)).collect();
    assert_eq!(ends.len(), 50);
    // Each third one is gone without a trace, so that answers differ in kind.
    for client in clients.iter_mut().step_by(3) {
        socket2::SockRef::from(client.as_ref().unwrap()).set_linger(Some(Duration::ZERO)).unwrap();
        *client = None;
    }
    assert!(all_arrived(&ends, Duration::from_secs(60)).unwrap());
    let mut kernel = SockDiag::open().unwrap();
    let found = kernel.find_both(&ends).unwrap();
    let each: Vec<_> =
        ends.iter().map(|&(one, other)| [kernel.find(one, other).unwrap(), kernel.find(other, one).unwrap()]).collect();
    assert_eq!(found, each);
    let gone: Vec<bool> = found.iter().map(|[ours, _]| ours.is_none()).collect();
    assert_eq!(gone, (0..50).map(|n| n % 3 == 0).collect::<Vec<_>>());
}

/// A network of this thread's own, in which the kernel has no room for the memory of connections that have ended: TIME_WAIT
/// of none. Says why there is none, where that is so.
fn network_without_time_wait() -> io::Result<()> {
    // SAFETY: bare system calls. unshare(2) moves this thread alone, and the test ends with it.
    if unsafe { libc::unshare(libc::CLONE_NEWNET) } == -1 {
        return Err(io::Error::last_os_error());
    }
    let any_socket = UdpSocket::bind("0.0.0.0:0")?;
    // SAFETY: an ifreq of zeros is one, and both calls take it: netdevice(7).
    unsafe {
        let mut lo: libc::ifreq = mem::zeroed();
        for (to, from) in lo.ifr_name.iter_mut().zip(b"lo") {
            *to = *from as libc::c_char;
        }
        lo.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
        if libc::ioctl(any_socket.as_raw_fd(), libc::SIOCSIFFLAGS as libc::Ioctl, &lo) == -1 {
            return Err(io::Error::last_os_error());
        }
    }
    // Of the network of the thread that writes it.
    fs::write("/proc/sys/net/ipv4/tcp_max_tw_buckets", "0")
}

/// Nothing is left of the end that was closed first, as if it had been reset; and its FIN is there.
#[test]
fn an_orderly_end_that_the_kernel_does_not_remember_has_arrived() {
    let there = thread::spawn(|| {
        if let Err(why) = network_without_time_wait() {
            return left_out(&format!("a network of its own cannot be had here: {why}"));
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).unwrap();
        let (mut server, peer) = listener.accept().unwrap();
        drop(client);
        // The end has come, which is not acted on, and its acknowledgement is on the way back.
        assert_eq!(server.read(&mut [0; 1]).unwrap(), 0);
        let (mut kernel, begun) = (SockDiag::open().unwrap(), Instant::now());
        while kernel.find(peer, address).unwrap().is_some() {
            assert!(begun.elapsed() < LIMIT, "the kernel remembers it");
            thread::yield_now();
        }
        assert!(all_arrived(&[(peer, address)], Duration::from_secs(1)).unwrap());
        drop(server);
    });
    there.join().unwrap();
}
