//! Signals as something that select can wait for: a handler writes a byte into a pipe, whose other end is watched. A
//! handler may do little more, and a flag alone can be set just before select begins to wait, which then would not see it.

use std::io::{self, PipeReader, Read};
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, Ordering};

use super::error::{Error, Result};

/// Where the handler writes.
static WRITER: AtomicI32 = AtomicI32::new(-1);

/// The reading end of the pipe: readable when a signal has come.
pub struct Signals(PipeReader);

impl Signals {
    /// Catches each of `signals` once: a second one of the kind does what it does by default, which for SIGINT and SIGTERM
    /// is to end the process at once. To be called once in a process. sigaction(2), SA_RESETHAND.
    pub fn catch(signals: &[i32]) -> Result<Signals> {
        let (reader, writer) = io::pipe().map_err(|e| Error::new("pipe", e))?;
        // The handler may run as long as the process does, so the writing end is never closed.
        WRITER.store(writer.into_raw_fd(), Ordering::SeqCst);
        for &signal in signals {
            // SAFETY: all zeroes is a valid sigaction; `handler` makes one async-signal-safe call, and keeps errno.
            let result = unsafe {
                let mut action: libc::sigaction = mem::zeroed();
                action.sa_sigaction = handler as extern "C" fn(libc::c_int) as libc::sighandler_t;
                action.sa_flags = libc::SA_RESETHAND;
                libc::sigaction(signal, &action, std::ptr::null_mut())
            };
            if result == -1 {
                return Err(Error::new("sigaction", io::Error::last_os_error()));
            }
        }
        Ok(Signals(reader))
    }

    /// The name of a signal that has come, which this takes out of the pipe. To be called when it is readable.
    pub fn take(&self) -> &'static str {
        let mut number = [0];
        match (&self.0).read(&mut number) {
            Ok(1) => name(number[0]),
            _ => name(0),
        }
    }
}

/// The name of a signal, by the byte that comes out of the pipe.
pub fn name(number: u8) -> &'static str {
    match i32::from(number) {
        libc::SIGINT => "SIGINT",
        libc::SIGTERM => "SIGTERM",
        _ => "a signal",
    }
}

impl From<Signals> for OwnedFd {
    /// The pipe, for a library that waits for it in a way of its own.
    fn from(signals: Signals) -> OwnedFd {
        signals.0.into()
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Signals {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

extern "C" fn handler(signal: libc::c_int) {
    let byte = u8::try_from(signal).unwrap_or(0);
    // SAFETY: write is async-signal-safe, and one byte into an empty pipe is taken at
    // once. errno is put back: the handler may run just before errno is looked at.
    unsafe {
        let errno = *libc::__errno_location();
        libc::write(WRITER.load(Ordering::SeqCst), (&raw const byte).cast(), 1);
        *libc::__errno_location() = errno;
    }
}
