//! Asks the kernel for one end of a connection, by sock_diag(7), which is what ss(8) reads. Linux only.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::OnceLock;

use socket2::{Domain, Protocol, Socket, Type};

/// The states of a TCP socket, by tcp(7)'s names and the kernel's numbers (`tcp_states.h`).
pub mod state {
    /// Connected, and neither side has finished sending.
    pub const ESTABLISHED: u8 = 1;
    /// A connect whose SYN has no answer yet.
    pub const SYN_SENT: u8 = 2;
    /// A connect that the listener's side has answered, and not yet heard of again.
    pub const SYN_RECV: u8 = 3;
    /// This end has finished sending; the other's kernel has not said that it knows.
    pub const FIN_WAIT1: u8 = 4;
    /// This end has finished sending, and the other's kernel knows it.
    pub const FIN_WAIT2: u8 = 5;
    /// Both have finished; the kernel keeps the pair of addresses for a minute.
    pub const TIME_WAIT: u8 = 6;
    /// Not connected: it was reset, or has never been.
    pub const CLOSE: u8 = 7;
    /// The other end has finished sending.
    pub const CLOSE_WAIT: u8 = 8;
    /// The other end had finished sending, then this one did; its end is not acknowledged.
    pub const LAST_ACK: u8 = 9;
    /// A listener.
    pub const LISTEN: u8 = 10;
    /// Both have finished at the same time.
    pub const CLOSING: u8 = 11;
}

/// One end of a connection, as the kernel has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// One of [`state`].
    pub state: u8,
    /// Bytes that have arrived and wait to be received; the end of the stream counts as one.
    pub receive_queue: u32,
    /// Bytes that were sent and are not acknowledged; the end of the stream counts as one.
    pub send_queue: u32,
    /// The number by which /proc/PID/fd names it (`socket:[inode]`); 0 if no process has it open.
    pub inode: u32,
}

/// A connection to the kernel's table of sockets.
pub struct SockDiag(Socket);

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NETLINK_SOCK_DIAG: i32 = 4;
const HEADER: usize = 16;
const REQUEST: usize = HEADER + 56;
/// How many requests are in one message at most. Each answer takes about a kilobyte of the socket's receive buffer, which
/// has two hundred, as a rule (net.core.rmem_default).
const AT_A_TIME: usize = 32;

impl SockDiag {
    /// Opens the netlink socket. Fails where the kernel has no sock_diag, or a sandbox forbids it.
    pub fn open() -> io::Result<SockDiag> {
        static ANSWERS: OnceLock<()> = OnceLock::new();
        let kind = (Domain::from(libc::AF_NETLINK), Type::DGRAM, Some(Protocol::from(NETLINK_SOCK_DIAG)));
        let mut kernel = Socket::new(kind.0, kind.1, kind.2).map(SockDiag)?;
        if ANSWERS.get().is_none()
            // Where there is no descriptor left for it, the next one who asks will find out.
            && let Ok(ours) = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        {
            kernel.finds(ours.local_addr()?)?;
            let _ = ANSWERS.set(());
        }
        Ok(kernel)
    }

    /// Fails unless it finds the listener that is known to be there: ENOENT means that there is no such socket, and also
    /// that the kernel has no module that could know (tcp_diag).
    fn finds(&mut self, listener: SocketAddr) -> io::Result<()> {
        let why = "the kernel cannot be asked about TCP sockets: it has no tcp_diag";
        self.listener(listener)?.map(drop).ok_or_else(|| io::Error::new(io::ErrorKind::Unsupported, why))
    }

    /// The TCP socket whose own address is `local` and whose peer's is `remote`, if there is one.
    pub fn find(&mut self, local: SocketAddr, remote: SocketAddr) -> io::Result<Option<End>> {
        // A lookup without a connection to match falls back to a listener on that port, which is not what was asked for.
        Ok(self.lookup(local, remote)?.filter(|end| end.state != state::LISTEN))
    }

    /// Both ends of each of the connections, of which each is two addresses: the one whose own is the first, and its peer.
    /// After a failure it is not to be asked again: the answers to what else was asked may still come.
    pub fn find_both(&mut self, connections: &[(SocketAddr, SocketAddr)]) -> io::Result<Vec<[Option<End>; 2]>> {
        let mut found = Vec::with_capacity(connections.len());
        // The kernel answers all that is in one message in their order, and has room for so many answers.
        for some in connections.chunks(AT_A_TIME / 2) {
            let requests: Vec<[u8; REQUEST]> =
                some.iter().flat_map(|&(one, other)| [request(one, other), request(other, one)]).collect();
            self.0.write_all(requests.as_flattened())?;
            for _ in some {
                let mut end = || Ok::<_, io::Error>(self.answer()?.filter(|end| end.state != state::LISTEN));
                found.push([end()?, end()?]);
            }
        }
        Ok(found)
    }

    /// The TCP socket that listens at `address`, if there is one. Its receive queue counts the connections that wait to
    /// be accepted; its send queue is the backlog, beyond which there is no room.
    pub fn listener(&mut self, address: SocketAddr) -> io::Result<Option<End>> {
        let no_peer = SocketAddr::new(if address.is_ipv4() { [0; 4].into() } else { [0u16; 8].into() }, 0);
        Ok(self.lookup(address, no_peer)?.filter(|end| end.state == state::LISTEN))
    }

    fn lookup(&mut self, local: SocketAddr, remote: SocketAddr) -> io::Result<Option<End>> {
        self.0.write_all(&request(local, remote))?;
        self.answer()
    }

    /// The kernel's next answer.
    fn answer(&mut self) -> io::Result<Option<End>> {
        let mut reply = [0; 512];
        let length = self.0.read(&mut reply)?;
        let word = |at: usize| reply[..length].get(at..at + 4).map(|bytes| [bytes[0], bytes[1], bytes[2], bytes[3]]);
        let short = || io::Error::new(io::ErrorKind::InvalidData, "the kernel's answer is too short");

        // struct nlmsghdr: length, type and flags, sequence, port; then the error, or struct inet_diag_msg.
        let kind = word(4).map(|b| u16::from_ne_bytes([b[0], b[1]])).ok_or_else(short)?;
        if i32::from(kind) == libc::NLMSG_ERROR {
            let error = word(HEADER).map(i32::from_ne_bytes).ok_or_else(short)?;
            return if -error == libc::ENOENT { Ok(None) } else { Err(io::Error::from_raw_os_error(-error)) };
        }
        // struct inet_diag_msg: family, state, timer, retransmits; 48 bytes of id; expires, rqueue, wqueue, uid, inode.
        let state = word(HEADER).map(|b| b[1]).ok_or_else(short)?;
        let receive_queue = word(HEADER + 56).map(u32::from_ne_bytes).ok_or_else(short)?;
        let send_queue = word(HEADER + 60).map(u32::from_ne_bytes).ok_or_else(short)?;
        let inode = word(HEADER + 68).map(u32::from_ne_bytes).ok_or_else(short)?;
        Ok(Some(End { state, receive_queue, send_queue, inode }))
    }
}

/// struct nlmsghdr and struct inet_diag_req_v2, as sock_diag(7) has them.
fn request(local: SocketAddr, remote: SocketAddr) -> [u8; REQUEST] {
    let mut request = [0; REQUEST];
    let mut put = |at: usize, bytes: &[u8]| request[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &(REQUEST as u32).to_ne_bytes());
    put(4, &SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    put(6, &(libc::NLM_F_REQUEST as u16).to_ne_bytes());
    let family = if local.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    put(HEADER, &[family as u8, libc::IPPROTO_TCP as u8]);
    put(HEADER + 4, &u32::MAX.to_ne_bytes()); // sockets in any state
    put(HEADER + 8, &local.port().to_be_bytes());
    put(HEADER + 10, &remote.port().to_be_bytes());
    for (at, address) in [(HEADER + 12, local), (HEADER + 28, remote)] {
        match address.ip() {
            IpAddr::V4(ip) => put(at, &ip.octets()),
            IpAddr::V6(ip) => put(at, &ip.octets()),
        }
    }
    put(HEADER + 48, &[0xff; 8]); // no cookie; the interface before it is 0, which is any
    request
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_kernel_that_knows_no_listener_at_all_cannot_be_asked() {
        let (asking, answering) = Socket::pair(Domain::UNIX, Type::DGRAM, None).unwrap();
        // As a kernel without tcp_diag answers: struct nlmsghdr, the error, and the request's header.
        let answer: Vec<u8> = [36_u32, libc::NLMSG_ERROR as u32, 0, 0, (-libc::ENOENT) as u32, 72, 20, 0, 0]
            .map(u32::to_ne_bytes)
            .concat();
        let kernel = thread::spawn(move || {
            let mut answering = answering;
            assert_eq!(answering.read(&mut [0; 4096]).unwrap(), REQUEST);
            answering.write_all(&answer).unwrap();
        });
        let error = SockDiag(asking).finds(([127, 0, 0, 1], 80).into()).unwrap_err();
        assert_eq!(error.to_string(), "the kernel cannot be asked about TCP sockets: it has no tcp_diag");
        kernel.join().unwrap();
    }
}
