//! A recorded run, and what can be told from it.
//!
//! ```text
//! run         its calls, and who has which number for how long
//! marks       which of select's marks each call acts on, and what is stale
//! requests    io_uring's: from which call to which each is in flight
//! read        reads what --trace=json prints
//! ```
//!
//! Nothing is made up here. The table after each call, what select was asked and what it said are in the trace; `marks`
//! names what can be told for certain, and nothing else.

mod marks;
mod read;
mod requests;
mod run;

pub use close_call::net::traced::{List, Lists};
pub use read::read;
pub use run::{Happening, Number, Owner, Request, Stale, Step, Tenure, Trace};

#[cfg(test)]
mod tests;
