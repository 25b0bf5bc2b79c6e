//! A socket that owns its descriptor.

use std::io;
use std::mem::{self, MaybeUninit};
use std::net::{Shutdown, TcpListener};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, RawFd};
use std::time::Duration;

use socket2::{Domain, Protocol, Type};

use super::address::Address;
use super::error::{Error, Result};
use super::raw::{peer_name, recv, send};
use super::{sys, trace};

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

    /// With `Some(Duration::ZERO)` the close that follows resets the connection instead of ending it in order. SO_LINGER,
    /// socket(7), which does not say so; whole seconds.
    #[track_caller]
    pub fn set_linger(&self, linger: Option<Duration>) -> Result<()> {
        let seconds = linger.map_or("off".to_string(), |time| format!("{} s", time.as_secs()));
        self.unit("setsockopt", self.inner.set_linger(linger), || format!("{}, SO_LINGER, {seconds}", self.as_raw_fd()))
    }

    /// A second descriptor of the same socket, closed on exec. The socket is closed, and a FIN is sent, when both are.
    /// Fails with EMFILE. fcntl(2), F_DUPFD_CLOEXEC.
    #[track_caller]
    pub fn try_clone(&self) -> Result<Socket> {
        let result = self.inner.try_clone().map(Socket::from).map_err(|e| Error::new("fcntl", e));
        let args = || format!("{}, F_DUPFD_CLOEXEC", self.as_raw_fd());
        trace::call("fcntl", result.as_ref().map(|s| s.as_raw_fd()), args);
        result
    }

    /// How many of the bytes that were sent the peer's kernel has not acknowledged. SIOCOUTQ, tcp(7). Linux only.
    #[track_caller]
    pub fn unacknowledged(&self) -> Result<usize> {
        let mut bytes: libc::c_int = 0;
        // SAFETY: the descriptor is open, and the kernel writes one int at `bytes`. TIOCOUTQ is SIOCOUTQ's number.
        let result = sys::check(unsafe { libc::ioctl(self.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) });
        let result = result.map_err(|e| Error::new("ioctl", e));
        trace::call("ioctl", result.as_ref(), || format!("{}, SIOCOUTQ, [{bytes}]", self.as_raw_fd()));
        result.map(|_| usize::try_from(bytes).unwrap_or(0))
    }

    /// The error that waits on the socket, which this takes away. SO_ERROR, socket(7).
    #[track_caller]
    pub fn take_error(&self) -> Result<Option<io::Error>> {
        let result = self.inner.take_error().map_err(|e| Error::new("getsockopt", e));
        let shown = result.as_ref().map(|error| i32::from(error.is_some()));
        trace::call("getsockopt", shown, || format!("{}, SO_ERROR", self.as_raw_fd()));
        result
    }

    /// Closes the connection with a reset instead of in order: SO_LINGER 0, then close, which Linux takes for TCP's ABORT
    /// (RFC 9293, 3.10.5).
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

impl From<Socket> for TcpListener {
    /// Gives a listener to another library. The trace says so: it does not see that library's calls.
    #[track_caller]
    fn from(listener: Socket) -> TcpListener {
        trace::handed_on(listener.as_raw_fd());
        mem::forget(listener.on_drop);
        listener.inner.into()
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
