//! select(2) over lists of descriptors: three lists in, three lists out, as Python's `select.select` has it.
//!
//! A descriptor is
//! - **readable** when a recv (on a listener: an accept) would not wait. That is not the same as "there is data": at
//!   the end of file, after an error and after a reset it does not wait either.
//! - **writable** when a send would not wait. It may still fail.
//! - **exceptional**, on a TCP socket of Linux, when urgent data is waiting, and never because of an error (measured;
//!   it is poll's POLLPRI, select(2) and poll(2)). POSIX counts a pending error as exceptional too; Linux does not.
//!
//! Chapter 2 shows what the call says of a socket in each of some thirty states.

use std::fmt::Write;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::ptr;
use std::time::Duration;

use crate::net::{Error, Result};
use crate::trace;

/// What select said: the descriptors that are ready, each list in the order in which they were asked for. It is news of
/// the moment of the call. What you do with one descriptor can make the rest of it old.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// A recv or accept would not wait.
    pub readable: Vec<RawFd>,
    /// A send would not wait.
    pub writable: Vec<RawFd>,
    /// Urgent data is waiting.
    pub exceptional: Vec<RawFd>,
}

/// Waits until one of `inputs` is readable, one of `outputs` writable or one of `exceptions` exceptional, or until
/// `timeout` has passed, and says which are; with `None` it waits without limit, with zero not at all. The kernel keeps
/// time in microseconds, rounded up.
///
/// Fails, before any call, for a descriptor that is negative or not below FD_SETSIZE (1024), which is as far as an
/// `fd_set` reaches. EBADF: one of the descriptors is not open. EINTR: a signal was caught, also one installed with
/// SA_RESTART; what to do then is the caller's to decide. select(2).
#[track_caller]
pub fn select(inputs: &[RawFd], outputs: &[RawFd], exceptions: &[RawFd], timeout: Option<Duration>) -> Result<Ready> {
    let result = call(inputs, outputs, exceptions, timeout).map_err(|e| Error::new("select", e));
    trace::select([inputs, outputs, exceptions], timeout, result.as_ref());
    result
}

fn call(inputs: &[RawFd], outputs: &[RawFd], exceptions: &[RawFd], timeout: Option<Duration>) -> io::Result<Ready> {
    let mut readable = FdSet::of(inputs)?;
    let mut writable = FdSet::of(outputs)?;
    let mut exceptional = FdSet::of(exceptions)?;

    // The kernel looks at descriptors 0 to nfds - 1. Too large an nfds would have it write beyond the sets.
    let nfds = [inputs, outputs, exceptions].iter().flat_map(|list| list.iter()).max().map_or(0, |highest| highest + 1);
    let mut timeout = timeout.map(timeval);
    let timeout = timeout.as_mut().map_or(ptr::null_mut(), |timeout| timeout as *mut libc::timeval);

    // SAFETY: the three sets and the timeout are ours for the call, and every descriptor below `nfds` has its bit
    // inside them, because `FdSet::of` refused all others.
    let ready = unsafe { libc::select(nfds, &mut readable.0, &mut writable.0, &mut exceptional.0, timeout) };
    if ready == -1 {
        // The sets are now as they went in: to look at them would be to take old news for new.
        return Err(io::Error::last_os_error());
    }
    Ok(Ready {
        readable: readable.those_of(inputs),
        writable: writable.those_of(outputs),
        exceptional: exceptional.those_of(exceptions),
    })
}

/// An `fd_set`: 1,024 bits, one for each descriptor that select can be asked about.
struct FdSet(libc::fd_set);

impl FdSet {
    fn of(fds: &[RawFd]) -> io::Result<FdSet> {
        let mut set = MaybeUninit::uninit();
        // SAFETY: FD_ZERO writes the whole set.
        let mut set = unsafe {
            libc::FD_ZERO(set.as_mut_ptr());
            set.assume_init()
        };
        for &fd in fds {
            // FD_SET(1024) writes past the set in C, and aborts the process in Rust's libc: so it is not called.
            if usize::try_from(fd).is_ok_and(|fd| fd < libc::FD_SETSIZE) {
                // SAFETY: `fd` is from 0 to FD_SETSIZE - 1, so its bit lies in the set.
                unsafe { libc::FD_SET(fd, &mut set) };
            } else {
                let mut why = format!("descriptor {fd} is out of range: ");
                let _ = match fd {
                    ..0 => write!(why, "it is negative"),
                    _ => write!(why, "an fd_set ends below FD_SETSIZE, {}", libc::FD_SETSIZE),
                };
                return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
            }
        }
        Ok(FdSet(set))
    }

    fn those_of(&self, fds: &[RawFd]) -> Vec<RawFd> {
        // SAFETY: `fds` are those that the set was made of, so each has its bit in it.
        fds.iter().copied().filter(|&fd| unsafe { libc::FD_ISSET(fd, &self.0) }).collect()
    }
}

/// A timeout as the call wants it: microseconds rounded up, so that a short wait does not become none.
fn timeval(timeout: Duration) -> libc::timeval {
    let micros = timeout.subsec_nanos().div_ceil(1_000);
    let seconds = timeout.as_secs().saturating_add(u64::from(micros / 1_000_000));
    libc::timeval {
        tv_sec: libc::time_t::try_from(seconds).unwrap_or(libc::time_t::MAX),
        tv_usec: libc::suseconds_t::from(micros % 1_000_000),
    }
}
