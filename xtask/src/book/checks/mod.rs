//! What is checked of the book: the pages before it is built, and what was built.
//!
//! ```text
//! width       how wide a block may be              includes    whether mdBook's own directives find what they include
//! commands    what the reader is told to type      pages       pages, chapters, listings and SUMMARY.md
//! links       what was built
//! ```

pub mod commands;
pub mod includes;
pub mod links;
pub mod pages;
pub mod width;
