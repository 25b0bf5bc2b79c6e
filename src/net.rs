//! Sockets: a thin layer over socket2, with socket2's names, in which every call can be traced.
//!
//! There are two levels. A [`Socket`] owns its descriptor: to drop it is to close it, and there is no asking it for
//! anything afterwards. The functions beside it ([`accept`], [`recv`], [`send`], [`close`], [`peer_name`]) take a
//! descriptor as the bare number that POSIX makes of it. They are safe for memory, and for nothing else: the number may
//! be closed, or already belong to another socket, and then they fail or, worse, succeed. That is what chapters 3 to 8
//! are about. (By RFC 3128, I/O safety, such functions would be `unsafe`; the wait for it is chapter 9.)

use std::fmt;
use std::io;
use std::mem::{self, MaybeUninit};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, RawFd};
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, Type};

pub use crate::sock_diag::arrived as until_arrived;
use crate::{errno, trace};

/// What a call gave, or the call and the system's words for why it failed.
pub type Result<T> = std::result::Result<T, Error>;

/// A call that failed. It prints as the call and the system's words: `getpeername: Bad file descriptor (os error 9)`.
#[derive(Debug)]
pub struct Error {
    call: &'static str,
    source: io::Error,
}

impl Error {
    /// `source` is what `call` failed of. Names are POSIX's: `recv`, not `recvfrom`.
    pub fn new(call: &'static str, source: io::Error) -> Error {
        Error { call, source }
    }

    /// The error number, as errno(3) has it; `None` where the call was refused before it was made.
    pub fn raw_os_error(&self) -> Option<i32> {
        self.source.raw_os_error()
    }

    /// The call would have waited, and the socket is non-blocking: EAGAIN, which on Linux is EWOULDBLOCK too.
    pub fn would_block(&self) -> bool {
        self.raw_os_error() == Some(libc::EAGAIN)
    }

    /// A signal was caught while the call waited: EINTR.
    pub fn interrupted(&self) -> bool {
        self.raw_os_error() == Some(libc::EINTR)
    }

    /// An error of the connection that accept was about to give, not of the listener: ECONNABORTED, and the network's
    /// errors that Linux passes on there (accept(2), "Error handling").
    pub fn aborted(&self) -> bool {
        use libc::*;
        let passed_on =
            [ECONNABORTED, ENETDOWN, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH];
        self.raw_os_error().is_some_and(|number| passed_on.contains(&number))
    }

    /// There was no descriptor left, or no memory: EMFILE, ENFILE, ENOBUFS, ENOMEM.
    pub fn out_of_resources(&self) -> bool {
        let used_up = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
        self.raw_os_error().is_some_and(|number| used_up.contains(&number))
    }

    /// The error's name and the call, for a line of a log: `ECONNRESET in recv`.
    pub fn brief(&self) -> String {
        format!("{} in {}", self.name(), self.call)
    }

    /// The call that failed, by POSIX's name.
    pub fn call(&self) -> &'static str {
        self.call
    }

    /// The system's words alone, without the call.
    pub fn source(&self) -> &io::Error {
        &self.source
    }

    /// The error's name, `EBADF`. A call that was refused before it was made has no number; EINVAL is what the kernel
    /// says to arguments it refuses.
    pub fn name(&self) -> String {
        match self.raw_os_error() {
            Some(number) => errno::name(number).map_or_else(|| format!("errno {number}"), str::to_string),
            None => "EINVAL".to_string(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.call, self.source)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// The address of one end of a connection. It prints as `127.0.0.1:50000`.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(SockAddr);

impl Address {
    /// Port 0 of the loopback address, for which [`Socket::bind`] finds a free port.
    pub fn any_port() -> Address {
        SocketAddr::from(([127, 0, 0, 1], 0)).into()
    }

    /// The address as the standard library has it; `None` unless its family is AF_INET or AF_INET6.
    pub fn as_socket(&self) -> Option<SocketAddr> {
        self.0.as_socket()
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Address {
        Address(address.into())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.as_socket(), self.0.as_pathname()) {
            (Some(address), _) => address.fmt(f),
            (None, Some(path)) => write!(f, "unix:{}", path.display()),
            (None, None) => write!(f, "(unnamed, of family {})", self.0.family()),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A socket that owns its descriptor and closes it when it is dropped.
#[derive(Debug)]
pub struct Socket {
    // Fields are dropped in the order in which they are declared: the descriptor is closed, and then that is traced.
    inner: socket2::Socket,
    on_drop: trace::CloseOnDrop,
}

impl Socket {
    /// A new TCP socket, for addresses of the family of `address`; closed on exec. socket(2).
    #[track_caller]
    pub fn new(address: &Address) -> Result<Socket> {
        let domain = address.0.domain();
        let result = socket2::Socket::new(domain, Type::STREAM, Some(Protocol::TCP)).map(Socket::from);
        let result = result.map_err(|e| Error::new("socket", e));
        let name = if domain == Domain::IPV6 { "AF_INET6" } else { "AF_INET" };
        trace::call("socket", result.as_ref().map(|s| s.as_raw_fd()), || format!("{name}, SOCK_STREAM"));
        result
    }

    /// How much the kernel keeps of what has come and was not received, in bytes; Linux doubles it for its own needs.
    /// SO_RCVBUF, socket(7).
    #[track_caller]
    pub fn set_recv_buffer_size(&self, size: usize) -> Result<()> {
        let args = || format!("{}, SO_RCVBUF, {size}", self.as_raw_fd());
        self.unit("setsockopt", self.inner.set_recv_buffer_size(size), args)
    }

    /// Lets [`Socket::bind`] take a port on which connections of an earlier server still linger in TIME_WAIT.
    /// SO_REUSEADDR, socket(7).
    #[track_caller]
    pub fn set_reuse_address(&self, reuse: bool) -> Result<()> {
        let args = || format!("{}, SO_REUSEADDR, {}", self.as_raw_fd(), i32::from(reuse));
        self.unit("setsockopt", self.inner.set_reuse_address(reuse), args)
    }

    /// Gives the socket its local address; port 0 asks the kernel for a free one. bind(2).
    #[track_caller]
    pub fn bind(&self, address: &Address) -> Result<()> {
        let result = self.inner.bind(&address.0);
        self.unit("bind", result, || format!("{}, {address}", self.as_raw_fd()))
    }

    /// Makes it a listener. `backlog` is how many connections may wait to be accepted. listen(2).
    #[track_caller]
    pub fn listen(&self, backlog: i32) -> Result<()> {
        let result = self.inner.listen(backlog);
        self.unit("listen", result, || format!("{}, {backlog}", self.as_raw_fd()))
    }

    /// Connects to `address` and waits until that is done, unless the socket is non-blocking. connect(2).
    #[track_caller]
    pub fn connect(&self, address: &Address) -> Result<()> {
        let result = self.inner.connect(&address.0);
        self.unit("connect", result, || format!("{}, {address}", self.as_raw_fd()))
    }

    /// Takes the next waiting connection and its peer's address, or waits for one. The address is the kernel's own copy
    /// from when the connection was made: it is right even where the connection is already gone. accept(2).
    #[track_caller]
    pub fn accept(&self) -> Result<(Socket, Address)> {
        let result = self.inner.accept().map_err(|e| Error::new("accept", e));
        let result = result.map(|(socket, address)| (Socket::from(socket), Address(address)));
        let shown = result.as_ref().map(|(s, address)| format!("{}, {address}", s.as_raw_fd()));
        trace::call("accept", shown, || self.as_raw_fd().to_string());
        result
    }

    /// The socket's own address. getsockname(2).
    #[track_caller]
    pub fn local_addr(&self) -> Result<Address> {
        let result = self.inner.local_addr().map(Address).map_err(|e| Error::new("getsockname", e));
        trace::call("getsockname", result.as_ref(), || self.as_raw_fd().to_string());
        result
    }

    /// The peer's address, as [`peer_name`] asks for it. getpeername(2).
    #[track_caller]
    pub fn peer_addr(&self) -> Result<Address> {
        peer_name(self.as_raw_fd())
    }

    /// Receives as [`recv`] does. recv(2).
    #[track_caller]
    pub fn recv(&self, buffer: &mut [u8]) -> Result<usize> {
        recv(self.as_raw_fd(), buffer)
    }

    /// Sends as [`send`] does. send(2).
    #[track_caller]
    pub fn send(&self, bytes: &[u8]) -> Result<usize> {
        send(self.as_raw_fd(), bytes)
    }

    /// Sends one byte of urgent data, which select(2) reports as an exceptional condition. send(2), MSG_OOB; tcp(7).
    #[track_caller]
    pub fn send_out_of_band(&self, byte: u8) -> Result<usize> {
        let flags = libc::MSG_OOB | libc::MSG_NOSIGNAL;
        let result = self.inner.send_with_flags(&[byte], flags).map_err(|e| Error::new("send", e));
        let fd = self.as_raw_fd();
        trace::call("send", result.as_ref(), || format!("{fd}, {}, 1, MSG_OOB", trace::bytes(&[byte])));
        result
    }

    /// Receives the byte of urgent data that is waiting. recv(2), MSG_OOB; tcp(7).
    #[track_caller]
    pub fn recv_out_of_band(&self) -> Result<u8> {
        let mut byte = [MaybeUninit::new(0)];
        let result = self.inner.recv_out_of_band(&mut byte).map_err(|e| Error::new("recv", e));
        // SAFETY: the byte was initialised above.
        let byte = unsafe { byte[0].assume_init() };
        trace::call("recv", result.as_ref(), || format!("{}, {}, 1, MSG_OOB", self.as_raw_fd(), trace::bytes(&[byte])));
        result.map(|_| byte)
    }

    /// Ends receiving, sending, or both, while the descriptor stays open. shutdown(2).
    #[track_caller]
    pub fn shutdown(&self, how: Shutdown) -> Result<()> {
        let name = match how {
            Shutdown::Read => "SHUT_RD",
            Shutdown::Write => "SHUT_WR",
            Shutdown::Both => "SHUT_RDWR",
        };
        self.unit("shutdown", self.inner.shutdown(how), || format!("{}, {name}", self.as_raw_fd()))
    }

    /// With `Some(Duration::ZERO)` the close that follows resets the connection instead of ending it in order.
    /// SO_LINGER, socket(7); whole seconds.
    #[track_caller]
    pub fn set_linger(&self, linger: Option<Duration>) -> Result<()> {
        let seconds = linger.map_or("off".to_string(), |time| format!("{} s", time.as_secs()));
        self.unit("setsockopt", self.inner.set_linger(linger), || format!("{}, SO_LINGER, {seconds}", self.as_raw_fd()))
    }

    /// The error that waits on the socket, which this takes away. SO_ERROR, socket(7).
    #[track_caller]
    pub fn take_error(&self) -> Result<Option<io::Error>> {
        let result = self.inner.take_error().map_err(|e| Error::new("getsockopt", e));
        let shown = result.as_ref().map(|error| i32::from(error.is_some()));
        trace::call("getsockopt", shown, || format!("{}, SO_ERROR", self.as_raw_fd()));
        result
    }

    /// Closes the connection with a reset instead of in order: SO_LINGER 0, then close. socket(7), tcp(7).
    #[track_caller]
    pub fn reset(self) -> Result<()> {
        self.set_linger(Some(Duration::ZERO))
    }

    /// Whether calls that would wait fail with EAGAIN instead. O_NONBLOCK, fcntl(2).
    #[track_caller]
    pub fn set_nonblocking(&self, nonblocking: bool) -> Result<()> {
        let args = || format!("{}, O_NONBLOCK, {nonblocking}", self.as_raw_fd());
        self.unit("fcntl", self.inner.set_nonblocking(nonblocking), args)
    }

    #[track_caller]
    fn unit(&self, call: &'static str, result: io::Result<()>, args: impl FnOnce() -> String) -> Result<()> {
        let result = result.map_err(|e| Error::new(call, e));
        trace::call(call, result.as_ref().map(|()| 0), args);
        result
    }
}

impl From<socket2::Socket> for Socket {
    fn from(inner: socket2::Socket) -> Socket {
        let on_drop = trace::CloseOnDrop::new(inner.as_raw_fd());
        Socket { inner, on_drop }
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

impl IntoRawFd for Socket {
    /// Gives up ownership: from here on the descriptor is a number, and to close it is yours to remember.
    fn into_raw_fd(self) -> RawFd {
        mem::forget(self.on_drop);
        self.inner.into_raw_fd()
    }
}

/// A listener on `address`, of which port 0 is a free one: socket, SO_REUSEADDR, bind, listen with a backlog of 128.
#[track_caller]
pub fn listen(address: &Address) -> Result<Socket> {
    let listener = Socket::new(address)?;
    listener.set_reuse_address(true)?;
    listener.bind(address)?;
    listener.listen(128)?;
    Ok(listener)
}

/// A new connection over the loopback interface: one end, the other end, and their addresses, the second's first.
#[track_caller]
pub fn connection() -> Result<(Socket, Socket, (Address, Address))> {
    let listener = listen(&Address::any_port())?;
    let peer = Socket::new(&Address::any_port())?;
    peer.connect(&listener.local_addr()?)?;
    let (ours, address) = listener.accept()?;
    let ends = (address, ours.local_addr()?);
    Ok((ours, peer, ends))
}

/// Takes the next connection that waits at listener `fd`, or waits for one: its descriptor, which is the lowest number
/// that is free, and its peer's address. Fails as accept(2) says.
#[track_caller]
pub fn accept(fd: RawFd) -> Result<(RawFd, Address)> {
    let mut accepted = -1;
    // SAFETY: the closure is given room for any address and its length; accept4 writes at most that much, and the true
    // length, which is what `try_init` asks for.
    let result = unsafe {
        SockAddr::try_init(|address, length| {
            accepted = check(libc::accept4(fd, address.cast(), length, libc::SOCK_CLOEXEC))?;
            Ok(())
        })
    };
    let result = result.map(|((), address)| (accepted, Address(address))).map_err(|e| Error::new("accept", e));
    trace::call("accept", result.as_ref().map(|(new, address)| format!("{new}, {address}")), || fd.to_string());
    result
}

/// Receives what is there, at most `buffer.len()` bytes, or waits for some; gives their count. 0 is the end: the peer
/// sends no more. Fails as recv(2) says.
#[track_caller]
pub fn recv(fd: RawFd, buffer: &mut [u8]) -> Result<usize> {
    // SAFETY: the kernel writes at most `buffer.len()` bytes at `buffer`, which is ours alone for the call.
    let result = count(unsafe { libc::recv(fd, buffer.as_mut_ptr().cast(), buffer.len(), 0) });
    let result = result.map_err(|e| Error::new("recv", e));
    trace::call("recv", result.as_ref(), || {
        let got = result.as_ref().map_or(&[][..], |&n| &buffer[..n]);
        format!("{fd}, {}, {}", trace::bytes(got), buffer.len())
    });
    result
}

/// Sends from `bytes`, and gives how many were taken, which can be fewer than there are. To a peer that is gone it
/// fails with EPIPE and raises no SIGPIPE (MSG_NOSIGNAL). Fails as send(2) says.
#[track_caller]
pub fn send(fd: RawFd, bytes: &[u8]) -> Result<usize> {
    // SAFETY: the kernel reads at most `bytes.len()` bytes at `bytes`.
    let result = count(unsafe { libc::send(fd, bytes.as_ptr().cast(), bytes.len(), libc::MSG_NOSIGNAL) });
    let result = result.map_err(|e| Error::new("send", e));
    trace::call("send", result.as_ref(), || format!("{fd}, {}, {}", trace::bytes(bytes), bytes.len()));
    result
}

/// Closes `fd`. The number is free at once: the next descriptor that the process opens may be the same. close(2).
#[track_caller]
pub fn close(fd: RawFd) -> Result<()> {
    // SAFETY: nothing of memory hangs on a descriptor. That nobody still counts on it is the caller's to know, and is
    // what this book is about.
    let result = check(unsafe { libc::close(fd) }).map_err(|e| Error::new("close", e));
    trace::call("close", result.as_ref(), || fd.to_string());
    result.map(|_| ())
}

/// The address of the peer that `fd` is connected to: getpeername(2) on a bare descriptor.
///
/// EBADF: `fd` is not open. ENOTSOCK: it is not a socket. ENOTCONN: it is not connected, or no longer; after a reset
/// that is so although the descriptor is open. An address that accept gave stays right in all these cases.
#[track_caller]
pub fn peer_name(fd: RawFd) -> Result<Address> {
    let result = peer_name_untraced(fd).map_err(|e| Error::new("getpeername", e));
    trace::call("getpeername", result.as_ref(), || fd.to_string());
    result
}

/// [`peer_name`] for the trace's own table of descriptors, which must not appear in the trace.
pub(crate) fn peer_name_untraced(fd: RawFd) -> io::Result<Address> {
    // SAFETY: the closure is given room for any address and its length; getpeername writes at most that much, and the
    // true length, which is what `try_init` asks for.
    let ((), address) = unsafe {
        SockAddr::try_init(|address, length| check(libc::getpeername(fd, address.cast(), length)).map(|_| ()))
    }?;
    Ok(Address(address))
}

/// A call's -1 as the error that errno holds.
fn check(result: i32) -> io::Result<i32> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// The same for the calls that count bytes.
fn count(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}
