//! What can happen on a descriptor, as poll(2) and epoll(7) name it.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// A set of events, asked for or reported. It prints as strace has it, without the prefix: `IN|OUT`, and `0` for none.
///
/// The bits are poll's; on Linux epoll has the same ones under the same names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Events(u32);

impl Events {
    /// None. ERR and HUP are reported all the same.
    pub const NONE: Events = Events(0);
    /// A recv, or on a listener an accept, would not wait: POLLIN. That is also the case at the end of input and after a
    /// reset.
    pub const IN: Events = Events(libc::POLLIN as u32);
    /// Urgent data is waiting: POLLPRI.
    pub const PRI: Events = Events(libc::POLLPRI as u32);
    /// A send would not wait: POLLOUT. It may still fail.
    pub const OUT: Events = Events(libc::POLLOUT as u32);
    /// An error waits on the socket, or the reader of a pipe is gone: POLLERR. Reported whether asked for or not.
    pub const ERR: Events = Events(libc::POLLERR as u32);
    /// Both directions of a connection have ended, or the writer of a pipe is gone: POLLHUP. Reported whether asked for
    /// or not. The peer's end alone is IN, and not HUP.
    pub const HUP: Events = Events(libc::POLLHUP as u32);
    /// The descriptor is not open: POLLNVAL, which poll reports whether asked for or not. epoll has no such event.
    pub const NVAL: Events = Events(libc::POLLNVAL as u32);

    /// Not an event but how epoll reports them: once for each change, edge-triggered, and not for as long as they last.
    /// EPOLLET, epoll(7). poll knows nothing of it.
    pub const ET: Events = Events(libc::EPOLLET as u32);

    /// The events of these bits, which the kernel has set.
    pub(super) fn from_bits(bits: u32) -> Events {
        Events(bits)
    }

    /// The bits, as the kernel wants them.
    pub(super) fn bits(self) -> u32 {
        self.0
    }

    /// These and `others`, as `|` has it, for a constant.
    pub const fn or(self, others: Events) -> Events {
        Events(self.0 | others.0)
    }

    /// Whether it has at least one of `others`.
    pub fn intersects(self, others: Events) -> bool {
        self.0 & others.0 != 0
    }
}

impl BitOr for Events {
    type Output = Events;

    fn bitor(self, other: Events) -> Events {
        Events(self.0 | other.0)
    }
}

impl BitOrAssign for Events {
    fn bitor_assign(&mut self, other: Events) {
        self.0 |= other.0;
    }
}

/// The names, in the order of the bits.
const NAMES: [(Events, &str); 7] = [
    (Events::IN, "IN"),
    (Events::PRI, "PRI"),
    (Events::OUT, "OUT"),
    (Events::ERR, "ERR"),
    (Events::HUP, "HUP"),
    (Events::NVAL, "NVAL"),
    (Events::ET, "ET"),
];

impl fmt::Display for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = NAMES.iter().filter(|(event, _)| self.intersects(*event));
        let mut words: Vec<String> = named.map(|(_, name)| name.to_string()).collect();
        let rest = NAMES.iter().fold(self.0, |rest, (event, _)| rest & !event.0);
        if rest != 0 || words.is_empty() {
            words.push(if rest == 0 { "0".into() } else { format!("{rest:#x}") });
        }
        f.write_str(&words.join("|"))
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_print_by_name_and_unknown_bits_as_a_number() {
        assert_eq!((Events::OUT | Events::IN).to_string(), "IN|OUT");
        assert_eq!((Events::ET | Events::PRI).to_string(), "PRI|ET");
        assert_eq!(Events::NONE.to_string(), "0");
        assert_eq!(Events(0x2000).to_string(), "0x2000");
        assert_eq!((Events(0x2000) | Events::HUP).to_string(), "HUP|0x2000");
    }

    #[test]
    fn epoll_has_the_bits_of_poll() {
        for (event, bit) in [
            (Events::IN, libc::EPOLLIN),
            (Events::PRI, libc::EPOLLPRI),
            (Events::OUT, libc::EPOLLOUT),
            (Events::ERR, libc::EPOLLERR),
            (Events::HUP, libc::EPOLLHUP),
        ] {
            assert_eq!(i64::from(event.bits()), i64::from(bit), "{event}");
        }
    }
}
