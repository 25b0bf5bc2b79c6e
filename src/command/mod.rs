//! What prints: a chapter's command line, `cargo run`, `list`, `check` and `start`, a story and the scoreboard as text.
//!
//! From the lowest room up:
//!
//! - [`args`]: what the command lines have in common; [`style`]: colour; [`greeting`]: what every server sends;
//!   [`log`]: what it says of itself;
//! - [`help`]: what `close-call` can do, in a clone and installed; [`ladder`]: the chapters; [`pages`]: which page explains a probe; [`chapter_probes`]: two probes for chapters only;
//! - [`names`]: names in place of addresses; [`book`]: what the book shows;
//! - [`story`]: a chapter and a probe as a transcript; [`compare`]: the same beside the book's;
//! - [`scoreboard`]: chapters by probes;
//! - [`chapter`]: the `main` of every chapter; [`list`], [`check`], [`start`] and [`show`]: what `cargo run` does.

pub mod args;
pub mod book;
pub mod chapter;
pub mod chapter_probes;
pub mod check;
pub mod compare;
pub mod greeting;
pub mod help;
pub mod ladder;
pub mod list;
pub mod log;
pub mod names;
pub mod pages;
pub mod scoreboard;
pub mod show;
pub mod start;
pub mod story;
pub mod style;
