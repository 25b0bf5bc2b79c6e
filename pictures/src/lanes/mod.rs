//! The lanes of a trace: a lane for each descriptor number, a column for each call.
//!
//! ```text
//! columns     what is where, from left to right    draw    the lanes of a stretch
//! words       a picture in words                   show    the lanes of a trace, on a page and in a file
//! ```

pub mod columns;
pub mod draw;
pub mod show;
pub mod words;
