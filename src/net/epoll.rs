//! epoll(7): the kernel keeps the list. What is watched is registered once, and a wait returns only what is ready.
//!
//! A registration belongs to the **open file description** that the descriptor refers to, the socket itself, under the
//! number that the descriptor had. It ends when it is removed, or when the *last* descriptor of that socket is closed: to
//! close one of two descriptors (dup(2), fork(2)) leaves it where it is. It then still reports events, with the token
//! that it was registered with, and can no longer be removed by its number. So remove first, then close. epoll(7),
//! "Questions and answers": "Will closing a file descriptor cause it to be removed". Linux only.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

use super::error::{Error, Result};
use super::poll::milliseconds;
use super::{sys, trace};

pub use super::events::Events;

/// What the caller names a registration by. The kernel only hands it back: it may be a number, an id, anything.
pub type Token = u64;

/// How many events one wait returns at most. The rest come with the next.
const MOST: usize = 256;

/// An interest list: what is watched, for which events, and under which token.
#[derive(Debug)]
pub struct Epoll {
    // Dropped in this order: the descriptor is closed, and then that is traced.
    fd: OwnedFd,
    _on_drop: trace::CloseOnDrop,
}

impl Epoll {
    /// An empty list; closed on exec. Fails with EMFILE, ENFILE or ENOMEM. epoll_create1(2).
    #[track_caller]
    pub fn new() -> Result<Epoll> {
        // SAFETY: a bare system call.
        let result = sys::check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) });
        let result = result.map_err(|e| Error::new("epoll_create1", e));
        trace::call("epoll_create1", result.as_ref(), || "EPOLL_CLOEXEC".into());
        // SAFETY: the kernel has just opened this descriptor, and nothing else knows of it.
        let fd = unsafe { OwnedFd::from_raw_fd(result?) };
        let on_drop = trace::CloseOnDrop::new(fd.as_raw_fd());
        Ok(Epoll { fd, _on_drop: on_drop })
    }

    /// Watches `source` for `events`, to be reported with `token`. ERR and HUP are reported whether asked for or not.
    ///
    /// Fails with EEXIST if this socket is registered under this number already, which says nothing of another socket that
    /// had the number before; with ENOSPC or ENOMEM if the kernel allows no more; with EPERM for a regular file.
    /// epoll_ctl(2), EPOLL_CTL_ADD.
    #[track_caller]
    pub fn add(&self, source: impl AsFd, events: Events, token: Token) -> Result<()> {
        self.control("ADD", libc::EPOLL_CTL_ADD, source.as_fd(), Some((events, token)))
    }

    /// Watches `source` for other events, or under another token. If it is ready now it is reported again, edge-triggered
    /// or not. Fails with ENOENT if it is not registered. epoll_ctl(2), EPOLL_CTL_MOD.
    #[track_caller]
    pub fn modify(&self, source: impl AsFd, events: Events, token: Token) -> Result<()> {
        self.control("MOD", libc::EPOLL_CTL_MOD, source.as_fd(), Some((events, token)))
    }

    /// Watches `source` no more: no later wait reports it. What a wait has returned already is the caller's to skip.
    /// Fails with ENOENT if it is not registered. epoll_ctl(2), EPOLL_CTL_DEL.
    #[track_caller]
    pub fn remove(&self, source: impl AsFd) -> Result<()> {
        self.control("DEL", libc::EPOLL_CTL_DEL, source.as_fd(), None)
    }

    #[track_caller]
    fn control(&self, name: &str, how: i32, source: BorrowedFd, wanted: Option<(Events, Token)>) -> Result<()> {
        let (events, token) = wanted.unwrap_or((Events::NONE, 0));
        let mut event = libc::epoll_event { events: events.bits(), u64: token };
        let (list, number) = (self.fd.as_raw_fd(), source.as_raw_fd());
        // SAFETY: both descriptors are open, because they are borrowed, and the kernel only reads `event`.
        let result = sys::check(unsafe { libc::epoll_ctl(list, how, number, &mut event) });
        let result = result.map_err(|e| Error::new("epoll_ctl", e));
        trace::call("epoll_ctl", result.as_ref(), || match wanted {
            Some((events, token)) => format!("{list}, {name}, {number}, {{{events}, {token}}}"),
            None => format!("{list}, {name}, {number}"),
        });
        result.map(|_| ())
    }

    /// Waits until something that is watched is ready, or until `timeout` has passed, and returns the tokens and events of
    /// what is, at most 256 of them. With `None` it waits without limit, with zero not at all. The kernel keeps time in
    /// milliseconds, rounded up, and at most some 24 days.
    ///
    /// Fails with EINTR when a signal was caught, even by a handler installed with SA_RESTART, and when the process was
    /// stopped and goes on, without any handler (signal(7)). epoll_wait(2).
    #[track_caller]
    pub fn wait(&self, timeout: Option<Duration>) -> Result<Vec<(Token, Events)>> {
        let result = self.call(timeout).map_err(|e| Error::new("epoll_wait", e));
        trace::epoll_wait(self.fd.as_raw_fd(), timeout, result.as_deref());
        result
    }

    fn call(&self, timeout: Option<Duration>) -> io::Result<Vec<(Token, Events)>> {
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; MOST];
        // SAFETY: the kernel writes at most as many events as there are, and they are ours for the call.
        let ready = sys::check(unsafe {
            libc::epoll_wait(self.fd.as_raw_fd(), events.as_mut_ptr(), MOST as i32, milliseconds(timeout))
        })?;
        let ready = events.iter().take(usize::try_from(ready).unwrap_or(0));
        // The struct is packed on some processors, so its fields are copied and not borrowed.
        Ok(ready.map(|event| (event.u64, Events::from_bits(event.events))).collect())
    }
}
