//! select(2) and getpeername(2), asked in process: the cases that the book speaks of, and those that other projects test.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod getpeername;
mod select;
