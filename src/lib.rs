//! *close-call* follows one bug, a use after close, from call to call. This is what its programs share: three floors, of
//! which each uses only those below it.
//!
//! | floor | what is on it |
//! |---|---|
//! | [`command`] | what prints: a chapter's command line and story; the program `close-call`: `cargo run`, `list`, `check`, `start` |
//! | [`probe`] | what plays clients against any server: its process, the clients, when it is idle, the scripts, the verdicts |
//! | [`net`] | what a chapter is built from: sockets, select, poll, epoll, signals, and the trace of their calls |
//!
//! A chapter (`chapters/NN-name.rs`) is a server whose loop is all in its own file. It takes from here:
//!
//! - [`net`]: sockets that own their descriptors, and the same calls on raw descriptors;
//! - [`select`]: select(2) over lists of descriptors; [`poll`]: poll(2) over one list of them; [`epoll`]:
//!   epoll(7), whose list the kernel keeps; `ring`: io_uring(7), which makes the calls itself (feature `io-uring`);
//! - [`signals`]: signals as something that these can wait for;
//! - [`chapter`]: its command line.
//!
//! `tests/programs/floors.rs` holds the imports to this.

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
compile_error!("close-call is for 64-bit Linux alone: it reads what that kernel says of sockets and processes");

// Elsewhere that is all that is said.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub mod command;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub mod net;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub mod probe;

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub use command::chapter;
#[cfg(all(target_os = "linux", target_pointer_width = "64", feature = "io-uring"))]
pub use net::ring;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub use net::{epoll, poll, select, signals};
