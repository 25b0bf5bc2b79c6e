//! poll(2) over a list of descriptors: one list in, with what is asked of each, and one list out, with what is said of
//! each. Nothing in it is a bit for a number, so it has no FD_SETSIZE.
//!
//! Chapter 2 shows when a socket is readable, writable and exceptional; here these are IN, OUT and PRI ([`Events`]). Two
//! more come unasked, HUP and ERR, where select only calls the descriptor readable or writable.

use std::io;
use std::time::Duration;

use super::error::{Error, Result};
use super::trace;

pub use super::events::Events;
pub use super::watched::Watched;

/// Waits until at least one of what is `asked` about has an event that is asked of it, or until `timeout` has passed, and
/// returns what is said of each, **in the same order**: the answer at a position is about what was asked at that position.
/// With `None` it waits without limit, with zero not at all. The kernel keeps time in milliseconds, rounded up, and at
/// most some 24 days.
///
/// An answer was true at the moment of the call. HUP, ERR and NVAL are reported whether asked for or not. NVAL: the number
/// is not open, which is no error of the call, and makes it return at once, again and again, for as long as the number is
/// in the list. A negative number is left out: nothing is said of it.
///
/// Fails with EINTR when a signal was caught, even by a handler installed with SA_RESTART; with EINVAL when there are
/// more entries than the process may have descriptors (RLIMIT_NOFILE). poll(2).
#[track_caller]
pub fn poll<W: Watched>(asked: &[(W, Events)], timeout: Option<Duration>) -> Result<Vec<Events>> {
    let result = call(asked, timeout).map_err(|e| Error::new("poll", e));
    let numbers = || asked.iter().map(|(one, events)| (one.number(), *events)).collect();
    let said = |said: &Vec<Events>| asked.iter().zip(said).map(|((one, _), said)| (one.number(), *said)).collect();
    trace::poll(numbers, timeout, result.as_ref().map(|all| || said(all)));
    result
}

fn call<W: Watched>(asked: &[(W, Events)], timeout: Option<Duration>) -> io::Result<Vec<Events>> {
    let entry = |(one, events): &(W, Events)| libc::pollfd { fd: one.number(), events: bits(*events), revents: 0 };
    let mut entries: Vec<libc::pollfd> = asked.iter().map(entry).collect();
    let count = libc::nfds_t::try_from(entries.len()).map_err(io::Error::other)?;
    // SAFETY: the kernel reads and writes `count` entries, which is how many there are, and they are ours for the call.
    if unsafe { libc::poll(entries.as_mut_ptr(), count, milliseconds(timeout)) } == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(entries.iter().map(|entry| Events::from_bits(u32::from(entry.revents.cast_unsigned()))).collect())
}

/// The events in the field that poll has for them, in which all of its own bits have their place.
fn bits(events: Events) -> i16 {
    (events.bits() & 0xffff) as i16
}

/// A timeout as the call wants it: milliseconds rounded up, so that a short wait does not become none; -1 for no limit.
pub(super) fn milliseconds(timeout: Option<Duration>) -> libc::c_int {
    let Some(timeout) = timeout else { return -1 };
    let millis = timeout.as_nanos().div_ceil(1_000_000);
    libc::c_int::try_from(millis).unwrap_or(libc::c_int::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_rounded_up_to_milliseconds() {
        assert_eq!(milliseconds(None), -1);
        assert_eq!(milliseconds(Some(Duration::ZERO)), 0);
        assert_eq!(milliseconds(Some(Duration::from_nanos(1))), 1);
        assert_eq!(milliseconds(Some(Duration::from_millis(7))), 7);
        assert_eq!(milliseconds(Some(Duration::from_micros(7_001))), 8);
        assert_eq!(milliseconds(Some(Duration::MAX)), libc::c_int::MAX);
    }
}
