//! What the project has, as files: where they are, parts of them, and how a fault in one of them is told.
//!
//! ```text
//! project     where the files are, and the names     faults      what is wrong, and where
//! excerpts    parts of files, and differences        snapshots   what was printed
//! programs    other programs, run to their end
//! ```

pub mod excerpts;
pub mod faults;
pub mod programs;
pub mod project;
pub mod snapshots;
