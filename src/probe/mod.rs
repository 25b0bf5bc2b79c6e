//! What plays clients against a server, in any language: its process, the clients, the scripts, the verdicts.
//!
//! It knows of a server nothing but how to start it, its port and its process id. It knows no chapter.
//!
//! From the lowest room up:
//!
//! - [`protocol`]: what the clients say, and what they count as an answer;
//! - [`server`]: a server started as a process, with a [`keeper`](server::keeper) that ends all that comes of it;
//! - [`idle`]: when it has nothing left to do;
//! - [`verdict`]: how it did;
//! - [`act`]: what a client does, in words; [`record`]: the lines of a trace;
//! - [`clients`]: what the clients do, step by step;
//! - [`script`]: a probe in words; `in_code`: those that are not; and [`probes`], the list of both;
//! - [`target`]: a server and a probe together; [`parallel`]: several at a time.

pub mod act;
pub mod clients;
pub mod escapes;
pub mod idle;
mod in_code;
pub mod kind;
pub mod parallel;
pub mod presets;
pub mod printed;
pub mod probes;
pub mod protocol;
pub mod record;
pub mod script;
pub mod server;
pub mod target;
pub mod verdict;
