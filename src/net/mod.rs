//! What a chapter is built from: sockets, a thin layer over socket2, in which every call can be traced.
//!
//! There are two levels. A [`Socket`] owns its descriptor: to drop it is to close it, and nothing can be asked of it
//! afterwards. The functions beside it ([`accept`], [`recv`], [`send`], [`close`], [`peer_name`]) take a descriptor as a
//! bare number. Chapters 3 to 8 use the numbers, chapter 1 and those from 9 on the owners.
//!
//! From the lowest floor up:
//!
//! - [`errno`]: error numbers by name; [`error`]: a call that failed; [`address`]: where a socket is;
//! - [`columns`] and [`json`]: how text and JSON are written, and JSON read; [`text`]: what others say, as it may be shown;
//!   `sys`: bare system calls;
//! - [`watched`]: what a call that waits can be asked about; [`events`]: what it can say;
//! - [`table`]: the process's descriptors, as the kernel has them; [`traced`]: a call as a trace has it; [`trace`]: what was
//!   called, with what result;
//! - [`raw`]: calls on a number, [`socket`]: calls on an owner;
//! - [`select`]: select(2); [`poll`]: poll(2); [`epoll`]: epoll(7); `ring`: io_uring(7), with the feature `io-uring`;
//!   [`signals`]: signals as something that these can wait for;
//! - [`sock_diag`]: what the kernel knows of both ends of a connection; [`in_flight`]: whether all that was sent has
//!   arrived.

pub mod address;
pub mod columns;
pub mod epoll;
pub mod errno;
pub mod error;
pub mod events;
pub mod in_flight;
pub mod json;
pub mod poll;
pub mod raw;
#[cfg(feature = "io-uring")]
pub mod ring;
pub mod select;
pub mod signals;
pub mod sock_diag;
pub mod socket;
mod sys;
pub mod table;
pub mod text;
pub mod trace;
pub mod traced;
pub mod watched;

pub use address::Address;
pub use error::{Error, Result};
pub use in_flight::until_arrived;
pub use raw::{accept, close, peer_name, recv, send};
pub use socket::{Socket, connection, listen};
