//! select(2) over lists of descriptors: three lists in, three lists out, as Python's `select.select` has it. First over
//! numbers, and from chapter 9 on over borrows.
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

use super::error::{Error, Result};
use super::trace;

pub use super::watched::Watched;

/// The first descriptor that select cannot be asked about, 1024: an `fd_set` has a bit for each below it.
pub const FD_SETSIZE: RawFd = libc::FD_SETSIZE as RawFd;

/// What select said: what is ready, each list in the order in which it was asked for. It was true at the
/// moment of the call. What you do with one descriptor can make the rest of it stale.
#[derive(Debug, PartialEq, Eq)]
pub struct Ready<W> {
    /// A recv or accept would not wait.
    pub readable: Vec<W>,
    /// A send would not wait.
    pub writable: Vec<W>,
    /// Urgent data is waiting.
    pub exceptional: Vec<W>,
}

/// Waits until one of `inputs` is readable, one of `outputs` writable or one of `exceptions` exceptional, or until
/// `timeout` has passed, and says which are; with `None` it waits without limit, with zero not at all. The kernel keeps
/// time in microseconds, rounded up.
///
/// Fails, before any call, for a descriptor that is negative or not below FD_SETSIZE (1024), which is as far as an
/// `fd_set` reaches. EBADF: one of the descriptors is not open. EINTR: a signal was caught, even by a handler
/// installed with SA_RESTART; what to do then is for the caller to decide. select(2).
#[track_caller]
pub fn select<W: Watched>(
    inputs: &[W],
    outputs: &[W],
    exceptions: &[W],
    timeout: Option<Duration>,
) -> Result<Ready<W>> {
    let result = call(inputs, outputs, exceptions, timeout).map_err(|e| Error::new("select", e));
    trace::select(
        || [inputs, outputs, exceptions].map(numbers),
        timeout,
        result
            .as_ref()
            .map(|ready| || [&ready.readable, &ready.writable, &ready.exceptional].map(|list| numbers(list))),
    );
    result
}

fn numbers<W: Watched>(list: &[W]) -> Vec<RawFd> {
    list.iter().map(Watched::number).collect()
}

fn call<W: Watched>(inputs: &[W], outputs: &[W], exceptions: &[W], timeout: Option<Duration>) -> io::Result<Ready<W>> {
    let mut readable = FdSet::of(inputs)?;
    let mut writable = FdSet::of(outputs)?;
    let mut exceptional = FdSet::of(exceptions)?;

    // The kernel looks at descriptors 0 to nfds - 1. Too large an nfds would have it write beyond the sets.
    let all = [inputs, outputs, exceptions].into_iter().flatten();
    let nfds = all.map(|one| one.number() + 1).max().unwrap_or(0);
    let mut timeout = timeout.map(timeval);
    let timeout = timeout.as_mut().map_or(ptr::null_mut(), |timeout| timeout as *mut libc::timeval);

    // SAFETY: the three sets and the timeout are ours for the call, and every descriptor below `nfds` has its bit
    // inside them, because `FdSet::of` refused all others.
    let ready = unsafe { libc::select(nfds, &mut readable.0, &mut writable.0, &mut exceptional.0, timeout) };
    if ready == -1 {
        // The sets are as they went in: looking at them would take stale bits for fresh ones.
        return Err(io::Error::last_os_error());
    }
    // The kernel does not look beyond the process's table of descriptors (select(2), BUGS). The bits of closed
    // descriptors there come back as they went in; it has not counted them, and that tells.
    let bits = readable.count(nfds) + writable.count(nfds) + exceptional.count(nfds);
    if usize::try_from(ready) != Ok(bits) {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
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
    fn of<W: Watched>(list: &[W]) -> io::Result<FdSet> {
        let mut set = MaybeUninit::uninit();
        // SAFETY: FD_ZERO writes the whole set.
        let mut set = unsafe {
            libc::FD_ZERO(set.as_mut_ptr());
            set.assume_init()
        };
        for fd in list.iter().map(Watched::number) {
            // FD_SET(1024) writes past the set in C, and aborts the process in Rust's libc: so it is not called.
            if (0..FD_SETSIZE).contains(&fd) {
                // SAFETY: `fd` is from 0 to FD_SETSIZE - 1, so its bit is in the set.
                unsafe { libc::FD_SET(fd, &mut set) };
            } else {
                let mut why = format!("descriptor {fd} is out of range: ");
                let _ = match fd {
                    ..0 => write!(why, "it is negative"),
                    _ => write!(why, "an fd_set ends below FD_SETSIZE, {FD_SETSIZE}"),
                };
                return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
            }
        }
        Ok(FdSet(set))
    }

    /// How many bits are set among the first `nfds`.
    fn count(&self, nfds: RawFd) -> usize {
        // SAFETY: `nfds` is at most FD_SETSIZE, because each descriptor is below that.
        (0..nfds).filter(|&fd| unsafe { libc::FD_ISSET(fd, &self.0) }).count()
    }

    fn those_of<W: Watched>(&self, list: &[W]) -> Vec<W> {
        // SAFETY: the list is the one that the set was made of, so each has its bit in it.
        list.iter().copied().filter(|one| unsafe { libc::FD_ISSET(one.number(), &self.0) }).collect()
    }
}

/// A timeout as the call wants it: microseconds rounded up, so that a short wait does not become none.
fn timeval(timeout: Duration) -> libc::timeval {
    let micros = timeout.subsec_nanos().div_ceil(1_000);
    let seconds = timeout.as_secs().saturating_add(u64::from(micros / 1_000_000));
    libc::timeval { tv_sec: i64::try_from(seconds).unwrap_or(i64::MAX), tv_usec: i64::from(micros % 1_000_000) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_rounded_up_to_microseconds() {
        let micros = |timeout: Duration| {
            let timeval = timeval(timeout);
            (timeval.tv_sec, timeval.tv_usec)
        };
        assert_eq!(micros(Duration::ZERO), (0, 0));
        assert_eq!(micros(Duration::from_nanos(1)), (0, 1));
        assert_eq!(micros(Duration::from_nanos(1_000)), (0, 1));
        assert_eq!(micros(Duration::from_nanos(1_999_999_999)), (2, 0));
        assert_eq!(micros(Duration::MAX), (i64::MAX, 0));
    }
}
