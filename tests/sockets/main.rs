//! select(2), poll(2), epoll(7), getpeername(2) and sock_diag(7), asked in process: the cases that the book speaks of, and those that other
//! projects test. No test here starts a process, which would have a copy of every descriptor for a moment.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/descriptors.rs"]
mod descriptors;
mod epoll;
mod getpeername;
mod in_flight;
mod poll;
#[cfg(feature = "io-uring")]
mod ring;
mod select;

use descriptors::room_for;

/// The tests take numbers of their own, so that none is given to another test meanwhile: all are below this one.
const NUMBERS: u64 = 1024;

/// A thread of this process by the kernel's number for it. What pthread_self(3) returns is a pointer in some C libraries,
/// which may not be sent to another thread.
#[derive(Clone, Copy)]
struct ThreadId(libc::pid_t);

impl ThreadId {
    /// The thread that calls this.
    fn own() -> ThreadId {
        // SAFETY: gettid(2) has no conditions.
        ThreadId(unsafe { libc::gettid() })
    }

    /// Sends it a signal: tgkill(2). One that has ended is ESRCH, and no other process is meant.
    fn signal(self, signal: libc::c_int) {
        // SAFETY: a bare system call.
        unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), self.0, signal) };
    }
}
