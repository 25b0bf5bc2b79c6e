//! A figure in which the reader goes through a recorded run, call by call.
//!
//! It is a complete table, with the code beside it: so it is read without scripts, on paper and by a screen reader. A
//! script shows one row at a time, and nothing else: every row has all that can be seen at its step.
//!
//! ```text
//! question    what the reader is asked before the call that matters
//! rows        the table: a row for each call, and for what happens in between
//! figure      the code, the lanes and the table
//! ```

pub mod figure;
pub mod question;
pub mod rows;

#[cfg(test)]
mod tests;
