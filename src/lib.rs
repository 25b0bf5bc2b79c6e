//! *close-call* follows one bug, a use after close, from call to call. This is what its programs share: three floors, of
//! which each uses only those below it.
//!
//! | floor | what is on it |
//! |---|---|
//! | [`command`] | what prints: a chapter's command line, `cargo run`, `list`, `check`, `start`, a story and the scoreboard |
//! | [`probe`] | what plays clients against any server: its process, the clients, when it is idle, the scripts, the verdicts |
//! | [`net`] | what a chapter is built from: sockets, select, poll, epoll, signals, and the trace of their calls |
//!
//! A chapter (`chapters/NN-name.rs`) is a server whose loop is all in its own file. It takes from here:
//!
//! - [`net`]: sockets that own their descriptors, and the same calls on raw descriptors;
//! - [`select`]: select(2) over lists of descriptors; [`poll`]: poll(2) over one list of them; [`epoll`]:
//!   epoll(7), whose list the kernel keeps;
//! - [`signals`]: signals as something that these can wait for;
//! - [`chapter`]: its command line.
//!
//! `tests/programs/floors.rs` holds the imports to this.

pub mod command;
pub mod net;
pub mod probe;

pub use command::chapter;
pub use net::{epoll, poll, select, signals};
