//! select(2), poll(2), epoll(7), getpeername(2) and sock_diag(7), asked in process: the cases that the book speaks of, and those that other
//! projects test. No test here starts a process, which would have a copy of every descriptor for a moment.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod epoll;
mod getpeername;
mod in_flight;
mod poll;
#[cfg(feature = "io-uring")]
mod ring;
mod select;
