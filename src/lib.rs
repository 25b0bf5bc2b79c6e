//! What the chapters of *close-call* share, and what plays clients against them.
//!
//! A chapter (`chapters/NN-name.rs`) is a server whose loop is all in its own file. It takes from here:
//!
//! - [`net`]: sockets, a thin layer over socket2, and the same calls on bare descriptors;
//! - [`select`]: select(2) over lists of descriptors;
//! - [`chapter`]: its command line;
//! - [`signals`]: signals as something that select can wait for.
//!
//! The other half stands on the far side of the sockets, in a process of its own. It needs nothing of a server but its
//! port and its process id, so it works on any server:
//!
//! - [`server`]: a server started as a process, stopped, continued and ended;
//! - [`client`]: the clients, and [`sock_diag`], which asks the kernel whether what they sent has arrived;
//! - [`probe`]: the ways in which clients behave, each a short script;
//! - [`story`]: a chapter and a probe, printed as a transcript;
//! - [`scoreboard`]: chapters by probes, of which [`side_by_side`] runs several at a time;
//! - [`check`]: a server of the reader's own by probes, and [`start`]: one to begin from.
//!
//! [`trace`], [`descriptors`] and [`errno`] say what was called and what came of it, [`ladder`] lists the chapters, and
//! [`args`] and [`style`] are for the command line and the terminal.

pub mod args;
pub mod chapter;
pub mod check;
pub mod client;
/// The command line.
pub mod command {
    pub use crate::{args, style};
}
pub mod descriptors;
pub mod errno;
pub mod ladder;
pub mod net;
pub mod probe;
pub mod scoreboard;
pub mod select;
pub mod server;
pub mod side_by_side;
pub mod signals;
pub mod sock_diag;
pub mod start;
pub mod story;
pub mod style;
pub mod trace;
