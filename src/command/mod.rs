//! What prints: a chapter's command line, a story and the book's transcripts as text. `cargo run`, `list`, `check` and
//! `start` are in `close-call`, a program of its own in this folder, so that a first story does not wait for them.
//!
//! From the lowest room up:
//!
//! - [`args`]: what the command lines have in common; [`style`]: colour; [`greeting`]: what every server sends;
//!   [`log`]: what it says of itself;
//! - [`ladder`]: the chapters; [`pages`]: which page explains a probe; [`chapter_probes`]: two probes for chapters only;
//! - [`names`]: names in place of addresses; [`book`]: what the book shows; [`board`]: the scoreboard, read back;
//! - [`story`]: a chapter and a probe as a transcript; [`compare`]: the same beside the book's;
//! - [`chapter`]: the `main` of every chapter.

pub mod args;
pub mod board;
pub mod book;
pub mod chapter;
pub mod chapter_probes;
pub mod compare;
pub mod greeting;
pub mod ladder;
pub mod log;
pub mod names;
pub mod pages;
pub mod story;
pub mod style;
