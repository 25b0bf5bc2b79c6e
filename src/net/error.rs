//! A call that failed: which one, and the system's words for why.

use std::fmt;
use std::io;

use super::errno;

/// What a call returned, or the call and the system's words for why it failed.
pub type Result<T> = std::result::Result<T, Error>;

/// A call that failed. It prints as the call and the system's words: `getpeername: Bad file descriptor (os error 9)`.
#[derive(Debug)]
pub struct Error {
    call: &'static str,
    source: io::Error,
}

impl Error {
    /// `source` says why `call` failed. Names are POSIX's: `recv`, not `recvfrom`.
    pub fn new(call: &'static str, source: io::Error) -> Error {
        Error { call, source }
    }

    /// An error of a call of that name, for `map_err` on what a library of another's returns.
    pub fn of(call: &'static str) -> impl Fn(io::Error) -> Error {
        move |source| Error::new(call, source)
    }

    /// The error number, as errno(3) has it; `None` where the call was refused before it was made.
    pub fn raw_os_error(&self) -> Option<i32> {
        self.source.raw_os_error()
    }

    /// The call would have waited, and the socket is non-blocking: EAGAIN, which on Linux is EWOULDBLOCK too. A library can
    /// know that without making the call, and then there is no number.
    pub fn would_block(&self) -> bool {
        self.source.kind() == io::ErrorKind::WouldBlock
    }

    /// A signal was caught while the call waited: EINTR.
    pub fn interrupted(&self) -> bool {
        self.raw_os_error() == Some(libc::EINTR)
    }

    /// An error of the connection that accept was about to return, not of the listener: ECONNABORTED, and the network's
    /// errors of which accept(2), "Error handling", says that Linux passes them on there. (Linux's `inet_csk_accept`
    /// does not look at the new socket's error; a server that expects them loses nothing.)
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
